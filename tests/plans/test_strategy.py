"""From plan to strategy, and the user's changes to it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maestro_tui.plans.errors import CycleError, PlanError
from maestro_tui.plans.model import Assignment, Edge, Gate, Phase, Plan, Strategy, Task
from maestro_tui.plans.strategy import draft, revise


def assign(task: Task) -> Assignment:
    return Assignment(
        task=task.id,
        agent=task.agent or "builder",
        agent_reason="best match",
        runner_up="tester",
        role=f"You are {task.agent or 'builder'}.",
        marker="BUILD_COMPLETE.md",
        owned=task.files,
    )


TASKS = (
    Task("1.1", "a", modify=("a.py",), phase="1", verify=("pytest a",)),
    Task("1.2", "b", modify=("b.py",), phase="1", estimate="2h"),
    Task("2.1", "c", modify=("c.py",), phase="2", marker="C_COMPLETE.md"),
    Task("2.2", "d", modify=("d.py",), phase="2", status="done"),
    Task("2.3", "e", kind="checkpoint", phase="2"),
)
PLAN = Plan(
    "p",
    phases=(Phase("1", "one"), Phase("2", "two")),
    tasks=TASKS,
    edges=(Edge("2", "1", "label", 5),),
    verify=("pytest -q", "make check", "pytest -q"),
    gates=(Gate("check", "make check", "final"),),
)


@pytest.fixture
def strategy() -> Strategy:
    return draft(PLAN, assign=assign)


def test_a_draft_holds_what_will_run_and_when(strategy: Strategy) -> None:
    assert [(a.task, a.wave, a.after) for a in strategy.assignments] == [
        ("1.1", 1, ()), ("1.2", 1, ()), ("2.1", 2, ("1.1", "1.2")),
    ]  # fmt: skip
    assert strategy.waves == (("1.1", "1.2"), ("2.1",))
    assert [a.estimate_s for a in strategy.assignments] == [600, 7200, 600]
    assert strategy.assignment("1.1").verify == ("pytest a",)
    assert (strategy.estimate.total_s, strategy.mode, strategy.max_parallel) == (7800, "waves", 10)
    assert strategy.plan is PLAN


def test_markers_are_unique_and_the_plans_word_counts(strategy: Strategy) -> None:
    assert [a.marker for a in strategy.assignments] == [
        "BUILD_COMPLETE.md", "1_2_COMPLETE.md", "C_COMPLETE.md",
    ]  # fmt: skip
    twins = (Task("a-b", "x"), Task("a.b", "y"), Task("a_b", "z"))
    made = draft(Plan("p", tasks=twins), assign=lambda t: replace(assign(t), marker=""))
    assert len({a.marker.lower() for a in made.assignments}) == 3


def test_gates_are_the_plans_and_its_verify_commands(strategy: Strategy) -> None:
    assert [(g.name, g.run, g.when) for g in strategy.gates] == [
        ("check", "make check", "final"), ("pytest -q", "pytest -q", "wave"),
    ]  # fmt: skip


def test_an_agents_own_files_conflict_where_the_plan_names_none() -> None:
    made = Plan("p", tasks=(Task("1", "a"), Task("2", "b")))
    found = draft(made, assign=lambda t: replace(assign(t), owned=("app/*.py",)))
    assert found.waves == (("1",), ("2",))


def test_revising_leaves_the_given_strategy_alone(strategy: Strategy) -> None:
    before = replace(strategy)
    after = revise(strategy, agent={"1.1": "tester"}, model={"1.2": "opus"}, max_parallel=1)
    assert strategy == before
    assert (after.assignment("1.1").agent, after.assignment("1.1").agent_reason) == (
        "tester", "chosen by you",
    )  # fmt: skip
    assert after.assignment("1.2").model == "opus"
    assert after.estimate.total_s > strategy.estimate.total_s


def test_an_agent_chosen_by_name_is_looked_up_again(strategy: Strategy) -> None:
    after = revise(strategy, agent={"1.1": "tester"}, assign=assign)
    assert after.assignment("1.1").role == "You are tester."
    assert after.assignment("1.2").role == "You are builder."


def test_adding_and_removing_order(strategy: Strategy) -> None:
    added = revise(strategy, after_add=[("1.2", "1.1")])
    assert added.waves == (("1.1",), ("1.2",), ("2.1",))
    assert ("1.2", "1.1", "user") in {(e.task, e.after, e.source) for e in added.edges}
    back = revise(added, after_remove=[("1.2", "1.1")])
    assert back.waves == strategy.waves


def test_removing_one_order_of_a_phase_keeps_the_others(strategy: Strategy) -> None:
    after = revise(strategy, after_remove=[("2.1", "1.1")])
    assert after.assignment("2.1").after == ("1.2",)


def test_what_cannot_be_removed_is_refused(strategy: Strategy) -> None:
    with pytest.raises(PlanError, match="does not wait for"):
        revise(strategy, after_remove=[("1.2", "1.1")])
    same = revise(strategy, files={"1.2": {"modify": ["a.py"]}})
    with pytest.raises(PlanError, match="both write the same files"):
        revise(same, after_remove=[("1.2", "1.1")])


def test_a_cycle_is_refused(strategy: Strategy) -> None:
    with pytest.raises(CycleError):
        revise(strategy, after_add=[("1.1", "2.1")])


def test_changing_files_changes_ownership_and_order(strategy: Strategy) -> None:
    after = revise(strategy, files={"1.2": {"modify": ["a.py"], "create": ["n.py"]}})
    assert after.assignment("1.2").owned == ("n.py", "a.py")
    assert after.waves == (("1.1",), ("1.2",), ("2.1",))
    with pytest.raises(PlanError, match="'write' is not one of create"):
        revise(strategy, files={"1.2": {"write": ["a.py"]}})


def test_excluding_what_others_need_is_refused_with_their_names(strategy: Strategy) -> None:
    with pytest.raises(PlanError, match=r"1\.1 is needed by 2\.1"):
        revise(strategy, exclude={"1.1"})
    without = revise(strategy, exclude={"1.1", "2.1"})
    assert without.waves == (("1.2",),)
    assert [(a.task, a.excluded, a.wave) for a in without.assignments] == [
        ("1.1", True, 0), ("1.2", False, 1), ("2.1", True, 0),
    ]  # fmt: skip
    assert revise(without, include={"1.1", "2.1"}).waves == strategy.waves


def test_including_a_task_whose_dependency_is_out_is_refused(strategy: Strategy) -> None:
    linked = revise(strategy, after_add=[("1.2", "1.1")])
    without = revise(linked, exclude={"1.1", "1.2", "2.1"})
    with pytest.raises(PlanError, match=r"1\.1 is needed by 1\.2"):
        revise(without, include={"1.2"})
    with pytest.raises(PlanError, match=r"1\.2 is needed by 2\.1"):
        revise(without, include={"2.1"})


def test_a_time_limit_in_the_plan_counts() -> None:
    made = draft(Plan("p", tasks=(Task("1", "a", timeout_s=60), Task("2", "b"))), assign=assign)
    assert [a.timeout_s for a in made.assignments] == [60, 1800]


def test_gates_and_mode(strategy: Strategy) -> None:
    after = revise(strategy, gates=[Gate("g", "true")], mode="streaming")
    assert (after.gates, after.mode) == ((Gate("g", "true"),), "streaming")


@pytest.mark.parametrize(
    "change", [{"exclude": {"9"}}, {"agent": {"9": "x"}}, {"after_add": [("9", "1.1")]}]
)
def test_unknown_tasks_are_named(strategy: Strategy, change: dict[str, object]) -> None:
    with pytest.raises(PlanError, match=r"No task '9' in this strategy\. Known: 1\.1"):
        revise(strategy, **change)  # type: ignore[arg-type]


def test_no_slots_is_refused(strategy: Strategy) -> None:
    with pytest.raises(PlanError, match="1 or more"):
        revise(strategy, max_parallel=0)
