"""The figures at the end of a run, from folded events."""

from __future__ import annotations

from dataclasses import replace

from maestro_tui.core import events as e
from maestro_tui.plans.model import Stage
from maestro_tui.report.summary import summarise, summary_lines
from tests.ui.runs import FakeSource, finished, waiting_for_delivery


def test_a_finished_run_adds_up():
    summary = summarise(finished().state)
    assert (summary.merged, summary.total, summary.files) == (7, 7, 8)
    assert summary.wall_s == 307
    assert summary.work_s == 482
    assert round(summary.speed_up, 2) == 1.57
    assert (summary.tokens, summary.cost) == (58_000, 0.41)
    assert summary.delivered.startswith("main (fast-forward")
    assert summary.not_merged == ()


def test_what_is_missing_is_named_with_its_reason_and_the_command_to_do_it():
    summary = summarise(finished("failed").state)
    assert summary.not_merged == (("3.2", "given up: 3.2 failed: exit 1: 2 tests failed"),)
    lines = "\n".join(summary_lines(summary))
    assert "6 of 7 tasks merged" in lines
    assert "maestro retry shop-1 3.2" in lines
    assert "maestro/shop-1/_integration" in lines


def test_an_agent_that_tells_tokens_but_no_price_costs_nothing_known():
    source = FakeSource()
    source.start("1.1").report("1.1", "", input=10, output=5, cost_usd=None)
    summary = summarise(source.state)
    assert summary.tokens == 15
    assert summary.cost is None
    assert any("15 tokens" in line for line in summary_lines(summary))


def test_a_stage_says_how_to_go_on():
    state = finished().state
    assert state.strategy is not None
    plan = replace(state.strategy.plan, source="big plan.md")
    stage = Stage("1: Base", 1, 3, ("1.1",), ("x", "y"), 120, 100)
    state.strategy = replace(state.strategy, plan=plan, stage=stage)
    steps = summarise(state).next_steps
    assert any(s.startswith("maestro run 'big plan.md'") and "2 tasks left" in s for s in steps)


def test_waiting_for_a_person_does_not_count_against_the_speed():
    quick, slow = waiting_for_delivery(), waiting_for_delivery()
    for source, pause in ((quick, 0.0), (slow, 3600.0)):
        source.wait(pause).decide("deliver-0", "leave")
        source.finish()
    fast, late = summarise(quick.state), summarise(slow.state)
    assert (fast.idle_s, late.idle_s) == (0, 3600)
    assert late.wall_s == fast.wall_s + 3600
    assert late.speed_up == fast.speed_up > 0
    assert any("3600.0 s of it at rest" in line for line in summary_lines(late))


def test_the_time_between_an_end_and_going_on_after_all_is_rest():
    source = finished("failed")
    ended = summarise(source.state)
    source.alive = True
    source.wait(500).feed(e.RetryRequested(at=source.clock, task="3.2"))
    assert source.state.idle_s == ended.idle_s + 500
