"""What a plan must not be read as, and what the reader says about its own doubts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from maestro_tui.plans.analysis import analyse
from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.errors import CycleError
from maestro_tui.plans.model import Plan
from maestro_tui.plans.reader import read_plan

FIXTURES = Path(__file__).parent / "fixtures"


def fixture(name: str) -> Plan:
    return read_plan(FIXTURES / name)


def test_a_cycle_is_told_with_its_path_and_not_run() -> None:
    with pytest.raises(CycleError, match=r"1 -> 3 -> 2 -> 1|3 -> 2 -> 1 -> 3|2 -> 1 -> 3 -> 2"):
        analyse(fixture("generic/cycle.md"))


def test_streams_called_parallel_that_share_a_file_run_one_after_the_other() -> None:
    found = analyse(fixture("generic/independent_streams_share_a_file.md"))
    assert found.waves == (("A",), ("B",))
    assert [(e.task, e.after, e.source) for e in found.edges] == [("B", "A", "file-conflict")]


def test_a_glob_and_a_file_it_covers_conflict() -> None:
    assert analyse(fixture("generic/glob_and_file.md")).waves == (("1",), ("2",))


def test_files_nobody_may_touch_are_kept_apart() -> None:
    plan = fixture("generic/do_not_touch.md")
    assert plan.forbidden == ("src/config/keys.ts", "src/legacy.ts")
    assert all("keys" not in f and "legacy" not in f for t in plan.tasks for f in t.files)


def test_a_table_of_progress_closes_the_tasks_it_names() -> None:
    plan = read_plan(
        "x.md",
        text="### Task 1: a\n\n- [ ] do it\n\n### Task 2: b\n\n### Task 3: c\n\n## Progress\n\n"
        "| Task | Title | Status |\n|---|---|---|\n| 1 | a | ✅ Complete |\n| 2 | b | Pending |\n"
        "| 3 | c | ❌ Cancelled |\n",
    )
    assert [t.status for t in plan.tasks] == ["done", "pending", "cancelled"]


def test_the_order_of_the_page_can_be_switched_off_or_made_strict() -> None:
    plan = fixture("superpowers/steps_are_no_tasks.md")
    order = {
        name: analyse(read_plan("x.plan.toml", text=canonical(plan, name))).waves
        for name in ("convention", "explicit", "strict")
    }
    assert order == {
        "convention": (("1",), ("2",)),
        "explicit": (("1", "2"),),
        "strict": (("1",), ("2",)),
    }


def canonical(plan: Plan, order: str) -> str:
    return dump_plan(replace(plan, order=order))


def test_a_doubtful_choice_names_the_other_and_how_to_make_it_certain() -> None:
    plan = read_plan(
        "x.md",
        text="# P\n\n## Steps\n\n1. Write `src/a.py`\n2. Write `src/b.py`\n\n"
        "## Tasks\n\n- [ ] Read it\n- [ ] Test it\n",
    )
    assert plan.confidence in ("low", "medium")
    (remark,) = [d for d in plan.diagnostics if d.code == "other-tasks"]
    assert "checkboxes" in remark.text
    assert "a numbered list" in remark.text
    assert "### Task 1:" in remark.hint


def test_dependencies_without_end_are_cut_and_told() -> None:
    text = "".join(f"### Task {n}: part\n\nDepends on: all other tasks\n\n" for n in range(1, 900))
    plan = read_plan("x.md", text=text)
    assert len(plan.tasks) == 899
    assert len(plan.edges) <= 300_000
    assert "too-many-dependencies" in {d.code for d in plan.errors}


@pytest.mark.parametrize(
    ("line", "checks"),
    [
        ("Run: `pytest -q`", ("pytest -q",)),
        ("- Verify `npm run test` passes", ("npm run test",)),
        ("- `make check` green", ("make check",)),
        ("- [ ] Build — `cargo build && cargo test` → PASS", ("cargo build && cargo test",)),
        ("- `go vet ./...` を実行", ("go vet ./...",)),
        ("Run: `pre-commit install`", ()),
        ("Run: `npm run dev`", ()),
        ("Run: `npx create-thing init`", ()),
        ("Verify that `node` is there", ()),
        ("Run: `git push`", ()),
    ],
)
def test_what_looks_at_the_result_is_a_check(line: str, checks: tuple[str, ...]) -> None:
    plan = read_plan("x.md", text=f"### Task 1: a\n\n{line}\n\n### Task 2: b\n\nWords.\n")
    assert plan.tasks[0].verify == checks
