"""A changed document is taken into an edited plan: edits stay, the rest follows the document."""

from __future__ import annotations

from dataclasses import replace

from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.model import Edge, Plan
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.reread import merge, stamped

TEXT = """\
# Shop

### Task 1: Models
**Files:** `app/models.py`

### Task 2: Service
**Files:** `app/service.py`
**Depends on:** Task 1

### Task 3: Pages
**Files:** `app/pages.py`
"""


def fresh(text: str = TEXT) -> Plan:
    return read_plan("shop.md", text=text)


def exported(text: str = TEXT) -> Plan:
    return read_plan("shop.plan.toml", text=dump_plan(stamped(fresh(text))))


def codes(plan_and_notes: tuple[Plan, tuple[object, ...]]) -> list[str]:
    return [d.code for d in plan_and_notes[1]]  # type: ignore[attr-defined]


def test_nothing_changed_means_nothing_to_say() -> None:
    plan, notes = merge(exported(), fresh())
    assert notes == ()
    assert [t.files for t in plan.tasks] == [t.files for t in fresh().tasks]
    assert {(e.task, e.after) for e in plan.edges} == {(e.task, e.after) for e in fresh().edges}


def test_untouched_tasks_follow_the_document() -> None:
    new = TEXT.replace("`app/pages.py`", "`app/pages.py`, `app/menu.py`")
    plan, _ = merge(exported(), fresh(new))
    assert plan.task("3").files == ("app/pages.py", "app/menu.py")


def test_edited_tasks_are_kept_and_the_difference_is_told() -> None:
    mine = exported()
    edited = replace(mine, tasks=(replace(mine.tasks[0], agent="models-schemas"), *mine.tasks[1:]))
    new = "\n" + TEXT.replace("`app/models.py`", "`app/tables.py`")
    plan, notes = merge(edited, fresh(new))
    task = plan.task("1")
    assert (task.agent, task.files) == ("models-schemas", ("app/models.py",))
    assert task.line == fresh(new).task("1").line
    assert [(d.code, "modify" in d.text) for d in notes] == [("task-kept", True)]


def test_edits_are_still_edits_after_a_second_reading() -> None:
    mine = exported()
    edited = replace(mine, tasks=(replace(mine.tasks[0], agent="x"), *mine.tasks[1:]))
    once, _ = merge(edited, fresh())
    again, _ = merge(read_plan("s.plan.toml", text=dump_plan(once)), fresh())
    assert again.task("1").agent == "x"


def test_orders_of_the_user_stay_and_orders_taken_out_stay_out() -> None:
    mine = exported()
    own = replace(mine, edges=(*mine.edges, Edge("3", "2", "user")))
    plan, _ = merge(own, fresh())
    assert ("3", "2", "user") in {(e.task, e.after, e.source) for e in plan.edges}
    without = replace(mine, edges=tuple(e for e in mine.edges if e.task != "2"))
    plan, _ = merge(without, fresh())
    assert not [e for e in plan.edges if e.task == "2"]


def test_new_and_vanished_tasks_are_told() -> None:
    mine = exported()
    new = TEXT.replace("### Task 3: Pages", "### Task 4: Menu")
    plan, notes = merge(mine, fresh(new))
    assert [t.id for t in plan.tasks] == ["1", "2", "4"]
    assert sorted(d.code for d in notes) == ["task-gone", "task-new"]
    edited = replace(mine, tasks=(*mine.tasks[:2], replace(mine.tasks[2], model="opus")))
    plan, notes = merge(edited, fresh(new))
    assert [t.id for t in plan.tasks] == ["1", "2", "3", "4"]
    assert "task-kept" in [d.code for d in notes]


def test_a_task_of_ones_own_is_kept_where_it_stood() -> None:
    mine = exported()
    own = replace(mine.tasks[0], id="own", key="", title="Mine", read="")
    plan, notes = merge(replace(mine, tasks=(mine.tasks[0], own, *mine.tasks[1:])), fresh())
    assert [t.id for t in plan.tasks] == ["1", "own", "2", "3"]
    assert notes == ()


def test_an_edited_head_is_kept() -> None:
    plan, notes = merge(replace(exported(), verify=("make check",)), fresh())
    assert plan.verify == ("make check",)
    assert [d.code for d in notes] == ["head-kept"]
