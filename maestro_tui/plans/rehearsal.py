"""Rehearsal scripts: what a scripted agent does for each task, to try a plan offline."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro_tui.plans.document import load, normalise
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.expansion import names_listed, nearest
from maestro_tui.plans.model import SCHEMA, Diagnostic
from maestro_tui.plans.paths import unsafe_reason
from maestro_tui.plans.rehearsal_text import is_rehearsal
from maestro_tui.plans.toml_tables import TomlText, parse_toml

_COMMON = {"task": "str", "attempt": "int-or-ints", "do": "str"}
# For each step its keys; those in the second part must be there.
_STEPS: dict[str, tuple[dict[str, str], tuple[str, ...]]] = {
    "write": ({"path": "str", "text": "str"}, ("path", "text")),
    "append": ({"path": "str", "text": "str"}, ("path", "text")),
    "edit": ({"path": "str", "find": "str", "replace": "str"}, ("path", "find", "replace")),
    "delete": ({"path": "str"}, ("path",)),
    "run": ({"command": "strs", "ok_exit": "any"}, ("command",)),
    "print": ({"text": "str", "lines": "strs", "rate": "float", "repeat": "int"}, ()),
    "sleep": ({"seconds": "float"}, ("seconds",)),
    "usage": (
        {"input": "int", "output": "int", "cache_read": "int", "cache_write": "int",
         "cost_usd": "float"},
        (),
    ),
    "ask": (
        {"tool": "str", "detail": "str", "rule": "str", "on_deny": "continue|fail"},
        ("tool",),
    ),
    "limit": ({"seconds": "float", "why": "str"}, ("seconds",)),
    "fail": ({"code": "int", "message": "str"}, ()),
    "hang": ({"seconds": "float", "stubborn": "bool"}, ()),
    "crash": ({"signal": "int"}, ()),
    "marker": ({"text": "str"}, ()),
    "no-marker": ({}, ()),
    "commit": ({"message": "str"}, ()),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A checked script; ``path`` and ``first_line`` tell where it is written."""

    script: tuple[dict[str, Any], ...] = ()
    path: str = ""

    def steps(self, task_id: str, attempt: int = 1) -> list[dict[str, Any]]:
        """The steps of one attempt of a task, in order, without the keys that chose them."""
        out = []
        for step in self.script:
            wanted = step.get("attempt")
            attempts = wanted if isinstance(wanted, list) else [wanted]
            if step["task"] in (task_id, "*") and (wanted is None or attempt in attempts):
                out.append({k: v for k, v in step.items() if k not in ("task", "attempt")})
        return out


def rehearsal_path(plan_path: Path | str) -> Path:
    """Where the script of a plan lies: ``x.plan.toml`` and ``x.md`` have ``x.rehearsal.toml``."""
    path = Path(plan_path)
    name = path.name
    for suffix in (".plan.toml", ".plan.md", path.suffix):
        if suffix and name.lower().endswith(suffix.lower()):
            name = name[: -len(suffix)]
            break
    return path.with_name(f"{name}.rehearsal.toml")


def find_rehearsal(text: str) -> str | None:
    """The script fenced as ```` ```toml rehearsal ```` in a Markdown plan, or None."""
    found = _fenced(text)
    return None if found is None else found[0]


def _fenced(text: str) -> tuple[str, int] | None:
    document = normalise("", text, b"")
    parts = [b for b in document.tree.all_blocks() if b.kind == "fence" and is_rehearsal(b.info)]
    if not parts:
        return None
    return "\n".join(line for b in parts for line in b.lines) + "\n", parts[0].line


def load_rehearsal(plan_path: Path | str, tasks: list[str] | None = None) -> Rehearsal:
    """The script of a plan, from the file beside it, else from inside it; empty without one.

    ``tasks`` are the plan's ids, for those who have read it already. Raises PlanError naming file,
    line and nearest name when the script cannot be carried out.
    """
    plan = Path(plan_path)
    beside = rehearsal_path(plan)
    if beside.is_file():
        text, path, offset = load(beside).text, str(beside), 0
    else:
        if plan.suffix.lower() == ".toml":
            return Rehearsal()
        found = _fenced(load(plan).text)
        if found is None:
            return Rehearsal()
        text, path, offset = found[0], str(plan), found[1]
    if tasks is None:
        # The reader knows every format: an engine that is handed its script needs none of them.
        from maestro_tui.plans.reader import read_plan

        tasks = [task.id for task in read_plan(plan).tasks]
    return parse_rehearsal(text, path, tasks, offset=offset)


def parse_rehearsal(
    text: str, path: str, tasks: list[str] | None = None, *, offset: int = 0
) -> Rehearsal:
    """A script, checked; ``tasks`` are the ids it may name, ``offset`` the lines before it."""
    toml = parse_toml(text)
    if isinstance(toml, Diagnostic):
        raise PlanError(_sentence(toml, path, offset))
    toml.checked("", 0, toml.data, {"schema": "int", "step": "tables"}, {})
    if toml.data.get("schema") != SCHEMA:
        toml.error(
            "unknown-schema",
            toml.lines.key("", 0, "schema") or 1,
            "The rehearsal script does not say schema = 1.",
            "Write schema = 1 at the top.",
        )
    given = toml.data.get("step", [])
    script = [
        _step(toml, number, table, tasks)
        for number, table in enumerate(given if isinstance(given, list) else [])
        if isinstance(table, dict)
    ]
    if toml.problems:
        raise PlanError("\n".join(_sentence(d, path, offset) for d in toml.problems))
    return Rehearsal(tuple(script), path)


def _step(
    toml: TomlText, number: int, table: dict[str, Any], tasks: list[str] | None
) -> dict[str, Any]:
    line = toml.lines.table("step", number)
    do = table.get("do")
    if not isinstance(do, str) or do not in _STEPS:
        near = nearest(do, _STEPS) if isinstance(do, str) else ""
        hint = (f"Did you mean {near!r}? " if near else "") + f"Known: {', '.join(_STEPS)}."
        said = f"There is no step {do!r}." if do is not None else "[[step]] has no do."
        toml.error("unknown-step", toml.lines.key("step", number, "do"), said, hint)
        return {"task": "", "do": ""}
    keys, needed = _STEPS[do]
    out = toml.checked("step", number, table, {**_COMMON, **keys}, {})
    out.pop("")
    for key in ("task", *needed):
        if key not in table:
            toml.error("missing-key", line, f"The {do} step has no {key}.", f"Add {key} = ...")
    task = out.setdefault("task", "")
    if task and task != "*" and tasks is not None and task not in tasks:
        near = nearest(task, tasks)
        hint = (f"Did you mean {near!r}? " if near else "") + f"Known: {names_listed(tasks)}."
        at = toml.lines.key("step", number, "task")
        toml.error("unknown-task", at, f"The plan has no task {task!r}.", hint)
    path = out.get("path")
    if path is not None and (not path or unsafe_reason(path)):
        why = unsafe_reason(path) or "is empty"
        at = toml.lines.key("step", number, "path")
        toml.error("path-outside", at, f"The path {path!r} {why}.", "Write it relative to the top.")
    if do == "print" and not ({"text", "lines"} & set(out)):
        toml.error("missing-key", line, "The print step has no text and no lines.", "Add one.")
    if do == "run" and not out.get("command"):
        toml.error("missing-key", line, "The run step has no command.", 'Write command = ["ls"].')
    return out


def _sentence(found: Diagnostic, path: str, offset: int) -> str:
    line = found.line + offset if found.line else offset
    where = f"{path}:{line}" if line else path
    return f"{where}: {found.text} {found.hint}".strip()
