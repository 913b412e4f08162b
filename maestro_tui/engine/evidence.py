"""Diagnosis of a failure from what is there: exit, last lines, the upstream's promises."""

from __future__ import annotations

from pathlib import Path

from maestro_tui.core.state import RunState, TaskRun
from maestro_tui.engine.commands import tail_of


def failure_evidence(
    state: RunState, task: TaskRun, log: Path, worktree: Path | None
) -> tuple[tuple[str, ...], str]:
    """Lines that help to decide, and the dependency that may be the real cause ("" = none)."""
    tail = tail_of(log, lines=8)
    lines = [f"  {line}" for line in tail]
    if lines:
        lines.insert(0, "Last output:")
    suspect = ""
    text = "\n".join(tail)
    for name in task.after:
        other = state.tasks[name]
        accepted = other.attempt
        if accepted is None:
            continue
        for path in accepted.claims.get("files", ()):
            if worktree is not None and not (worktree / path).exists():
                lines.append(f"{name} says it delivered {path}, but the file is not there")
                suspect = suspect or name
        if not suspect and any(_named(path, text) for path in accepted.files):
            lines.append(f"The output names a file that {name} wrote")
            suspect = name
    return tuple(lines), suspect


def _named(path: str, text: str) -> bool:
    if path in text:
        return True
    if path.endswith(".py"):
        module = path[:-3].replace("/", ".")
        return "." in module and module in text
    return False


def gate_suspects(state: RunState, wave: int, tail: tuple[str, ...], log: Path) -> tuple[str, ...]:
    """Which merged tasks most likely turned a gate red: their files are in its output."""
    text = "\n".join(tail_of(log, lines=400, reach=256 << 10)) or "\n".join(tail)
    merged = [t for t in state.tasks.values() if t.merged_sha]
    scored = []
    for task in merged:
        attempt = task.attempt
        files = attempt.files if attempt else ()
        hits = sum(text.count(path) for path in files if path)
        hits += sum(1 for path in files if path.endswith(".py") and _named(path, text))
        scored.append((hits, task.wave == wave, task.merged_at, task.id))
    scored.sort(reverse=True)
    named = [task_id for hits, _, _, task_id in scored if hits]
    if named:
        return tuple(named[:3])
    here = [t for t in merged if wave in (0, t.wave)]
    return (max(here, key=lambda t: t.merged_at).id,) if here else ()
