"""Fewer agents when much fails or the machine is short of something; and back, each with words."""

from __future__ import annotations

from maestro_tui.core import events as e
from maestro_tui.core.limits import BREAKER_FAILURES, BREAKER_S, slots, slowed_by
from tests.core.driving import Run


def failing(count: int) -> Run:
    run = Run(*(f"t{n}" for n in range(20)), slots=8)
    for number in range(count):
        run.fail(f"t{number}")
    return run


def said(run: Run) -> str:
    return "\n".join(text for _, text in run.state.notices)


def test_many_failures_in_a_short_time_mean_one_agent_at_a_time() -> None:
    run = failing(BREAKER_FAILURES - 1)
    assert slots(run.state) == 8
    assert slowed_by(run.state) == ""
    run.fail(f"t{BREAKER_FAILURES - 1}")
    assert slots(run.state) == 1
    assert "5 attempts failed within 600 s" in slowed_by(run.state)
    assert "One agent at a time from now on: 5 attempts failed" in said(run)
    assert run.state.count("preparing", "running", "checking") == 7  # nobody is sent away
    assert run.state.count("ready") == 8  # and nobody starts
    assert run.machine.next_deadline() == run.state.now + BREAKER_S


def test_success_closes_the_breaker() -> None:
    run = failing(BREAKER_FAILURES)
    run.until_state("t7", "merged")
    assert slots(run.state) == 8
    assert "Up to 8 agents at once again: an attempt has succeeded" in said(run)


def test_time_closes_it_too_and_is_waited_for() -> None:
    run = failing(BREAKER_FAILURES)
    run.time += BREAKER_S
    run.tell(e.Woke)
    assert slots(run.state) == 8
    assert "nothing has failed for 600 s" in said(run)


def test_failures_far_apart_open_nothing() -> None:
    run = Run(*(f"t{n}" for n in range(12)), slots=8)
    for number in range(8):
        run.time += BREAKER_S / 3
        run.fail(f"t{number}")
    assert slots(run.state) == 8


def test_pressure_takes_slots_and_gives_them_back() -> None:
    run = Run("a", "b", "c", "d", slots=4, engine=False)
    run.tell(e.EngineStarted, pid=1, attended=True)
    run.tell(e.ResourcesChanged, limit=2, reason="memory is 95 % full")
    assert slots(run.state) == 2
    assert slowed_by(run.state) == "memory is 95 % full"
    assert run.state.count("preparing") == 4  # nobody is sent away
    run.until_state("a", "merged")
    run.tell(e.ResourcesChanged, limit=0, reason="the machine has room again")
    assert slots(run.state) == 4
    assert "Up to 4 agents at a time from now on: the machine has room again" in said(run)


def test_a_new_engine_looks_at_the_machine_afresh() -> None:
    run = Run("a", "b", slots=4)
    run.tell(e.ResourcesChanged, limit=1, reason="disk")
    assert slots(run.restart().state) == 4
