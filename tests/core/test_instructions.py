"""What people say to one agent, what becomes of its session, and who hears of a merge."""

from __future__ import annotations

import dataclasses

import pytest

from maestro_tui.agents import drivers
from maestro_tui.core import events as e
from maestro_tui.core import state as core_state
from maestro_tui.core.state import RunStatus
from maestro_tui.plans.model import Conflict
from tests.core.driving import Run
from tests.core.test_budgets import interactive, working


def say(run: Run, task: str, kind: str, text: str = "") -> None:
    run.time += 1
    run.post(e.InstructionGiven(at=run.time, task=task, kind=kind, text=text))


def test_core_and_runner_agree_on_what_drivers_can() -> None:
    assert core_state.INTERACTIVE == drivers.INTERACTIVE
    assert core_state.RESUMABLE == drivers.RESUMABLE


def test_a_stopped_session_is_taken_up_again_as_the_same_attempt() -> None:
    run = working(interactive(Run("a", "b < a")), "a")
    run.tell(e.StopRequested, mode="checkpoint")
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    worked = run.attempt("a").seconds
    run.go()
    assert run.state.status is RunStatus.STOPPED
    run.post(e.InstructionGiven(at=run.time, task="a", kind="message", text="be quick"))
    run.tell(e.EngineStarted, pid=2, attended=True)
    attempt = run.attempt("a")
    assert (attempt.number, attempt.resumes, attempt.before_s) == (1, 1, worked)
    assert attempt.pending_instructions == {1: ("message", "be quick")}
    assert run.task("a").retries_used == 0
    run.go(hold=("InstructAgent",))
    assert run.states() == {"a": "merged", "b": "merged"}
    assert len(run.task("a").attempts) == 1


@pytest.mark.parametrize("driver", ["command", "claude"])
def test_after_a_roll_back_nothing_goes_on_where_it_was(driver: str) -> None:
    run = Run("a", "b < a", "c < b")
    if driver == "claude":
        interactive(run)
    run.until_state("c", "running")
    run.about(e.AgentStarted, "c", pid=5, start_time=1.0)
    run.tell(e.RollbackRequested, to="task:a")
    run.about(e.AgentEnded, "c", ok=False, reason="stopped")
    run.go(until=lambda: bool(run.state.questions))
    run.answer("rolledback", "restart")
    run.go()
    assert [len(run.task(n).attempts) for n in "abc"] == [1, 2, 2]


def test_one_agent_is_stopped_and_the_others_go_on() -> None:
    run = working(interactive(Run("a", "b", "c < a")), "a", "b")
    say(run, "a", "stop")
    assert run.attempt("a").stop
    run.restart()
    interactive(run)
    assert run.attempt("a").stop  # a new engine does not forget it
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    assert run.question("held").title == "a was stopped by you"
    assert run.states() == {"a": "failed", "b": "running", "c": "blocked"}
    run.answer("held", "on", "and mind the gap")
    assert run.attempt("a").number == 1
    assert list(run.attempt("a").pending_instructions.values()) == [("message", "and mind the gap")]


def test_started_afresh_it_has_a_new_attempt_and_no_retry_is_used() -> None:
    run = working(interactive(Run("a")), "a")
    say(run, "a", "restart", "otherwise")
    run.about(e.AgentEnded, "a", ok=False, reason="stopped")
    attempt = run.attempt("a")
    assert (attempt.number, attempt.instructions) == (2, "otherwise")
    assert run.task("a").retries_used == 0


def test_a_pause_lasts_until_words_or_a_resumption() -> None:
    run = working(interactive(Run("a")), "a")
    say(run, "a", "pause")
    say(run, "a", "pause")
    assert run.attempt("a").paused == "user"
    say(run, "a", "message", "go left")
    assert run.attempt("a").paused == ""
    told = list(run.attempt("a").pending_instructions.values())
    assert told == [("pause", ""), ("message", "go left"), ("resume", "")]


def test_who_cannot_hear_is_said() -> None:
    run = working(Run("a"), "a")
    say(run, "a", "pause")
    say(run, "a", "model", "haiku")
    say(run, "a", "message", "later")
    texts = [text for _, text in run.state.notices]
    assert "does not hear “pause” while it works" in texts[0]
    assert "takes no model" in texts[1]
    assert "its next attempt begins with these words" in texts[2]


def beside(kind: str, first: str = "a", second: str = "b", driver: str = "claude") -> Run:
    run = Run("a", "b")
    if driver == "claude":
        interactive(run)
    assert run.state.strategy is not None
    conflict = Conflict(first, second, kind, ("x.py",), ordered=False)
    run.state.strategy = dataclasses.replace(run.state.strategy, conflicts=(conflict,))
    working(run, "a", "b")
    run.about(e.AgentEnded, "a", ok=True, reason="exited", exit=0)
    return run.go(hold=("RunAgent", "HandOver"))


def test_who_imports_what_was_merged_hears_of_it() -> None:
    run = beside("import")
    assert "HandOver:b:1:a" in run.due()
    run.about(e.HandedOver, "b", source="a")
    assert "HandOver:b:1:a" not in run.due()
    assert run.machine.story("b")[-1][2] == "its agent was told what a delivered"
    assert run.task("b").heard_of == ("a",)


def test_who_is_imported_does_not_hear_but_who_shares_a_file_does() -> None:
    assert "HandOver:b:1:a" not in beside("import", "b", "a").due()
    assert "HandOver:b:1:a" in beside("same-file", "b", "a").due()


def test_who_cannot_hear_is_told_at_the_next_attempt() -> None:
    run = beside("import", driver="command")
    assert run.due() == ["RunAgent:b:1"]
    assert "its next attempt is" in run.machine.story("b")[-1][2]
    assert run.task("b").heard_of == ("a",)


def test_who_began_on_an_earlier_version_hears_of_the_repaired_one() -> None:
    run = interactive(Run("a", "b < a", "c < a"))
    run.until_state("a", "merged").go(hold=("RunAgent", "CreateWorktree:b", "CreateWorktree:c"))
    working(run, "b", "c")
    run.about(e.AgentEnded, "b", ok=False, reason="exited", exit=1, error="bad", suspect="a")
    run.answer("failure", "upstream")
    working(run, "a")
    run.about(e.AgentEnded, "a", ok=True, reason="exited", exit=0)
    run.go(hold=("RunAgent", "HandOver", "CreateWorktree:b"))
    assert "HandOver:c:1:a" in run.due()
