"""Carries out commands: each handler does one thing in the world and returns the fact it made.

Every handler may run again after a crash; each looks at the world first (is that merged already?
does that agent run?) and so never does a thing twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from maestro_tui.agents import launch
from maestro_tui.config.paths import run_dir
from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core.state import Attempt, RunState, TaskRun, TaskState
from maestro_tui.engine import attempts, resolving
from maestro_tui.engine.advice import explained
from maestro_tui.engine.checks import check_work, stray_files
from maestro_tui.engine.delivering import Delivering
from maestro_tui.engine.following import Follower
from maestro_tui.engine.git import merging
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.commits import changed, preserve
from maestro_tui.engine.git.names import KnownNames, case_collisions
from maestro_tui.engine.git.worktrees import WorktreePool
from maestro_tui.engine.judging import run_gate
from maestro_tui.engine.occupancy import worktrees_in_use
from maestro_tui.engine.watching import Watcher
from maestro_tui.roster.prompts import handoff_words


class Effects:
    """The hands of one engine."""

    def __init__(
        self,
        state: RunState,
        git: Git,
        pool: WorktreePool,
        post: Callable[[e.Event], None],
        steps_for: attempts.StepsFor | None,
        find_agent: attempts.FindAgent,
    ) -> None:
        self.state, self.git, self.pool, self.post = state, git, pool, post
        self.steps_for, self.find_agent = steps_for, find_agent
        self.watcher = Watcher()
        self._names = KnownNames(git)
        self._left_nothing: set[Path] = set()  # attempts whose runner saw to it, lately
        self._launches = asyncio.Lock()
        self._first = asyncio.Lock()  # of many that start at once, one makes the branch
        self._launched_at = 0.0
        self._handlers: dict[type[c.Command], Callable[[Any], Awaitable[e.Event | None]]] = {
            c.CreateWorktree: self.create_worktree,
            c.RunAgent: self.run_agent,
            c.StopAgent: self.stop_agent,
            c.AnswerAgent: self.answer_agent,
            c.InstructAgent: self.instruct_agent,
            c.HandOver: self.hand_over,
            c.CheckWork: self.check_work,
            c.KeepWork: self.keep_work,
            c.Merge: self.merge,
            c.ResolveConflict: self.resolve_conflict,
            c.RunGate: self.run_gate,
            c.TagWave: self.tag_wave,
            c.Rollback: self.rollback,
            c.Deliver: self.deliver,
            c.Suspend: self.suspend,
            c.Finish: self.finish,
        }

    async def carry_out(self, command: c.Command) -> e.Event | None:
        """Do it; the fact that came of it, or ``EffectFailed``."""
        try:
            return await self._handlers[type(command)](command)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            task = command.task if isinstance(command, c.AttemptCommand) else ""
            number = command.attempt if isinstance(command, c.AttemptCommand) else 0
            text = explained(error)
            return e.EffectFailed(
                at=time.time(), effect=command.key, error=text, task=task, attempt=number
            )

    def _find(self, command: c.AttemptCommand) -> tuple[TaskRun, Attempt]:
        task = self.state.tasks[command.task]
        return task, task.attempts[command.attempt - 1]

    # -- agents ------------------------------------------------------------------------------------

    async def create_worktree(self, command: c.CreateWorktree) -> e.Event:
        task, attempt = self._find(command)
        self._release_idle()
        if attempt.resumes:
            return self._back_to_worktree(task, attempt)
        base = await self._integration_head()
        branch = merging.attempt_branch(self.state.run, task.task.key, attempt.number)
        path = await self.pool.acquire(branch, base)
        # A marker of an earlier run, committed to the repository, must not look like this one's.
        (path / task.assignment.marker).unlink(missing_ok=True)
        return e.WorktreeReady(
            at=time.time(),
            task=task.id,
            attempt=attempt.number,
            path=str(path),
            branch=branch,
            base=base,
            notes=self.pool.lacking,
        )

    def _back_to_worktree(self, task: TaskRun, attempt: Attempt) -> e.Event:
        """A stopped attempt goes on where it was; its session knows no other place."""
        if attempt.worktree and not Path(attempt.worktree).is_dir():
            raise OSError(f"its worktree {attempt.worktree} is gone; retry begins a fresh attempt")
        folder = attempts.AttemptFolder.of(self.state, task, attempt)
        attempts.reopen(folder, attempt.resumes)
        return e.WorktreeReady(
            at=time.time(),
            task=task.id,
            attempt=attempt.number,
            path=attempt.worktree,
            branch=attempt.branch,
            base=attempt.base,
        )

    async def _integration_head(self) -> str:
        """Where the run's branch stands; made by the first task, so that a run declined in its
        review leaves no ref behind.
        """
        state = self.state
        ref = merging.integration_ref(state.run)
        async with self._first:
            head = await self.git.resolve(ref)
            if not head:
                head = state.head
                base = f"update refs/maestro/{state.run}/base {state.base_sha}\n"
                lines = f"update {ref} {head}\n{base}"
                await self.git.run("update-ref", "--stdin", stdin=lines.encode())
        return head

    def _release_idle(self) -> None:
        """Trees whose attempt is over go back to the pool before a new one is made."""
        self.pool.keep_only(worktrees_in_use(self.state))

    async def run_agent(self, command: c.RunAgent) -> e.Event:
        task, attempt = self._find(command)
        folder = await asyncio.to_thread(
            attempts.prepare, self.state, task, attempt, self.steps_for, self.find_agent
        )
        if not launch.identity(folder.path):
            await self._stagger()
        wake = asyncio.Event()
        worktree = Path(attempt.worktree)
        self.watcher.add(worktree, wake)
        try:
            ended = await Follower(self.state, task, attempt, folder, self.post, wake).follow()
            if (folder.read_result() or {}).get("alone"):
                self._left_nothing.add(folder.path)
        except Exception:
            # Nobody follows this agent any more: it must not go on in a tree others will get.
            launch.kill(folder.path)
            await asyncio.to_thread(launch.sweep, folder.path)
            raise
        finally:
            self.watcher.remove(worktree)
        if not ended.ok:
            await self._preserve(task, attempt, ended.reason)
        return ended

    async def _stagger(self) -> None:
        delay = self.state.options.launch_delay_s
        if delay <= 0:
            return
        async with self._launches:
            await asyncio.sleep(max(0.0, self._launched_at + delay - time.monotonic()))
            self._launched_at = time.monotonic()

    async def _preserve(self, task: TaskRun, attempt: Attempt, reason: str) -> None:
        """Keep what an attempt that did not end well has written."""
        ref = merging.keep_ref(self.state.run, task.task.key, attempt.number)
        message = f"{task.id}, attempt {attempt.number}: what was there when it ended ({reason})"
        git = self.pool.view(Path(attempt.worktree))
        await preserve(git, ref, attempt.agent, message)

    async def stop_agent(self, command: c.StopAgent) -> None:
        task, attempt = self._find(command)
        folder = attempts.AttemptFolder.of(self.state, task, attempt)
        deadline = time.monotonic() + 12.0
        asked = False
        while time.monotonic() < deadline:
            if folder.read_result() is not None or task.state is not TaskState.RUNNING:
                return
            if not asked and launch.identity(folder.path) is not None:
                launch.stop(folder.path)
                asked = True
            await asyncio.sleep(0.05)
        launch.kill(folder.path)
        await asyncio.to_thread(launch.sweep, folder.path)

    async def answer_agent(self, command: c.AnswerAgent) -> e.Event:
        task, attempt = self._find(command)
        folder = attempts.AttemptFolder.of(self.state, task, attempt)
        launch.answer(folder.path, command.request, command.allow, command.text)
        return e.PermissionDelivered(
            at=time.time(), task=task.id, attempt=attempt.number, request=command.request
        )

    async def instruct_agent(self, command: c.InstructAgent) -> e.Event:
        task, attempt = self._find(command)
        folder = attempts.AttemptFolder.of(self.state, task, attempt)
        launch.tell(folder.path, command.number, command.kind, command.text)
        return e.InstructionDelivered(
            at=time.time(), task=task.id, attempt=attempt.number, number=command.number
        )

    async def hand_over(self, command: c.HandOver) -> e.Event:
        """What the other task says it delivered goes to the agent as words."""
        task, attempt = self._find(command)
        source = self.state.tasks[command.source]
        found = attempts.completion(self.state, source)
        if found is not None:
            folder = attempts.AttemptFolder.of(self.state, task, attempt)
            words = handoff_words(source.task, found[1], found[2].files)
            launch.tell(folder.path, f"from-{source.task.key}-{found[2].number}", "handoff", words)
        return e.HandedOver(
            at=time.time(),
            task=task.id,
            attempt=attempt.number,
            source=source.id,
            told=found is not None,
        )

    async def check_work(self, command: c.CheckWork) -> e.Event:
        task, attempt = self._find(command)
        folder = attempts.AttemptFolder.of(self.state, task, attempt)
        if folder.path in self._left_nothing:
            self._left_nothing.discard(folder.path)  # what a check leaves is another matter
        else:
            await asyncio.to_thread(launch.sweep, folder.path)
        self.pool.unlock(Path(attempt.worktree))
        git = self.pool.view(Path(attempt.worktree))
        checked = await check_work(self.state, task, attempt, command, git)
        if not checked.commit:
            await self._preserve(task, attempt, "check failed")
        return checked

    async def keep_work(self, command: c.KeepWork) -> e.Event:
        task, attempt = self._find(command)
        if Path(attempt.worktree).is_dir():
            await self._preserve(task, attempt, "it could not be checked")
        return e.WorkKept(at=time.time(), task=task.id, attempt=attempt.number)

    # -- merging -----------------------------------------------------------------------------------

    async def merge(self, command: c.Merge) -> e.Event:
        task, attempt = self._find(command)
        run, now = self.state.run, time.time()
        ref = merging.integration_ref(run)
        head = await self.git.resolve(ref)
        if head != self.state.head and await merging.is_ancestor(self.git, command.commit, head):
            return e.Merged(  # merged just before a crash, and not yet written down
                at=now, task=task.id, attempt=attempt.number, sha=head, previous=self.state.head
            )
        message = f"Merge {task.id}: {task.task.title}\n\nRun {run}, attempt {attempt.number}."
        # Looked at side by side: nothing moves before all of it is known.
        stray, (result, clash) = await asyncio.gather(
            self._stray_at_merge(task, attempt),
            self._merged_in_memory(attempt, head, command.commit, message),
        )
        if stray:
            return e.MergeRefused(at=now, task=task.id, attempt=attempt.number, stray=stray)
        if clash:
            return await resolving.conflicted(self.state, self.git, self.pool, task, attempt, head)
        await merging.swap_ref(self.git, ref, result.sha, head)
        if not attempt.merge_commit:  # a person may have added names
            self._names.grown(result.sha, attempt.files)
        return e.Merged(at=now, task=task.id, attempt=attempt.number, sha=result.sha, previous=head)

    async def _merged_in_memory(
        self, attempt: Attempt, head: str, commit: str, message: str
    ) -> tuple[merging.MergeResult, bool]:
        """The merge, and whether a person must look at it first."""
        result, doubtful = await asyncio.gather(
            merging.merge(self.git, head, commit, message, base=attempt.base),
            self._names.may_collide(head, attempt.files),
        )
        if result.conflicts or not doubtful or attempt.merge_commit:
            # Of a resolved merge a person has chosen what becomes of names that differ in case.
            return result, bool(result.conflicts)
        return result, bool(await case_collisions(self.git, head, result.sha))

    async def _stray_at_merge(self, task: TaskRun, attempt: Attempt) -> tuple[str, ...]:
        """The commit that is merged may not be the one that was checked: look at its diff again."""
        branch_tip = await self.git.resolve(f"refs/heads/{attempt.branch}")
        if attempt.merge_commit or branch_tip == attempt.commit:
            files = attempt.files
        else:
            files = await changed(self.git, attempt.base, attempt.commit)
        strategy = self.state.strategy
        assert strategy is not None
        return stray_files(task, files, strategy.plan.forbidden)

    async def resolve_conflict(self, command: c.ResolveConflict) -> e.Event:
        task, attempt = self._find(command)
        return await resolving.resolve(self.state, self.git, self.pool, task, attempt, command.how)

    # -- gates and waves ---------------------------------------------------------------------------

    async def run_gate(self, command: c.RunGate) -> e.Event:
        return await run_gate(self.state, self.pool, self.post, command)

    async def tag_wave(self, command: c.TagWave) -> e.Event:
        sha = self.state.head
        await self.git.run("update-ref", f"refs/maestro/{self.state.run}/wave/{command.wave}", sha)
        return e.WaveTagged(at=time.time(), wave=command.wave, sha=sha)

    async def rollback(self, command: c.Rollback) -> e.Event:
        state = self.state
        wave, sha = command.wave, command.sha
        if not command.task:
            wave = max((n for n in state.wave_tags if n <= command.wave), default=0)
            sha = state.wave_tags.get(wave, state.base_sha)
        ref = merging.integration_ref(state.run)
        head = await self.git.resolve(ref)
        kept = ""
        name = f"refs/maestro/{state.run}/rolled-back/{state.rollbacks + 1}"
        if head == sha and await self.git.resolve(name):
            kept = name  # done just before a crash, and not yet written down
        if head != sha:
            kept = name
            await self.git.run("update-ref", kept, head)
            await merging.swap_ref(self.git, ref, sha, head)
        return e.RolledBack(at=time.time(), wave=wave, sha=sha, kept=kept, task=command.task)

    # -- the end -----------------------------------------------------------------------------------

    async def deliver(self, command: c.Deliver) -> e.Event:
        return await Delivering(self.state, self.git).deliver()

    async def suspend(self, command: c.Suspend) -> e.Event:
        await self._leave_nothing_running()
        await self.remove_idle_trees()
        return e.RunSuspended(at=time.time(), reason=command.reason)

    async def remove_idle_trees(self) -> None:
        """Delete the trees no task stands in: whoever looks at a resting run finds only what is
        still needed.
        """
        self._release_idle()
        await self.pool.remove_free()

    async def finish(self, command: c.Finish) -> e.Event:
        """Nothing running, no trees, no branches but those that hold something not merged."""
        state = self.state
        await self._leave_nothing_running()
        for task in state.tasks.values():
            attempt = task.attempt
            if task.state is TaskState.CONFLICTED and attempt is not None:
                await self._preserve(task, attempt, "conflict")
            for earlier in task.attempts:
                if earlier.unkept and Path(earlier.worktree).is_dir():
                    await self._preserve(task, earlier, "it could not be checked")
        await self.pool.remove_all()
        doomed = await self._superfluous_branches()
        keep = f"update refs/maestro/{state.run}/integration {state.head}"
        if state.delivered is not None or not state.merges:
            doomed.append(f"delete {merging.integration_ref(state.run)}")
        await self.git.run("update-ref", "--stdin", stdin="\n".join((keep, *doomed, "")).encode())
        return e.RunEnded(at=time.time(), outcome=command.outcome)

    async def _leave_nothing_running(self) -> None:
        folder = run_dir(Path(self.state.repo), self.state.run)
        await asyncio.to_thread(launch.sweep, folder)

    async def _superfluous_branches(self) -> list[str]:
        """Branches of attempts that are merged or hold nothing; any other stays."""
        doomed = []
        for task in self.state.tasks.values():
            for attempt in task.attempts:
                name = merging.attempt_branch(self.state.run, task.task.key, attempt.number)
                merged = attempt.outcome == "merged"
                if merged or await self.git.resolve(f"refs/heads/{name}") in ("", attempt.base):
                    doomed.append(f"delete refs/heads/{name}")
        return doomed
