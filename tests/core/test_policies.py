"""What a run answers by itself, and where its patience ends."""

from __future__ import annotations

import pytest

from maestro_tui.core import events as e
from maestro_tui.core.decisions import MAX_DELAY_S
from maestro_tui.plans.model import Gate
from tests.core.driving import Run

GATES = (Gate("tests", "pytest"),)


def wake(run: Run) -> float:
    """Let the time come the machine waits for; how long that was."""
    deadline = run.machine.next_deadline()
    assert deadline is not None
    waited = deadline - run.time
    run.time = deadline - 1.0
    run.tell(e.Woke)
    return waited


def test_retries_wait_longer_each_time_and_end() -> None:
    run = Run("a", "b", "c < a", on_failure="retry", retries=3, retry_delay_s=10.0)
    delays = []
    for number in range(1, 4):
        run.fail("a")
        assert not run.state.questions
        assert run.task("a").state == "ready"
        assert "CreateWorktree:a" not in " ".join(run.due())
        delays.append(wake(run))
        assert run.attempt("a").number == number + 1
    assert delays == [10.0, 20.0, 40.0]
    run.fail("a")
    assert run.task("a").state == "skipped"
    run.go()
    assert run.states() == {"a": "skipped", "b": "merged", "c": "blocked"}
    assert "retries used up" in " ".join(t for _, t in run.state.notices)


def test_a_delay_has_a_limit() -> None:
    run = Run("a", on_failure="retry", retries=1, retry_delay_s=9999.0)
    run.fail("a")
    assert wake(run) == MAX_DELAY_S


def test_any_fact_tells_that_a_delay_is_over() -> None:
    run = Run("a", "b", on_failure="retry", retries=1, retry_delay_s=10.0)
    run.go(until=lambda: run.task("b").state == "running", hold=("RunAgent",))
    run.fail("a")
    run.time += 60.0
    (command,) = run.about(e.AgentReported, "b", offset=3, activity="works")
    assert command.key == "CreateWorktree:a:2"


def test_an_agents_own_retries_come_before_the_question() -> None:
    run = Run("a", retries=1, retry_delay_s=0.0)
    run.fail("a")
    assert run.attempt("a").number == 2
    run.fail("a")
    assert run.question("failure").id == "fail-a-2"


def test_a_persons_retry_is_at_once_and_does_not_count() -> None:
    run = Run("a", retry_delay_s=60.0)
    for _ in range(4):
        run.fail("a")
        commands = run.answer("failure", "retry")
        assert [c.key for c in commands] == [f"CreateWorktree:a:{run.attempt('a').number}"]
    assert run.task("a").retries_used == 0


@pytest.mark.parametrize(("policy", "status"), [("skip", "failed"), ("abort", "aborted")])
def test_failures_may_be_skipped_or_end_the_run(policy: str, status: str) -> None:
    run = Run("a", "b", on_failure=policy)
    run.fail("a")
    run.go()
    assert run.state.status == status
    assert run.state.answers[0].by == "policy: on-failure"


def test_stray_edits_follow_the_failure_policy() -> None:
    run = Run("a", on_failure="skip")
    run.leave_stray("a", "x")
    assert run.task("a").state == "skipped"


@pytest.mark.parametrize(("policy", "status"), [("skip", "failed"), ("abort", "aborted")])
def test_conflicts_may_be_skipped_or_end_the_run(policy: str, status: str) -> None:
    run = Run("a", "b", on_conflict=policy)
    run.conflict("a")
    run.go()
    assert run.state.status == status


@pytest.mark.parametrize(
    ("policy", "attended", "allow"),
    [("allow", True, True), ("deny", True, False), ("ask", False, False), ("allow", False, True)],
)
def test_permissions_are_answered_by_policy(policy: str, attended: bool, allow: bool) -> None:
    run = Run("a", permission_policy=policy, attended=attended).until_state("a", "running")
    (command,) = run.about(e.PermissionAsked, "a", request="p", tool="Bash", detail="x")
    assert command.key == "AnswerAgent:a:1:p"
    assert command.allow is allow
    assert not run.state.questions


def test_an_attended_run_asks_for_permissions() -> None:
    run = Run("a").until_state("a", "running")
    assert run.about(e.PermissionAsked, "a", request="p", tool="Bash", detail="x") == []
    assert run.question("permission").subject == "p"


def red(run: Run, *suspects: str) -> None:
    run.go(until=lambda: run.state.gates["w1-1"].state == "running")
    run.gate_ends("w1-1", False, suspects)


def test_gates_send_the_suspect_back_as_often_as_retries_allow() -> None:
    run = Run("a", "b < a", gates=GATES, on_gate_failure="retry", retries=2)
    for number in (2, 3):
        red(run, "a")
        assert run.attempt("a").number == number
    red(run, "a")
    run.go()
    assert run.state.status == "aborted"


def test_gates_without_a_suspect_cannot_be_retried_by_policy() -> None:
    run = Run("a", gates=GATES, on_gate_failure="retry")
    red(run)
    run.go()
    assert run.state.status == "aborted"


def test_gates_roll_back_by_policy_and_leave_it_there() -> None:
    run = Run("a", "b < a", gates=GATES, on_gate_failure="rollback")
    red(run)
    run.go()
    assert run.state.merges == []
    assert run.states() == {"a": "skipped", "b": "skipped"}
    assert run.state.status == "failed"


def test_a_final_gate_has_nothing_to_roll_back_to() -> None:
    gate = (Gate("all", "check", when="final"),)
    run = Run("a", gates=gate, on_gate_failure="rollback")
    run.go(until=lambda: run.state.gates["final-1"].state == "running")
    run.gate_ends("final-1", False)
    run.go()
    assert run.state.status == "aborted"


def test_gates_are_accepted_by_policy() -> None:
    run = Run("a", "b < a", gates=GATES, on_gate_failure="accept")
    red(run)
    run.go()
    assert run.states() == {"a": "merged", "b": "merged"}
    assert run.state.status == "failed"


def test_delivery_is_approved_once() -> None:
    run = Run("a", deliver="merge", deliver_approved=True).go(hold=("Deliver",))
    assert run.due() == ["Deliver:0"]
    run.tell(e.DeliveryRefused, reason="main has moved")
    assert run.question("deliver").id == "deliver-1"


def test_questions_that_wait_are_answered_by_policies_given_later() -> None:
    run = Run("a", "b")
    run.fail("a")
    assert run.question("failure")
    run.tell(e.EngineStarted, pid=3, attended=False, policies={"on_failure": "skip", "x": 1})
    assert run.task("a").state == "skipped"
    assert not run.state.questions


def test_a_policy_that_is_not_offered_leaves_the_question_to_a_person() -> None:
    run = Run("a", on_conflict="retrieve")
    run.conflict("a")
    assert run.question("conflict")
