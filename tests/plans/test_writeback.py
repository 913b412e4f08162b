"""Marks written back: one box or one status flipped, every other byte as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.writeback import mark
from tests.plans.test_fixtures import EXPECTED, document_of, read_fixture


def changed(before: str, after: str) -> list[tuple[str, str]]:
    old, new = before.split("\n"), after.split("\n")
    assert len(old) == len(new)
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


def flip(name: str, text: str, task: str, status: str = "done") -> str:
    return mark(text, read_plan(name, text=text), task, status)


def test_a_box_is_ticked_and_nothing_else_moves() -> None:
    text = (
        "\ufeff# Tasks\r\n\r\n## Phase 1: Start\r\n\r\n- [ ]  T001 Make `src/a.py`  \r\n"
        "- [x] T002 Make `src/b.py`\r\n"
    )
    new = flip("tasks.md", text, "T001")
    assert changed(text, new) == [
        ("- [ ]  T001 Make `src/a.py`  \r", "- [x]  T001 Make `src/a.py`  \r")
    ]
    assert flip("tasks.md", new, "T001", "pending") == text


def test_a_task_that_is_marked_already_changes_nothing() -> None:
    text = "# T\n\n- [x] T001 Make `src/a.py`\n- [ ] T002 Make `src/b.py`\n"
    assert flip("tasks.md", text, "T001") == text


def test_a_heading_is_marked_by_its_status_line_or_its_boxes() -> None:
    text = (
        "# P\n\n### Task 1: One\n\n**Files:**\n- Create: `a.py`\n\n**Status:** Pending\n\n"
        "### Task 2: Two\n\n**Files:**\n- Create: `b.py`\n\n"
        "- [ ] **Step 1: try**\n- [x] **Step 2: do**\n"
    )
    one = flip("p.md", text, "1")
    assert changed(text, one) == [("**Status:** Pending", "**Status:** Done")]
    assert changed(text, flip("p.md", text, "2")) == [
        ("- [ ] **Step 1: try**", "- [x] **Step 1: try**")
    ]


def test_a_heading_without_box_or_status_is_refused_with_what_to_write() -> None:
    text = "# P\n\n### Task 1: One\n\n**Files:** `a.py`\n\n### Task 2: Two\n\n**Files:** `b.py`\n"
    with pytest.raises(PlanError, match=r"p\.md:3: task 1 has no box .* Write '- \[ \]'"):
        flip("p.md", text, "1")


def test_a_document_that_changed_since_is_refused() -> None:
    text = "# T\n\n- [ ] T001 Make `src/a.py`\n- [ ] T002 Make `src/b.py`\n"
    plan = read_plan("t.md", text=text)
    with pytest.raises(PlanError, match="has changed since it was read"):
        mark(text + "\n", plan, "T001")
    with pytest.raises(PlanError, match=r"no task 'T009'\. Known: T001, T002"):
        mark(text, plan, "T009")


@pytest.mark.parametrize(
    "expected", EXPECTED, ids=[str(p.parent.name + "/" + p.stem) for p in EXPECTED]
)
def test_every_open_task_of_every_fixture_is_marked_alone_or_refused(expected: Path) -> None:
    plan, _ = read_fixture(expected)
    text = document_of(expected).read_bytes().decode("utf-8")
    refused: list[bool] = []
    if plan.source_sha256 and not plan.errors:
        for task in plan.tasks:
            if task.status != "pending":
                continue
            try:
                new = mark(text, plan, task.id)
            except PlanError as error:
                said = str(error)
                refused.append(f":{task.line}:" in said or "by hand" in said)
                continue
            again = read_plan(plan.source, text=new, format=plan.format)
            assert [(t.id, t.status) for t in again.tasks] == [
                (t.id, "done" if t.id == task.id else t.status) for t in plan.tasks
            ]
            back = mark(new, again, task.id, "pending")
            assert len(back.split("\n")) == len(text.split("\n"))
    assert all(refused)


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=2, max_size=8), st.data(), st.sampled_from(["\n", "\r\n"]))
def test_marks_of_any_list_flip_one_character(
    done: list[bool], data: st.DataObject, end: str
) -> None:
    lines = [f"- [{'x' if d else ' '}] T{n:03} Write `src/f{n}.py`" for n, d in enumerate(done, 1)]
    text = end.join(["# Tasks", "", *lines, ""])
    pick = data.draw(st.integers(1, len(done)))
    status = "pending" if done[pick - 1] else "done"
    new = flip("tasks.md", text, f"T{pick:03}", status)
    assert sum(a != b for a, b in zip(text, new, strict=True)) == 1
