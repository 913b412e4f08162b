"""Every document under ``fixtures/`` is read as the ``NAME.expected.json`` beside it says.

``NAME.ext`` is the document. The keys of the expectation are all optional, and only what is given
is compared:

- ``format``, ``confidence``; ``path``: read the document as if it lay there (for formats that
  look at the path); ``force``: the format to read it as
- ``tasks``: all tasks, by id; of each only the keys given
- ``edges``: all edges that are stated or a convention, ``[task, after, source]`` or with the line
  as a fourth
- ``phases``: the ids of all phases, or objects of which only the keys given are compared
- ``diagnostics``: codes that must be there, ``"code:line"`` with their line; ``absent``: codes
  that must not
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.model import Plan, to_dict
from maestro_tui.plans.reader import read_plan

HERE = Path(__file__).parent / "fixtures"
_ENDING = ".expected.json"
EXPECTED = sorted(HERE.rglob(f"*{_ENDING}"))


def document_of(expected: Path) -> Path:
    """The document an expectation is about: the file of the same name without its suffix."""
    name = expected.name.removesuffix(_ENDING)
    found = [f for f in expected.parent.iterdir() if f.stem == name and f.is_file()]
    assert len(found) == 1, f"{expected}: one document named {name}.*, not {found}"
    return found[0]


def read_fixture(expected: Path) -> tuple[Plan, dict[str, Any]]:
    wanted = json.loads(expected.read_text("utf-8"))
    document = document_of(expected)
    if "path" in wanted:
        text = document.read_bytes().decode("utf-8")
        plan = read_plan(wanted["path"], text=text, format=wanted.get("force"))
    else:
        plan = read_plan(document, format=wanted.get("force"))
    return plan, wanted


def _subset(rows: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows, of each only the keys that the expectation for that id gives."""
    keys = {row["id"]: set(row) for row in wanted}
    return [{k: v for k, v in row.items() if k in keys.get(row["id"], {"id"})} for row in rows]


def _rows(items: tuple[Any, ...]) -> list[dict[str, Any]]:
    return [{name: to_dict(getattr(i, name)) for name in type(i).__slots__} for i in items]


def _names(fixtures: list[Path]) -> list[str]:
    return [str(f.relative_to(HERE)).removesuffix(_ENDING) for f in fixtures]


@pytest.mark.parametrize("expected", EXPECTED, ids=_names(EXPECTED))
def test_fixture_is_read_as_expected(expected: Path) -> None:
    plan, wanted = read_fixture(expected)
    for key in ("format", "confidence", "title"):
        if key in wanted:
            assert getattr(plan, key) == wanted[key], (key, plan.reason)
    if "tasks" in wanted:
        rows = [{"id": t} if isinstance(t, str) else t for t in wanted["tasks"]]
        assert _subset(_rows(plan.tasks), rows) == rows
    if "phases" in wanted:
        rows = [{"id": p} if isinstance(p, str) else p for p in wanted["phases"]]
        assert _subset(_rows(plan.phases), rows) == rows
    if "edges" in wanted:
        with_line = {tuple(e[:3]) for e in wanted["edges"] if len(e) > 3}
        edges = [
            [e.task, e.after, e.source]
            + ([e.line] if (e.task, e.after, e.source) in with_line else [])
            for e in plan.edges
        ]
        assert sorted(edges) == sorted(wanted["edges"])
    found = {d.code for d in plan.diagnostics} | {f"{d.code}:{d.line}" for d in plan.diagnostics}
    missing = [code for code in wanted.get("diagnostics", ()) if code not in found]
    assert not missing, (missing, plan.diagnostics)
    unwanted = [code for code in wanted.get("absent", ()) if code in found]
    assert not unwanted, (unwanted, plan.diagnostics)


@pytest.mark.parametrize("expected", EXPECTED, ids=_names(EXPECTED))
def test_fixture_survives_the_canonical_form(expected: Path) -> None:
    plan, _ = read_fixture(expected)
    if not plan.tasks:
        pytest.skip("not a plan")
    again = read_plan("again.plan.toml", text=dump_plan(plan))
    # An unsafe path is found again, on the line it has in the canonical form.
    assert {d.code for d in again.diagnostics} <= {d.code for d in plan.diagnostics}
    assert again.tasks == plan.tasks
    assert again.phases == plan.phases
    assert again.edges == plan.edges
    assert replace(again, diagnostics=plan.diagnostics) == plan


@pytest.mark.parametrize("expected", EXPECTED, ids=_names(EXPECTED))
def test_fixture_lines_are_within_the_document(expected: Path) -> None:
    plan, _ = read_fixture(expected)
    last = document_of(expected).read_bytes().count(b"\n") + 1
    for item in (*plan.tasks, *plan.edges, *plan.phases, *plan.diagnostics):
        assert 0 <= item.line <= last, item
    assert all(task.line for task in plan.tasks)
