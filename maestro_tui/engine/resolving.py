"""A conflicted merge: shown with both sides and their writers, resolved as a person chose, and
refused when the result is no resolution or breaks what was green.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.config.paths import attempt_dir, baselines_dir
from maestro_tui.core import events as e
from maestro_tui.core.conflicts import (
    ChoiceError,
    Conflict,
    FileChoice,
    read_choices,
)
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.engine.commands import run_command
from maestro_tui.engine.gates.running import GateRunner
from maestro_tui.engine.git import conflicts, merging
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.conflict_kinds import real_path
from maestro_tui.engine.git.names import case_collisions
from maestro_tui.engine.git.refusals import refusal
from maestro_tui.engine.git.worktrees import WorktreePool

CHECK_TIMEOUT_S = 600.0


async def look(state: RunState, git: Git, task: TaskRun) -> Conflict:
    """The conflict a task's merge waits with: files, hunks, sides, and who wrote the merged one."""
    attempt = task.attempt
    assert attempt is not None
    head = attempt.conflict_head or state.head
    found = await conflicts.inspect(git, task.id, head, attempt.merge_commit or attempt.commit)
    files = tuple(replace(f, writers=writers(state, task, (f.path, f.other))) for f in found.files)
    return replace(found, files=files)


def writers(state: RunState, task: TaskRun, paths: tuple[str, ...]) -> tuple[str, ...]:
    """The merged tasks that changed one of these paths, or beneath it, newest first."""
    beneath = tuple(f"{path}/" for path in paths if path)
    found = [
        t
        for t in state.tasks.values()
        if t is not task
        and t.merged_sha
        and t.attempt
        and any(f in paths or f.startswith(beneath) for f in t.attempt.files)
    ]
    return tuple(t.id for t in sorted(found, key=lambda t: -t.merged_at))


async def conflicted(
    state: RunState, git: Git, pool: WorktreePool, task: TaskRun, attempt: Attempt, head: str
) -> e.MergeConflicted:
    """Lay the conflict out in a worktree for whoever edits it, and tell what it is about."""
    commit = attempt.merge_commit or attempt.commit
    found = await conflicts.inspect(git, task.id, head, commit)
    tree = await pool.acquire("", commit)
    view = pool.view(tree)
    await merging.start_merge_in_tree(view, head)
    others: dict[str, None] = {}
    lines = []
    files = []
    for file in found.files:
        who = writers(state, task, (file.path, file.other))
        others.update(dict.fromkeys(who))
        count = len(file.hunks)
        places = f", {count} place(s)" if count else ""
        by = f"; merged side by {', '.join(who)}" if who else ""
        lines.append(f"{file.path}: {file.kind}{places}{by}")
        lines.append(f"  {sanitise(file.said)}")
        lines += [f"  {_title(state, name)}" for name in who[:2]]
        files.append({"path": file.path, "kind": file.kind, "hunks": count, "writers": list(who)})
    diff = await view.run("diff", "--no-color", "-U1", codes=(0, 1, 128))
    shown = diff.out.decode("utf-8", "replace").splitlines()[:40]
    sides = f"Below, HEAD is what {task.id} wrote; the other side is what is merged already"
    return e.MergeConflicted(
        at=time.time(),
        task=task.id,
        attempt=attempt.number,
        paths=tuple(f.path for f in found.files),
        others=tuple(others),
        worktree=str(tree),
        evidence=(*lines, sides, *(sanitise(line)[:200] for line in shown)),
        head=head,
        files=tuple(files),
    )


def _title(state: RunState, name: str) -> str:
    return f"{name}: {state.tasks[name].task.title}"


async def resolve(
    state: RunState, git: Git, pool: WorktreePool, task: TaskRun, attempt: Attempt, how: str
) -> e.ConflictResolved | e.ResolutionRefused:
    """Build the merge as chosen, look whether it is one, run checks and gates on it."""
    conflict = await look(state, git, task)
    worktree = Path(attempt.worktree)
    try:
        choices = _choices(conflict, how, attempt.choices, worktree)
        message = f"Resolve the merge of {task.id}\n\n" + "\n".join(
            f"{path}: {choice.whole or 'by hunk'}" for path, choice in choices.items()
        )
        commit = await conflicts.build(git, conflict, choices, worktree, attempt.agent, message)
        if how == "edited":
            commit = await _with_edits(git, pool.view(worktree), conflict, commit, worktree)
    except ChoiceError as error:
        return _refused(task, attempt, str(error))
    why = await _not_a_resolution(git, conflict, commit) or await _names_alike(
        git, conflict, choices, commit
    )
    if why:
        return _refused(task, attempt, why)
    why, evidence = await _breaks(state, git, pool, task, attempt, commit)
    if why:
        return _refused(task, attempt, why, evidence)
    ref = merging.keep_ref(state.run, task.task.key, attempt.number)
    await git.run("update-ref", ref, commit)
    return e.ConflictResolved(at=time.time(), task=task.id, attempt=attempt.number, commit=commit)


