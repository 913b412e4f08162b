"""The engine: feeds facts to the machine, writes them down, and only then carries out what follows.

One per run, in a session of its own or in the foreground. It may be killed at any moment: the next
one reads the journal, finds the same commands outstanding, and each handler looks before it acts.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from maestro_tui.agents import launch
from maestro_tui.config.paths import db_path, run_dir, worktrees_root
from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import RunState, RunStatus
from maestro_tui.engine.archive import put_away
from maestro_tui.engine.attempts import find_agent
from maestro_tui.engine.backups import back_up, damage
from maestro_tui.engine.clock import Clock
from maestro_tui.engine.effects import Effects
from maestro_tui.engine.forecast import Forecast
from maestro_tui.engine.git.command import Git, forget_foreign
from maestro_tui.engine.git.merging import remove_stale_locks
from maestro_tui.engine.git.repository import common_dir
from maestro_tui.engine.git.worktrees import WorktreePool
from maestro_tui.engine.inbox import Batch, Inbox
from maestro_tui.engine.journal import Journal, JournalError, JournalLocked
from maestro_tui.engine.lock import RunLock
from maestro_tui.engine.occupancy import worktrees_in_use
from maestro_tui.engine.pressure import watch
from maestro_tui.engine.provision import provision
from maestro_tui.engine.requests import event_of
from maestro_tui.engine.session_line import SessionLine
from maestro_tui.plans.rehearsal import load_rehearsal
from maestro_tui.roster.discovery import load_roster

POLL_S = 0.1  # how long a request of a person may wait
LOCKED_S = 60.0  # how long another program may hold the journal before the engine leaves
PATIENCE_S = 2.0  # for a gate or a check that is nearly done when a stop is asked for
_CUTTABLE = ("RunGate:", "CheckWork:", "ResolveConflict:")
Listener = Callable[[int, e.Event, RunState], None]


class Engine:
    """Runs one run to its end, to a checkpoint, or to where only a person can go on."""

    def __init__(
        self,
        repo: Path,
        run: str,
        *,
        attended: bool,
        policies: dict[str, Any] | None = None,
        listener: Listener | None = None,
    ) -> None:
        self.repo, self.run = repo, run
        self.attended = attended
        self.policies = policies or {}
        self.listener = listener
        self.machine = Machine()
        self.interrupted = ""  # the signal that ended it
        self._journal = Journal(db_path(repo))
        self._line = SessionLine(self._journal)
        self._inbox = Inbox()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._copying: list[asyncio.Task[None]] = []
        self._taken: set[int] = set()  # requests in the inbox, not yet in the journal
        self._tried_delivery = False
        self._patience_until = 0.0

    @property
    def state(self) -> RunState:
        """The run as it stands."""
        return self.machine.state

    async def work(self) -> RunState:
        """Take the run over and stay until it ends, is suspended, or waits for a person."""
        forget_foreign()
        with RunLock(run_dir(self.repo, self.run)):
            self._check_journal()
            for _, event in self._journal.read(self.run):
                self.machine.apply(event)
            self._inbox.clock = Clock(self.state.now)
            self._install_signals()
            self._catch_up()
            await self._open()
            self._journal.set_patience(1.0)  # from now on the loop itself waits, and hears signals
            watching = asyncio.gather(
                self._forecast.watch(),
                watch(self.state, worktrees_root(self.repo), self.post),
            )
            try:
                await self._loop()
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
                await self._close()
            await asyncio.to_thread(put_away, self.repo, self.state)
        return self.state

    def _check_journal(self) -> None:
        """A damaged journal is found before anything is built on it."""
        wrong = damage(self._journal.path)
        if wrong:
            raise JournalError(
                f"{self._journal.path} is damaged ({wrong}); `maestro journal restore` shows the "
                "newest copy and puts it back; branches and refs/maestro are as they were"
            )

    def _catch_up(self) -> None:
        """Take up what people asked while no engine was there.

        Before the engine's own start, so that an answer given by a person counts for more than a
        policy that came with the resumption. A stop is left for the loop: it is about this engine.
        """
        waiting = [r for r in self._journal.requests(self.run) if r.kind != "stop"]
        events = [(event, r.id) for r in waiting if (event := event_of(r)) is not None]
        if not events:
            return
        for event, _ in events:
            self.machine.apply(event)
        seq = self._journal.append(self.run, [event for event, _ in events], [r for _, r in events])
        self._line.update(self.state)
        for event, _ in events:
            if self.listener is not None:
                self.listener(seq, event, self.state)

    async def _open(self) -> None:
        git = Git(common_dir(self.repo))
        remove_stale_locks(git, self.run)
        pool = WorktreePool(
            git,
            worktrees_root(self.repo, self.state.options.worktree_root),
            self.run,
            prepare=self._prepare,
            env={"GIT_LFS_SKIP_SMUDGE": "1"} if self.state.options.lfs == "skip" else None,
            checkout=self.repo,
        )
        pool.adopt(worktrees_in_use(self.state))
        script = load_rehearsal(Path(self.state.script)) if self.state.script else None
        folders = [Path(folder) for folder in self.state.options.agent_folders]
        roster = load_roster(self.repo, Path.home(), folders)
        self._effects = Effects(
            self.state,
            git,
            pool,
            self.post,
            script.steps if script else None,
            partial(find_agent, roster),
        )
        self._forecast = Forecast(self.state, git, pool, self.post)
        self.post(
            e.EngineStarted(
                at=time.time(), pid=os.getpid(), attended=self.attended, policies=self.policies
            )
        )
        self._take_requests()  # a stop that was asked for meets the start in one step

    async def _prepare(self, git: Git, tree: Path) -> None:
        log = run_dir(self.repo, self.run) / "_setup" / f"{tree.name}.log"
        await provision(self.state, git, tree, log)

    async def _close(self) -> None:
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        await asyncio.gather(*self._copying, return_exceptions=True)
        await self._effects.watcher.close()
        self._journal.close()

    def post(self, event: e.Event, request: int = 0) -> None:
        """Hand a fact to the machine; ``request`` is the person's wish it stems from."""
        self._inbox.put(event, request)

    def _install_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is signal.SIG_IGN and number is signal.SIGHUP:
                continue  # started by nohup: it is to go on
            loop.add_signal_handler(number, self._interrupt, number.name)

    def _interrupt(self, name: str) -> None:
        """A signal means: stop at a checkpoint, leave nothing running."""
        self.interrupted = name
        self.post(e.StopRequested(at=time.time(), mode="checkpoint", by=name))

    # -- the loop ----------------------------------------------------------------------------------

    async def _loop(self) -> None:
        seen = -1
        while True:
            await self._step(await self._next_events())
            if not self._journal.path.exists():
                # Nobody could ever answer or see it any more: end the agents and say why.
                await asyncio.to_thread(launch.sweep, run_dir(self.repo, self.run))
                raise JournalError(f"{self._journal.path} is gone; the run's agents were ended")
            version = self._journal.data_version()
            if version != seen:
                seen = version
                self._take_requests()
            self._approve_delivery()
            self._cut_short()
            if self._inbox.empty and await self._over():
                return

    async def _next_events(self) -> Batch:
        """Everything that has come in; waits a poll's length for the first."""
        deadline, clock = self.machine.next_deadline(), self._inbox.clock
        wait = POLL_S if deadline is None else min(POLL_S, max(0.0, deadline - clock.now()))
        batch = await self._inbox.take(wait)
        if not batch and deadline is not None and clock.now() >= deadline:
            return [(e.Woke(at=clock.now()), 0)]
        return batch

    async def _step(self, batch: Batch) -> None:
        """One step: fold, commit, and only then act."""
        if not batch:
            return
        fresh = self.machine.handle(*(event for event, _ in batch))
        seq = await self._write(batch)
        self._line.update(self.state)
        for event, _ in batch:
            if isinstance(event, e.WorktreeReady):
                self._effects.pool.settled(event.path)
            elif isinstance(event, e.MergeConflicted):
                self._effects.pool.settled(event.worktree)
            elif isinstance(event, (e.Delivered, e.DeliveryRefused)):
                self._tried_delivery = True
            elif isinstance(event, e.WaveTagged):
                self._copying.append(asyncio.create_task(self._back_up(event.wave)))
            if self.listener is not None:
                self.listener(seq, event, self.state)
        for command in fresh:
            if command.key not in self._running:
                self._running[command.key] = asyncio.create_task(self._carry_out(command))

    async def _write(self, batch: Batch) -> int:
        """Into the journal, waiting a while for a program that holds it locked."""
        deadline = time.monotonic() + LOCKED_S
        told = False
        while True:
            try:
                return self._journal.append(
                    self.run, [event for event, _ in batch], [r for _, r in batch if r]
                )
            except JournalLocked as error:
                if time.monotonic() > deadline:
                    raise
                if not told:
                    print(f"Waits up to {LOCKED_S:.0f} s: {error}", file=sys.stderr, flush=True)
                told = True
                await asyncio.sleep(POLL_S)

    async def _back_up(self, wave: int) -> None:
        """A copy of the journal; that there is none (a full disk) is no reason to stop."""
        try:
            await asyncio.to_thread(back_up, self.repo, f"{self.run}-wave-{wave}")
        except (OSError, sqlite3.Error):
            return

    async def _carry_out(self, command: c.Command) -> None:
        try:
            event = await self._effects.carry_out(command)
        finally:
            self._running.pop(command.key, None)
        if event is not None:
            self.post(event)

    def _cut_short(self) -> None:
        """A stop does not wait for gates and checks, which may take minutes: they get a moment, are
        then ended, and run again after the resumption. A drain waits for them.
        """
        if self.state.stopping not in ("checkpoint", "abort"):
            self._patience_until = 0.0
            return
        if not self._running or not all(key.startswith(_CUTTABLE) for key in self._running):
            return
        now = time.monotonic()
        self._patience_until = self._patience_until or now + PATIENCE_S
        if now < self._patience_until:
            return
        cut = list(self._running.values())
        for task in cut:
            task.cancel()
        end = (
            c.Finish("aborted")
            if self.state.stopping == "abort"
            else c.Suspend(self.state.stop_reason)
        )

        async def afterwards() -> None:
            await asyncio.gather(*cut, return_exceptions=True)
            await self._carry_out(end)

        self._running[end.key] = asyncio.create_task(afterwards())

    def _approve_delivery(self) -> None:
        """``--yes`` is worth one delivery for each engine: after a refusal the user has mended what
        was in the way and resumed; answering again and again within one engine would not help.
        """
        if self._tried_delivery or not self.state.options.deliver_approved:
            return
        asked = [q.id for q in self.state.questions.values() if q.kind == "deliver"]
        if asked and self.state.engine_pid:
            self._tried_delivery = True
            self.post(
                e.DecisionMade(
                    at=time.time(),
                    question=asked[0],
                    answer="merge",
                    text="",
                    by="policy: approved",
                )
            )

    async def _over(self) -> bool:
        if self.state.ended or self.state.status is RunStatus.STOPPED:
            return not self._running
        if not self.attended and self.machine.stalled and not self._running:
            await self._effects.remove_idle_trees()
            self.post(e.RunSuspended(at=time.time(), reason="waits for an answer"))
        return False

    def _take_requests(self) -> None:
        for request in self._journal.requests(self.run):
            event = event_of(request)
            if event is not None and request.id not in self._taken:
                self._taken.add(request.id)
                self.post(event, request.id)
