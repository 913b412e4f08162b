"""Budgets: told near the limit, asked at it, and nobody starts or goes on before the answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.core import events as e
from maestro_tui.core.budgets import limit_of, spendings
from maestro_tui.core.invariants import validate
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import RunStatus
from tests.core.driving import Run, fold_again, snapshot


def spend(run: Run, task: str, usd: float, *, kind: str = "cost_usd") -> None:
    attempt = run.attempt(task)
    usage = {"input": 10.0, "output": 20.0, kind: usd}
    run.about(e.AgentReported, task, offset=attempt.offset + 10, usage=usage)


def working(run: Run, *names: str) -> Run:
    """Those agents are at work."""
    for name in names:
        run.about(e.WorktreeReady, name, path=f"/w/{name}", branch=f"x/{name}", base="b")
        run.about(e.AgentStarted, name, pid=5, start_time=1.0)
    return run


def interactive(run: Run) -> Run:
    for task in run.state.tasks.values():
        object.__setattr__(task.assignment, "driver", "claude")
    return run


def kinds(run: Run) -> list[str]:
    return [q.kind for q in run.state.questions.values()]


def test_at_four_fifths_it_is_told_once_and_work_goes_on() -> None:
    run = working(Run("a", "b < a", budget_run=10.0), "a")
    spend(run, "a", 7.9)
    assert not run.state.notices
    spend(run, "a", 8.0)
    spend(run, "a", 9.9)
    (told,) = [text for _, text in run.state.notices]
    assert told == "80% of the budget of the run is used: $8.00 of $10.00"
    assert not run.state.questions


def test_at_the_limit_nothing_starts_and_those_at_work_finish() -> None:
    run = working(Run("a", "b", "c < a", slots=2, budget_run=10.0), "a", "b")
    spend(run, "a", 6.0)
    spend(run, "b", 4.0)
    question = run.question("budget")
    assert question.id == "budget-run-1"
    assert question.title == "The budget of the run is used up: $10.00 of $10.00"
    assert "$10.00 reported by the agents" in question.evidence
    assert "Most of it: a $6.00, b $4.00" in question.evidence
    assert [o.key for o in question.options] == ["raise", "sequential", "stop", "continue"]
    run.go()
    assert run.states() == {"a": "merged", "b": "merged", "c": "waiting"}
    assert run.task("c").why == "waits for your answer about the budget"
    assert run.state.status is RunStatus.WAITING
    run.answer("budget", "raise", "5")
    run.go()
    assert run.states()["c"] == "merged"
    assert limit_of(run.state, "run") == 15.0


def test_reported_and_estimated_money_count_and_are_told_apart() -> None:
    run = working(Run("a", "b", budget_run=10.0), "a", "b")
    spend(run, "a", 6.0)
    spend(run, "b", 4.5, kind="estimated_usd")
    evidence = run.question("budget").evidence
    assert "$6.00 reported by the agents" in evidence
    assert "$4.50 estimated from their tokens and the price table" in evidence
    usage = run.attempt("b").usage
    usage["cost_usd"] = 1.0  # once it is reported, the estimate counts no longer
    assert next(spendings(run.state)).used == 7.0


def test_an_agent_that_cannot_be_paused_is_ended_at_its_own_limit() -> None:
    run = working(Run("a", "b", budget_agent=2.0), "a", "b")
    spend(run, "a", 2.5)
    assert run.due() == ["RunAgent:a:1", "StopAgent:a:1", "RunAgent:b:1"]
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    assert run.states() == {"a": "waiting", "b": "running"}
    assert "CreateWorktree:a:2" not in run.due()
    run.answer("budget", "raise", "3", task="a")
    assert run.attempt("a").number == 2
    assert limit_of(run.state, "agent:a") == 5.0
    assert limit_of(run.state, "agent:b") == 2.0
    assert run.task("a").retries_used == 0


def test_an_agent_that_can_be_paused_waits_and_goes_on_after_the_answer() -> None:
    run = working(interactive(Run("a", "b", budget_agent=2.0)), "a", "b")
    spend(run, "a", 2.0)
    assert run.attempt("a").pending_instructions == {1: ("pause", "")}
    assert run.attempt("a").paused == "budget"
    assert not run.attempt("a").stop
    run.post(e.InstructionGiven(at=run.time, task="a", kind="message", text="be quick"))
    assert "InstructAgent:a:1:2" not in run.due()  # words would wake it
    run.answer("budget", "raise", "$1.50")
    assert run.attempt("a").paused == ""
    assert run.attempt("a").pending_instructions[3] == ("resume", "")
    assert "InstructAgent:a:1:2" in run.due()


def test_a_cheaper_model_is_for_the_rest_and_asked_again_a_quarter_later() -> None:
    run = working(interactive(Run("a", "b < a", budget_run=8.0, budget_model="haiku")), "a")
    spend(run, "a", 9.0)
    run.answer("budget", "cheaper")
    assert [run.task(n).model for n in "ab"] == ["haiku", "haiku"]
    assert ("model", "haiku") in run.attempt("a").pending_instructions.values()
    assert limit_of(run.state, "run") == 11.0
    spend(run, "a", 11.0)
    assert run.question("budget").id == "budget-run-2"


def test_one_after_another() -> None:
    run = working(Run("a", "b", "c", slots=2, budget_run=8.0), "a", "b")
    spend(run, "a", 8.0)
    run.answer("budget", "sequential")
    run.about(e.AgentEnded, "a", ok=True, reason="exited", exit=0)
    assert run.states()["c"] == "ready"


def test_a_stop_is_asked_again_by_the_next_engine_and_a_new_limit_ends_it() -> None:
    run = working(Run("a", "b < a", budget_run=1.0), "a")
    spend(run, "a", 1.0)
    run.answer("budget", "stop")
    assert run.state.stopping == "checkpoint"
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    run.go()
    assert run.state.status is RunStatus.STOPPED
    run.tell(e.EngineStarted, pid=3, attended=True)
    assert run.question("budget").id == "budget-run-2"
    run.tell(e.EngineStarted, pid=4, attended=True, policies={"budget_run": 9.0})
    assert not run.state.questions
    assert run.attempt("a").number == 2


@pytest.mark.parametrize("text", ["much", "-3", "nan", "inf"])
def test_what_is_no_amount_raises_nothing_and_is_asked_again(text: str) -> None:
    run = working(Run("a", budget_run=1.0), "a")
    spend(run, "a", 1.0)
    run.answer("budget", "raise", text)
    assert limit_of(run.state, "run") == 1.0
    assert run.question("budget").id == "budget-run-2"


def test_without_anybody_to_ask_agents_end_and_the_run_waits() -> None:
    run = working(interactive(Run("a", "b", attended=False, budget_run=1.0)), "a", "b")
    spend(run, "a", 1.0)
    assert run.attempt("a").stop
    assert run.attempt("b").stop
    for name in "ab":
        run.about(e.AgentEnded, name, ok=False, reason="stopped")
    assert run.machine.stalled


def test_policies_answer() -> None:
    run = working(Run("a", "b < a", budget_run=1.0, on_budget="continue"), "a")
    spend(run, "a", 5.0)
    assert not run.state.questions
    assert limit_of(run.state, "run") == 0.0
    run.go()
    assert run.states()["b"] == "merged"
    run = working(Run("a", budget_run=1.0, on_budget="stop"), "a")
    spend(run, "a", 5.0)
    assert run.state.stopping == "checkpoint"


def test_a_wave_has_its_own_limit() -> None:
    run = working(Run("a", "b", "c < a", mode="streaming", slots=1, budget_wave=1.0), "a")
    spend(run, "a", 1.0)
    assert run.question("budget").subject == "wave:1"
    run.go()
    assert run.states() == {"a": "merged", "b": "waiting", "c": "merged"}


def test_the_question_goes_with_the_agent() -> None:
    run = working(interactive(Run("a", budget_agent=1.0)), "a")
    spend(run, "a", 1.0)
    assert kinds(run) == ["budget"]
    run.about(e.AgentEnded, "a", ok=True, reason="exited", exit=0)
    assert kinds(run) == []


MOVES = st.tuples(
    st.sampled_from(["spend", "end", "stop", "answer", "engine", "go"]),
    st.integers(0, 3),
    st.floats(0, 4, allow_nan=False),
)


@given(
    limits=st.tuples(*[st.sampled_from([0.0, 1.0, 3.0]) for _ in range(3)]),
    talks=st.booleans(),
    attended=st.booleans(),
    moves=st.lists(MOVES, max_size=30),
)
@settings(max_examples=150, deadline=None)
def test_whatever_happens_no_agent_starts_beyond_a_limit(
    limits: tuple[float, float, float], talks: bool, attended: bool, moves: list
) -> None:
    agent, wave, whole = limits
    run = Run(
        "a", "b", "c < a", "d < b", slots=2, attended=attended,
        budget_agent=agent, budget_wave=wave, budget_run=whole,
    )  # fmt: skip
    if talks:
        interactive(run)
    for move, which, amount in moves:
        before = {t.id: len(t.attempts) for t in run.state.tasks.values()}
        over = {s.key for s in spendings(run.state) if s.over}
        _move(run, move, which, amount)
        assert validate(run.state) == []
        if move in ("spend", "end", "go") and over & {s.key for s in spendings(run.state)}:
            grown = [t for t in run.state.tasks.values() if len(t.attempts) > before[t.id]]
            held = {"run", *(f"wave:{t.wave}" for t in grown), *(f"agent:{t.id}" for t in grown)}
            assert not grown or not held & over & {s.key for s in spendings(run.state) if s.over}
        for spending in spendings(run.state):
            assert spending.limit > 0
            assert math.isfinite(spending.limit)
            asked = [q for q in run.state.questions.values() if q.subject == spending.key]
            assert len(asked) <= spending.over
        for task in run.state.tasks.values():
            held = any(q.kind == "budget" for q in run.state.questions.values())
            if task.state == "running" and run.attempt(task.id).paused == "budget":
                assert held or run.state.stopping
    again = fold_again(run.events)
    if not talks:  # what the test changed by hand is not in the journal
        assert snapshot(again.state) == snapshot(run.state)


def _move(run: Run, move: str, which: int, amount: float) -> None:
    at_work = [t.id for t in run.state.tasks.values() if t.state == "running"]
    match move:
        case "spend" if at_work:
            name = at_work[which % len(at_work)]
            before = run.attempt(name).usage.get("cost_usd", 0.0)
            spend(run, name, before + amount)
        case "end" if at_work:
            name = at_work[which % len(at_work)]
            stopped = run.attempt(name).stop
            how = (
                {"ok": False, "reason": "stopped"} if stopped else {"ok": True, "reason": "exited"}
            )
            run.about(e.AgentEnded, name, **how)
        case "stop":
            run.tell(e.StopRequested, mode=("checkpoint", "drain")[which % 2])
        case "answer" if run.state.questions:
            question = list(run.state.questions.values())[which % len(run.state.questions)]
            keys = [o.key for o in question.options if o.key != "abort"]
            text = f"{amount:.2f}" if question.kind == "budget" else ""
            run.tell(
                e.DecisionMade,
                question=question.id,
                answer=keys[int(amount) % len(keys)],
                text=text,
            )
        case "engine" if not run.state.ended:
            run.tell(e.EngineStarted, pid=which + 2, attended=bool(which % 2))
        case "go":
            ready = [
                c for c in run.machine.outstanding() if not c.key.startswith(("RunAgent", "Stop"))
            ]
            for command in ready[:2]:
                if not command.key.startswith(("InstructAgent", "HandOver")):
                    run.perform(command)
    assert isinstance(run.machine, Machine)


def test_a_run_stopped_at_an_agents_limit_asks_again_before_it_starts_anew() -> None:
    run = working(Run("a", budget_agent=1.0), "a")
    spend(run, "a", 1.2)
    run.answer("budget", "stop")
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    run.go()
    assert run.state.status is RunStatus.STOPPED
    run.tell(e.EngineStarted, pid=3, attended=True)
    assert kinds(run) == ["budget"]
    run.answer("budget", "raise", "5")
    assert not run.state.questions
    assert run.attempt("a").number == 2
