"""The canonical plan in TOML: read with every key checked, written so that it reads back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from typing import Any, TypeVar

import tomli_w

from maestro_tui.plans.document import Document
from maestro_tui.plans.durations import parse_duration
from maestro_tui.plans.expansion import names_listed, nearest
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.model import SCHEMA, Diagnostic, Edge, Gate, Phase, Plan, Task
from maestro_tui.plans.paths import check_paths
from maestro_tui.plans.toml_tables import TomlText, parse_toml

_TOP = {
    "schema": "int", "plan": "table", "phase": "tables", "task": "tables", "edge": "tables",
    "gate": "tables", "diagnostic": "tables",
}  # fmt: skip
_PLAN = {
    "id": "str", "title": "str", "source": "str", "source_sha256": "str", "format": "str",
    "confidence": "high|medium|low", "reason": "str", "runner_up": "str",
    "order": "strict|convention|explicit", "verify": "strs", "forbidden": "strs", "read": "str",
}  # fmt: skip
_PHASE = {
    "id": "str", "title": "str", "mode": "sequential|parallel|unspecified", "max_parallel": "int",
    "after": "strs", "files": "strs", "line": "int", "read": "str",
}  # fmt: skip
_TASK = {
    "id": "str", "key": "str", "title": "str", "phase": "str", "line": "int",
    "kind": "work|checkpoint|gate|prompt|subplan",
    "status": "pending|doing|done|deferred|cancelled", "optional": "bool", "body": "strs",
    "text": "str", "prompt": "str", "create": "strs", "modify": "strs", "delete": "strs",
    "test": "strs", "scope": "strs", "mentions": "strs", "verify": "strs", "agent": "str",
    "model": "str", "tier": "str", "marker": "str", "estimate": "str", "estimate_s": "float",
    "timeout_s": "float", "requirements": "strs", "read": "str",
}  # fmt: skip
_EDGE = {
    "task": "str", "after": "str",
    "source": "label|section|table|mermaid|arrow|frontmatter|mode|file-conflict|import|convention|"
              "inferred|user",
    "line": "int", "note": "str",
}  # fmt: skip
_GATE = {
    "name": "str", "run": "str", "when": "wave|task|final", "waves": "ints", "timeout_s": "float",
    "line": "int",
}  # fmt: skip
_DIAGNOSTIC = {
    "code": "str", "severity": "error|warning|info", "line": "int", "text": "str", "hint": "str",
}  # fmt: skip
_EDGES = 'Dependencies are tables of their own: [[edge]] with task = "2" and after = "1".'
_TASK_HINTS = dict.fromkeys(
    ("after", "depends", "depends_on", "dependencies", "needs", "blocked_by", "edges"), _EDGES
)
_TASK_HINTS["files"] = "Say what is done to them: create, modify, delete, test or scope."

T = TypeVar("T")


def parse_plan(document: Document) -> Plan:
    """The plan in a canonical document; every problem is a diagnostic with its line."""
    toml = parse_toml(document.text)
    if isinstance(toml, Diagnostic):
        return Plan(document.name or "Plan", format="canonical", diagnostics=(toml,))
    toml.checked("", 0, toml.data, _TOP, {})
    _check_schema(toml)
    head = toml.data.get("plan")
    plan = toml.checked("plan", 0, head if isinstance(head, dict) else {}, _PLAN, {})
    plan.pop("")
    own_lines = "source" not in plan  # else the lines are those of the source document
    phases = _phases(toml, own_lines)
    tasks = _tasks(toml, own_lines, phases)
    edges = [_made(Edge, t, own_lines, source="user") for t in _with(toml, "edge", _EDGE, "task")]
    _check_edges(toml, tasks, phases, edges)
    gates = [_made(Gate, t, own_lines, name=t["run"]) for t in _with(toml, "gate", _GATE, "run")]
    kept = [
        _made(Diagnostic, {"severity": "info", "line": 0, "text": "", **t}, False)
        for t in _with(toml, "diagnostic", _DIAGNOSTIC, "code")
    ]
    title = clean(plan.pop("title", ""))
    if not title:
        line = toml.lines.table("plan")
        toml.problems.append(
            Diagnostic("missing-title", "warning", line, "The plan has no title.",
                       'Write [plan] and title = "..." beneath it.')
        )  # fmt: skip
    known = {(d.code, d.text) for d in kept}
    found = [d for d in toml.problems if (d.code, d.text) not in known]
    return Plan(
        title=title or document.name or "Plan",
        id=plan.pop("id", "") or document.name,
        format=plan.pop("format", "") or "canonical",
        phases=tuple(phases),
        tasks=tuple(tasks),
        edges=tuple(edges),
        gates=tuple(gates),
        diagnostics=(*kept, *found),
        **_tuples(plan),
    )


def _tuples(table: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}


def dump_plan(plan: Plan) -> str:
    """The plan as canonical TOML; reading it gives the same plan, so hand edits are safe."""
    # The format is written even where it is the default: without one, a TOML plan has its own.
    head = {"source": plan.source, "format": plan.format, **_table(plan, _PLAN)}
    out = [f"schema = {SCHEMA}\n", "[plan]\n" + _dumped({"id": plan.id, **head})]
    groups: tuple[tuple[str, Sequence[Any], dict[str, str]], ...] = (
        ("phase", plan.phases, _PHASE),
        ("task", plan.tasks, _TASK),
        ("edge", plan.edges, _EDGE),
        ("gate", plan.gates, _GATE),
        ("diagnostic", plan.diagnostics, _DIAGNOSTIC),
    )
    for name, items, spec in groups:
        out += [f"[[{name}]]\n" + _dumped(_table(item, spec)) for item in items]
    return "\n".join(out)


def _dumped(table: dict[str, Any]) -> str:
    """One table's keys; written table by table because short ones would be put on one line."""
    return tomli_w.dumps(table, multiline_strings=True)