def _refused(
    task: TaskRun, attempt: Attempt, reason: str, evidence: tuple[str, ...] = ()
) -> e.ResolutionRefused:
    return e.ResolutionRefused(
        at=time.time(),
        task=task.id,
        attempt=attempt.number,
        reason=sanitise(reason),
        evidence=evidence,
    )


def _choices(conflict: Conflict, how: str, text: str, worktree: Path) -> Mapping[str, FileChoice]:
    if how == "resolve":
        return read_choices(text)
    found = {}
    for file in conflict.files:
        whole = "worktree" if how == "edited" else how
        if file.kind == "case" and how == "edited":
            whole = "both" if os.path.lexists(worktree / file.path) else "ours"
        found[file.path] = FileChoice(whole)
    return found


async def _with_edits(git: Git, view: Git, conflict: Conflict, commit: str, worktree: Path) -> str:
    """What a person changed in other files beside the conflict belongs to the resolution, too."""
    listing = os.fsdecode((await view.run("diff", "--name-only", "-z")).out)
    known = {f.path for f in conflict.files if f.kind != "case"}
    files = tuple(f"{p}/" for p in known if (worktree / p).is_file())  # nothing is beneath these
    extra = [
        name
        for name in listing.split("\0")
        if name and real_path(name) not in known and not name.startswith(files)
    ]
    if not extra:
        return commit
    index = {"GIT_INDEX_FILE": str(view.git_dir / "maestro-resolution-index")}
    try:
        await view.run("read-tree", commit, env=index)
        await view.run("add", "-A", "--", *(f":(top,literal){p}" for p in extra), env=index)
        tree = await view.text("write-tree", env=index)
    finally:
        Path(index["GIT_INDEX_FILE"]).unlink(missing_ok=True)
    message = await git.text("log", "-1", "--format=%B", commit)
    return await git.text(
        "commit-tree", tree, "-p", conflict.commit, "-p", conflict.head, "-m", message
    )


async def _not_a_resolution(git: Git, conflict: Conflict, commit: str) -> str:
    for file in conflict.files:
        if file.kind in ("binary", "lfs", "submodule", "symlink", "mode", "case"):
            continue
        listing = await git.text("ls-tree", commit, "--", file.path)
        if not listing.startswith("100"):
            continue
        result = await _text(git, listing.split(None, 3)[2])
        sides = [await _text(git, s.blob) for s in (file.ours, file.theirs) if s.blob]
        if result is None or any(s is None for s in sides):
            continue
        why = refusal(file.path, result, tuple(s for s in sides if s is not None))
        if why:
            return why
    return ""


async def _names_alike(
    git: Git, conflict: Conflict, choices: Mapping[str, FileChoice], commit: str
) -> str:
    """Names that differ only in case are merged where that is what was chosen."""
    wanted = {f.path for f in conflict.files if f.kind == "case" and f.path in choices}
    for file in await case_collisions(git, conflict.head, commit):
        if file.path not in wanted:
            return f"{file.said}: on many machines that is one file; keep one of them"
    return ""


async def _text(git: Git, blob: str) -> str | None:
    data = (await git.run("cat-file", "blob", blob)).out
    return None if b"\0" in data[:8000] else data.decode("utf-8", "replace")


async def _breaks(
    state: RunState, git: Git, pool: WorktreePool, task: TaskRun, attempt: Attempt, commit: str
) -> tuple[str, tuple[str, ...]]:
    """The task's own checks and the wave's gates on the tree there would be; what was red before
    the merge does not count.
    """
    head = state.head
    merged = await merging.merge(git, head, commit, "probe")
    if merged.conflicts:
        return "", ()  # more was merged meanwhile, and conflicts again: that is asked about next
    folder = attempt_dir(Path(state.repo), state.run, task.task.key, attempt.number)
    env = {"MAESTRO_ATTEMPT_DIR": str(folder), "MAESTRO_RUN_ID": state.run}

    async def tree(sha: str) -> Path:
        return await pool.integration(sha, "resolution")

    for number, line in enumerate(task.assignment.verify, start=1):
        log = folder / f"resolved-check-{number}.log"
        place = await tree(merged.sha)
        result = await run_command(line, cwd=place, log=log, timeout_s=CHECK_TIMEOUT_S, env=env)
        if not result.ok:
            return f"the task's check fails on it: {line} (exit {result.exit})", result.tail
    for run in state.gates.values():
        if run.wave != task.wave or run.task not in ("", task.id):
            continue
        runner = GateRunner(
            gate=run.gate,
            logs=folder,
            name=f"resolved-{run.key}",
            env=env,
            tree=tree,
            probe=tree,
            tell=lambda stage, log: None,
            baselines=baselines_dir(Path(state.repo)),
        )
        verdict = await runner.judge(merged.sha, head, ())
        if not verdict.ok:
            new = tuple(f"New: {name}" for name in verdict.delta.new[:8])
            return (
                f"gate {run.gate.name} fails on it and not without it (exit {verdict.exit})",
                (*new, *verdict.tail),
            )
    return "", ()
