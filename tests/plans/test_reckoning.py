"""Prices, estimates, needs and stages: each figure with what it rests on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from maestro_tui.plans.analysis import analyse
from maestro_tui.plans.estimates import Known
from maestro_tui.plans.model import (
    Assignment,
    Edge,
    Phase,
    Plan,
    Strategy,
    Task,
    from_dict,
    to_dict,
)
from maestro_tui.plans.prices import Tokens, price_table, with_prices
from maestro_tui.plans.resources import tier_of
from maestro_tui.plans.staging import files_of, in_words, stage_of
from maestro_tui.plans.strategy import draft, revise


def test_the_table_is_dated_and_complete() -> None:
    table = price_table()
    assert table.date == "2026-11-21"
    assert table.source
    for name, price in table.models.items():
        assert 0 < price.cache_read < price.input < price.output, name
        assert price.input < price.cache_write < price.cache_write_1h, name
    assert set(table.aliases.values()) <= set(table.models)
    assert set(table.unknown) <= set(table.models)
    assert table.low.total < table.high.total


@pytest.mark.parametrize(
    ("model", "input_price"),
    [
        ("opus", 4.0),
        ("Sonnet", 2.0),
        ("claude-opus-5-5", 4.0),
        ("claude-opus-5-5-20261101", 4.0),
        ("claude-opus-5-5[1m]", 4.0),
        ("anthropic/claude-haiku-4-5", 1.0),
        ("claude-sonnet-4-6@20260201", 3.0),
        ("claude-opus-9", None),
        ("gpt-5", None),
        ("", None),
    ],
)
def test_models_by_id_alias_and_date(model: str, input_price: float | None) -> None:
    price = price_table().price(model)
    assert (price.input if price else None) == input_price


def test_own_prices_go_before() -> None:
    table = with_prices(price_table(), {"gpt-x": {"input": 1, "output": 8}, "opus": {"input": 9}})
    own = table.price("gpt-x")
    assert own is not None
    assert own.cost(Tokens(input=1_000_000, output=500_000)) == 5.0
    opus = table.price("claude-opus-5-5")
    assert opus is not None
    assert (opus.input, opus.output) == (9, 20.0)
    with pytest.raises(ValueError, match="no figure 'inptu'; use input, output"):
        with_prices(table, {"m": {"inptu": 1}})


THREE = Plan(
    "p",
    tasks=(
        Task("a", "a", estimate="20 min", agent="models"),
        Task("b", "b", agent="models", model="haiku"),
        Task("c", "c", key="c-key"),
    ),
    edges=(Edge("c", "a", "label"),),
)


def test_stated_then_history_then_default() -> None:
    known = Known(seconds={"models": 300.0, "c-key": 60.0}, tokens={"c": 1_000_000})
    e = analyse(THREE, known=known).estimate
    assert (e.stated, e.history, e.default, e.basis) == (1, 2, 0, "mixed")
    assert e.wave_s == (1200.0, 60.0)
    assert e.sequential_s == 1560.0
    assert (e.tokens_basis, e.prices) == ("mixed", "2026-11-21")
    assert (e.wave_tokens_low[1], e.wave_tokens_high[1]) == (500_000, 2_000_000)
    assert sum(e.wave_cost_low) == pytest.approx(e.cost_low, abs=0.02)
    assert 0 < e.cost_low < e.cost_high
    assert analyse(THREE, known=Known(seconds={"c": 1.0, "c-key": 2.0})).estimate.wave_s[1] == 1.0


def test_the_model_makes_the_price() -> None:
    def cost(model: str) -> tuple[float, float]:
        models = {t.id: model for t in THREE.tasks}
        e = analyse(THREE, models=models).estimate
        return e.cost_low, e.cost_high

    assert cost("haiku") < cost("sonnet") < cost("opus") < cost("fable")
    unknown = analyse(THREE, models={"a": "gpt-5", "b": "haiku", "c": "haiku"}).estimate
    assert unknown.unpriced == ("gpt-5",)
    free = analyse(THREE, models=dict.fromkeys("abc", "rehearsal"))
    assert (free.estimate.cost_high, free.estimate.tokens_high) == (0.0, 0)
    assert free.estimate.tokens_basis == "none"
    assert free.needs[0].slots == ()


def test_the_needs_of_each_wave() -> None:
    found = analyse(THREE, max_parallel=1, repo_bytes=1000, models={"a": "claude-opus-5-5"})
    first, second = found.needs
    assert (first.agents, first.worktrees, first.disk_bytes) == (1, 1, 1000)
    assert first.slots == (("haiku", 1), ("opus", 1))
    assert second.slots == (("unknown", 1),)
    assert analyse(THREE).needs[0].agents == 2
    assert tier_of("gpt-5") == "other"


# -- stages --------------------------------------------------------------------------------------
def large(per_phase: int = 4, done: int = 0) -> Plan:
    phases = tuple(
        Phase(f"p{n}", f"Phase {n}", after=(f"p{n - 1}",) if n else ()) for n in range(3)
    )
    tasks = tuple(
        Task(
            f"{phase.id}.{n}",
            "t",
            phase=phase.id,
            create=(f"{phase.id}/{n}.py",),
            status="done" if number < done else "pending",
        )
        for number, phase in enumerate(phases)
        for n in range(per_phase)
    )
    return Plan("p", phases=phases, tasks=tasks)


def assign(task: Task) -> Assignment:
    return Assignment(task.id, "general-purpose", owned=task.files)


def test_a_large_plan_is_launched_phase_by_phase() -> None:
    assert stage_of(large(), 12) is None
    assert stage_of(large(), 0) is None
    first = stage_of(large(), 11)
    assert first is not None
    assert (first.number, first.of, first.files, first.limit) == (1, 3, 12, 11)
    assert first.tasks == ("p0.0", "p0.1", "p0.2", "p0.3")
    assert len(first.later) == 8
    assert "only stage 1 of 3, p0: Phase 0 (4 tasks) is launched" in in_words(first)
    second = stage_of(large(done=1), 11)
    assert second is not None
    assert (second.number, second.tasks[0], files_of(large(done=1))) == (2, "p1.0", 12)
    assert stage_of(large(done=2), 11) is None  # the last one


def test_a_stage_takes_along_what_it_waits_for() -> None:
    plan = large()
    plan = replace(plan, phases=tuple(replace(p, after=()) for p in plan.phases))
    plan = replace(plan, edges=(Edge("p0.0", "p2.3", "label"),))
    stage = stage_of(plan, 5)
    assert stage is not None
    assert set(stage.tasks) == {"p0.0", "p0.1", "p0.2", "p0.3", "p2.3"}


def test_without_phases_it_is_the_first_wave_within_the_limit() -> None:
    plan = replace(large(), phases=())
    plan = replace(plan, tasks=tuple(replace(t, phase="") for t in plan.tasks))
    stage = stage_of(plan, 5)
    assert stage is not None
    assert len(stage.tasks) == 5
    waiting = replace(plan, edges=tuple(Edge(t.id, "p0.0", "label") for t in plan.tasks[1:]))
    stage = stage_of(waiting, 5)
    assert stage is not None
    assert stage.tasks == ("p0.0",)


def test_a_staged_strategy_says_why_and_can_be_made_whole() -> None:
    strategy = draft(large(), assign=assign, large_plan_files=11)
    assert [len(w) for w in strategy.waves] == [4]
    out = strategy.assignment("p1.0")
    assert out.excluded
    assert "a later stage" in out.excluded_reason
    assert from_dict(Strategy, to_dict(strategy)) == strategy
    included = revise(strategy, max_parallel=3)
    assert included.stage == strategy.stage
    whole = revise(strategy, whole=True)
    assert whole.stage is None
    assert [len(w) for w in whole.waves] == [4, 4, 4]
    assert not any(a.excluded_reason for a in whole.assignments)


def test_the_order_is_revised() -> None:
    strategy = draft(THREE, assign=assign)
    assert len(revise(strategy, order="strict").waves) == 3