def _table(item: Any, spec: dict[str, str]) -> dict[str, Any]:
    """A dataclass as a table in the order of the schema, defaults left out."""
    defaults = {f.name: f.default for f in fields(item)}
    out: dict[str, Any] = {}
    for key in spec:
        value = getattr(item, key)
        if defaults[key] is not MISSING and value == defaults[key]:
            continue
        out[key] = list(value) if isinstance(value, tuple) else value
    if isinstance(item, Task) and item.estimate_s == parse_duration(item.estimate):
        out.pop("estimate_s", None)
    return out


def _check_schema(toml: TomlText) -> None:
    schema = toml.data.get("schema")
    line = toml.lines.key("", 0, "schema")
    if schema is None:
        toml.error("unknown-schema", 1, "The plan does not say its schema.", "Write schema = 1.")
    elif schema != SCHEMA:
        toml.error(
            "unknown-schema",
            line,
            f"The plan is of schema {schema!r}; this version reads schema {SCHEMA}.",
            f"Write schema = {SCHEMA}, or use the version of Maestro that wrote it.",
        )


def _with(toml: TomlText, name: str, spec: dict[str, str], needed: str) -> list[dict[str, Any]]:
    """The tables that have their indispensable key."""
    out = []
    for table in toml.tables(name, spec, {}):
        missing = [
            k for k in ((needed, "after") if name == "edge" else (needed,)) if not table.get(k)
        ]
        if missing:
            toml.error(
                "missing-key",
                table[""],
                f"[[{name}]] has no {' and no '.join(missing)}.",
                f'Write {missing[0]} = "...".',
            )
        else:
            out.append(table)
    return out


def _made(cls: type[T], table: dict[str, Any], own_lines: bool, **defaults: Any) -> T:
    line = table[""] if "" in table and own_lines else 0
    values = {**defaults, "line": line, **{k: v for k, v in table.items() if k}}
    return cls(**_tuples(values))


def _name(toml: TomlText, table: dict[str, Any], what: str, number: int, seen: set[str]) -> str:
    """The table's id, made unique; a missing or repeated one is an error."""
    name = clean(table.get("id", ""))
    if not name:
        name = f"{what}-{number}"
        toml.error("missing-id", table[""], f"[[{what}]] number {number} has no id.",
                   f'Write id = "{number}".')  # fmt: skip
    elif name in seen:
        toml.error("duplicate-id", table[""], f"The {what} id {name!r} is used twice.",
                   "Give one of them another id.")  # fmt: skip
    base, count = name, 1
    while name in seen:
        count += 1
        name = f"{base}-{count}"
    seen.add(name)
    return name


