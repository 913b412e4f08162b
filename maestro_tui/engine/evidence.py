"""Diagnosis of a failure from what is there: exit, last errors, the upstream's promises."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro_tui.core.state import RunState, TaskRun
from maestro_tui.engine.commands import tail_of

_ERROR = re.compile(
    r"\b\w*(?:Error|Exception)\b[:( ]|^error(?:\[\w+\])?:|^fatal:|^panic:|: error:|\bFAILED\b"
    r"|command not found|No such file or directory|Permission denied|^npm ERR!|^E   ",
    re.M,
)
# What a program says when something it needs is missing, and the name of it.
_MISSING = (
    re.compile(r"No module named '([\w.]+)'"),
    re.compile(r"cannot import name '\w+' from '([\w.]+)'"),
    re.compile(r"Cannot find module '([^']+)'"),
    re.compile(r"No such file or directory: '([^']+)'"),
    re.compile(r"(?:^|: )([\w./-]+): No such file or directory", re.M),
    re.compile(r"unresolved import `(?:crate::)?([\w:]+)`"),
    re.compile(r"package ([\w./-]+) is not in"),
)
_MOST_ERRORS, _LAST_LINES = 5, 8


@dataclass(frozen=True, slots=True)
class Upstream:
    """A dependency seen from a failure: what it promised about something missing."""

    name: str
    path: str
    listed: bool
    exists: bool


def failure_evidence(
    state: RunState,
    task: TaskRun,
    log: Path,
    worktree: Path | None,
    exit_code: int | None = None,
) -> tuple[tuple[str, ...], str]:
    """Lines that help to decide, and the dependency that may be the real cause ("" = none)."""
    wide = tail_of(log, lines=400, reach=256 << 10)
    last = wide[-_LAST_LINES:]
    lines: list[str] = []
    meaning = exit_meaning(exit_code)
    if meaning:
        lines.append(meaning)
    errors = list(dict.fromkeys(x for x in wide if _ERROR.search(x) and x not in last))
    if errors:
        lines.append("Errors before that:" if last else "Errors:")
        lines += [f"  {line}" for line in errors[-_MOST_ERRORS:]]
    if last:
        lines += ["Last output:", *(f"  {line}" for line in last)]
    else:
        lines.append("It printed nothing.")
    found, suspect = _upstream(state, task, "\n".join(wide), "\n".join(last), worktree)
    return (*lines, *found), suspect


def exit_meaning(code: int | None) -> str:
    """What an exit code usually means, where it has a meaning of its own; "" for the others."""
    if code is None or code in (0, 1):
        return ""
    if code == 126:
        return "Exit 126: the command is there but cannot be executed."
    if code == 127:
        return "Exit 127: a command was not found."
    number = code - 128 if code > 128 else -code
    try:
        name = signal.Signals(number).name if number > 0 else ""
    except ValueError:
        name = ""
    if name == "SIGKILL":
        return "It was killed (SIGKILL): often the kernel, because memory ran out."
    return f"It was ended by {name}." if name else ""


def _upstream(
    state: RunState, task: TaskRun, text: str, last: str, worktree: Path | None
) -> tuple[list[str], str]:
    """Promises of dependencies that are not kept, and what they say about a missing thing."""
    lines: list[str] = []
    suspect = ""
    names = ancestors(state, task)
    for name in names:
        for path in _claims(state.tasks[name]).get("files", ()):
            if worktree is not None and not (worktree / path).exists():
                lines.append(f"{name} says it delivered {path}, but the file is not there")
                suspect = suspect or name
    for thing in missing_things(text)[:3]:
        for found in _who_has(state, names, thing, worktree):
            lines.append(
                f"{thing} is missing: {found.name}'s marker lists {found.path}? "
                f"{'yes' if found.listed else 'no'}; the file exists? "
                f"{'yes' if found.exists else 'no'}"
            )
            suspect = suspect or found.name
    if not suspect:
        for name in task.after:
            accepted = state.tasks[name].attempt
            if accepted is not None and any(_named(path, last) for path in accepted.files):
                lines.append(f"The output names a file that {name} wrote")
                suspect = name
                break
    return lines, suspect


def ancestors(state: RunState, task: TaskRun) -> list[str]:
    """Everything a task builds on, nearest first."""
    seen: dict[str, None] = {}
    queue = list(task.after)
    while queue:
        name = queue.pop(0)
        if name not in seen:
            seen[name] = None
            queue.extend(state.tasks[name].after)
    return list(seen)


def missing_things(text: str) -> list[str]:
    """Modules and files a program missed, last mentioned first."""
    found = [(m.start(), m[1]) for pattern in _MISSING for m in pattern.finditer(text)]
    return list(dict.fromkeys(name for _, name in sorted(found, reverse=True)))


def _who_has(
    state: RunState, names: list[str], thing: str, worktree: Path | None
) -> list[Upstream]:
    """The dependencies that wrote, promised or own what is missing."""
    found = []
    stem = thing.removeprefix("./").replace("::", "/")
    stem = stem if "/" in stem or "." not in stem.strip(".") else stem.replace(".", "/")
    for name in names:
        other = state.tasks[name]
        accepted = other.attempt
        written = accepted.files if accepted else ()
        claimed = tuple(str(p) for p in _claims(other).get("files", ()))
        owned = tuple(p for p in other.owned if "*" not in p)
        path = next((p for p in (*written, *claimed, *owned) if _is(p, stem, thing)), "")
        if path:
            exists = worktree is not None and (worktree / path).exists()
            found.append(Upstream(name, path, path in claimed, exists))
    return found


def _is(path: str, stem: str, thing: str) -> bool:
    """Whether a path may be the file, module or package of that name."""
    if path == thing:
        return True
    bare = path.rpartition(".")[0] or path
    bare = bare.removesuffix("/__init__").removesuffix("/index").removesuffix("/mod")
    return bare == stem or bare.endswith("/" + stem)


def _claims(task: TaskRun) -> dict[str, Any]:
    """What the accepted attempt's marker said."""
    accepted = task.attempt
    return accepted.claims if accepted is not None else {}


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
