"""Takes a changed document into a canonical plan without losing what a person edited there.

Each table of an exported plan carries ``read``, a digest of what the reader said when it was
written. A table whose content still has that digest was not touched, and is replaced by what the
document says now; one that was edited is kept, and what the document says differently is reported.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from maestro_tui.plans.model import Diagnostic, Edge, Phase, Plan, Task, to_dict

_PLACE = frozenset({"line", "body", "key", "read"})  # where it stands, not what it says


def stamped(plan: Plan) -> Plan:
    """The plan with a digest in every task, phase and its head, ready to be written and edited."""
    after = _after(plan)
    return replace(
        plan,
        read=_head(plan),
        tasks=tuple(replace(t, read=_digest(t, after.get(t.id, ()))) for t in plan.tasks),
        phases=tuple(replace(p, read=_digest(p, after.get(p.id, ()))) for p in plan.phases),
    )


def merge(canonical: Plan, fresh: Plan) -> tuple[Plan, tuple[Diagnostic, ...]]:
    """The canonical plan brought up to the document, and what a person should know of it."""
    new = stamped(fresh)
    notes: list[Diagnostic] = []
    mine_after, new_after = _after(canonical), _after(new)
    tasks, kept = _merged(canonical.tasks, new.tasks, mine_after, "task", notes)
    phases, kept_phases = _merged(canonical.phases, new.phases, mine_after, "phase", notes)
    own = kept | kept_phases
    names = {t.id for t in tasks} | {p.id for p in phases}
    edges: list[Edge] = []
    for owner in [t.id for t in tasks] + [p.id for p in phases]:
        edges += (mine_after if owner in own else new_after).get(owner, ())
    edges += [e for e in canonical.edges if e.source == "user"]
    plan = replace(
        new,
        tasks=tuple(tasks),
        phases=tuple(phases),
        edges=tuple(e for e in dict.fromkeys(edges) if {e.task, e.after} <= names),
        gates=canonical.gates or new.gates,
    )
    if canonical.read and _head(canonical) != canonical.read:
        mine = {f: getattr(canonical, f) for f in ("title", "order", "verify", "forbidden")}
        plan = replace(plan, **mine)
        notes.append(_note("head-kept", 0, "[plan]: kept as edited."))
    return plan, tuple(notes)


def _after(plan: Plan) -> dict[str, tuple[Edge, ...]]:
    """What the reader said each task or phase waits for; the user's own orders left out."""
    out: dict[str, list[Edge]] = {}
    for edge in plan.edges:
        if edge.source != "user":
            out.setdefault(edge.task, []).append(edge)
    return {name: tuple(edges) for name, edges in out.items()}


def _facts(item: Task | Phase) -> dict[str, Any]:
    return {k: v for k, v in to_dict(item).items() if k not in _PLACE}


def _digest(item: Task | Phase, after: Sequence[Edge]) -> str:
    said = [_facts(item), sorted((e.after, e.source) for e in after)]
    return _short(said)


def _head(plan: Plan) -> str:
    return _short([plan.title, plan.order, list(plan.verify), list(plan.forbidden)])


def _short(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]


def _merged(
    mine: Sequence[Any],
    new: Sequence[Any],
    after: dict[str, tuple[Edge, ...]],
    what: str,
    notes: list[Diagnostic],
) -> tuple[list[Any], set[str]]:
    """The items in the document's order, edited ones kept, own ones behind those they followed."""
    old = {item.id: item for item in mine}
    out = []
    kept: set[str] = set()
    for item in new:
        was = old.get(item.id)
        if was is None:
            notes.append(_note(f"{what}-new", item.line, f"{what} {item.id}: new in the document."))
        elif was.read and _digest(was, after.get(was.id, ())) == was.read:
            pass
        else:
            kept.add(item.id)
            if was.read != item.read:
                notes.append(_differs(what, was, item))
            place = {f.name: getattr(item, f.name) for f in fields(item) if f.name in _PLACE}
            item = replace(was, **place)
        out.append(item)
    known = {item.id for item in new}
    for n, item in enumerate(mine):
        if item.id in known:
            continue
        edited = not item.read or _digest(item, after.get(item.id, ())) != item.read
        if not edited:
            notes.append(_note(f"{what}-gone", 0, f"{what} {item.id}: gone from the document."))
            continue
        if item.read:
            notes.append(
                _note(
                    f"{what}-kept", 0, f"{what} {item.id}: gone from the document, kept as edited."
                )
            )
        before = mine[n - 1].id if n else ""
        at = next((i for i, other in enumerate(out) if other.id == before), len(out) - 1)
        out.insert(at + 1, item)
        kept.add(item.id)
    return out, kept


def _differs(what: str, mine: Task | Phase, new: Task | Phase) -> Diagnostic:
    ours, theirs = _facts(mine), _facts(new)
    keys = sorted(k for k in ours.keys() | theirs.keys() if ours.get(k) != theirs.get(k))
    said = ", ".join(keys) or "its order"
    return _note(
        f"{what}-kept",
        new.line,
        f"{what} {mine.id}: kept as edited; the document now differs in {said}.",
    )


def _note(code: str, line: int, text: str) -> Diagnostic:
    return Diagnostic(code, "info", line, text[0].upper() + text[1:])
