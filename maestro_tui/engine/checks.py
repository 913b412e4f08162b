"""Is it done? Marker, commit, ownership, claims, own checks: each looked at, each a tick."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from maestro_tui.core.commands import CheckWork
from maestro_tui.core.events import WorkChecked
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.engine.attempts import AttemptFolder
from maestro_tui.engine.commands import run_command
from maestro_tui.engine.evidence import failure_evidence
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.commits import Work, commit_work, drop_paths
from maestro_tui.engine.git.merging import keep_ref
from maestro_tui.engine.markers import parse_marker, read_marker
from maestro_tui.plans.globs import matches

CHECK_TIMEOUT_S = 600.0


def stray_files(
    task: TaskRun, files: tuple[str, ...], forbidden: tuple[str, ...]
) -> tuple[str, ...]:
    """The changed paths the task does not own, or nobody may change."""
    owned = task.owned
    marker = task.assignment.marker
    return tuple(
        path
        for path in files
        if path != marker
        and (
            any(matches(path, pattern) for pattern in forbidden)
            or not any(path == pattern or matches(path, pattern) for pattern in owned)
        )
    )


async def check_work(
    state: RunState, task: TaskRun, attempt: Attempt, command: CheckWork, git: Git
) -> WorkChecked:
    """Commit what the agent left in its worktree and compare it with what was asked."""
    folder = AttemptFolder.of(state, task, attempt)
    worktree = Path(attempt.worktree)
    strategy = state.strategy
    assert strategy is not None
    checks: list[dict[str, Any]] = []
    claims = _take_marker(task, folder, worktree, checks)
    work = await _commit(state, task, attempt, command, git)
    checks.append(_check("committed", not work.problem, work.problem or work.commit[:10]))
    allowed = set(command.extend)
    stray = tuple(
        f for f in stray_files(task, work.files, strategy.plan.forbidden) if f not in allowed
    )
    detail = f"{len(work.files)} file(s)" if not stray else "not its own: " + ", ".join(stray[:5])
    checks.append(_check("owned", not stray, detail))
    missing = [p for p in claims.get("files", ()) if not _claimed_exists(worktree, p, work.files)]
    detail = "as claimed" if not missing else "claimed but not there: " + ", ".join(missing[:5])
    checks.append(_check("files", not missing, detail))
    evidence: tuple[str, ...] = ()
    if all(c["ok"] for c in checks):
        for number, line in enumerate(task.assignment.verify, start=1):
            result = await run_command(
                line,
                cwd=worktree,
                log=folder.path / f"check-{number}.log",
                timeout_s=CHECK_TIMEOUT_S,
                env={"MAESTRO_ATTEMPT_DIR": str(folder.path)},
            )
            said = f"{line} (exit {result.exit}, {result.seconds:.1f} s)"
            checks.append(_check("check", result.ok, said))
            if not result.ok:
                evidence = result.tail
                break
    suspect = ""
    if not all(c["ok"] for c in checks) and not evidence:
        evidence, suspect = failure_evidence(state, task, folder.log, worktree)
    return WorkChecked(
        at=time.time(),
        task=task.id,
        attempt=attempt.number,
        checks=tuple(checks),
        commit=work.commit,
        files=work.files,
        stray=stray,
        claims=claims,
        evidence=evidence,
        suspect=suspect,
    )


def _check(name: str, ok: bool, detail: str) -> dict[str, Any]:
    return {"name": name, "ok": ok, "detail": detail}


def _take_marker(
    task: TaskRun, folder: AttemptFolder, worktree: Path, checks: list[dict[str, Any]]
) -> dict[str, Any]:
    """Keep the marker beside the log (a second look finds it there) and read its claims."""
    name = task.assignment.marker
    kept = folder.marker(name)
    found = worktree / name
    if found.is_file() and not found.is_symlink():
        kept.parent.mkdir(exist_ok=True)
        shutil.copyfile(found, kept)
    if not kept.is_file():
        checks.append(_check("marker", False, f"{name} was not written"))
        return {}
    text = read_marker(kept)
    if not text.strip():
        checks.append(_check("marker", False, f"{name} is empty"))
        return {}
    checks.append(_check("marker", True, name))
    return parse_marker(text)


def _claimed_exists(worktree: Path, path: str, files: tuple[str, ...]) -> bool:
    """A claimed file is there, or was deleted as part of the work; patterns are not claims."""
    if any(c in path for c in "*?<>{}") or path.startswith(("/", "~")) or ".." in path.split("/"):
        return True
    return path in files or (worktree / path).exists()


async def _commit(
    state: RunState, task: TaskRun, attempt: Attempt, command: CheckWork, git: Git
) -> Work:
    strategy = state.strategy
    assert strategy is not None

    async def commit() -> Work:
        return await commit_work(
            git,
            base=attempt.base,
            branch=attempt.branch,
            marker=task.assignment.marker,
            agent=attempt.agent,
            message=f"{task.id}: {task.task.title}",
            keep_ref=keep_ref(state.run, task.task.key, attempt.number),
        )

    work = await commit()
    dropped = tuple(f for f in command.drop if f in work.files)
    if dropped:
        await drop_paths(git, attempt.base, dropped, attempt.agent)
        work = await commit()
    return work
