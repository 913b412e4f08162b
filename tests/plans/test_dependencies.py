"""Every form a dependency value takes."""

from __future__ import annotations

import time

import pytest

from maestro_tui.plans.model import Plan
from maestro_tui.plans.reader import read_plan

PLAN = """\
# P
## Phase 1: Ground
### Task 1.1: Tables
### Task 1.2: Rows
## Phase 2: Walls
### Task 2.1: Brick
### Stream B: Mortar
## Phase 3: Roof
### Task 3.1: Tiles
Depends on: {value}
## Phase 4: Garden
### Task 4.1: Trees
"""


def read(value: str, label: str = "Depends on") -> Plan:
    return read_plan("plan.md", text=PLAN.replace("Depends on", label).format(value=value))


def after(value: str, label: str = "Depends on") -> list[str]:
    plan = read(value, label)
    assert not plan.errors
    assert all(e.task == "3.1" and e.source == "label" and e.line == 10 for e in plan.edges)
    return [e.after for e in plan.edges]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("none", []),
        ("None.", []),
        ("-", []),
        ("—", []),
        ("N/A", []),
        ("None (independent)", []),
        ("Phase 1", ["1"]),
        ("Needs Phase 1 complete", ["1"]),
        ("phase 1 must be complete", ["1"]),
        ("Phase 1, Phase 2", ["1", "2"]),
        ("Phase 1 and Phase 2", ["1", "2"]),
        ("Phases 1 & 2", ["1", "2"]),
        ("Phases 1-2", ["1", "2"]),
        ("Phases 1–2", ["1", "2"]),
        ("Phases 1 to 2", ["1", "2"]),
        ("Task 1.1", ["1.1"]),
        ("`Task 1.1`", ["1.1"]),
        ("**Task 1.1** (tables), Task 1.2 (rows)", ["1.1", "1.2"]),
        ("Tasks 1.1, 1.2", ["1.1", "1.2"]),
        ("Tasks 1.1-2.1", ["1.1", "1.2", "2.1"]),
        ("Tasks 1.x", ["1.1", "1.2"]),
        ("1.2", ["1.2"]),
        ("1.1, 1.2", ["1.1", "1.2"]),
        ("#1.1 + #1.2", ["1.1", "1.2"]),
        ("Stream B", ["B"]),
        ("Streams B", ["B"]),
        ("stream b", ["B"]),
        ("task a user would do", []),
        ("Brick", ["2.1"]),
        ("Phase 1; networkx", ["1"]),
        ("after Task 2.1 is merged", ["2.1"]),
        ("Phase 1 complete, Task 2.1 output", ["1", "2.1"]),
        ("all previous phases", ["1", "2"]),
        ("previous phase", ["2"]),
        ("networkx", []),
        ("Python 3.11", []),
        ("the database of Phases", []),
        ("1.1 seconds of patience", []),
    ],
)
def test_values(value: str, expected: list[str]) -> None:
    assert after(value) == expected


def test_all_previous_tasks_are_everything_above_outside_the_own_phase() -> None:
    assert set(after("all previous tasks")) >= {"1.1", "1.2", "2.1", "B"}
    assert "4.1" not in after("all previous tasks")


@pytest.mark.parametrize(
    "label", ["Dependencies", "**Depends on**", "Needs", "After", "BLOCKED BY", "Requires"]
)
def test_labels(label: str) -> None:
    assert after("Phase 1", label) == ["1"]


@pytest.mark.parametrize(
    ("value", "near"),
    [
        ("Task 9.9", ""),
        ("Phase 9", "Phase"),
        ("Task 1.3", "Task 1."),
        ("7.7", ""),
        ("Phases 1-9", "Phase"),
    ],
)
def test_an_id_that_does_not_exist_is_an_error_with_the_known_names(value: str, near: str) -> None:
    plan = read(value)
    (error,) = plan.errors
    assert (error.code, error.line) == ("unknown-dependency", 10)
    assert "Known: " in error.hint
    assert "Phase 1" in error.hint or "Task 1.1" in error.hint
    assert near in error.hint
    assert not plan.edges


def test_prose_is_kept_as_a_note_with_its_line() -> None:
    plan = read("networkx, Phase 1")
    assert [(d.code, d.severity, d.line) for d in plan.diagnostics] == [
        ("dependency-note", "info", 10)
    ]
    assert "'networkx'" in plan.diagnostics[0].text


def test_prerequisites_are_never_errors() -> None:
    plan = read("plan.md (required), Phase 9", "Prerequisites")
    assert not plan.errors
    assert not [e for e in plan.edges if e.source == "label"]


@pytest.mark.parametrize("value", ["Task 3.1", "Phase 3", "3.1"])
def test_depending_on_oneself_is_an_error(value: str) -> None:
    assert [d.code for d in read(value).errors] == ["self-dependency"]


def test_a_list_below_the_label() -> None:
    plan = read("\n- Task 1.1\n- Task 1.2: rows are needed")
    assert [e.after for e in plan.edges] == ["1.1", "1.2"]
    assert [e.line for e in plan.edges] == [11, 12]


def test_an_ambiguous_name_is_an_error() -> None:
    text = (
        "## Phase 1: a\n### Stream A: x\n## Phase 2: b\n### Stream A: y\n"
        "## Phase 3: c\n### Stream C: z\nNeeds: Stream A\n"
    )
    plan = read_plan("plan.md", text=text)
    assert [(d.code, d.line) for d in plan.errors] == [("ambiguous-dependency", 7)]


def test_a_drawing_of_every_task_to_every_task_is_read_in_time() -> None:
    tasks = "".join(f"- [ ] T{n} part {n}\n" for n in range(1, 1001))
    side = " & ".join(f"T{n}" for n in range(1, 501))
    rest = " & ".join(f"T{n}" for n in range(501, 1001))
    text = f"# P\n\n{tasks}\n```mermaid\ngraph TD\n{side} --> {rest}\n{side} --> {rest}\n```\n"
    start = time.process_time()
    plan = read_plan("plan.md", text=text)
    assert time.process_time() - start < 8
    drawn = {(e.task, e.after) for e in plan.edges if e.source == "mermaid"}
    assert ("T501", "T1") in drawn
    assert len(plan.tasks) == 1000


def test_an_arrow_drawn_twice_comes_from_its_first_line() -> None:
    text = (
        "# P\n\n- [ ] T1 a\n- [ ] T2 b\n- [ ] T3 c\n\n```mermaid\ngraph TD\n"
        "T1 --> T2 & T2 & T3\nT1 & T1 --> T2\n```\n"
    )
    plan = read_plan("plan.md", text=text)
    drawn = [(e.task, e.after, e.line) for e in plan.edges if e.source == "mermaid"]
    assert drawn == [("T2", "T1", 9), ("T3", "T1", 9)]