def _phases(toml: TomlText, own_lines: bool) -> list[Phase]:
    out = []
    seen: set[str] = set()
    for number, table in enumerate(toml.tables("phase", _PHASE, {}), 1):
        table["id"] = _name(toml, table, "phase", number, seen)
        table["title"] = clean(table.get("title", "")) or table["id"]
        out.append(_made(Phase, table, own_lines))
        toml.problems += check_paths(out[-1].files, table[""], f"Phase {out[-1].id}")
    return out


def _tasks(toml: TomlText, own_lines: bool, phases: list[Phase]) -> list[Task]:
    out = []
    seen: set[str] = set()
    written: dict[str, int] = {}
    for number, table in enumerate(toml.tables("task", _TASK, _TASK_HINTS), 1):
        table["id"] = _name(toml, table, "task", number, seen)
        if not clean(table.get("title", "")):
            toml.error("missing-title", table[""], f"Task {table['id']} has no title.",
                       'Write title = "...".')  # fmt: skip
        table["title"] = clean(table.get("title", "")) or table["id"]
        task = _made(Task, table, own_lines)
        if "estimate_s" not in table:
            task = replace(task, estimate_s=parse_duration(task.estimate))
        files = (*task.files, *([task.marker] if task.marker else ()))
        toml.problems += check_paths(files, table[""], f"Task {task.id}")
        written[task.id] = table[""]
        out.append(task)
    keyed = list(with_keys(out))
    for before, after in zip(out, keyed, strict=True):
        if before.key and before.key != after.key:
            text = f"Task {before.id}: the key {before.key!r} is not safe or not unique."
            hint = f"Write key = {after.key!r}, or leave it out."
            toml.problems.append(
                Diagnostic("key-replaced", "warning", written[before.id], text, hint)
            )
    _check_phases(toml, keyed, phases, written)
    return keyed


def _check_phases(
    toml: TomlText, tasks: list[Task], phases: list[Phase], written: dict[str, int]
) -> None:
    known = [p.id for p in phases]
    for name in dict.fromkeys(t.phase for t in tasks if t.phase and t.phase not in known):
        if not known:
            phases.append(Phase(name, name))
            continue
        line = next(written[t.id] for t in tasks if t.phase == name)
        near = nearest(name, known)
        hint = (f"Did you mean {near!r}? " if near else "") + f"Known: {names_listed(known)}."
        toml.error("unknown-phase", line, f"There is no [[phase]] with the id {name!r}.", hint)


def _check_edges(toml: TomlText, tasks: list[Task], phases: list[Phase], edges: list[Edge]) -> None:
    known = list(dict.fromkeys([t.id for t in tasks] + [p.id for p in phases]))
    names = set(known)
    numbers = iter(_written_edges(toml))
    for edge in edges:
        line = next(numbers, 0)
        for name in (edge.task, edge.after):
            if name not in names:
                _unknown(toml, line, f"The edge {edge.task!r} after {edge.after!r}", name, known)
        if edge.task == edge.after:
            toml.error("self-dependency", line, f"{edge.task!r} depends on itself.",
                       "Remove this edge.")  # fmt: skip
    for number, phase in enumerate(phases):
        for name in phase.after:
            if name not in names:
                line = toml.lines.key("phase", number, "after")
                _unknown(toml, line, f"Phase {phase.id!r}", name, known)


def _written_edges(toml: TomlText) -> list[int]:
    """The lines of the edges that were kept, in order."""
    given = toml.data.get("edge", [])
    tables = [t for t in given if isinstance(t, dict)] if isinstance(given, list) else []
    return [
        toml.lines.table("edge", number)
        for number, table in enumerate(tables)
        if all(isinstance(table.get(k), str) and table[k] for k in ("task", "after"))
    ]


def _unknown(toml: TomlText, line: int, who: str, name: str, known: list[str]) -> None:
    near = nearest(name, known)
    hint = (f"Did you mean {near!r}? " if near else "") + f"Known: {names_listed(known)}."
    text = f"{who} names {name!r}, which is no task or phase of this plan."
    toml.error("unknown-dependency", line, text, hint)
