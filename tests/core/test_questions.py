"""Each kind of question, each answer to it, and what it does to the run."""

from __future__ import annotations

import pytest

from maestro_tui.core import events as e
from maestro_tui.plans.model import Gate
from tests.core.driving import BASE, Run, unmoved

GATES = (Gate("tests", "pytest"),)


def done(run: Run) -> None:
    """From here on all goes well, and the run ends well."""
    run.go()
    assert run.state.status == "done", (run.states(), list(run.state.questions))


def failed_b() -> Run:
    run = Run("a", "b < a", "c < b", "d")
    run.fail("b", evidence=("Traceback", "boom"), suspect="a")
    return run


# -- review ----------------------------------------------------------------------------------------


def test_a_review_comes_first_and_yes_starts_the_run() -> None:
    run = Run("a", gates=GATES, approved=False)
    assert run.state.status == "review"
    assert run.due() == []
    question = run.question("review")
    assert "1 tasks in 1 waves" in question.title
    assert "Gate: pytest" in question.evidence
    run.answer("review", "yes")
    assert run.due() == ["CreateWorktree:a:1"]
    done(run)


def test_a_review_that_says_no_starts_nothing() -> None:
    run = Run("a", approved=False)
    run.answer("review", "no")
    assert run.state.status == "declined"
    assert run.state.ended
    assert run.due() == []


# -- failure ---------------------------------------------------------------------------------------


def test_a_failure_is_asked_with_its_evidence_and_what_it_blocks() -> None:
    question = failed_b().question("failure")
    assert question.id == "fail-b-1"
    assert question.title == "b failed: exited with 1"
    assert question.evidence[:2] == ("Traceback", "boom")
    assert question.evidence[-1] == "Blocked until this is answered: c."
    keys = [o.key for o in question.options]
    assert keys == ["retry", "instruct", "upstream", "swap", "skip", "rollback", "abort"]
    hotkeys = [o.hotkey for o in question.options]
    assert len(set(hotkeys)) == len(hotkeys)


def test_options_that_make_no_sense_are_not_offered() -> None:
    run = Run("a")
    run.fail("a")
    keys = [o.key for o in run.question("failure").options]
    assert "upstream" not in keys
    assert "rollback" not in keys


def test_retry_gives_a_fresh_attempt_that_hears_what_failed() -> None:
    run = failed_b()
    assert "CreateWorktree:b:2" in [c.key for c in run.answer("failure", "retry")]
    assert run.attempt("b").number == 2
    assert "boom" in run.attempt("b").failure
    assert run.task("b").attempts[0].outcome == "failed"
    done(run)


def test_instruct_passes_the_words_on_once() -> None:
    run = failed_b()
    run.answer("failure", "instruct", "use the other table")
    assert run.attempt("b").instructions == "use the other table"
    run.fail("b")
    run.answer("failure", "retry")
    assert run.attempt("b").instructions == ""
    done(run)


def test_upstream_goes_first_and_hears_of_the_failure() -> None:
    run = failed_b()
    run.answer("failure", "upstream", "mind the nulls")
    assert run.attempt("a").number == 2
    assert "boom" in run.attempt("a").failure
    assert run.attempt("a").instructions == "mind the nulls"
    assert run.task("b").state == "waiting"
    assert run.task("b").attempts[-1].number == 1
    run.go(until=lambda: len(run.task("b").attempts) == 2)
    assert run.task("a").state == "merged"
    done(run)
    assert [t for _, t in run.state.merges].count("a") == 2


def test_swap_changes_the_agent_from_now_on() -> None:
    run = failed_b()
    run.answer("failure", "swap", " specialist ")
    assert run.attempt("b").agent == "specialist"
    assert run.task("b").attempts[0].agent == "agent-b"
    done(run)


def test_skip_blocks_what_depends_on_it_and_nothing_else() -> None:
    run = failed_b()
    run.answer("failure", "skip")
    run.go()
    assert run.states() == {"a": "merged", "b": "skipped", "c": "blocked", "d": "merged"}
    assert run.task("c").why == "waits for b (skipped)"
    assert run.state.status == "failed"


def test_rollback_drops_the_wave_and_starts_it_again_after_the_answer() -> None:
    run = Run("a", "b < a", "d < a")
    run.go(hold=("RunAgent:b",))
    kept = run.state.wave_tags[1]
    run.fail("b")
    assert [c.key for c in run.answer("failure", "rollback")] == ["Rollback:1"]
    run.go()
    question = run.question("rolledback")
    assert run.state.head == kept
    assert [t for _, t in run.state.merges] == ["a"]
    assert "b, d" in question.evidence[0]
    assert run.state.status == "waiting"
    run.answer("rolledback", "restart")
    done(run)


@pytest.mark.parametrize("kind", ["failure", "stray", "conflict", "gate", "rolledback", "trouble"])
def test_abort_ends_every_agent_and_then_the_run(kind: str) -> None:
    run = Run("a", "b", "c < a", gates=GATES)
    match kind:
        case "failure":
            run.fail("a")
        case "stray":
            run.leave_stray("a", "x")
        case "conflict":
            run.conflict("a")
        case _:
            run.go(until=lambda: run.state.gates["w1-1"].state == "running")
            if kind == "trouble":
                run.tell(e.EffectFailed, effect="RunGate:w1-1:1", error="disk full")
            else:
                run.gate_ends("w1-1", False)
            if kind == "rolledback":
                run.answer("gate", "rollback")
                run.go()
    run.answer(kind, "abort")
    run.go()
    assert run.state.status == "aborted"
    assert run.due() == []
    assert not [s for s in run.states().values() if s in ("running", "preparing")]


# -- stray -----------------------------------------------------------------------------------------


def test_stray_edits_are_shown_with_their_owner() -> None:
    run = Run("a", "b")
    run.leave_stray("a", "b.txt", "z.txt")
    question = run.question("stray")
    assert "belongs to b" in question.evidence[0]
    assert question.evidence[1].strip() == "z.txt"
    assert "Owned: a.txt" in question.evidence


@pytest.mark.parametrize("answer", ["drop", "extend"])
def test_stray_edits_are_dropped_or_kept_in_the_same_attempt(answer: str) -> None:
    run = Run("a")
    run.leave_stray("a", "z.txt")
    (command,) = run.answer("stray", answer)
    assert getattr(command, answer) == ("z.txt",)
    assert run.task("a").owned == (("a.txt", "z.txt") if answer == "extend" else ("a.txt",))
    done(run)
    assert len(run.task("a").attempts) == 1


def test_stray_edits_found_again_are_asked_again_and_add_up() -> None:
    run = Run("a")
    run.leave_stray("a", "x")
    first = run.question("stray").id
    run.answer("stray", "drop")
    run.leave_stray("a", "y")
    assert run.question("stray").id != first
    (command,) = run.answer("stray", "extend")
    assert command.key == "CheckWork:a:1:1:1"
    done(run)


@pytest.mark.parametrize("answer", ["retry", "instruct", "skip"])
def test_stray_edits_may_cost_the_attempt(answer: str) -> None:
    run = Run("a")
    run.leave_stray("a", "x")
    run.answer("stray", answer, "only your own")
    if answer == "skip":
        assert run.task("a").state == "skipped"
    else:
        assert run.attempt("a").number == 2
        assert run.attempt("a").instructions == "only your own"
        done(run)


# -- permission ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "allow"), [("allow", True), ("deny", False)])
def test_a_permission_is_answered_to_the_agent(answer: str, allow: bool) -> None:
    run = Run("a").until_state("a", "running")
    run.about(e.PermissionAsked, "a", request="p1", tool="Bash", detail="rm -rf build")
    question = run.question("permission")
    assert question.evidence[0] == "rm -rf build"
    assert "RunAgent:a:1" in run.due()
    (command,) = run.answer("permission", answer)
    assert command.key == "AnswerAgent:a:1:p1"
    assert command.allow is allow
    run.about(e.PermissionDelivered, "a", request="p1")
    assert run.due() == ["RunAgent:a:1"]
    done(run)


def test_a_permission_is_withdrawn_when_its_agent_has_ended() -> None:
    run = Run("a").until_state("a", "running")
    run.about(e.PermissionAsked, "a", request="p1", tool="Bash", detail="x")
    question = run.question("permission").id
    run.about(e.AgentEnded, "a", ok=False, reason="timeout")
    assert question not in run.state.questions
    assert run.state.answers[-1].by == "withdrawn"
    run.tell(e.DecisionMade, question=question, answer="allow")
    assert "too late" in run.state.notices[-1][1]


# -- conflict --------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["edited", "theirs", "ours"])
def test_a_conflict_is_resolved_and_merged(how: str) -> None:
    run = Run("a", "b")
    run.conflict("a", "shared.txt")
    assert "shared.txt" in run.question("conflict").evidence[0]
    (command,) = run.answer("conflict", how)
    assert command.key == "ResolveConflict:a:1"
    run.about(e.ConflictResolved, "a", commit="resolved")
    merge = next(c for c in run.machine.outstanding() if c.key == "Merge:a:1")
    assert merge.commit == "resolved"
    done(run)


def test_a_refused_resolution_is_asked_again_under_another_name() -> None:
    run = Run("a")
    run.conflict("a")
    names = [run.question("conflict").id]
    for _ in range(3):
        run.answer("conflict", "edited")
        run.about(e.ResolutionRefused, "a", reason="markers are left in shared.txt")
        question = run.question("conflict")
        assert "markers are left in shared.txt" in question.evidence
        assert question.id not in names
        names.append(question.id)
    run.answer("conflict", "ours")
    done(run)


def test_a_resolution_maestro_could_not_make_is_asked_again() -> None:
    run = Run("a")
    run.conflict("a")
    run.answer("conflict", "edited")
    run.tell(e.EffectFailed, effect="ResolveConflict:a:1", error="disk full", task="a", attempt=1)
    assert "disk full" in run.question("conflict").evidence
    (command,) = run.answer("conflict", "edited")
    assert command.key == "ResolveConflict:a:1"
    done(run)


@pytest.mark.parametrize("answer", ["retry", "instruct"])
def test_a_conflict_goes_back_to_the_agent(answer: str) -> None:
    run = Run("a")
    run.conflict("a")
    run.answer("conflict", answer, "merge by hand")
    assert run.attempt("a").number == 2
    assert "conflict" in run.attempt("a").failure
    done(run)


def test_a_conflict_may_be_given_up() -> None:
    run = Run("a", "b < a", "c")
    run.conflict("a")
    run.answer("conflict", "skip")
    run.go()
    assert run.states() == {"a": "skipped", "b": "blocked", "c": "merged"}


# -- gates -----------------------------------------------------------------------------------------


def red_gate(*suspects: str) -> Run:
    run = Run("a", "b", "c < a", gates=GATES)
    run.go(until=lambda: run.state.gates["w1-1"].state == "running")
    run.gate_ends("w1-1", False, suspects)
    return run


def test_a_red_gate_holds_the_next_wave_and_shows_its_last_words() -> None:
    run = red_gate("b")
    assert run.due() == []
    question = run.question("gate")
    assert question.evidence == ("$ pytest   (exit 1, 0.0 s)", "1 failed", "Most likely: b")
    assert question.default == "retry"
    assert run.task("c").state == "waiting"


def test_without_a_suspect_nobody_can_be_sent_back() -> None:
    question = red_gate().question("gate")
    assert [o.key for o in question.options] == ["rerun", "rollback", "accept", "abort"]
    assert question.default == "rerun"


@pytest.mark.parametrize("answer", ["retry", "instruct"])
def test_the_suspect_mends_the_gate(answer: str) -> None:
    run = red_gate("b")
    run.answer("gate", answer, "the fixture" if answer == "instruct" else "")
    assert run.attempt("b").number == 2
    assert "1 failed" in run.attempt("b").failure
    assert run.attempt("b").instructions == ("the fixture" if answer == "instruct" else "")
    assert run.attempt("a").number == 1
    run.go(until=lambda: run.state.gates["w1-1"].state == "running")
    assert run.task("b").state == "merged"
    assert run.task("c").state == "waiting"
    done(run)


def test_a_gate_is_run_again() -> None:
    run = red_gate("b")
    assert [c.key for c in run.answer("gate", "rerun")] == ["RunGate:w1-1:2"]
    run.gate_ends("w1-1", False)
    assert run.question("gate").id == "gate-w1-1-2"
    run.answer("gate", "rerun")
    done(run)


def test_a_gate_accepted_red_lets_the_run_go_on_but_not_end_well() -> None:
    run = red_gate("b")
    run.answer("gate", "accept")
    run.go()
    assert run.states() == {"a": "merged", "b": "merged", "c": "merged"}
    assert run.state.status == "failed"
    assert run.state.gates["w1-1"].state == "accepted"


def test_a_gate_rolls_its_wave_back() -> None:
    run = red_gate("b")
    assert [c.key for c in run.answer("gate", "rollback")] == ["Rollback:0"]
    run.go()
    assert run.state.head == BASE
    assert run.state.merges == []
    run.answer("rolledback", "restart")
    assert {run.attempt(t).number for t in "ab"} == {2}
    done(run)


# -- rolled back -----------------------------------------------------------------------------------


def test_words_after_a_rollback_reach_every_agent_of_the_wave() -> None:
    run = red_gate()
    run.answer("gate", "rollback")
    run.go()
    run.answer("rolledback", "instruct", "smaller steps")
    assert {run.attempt(t).instructions for t in "ab"} == {"smaller steps"}
    done(run)


def test_a_rollback_left_there_gives_the_later_tasks_up() -> None:
    run = red_gate()
    run.answer("gate", "rollback")
    run.go()
    run.answer("rolledback", "skip")
    run.go()
    assert set(run.states().values()) == {"skipped"}
    assert run.state.status == "failed"


def test_agents_of_later_waves_end_before_the_branch_goes_back() -> None:
    run = Run("a", "b < a", "c", "d < c", mode="streaming")
    run.go(hold=("RunAgent:b", "RunAgent:d"))
    run.fail("b")
    run.answer("failure", "rollback")
    assert "StopAgent:d:1" in run.due()
    assert "Rollback:1" not in run.due()
    run.about(e.AgentEnded, "d", ok=False, reason="stopped")
    assert run.due() == ["Rollback:1"]
    run.go()
    run.answer("rolledback", "restart")
    done(run)


def test_of_two_rollbacks_the_deeper_one_counts() -> None:
    run = Run("a", "b < a", "c < b", "x", "y < x", mode="streaming")
    run.go(hold=("RunAgent:c", "RunAgent:y"))
    run.fail("c")
    run.fail("y")
    run.answer("failure", "rollback", task="y")
    run.answer("failure", "rollback", task="c")
    assert run.due() == ["Rollback:1"]
    run.go()
    run.answer("rolledback", "restart")
    done(run)


def test_a_deeper_rollback_asked_for_meanwhile_follows() -> None:
    run = Run("a", "b < a", "c < b", "x", "y < x", mode="streaming")
    run.go(hold=("RunAgent:c", "RunAgent:y"))
    run.fail("c")
    run.fail("y")
    run.answer("failure", "rollback", task="c")
    assert run.due() == ["Rollback:2"]
    run.answer("failure", "rollback", task="y")
    run.tell(e.RolledBack, wave=2, sha=run.state.head, kept="")
    assert run.due() == ["Rollback:1"]
    assert not run.state.questions
    run.go()
    run.answer("rolledback", "restart")
    done(run)


# -- delivery --------------------------------------------------------------------------------------


def test_the_result_is_delivered_after_a_yes() -> None:
    run = Run("a", deliver="merge").go()
    assert run.state.status == "waiting"
    question = run.question("deliver")
    assert question.title == "Deliver to main?"
    assert [c.key for c in run.answer("deliver", "merge")] == ["Deliver:0"]
    done(run)
    assert run.state.delivered is not None


def test_the_result_may_stay_on_its_branch() -> None:
    run = Run("a", deliver="merge").go()
    run.answer("deliver", "leave")
    done(run)
    assert run.state.delivered is None
    assert run.state.left


def test_a_refused_delivery_is_asked_again_and_tried_again() -> None:
    run = Run("a", deliver="merge", deliver_approved=True).go(hold=("Deliver",))
    assert run.due() == ["Deliver:0"]
    run.tell(e.DeliveryRefused, reason="main has moved", paths=("a.txt",))
    question = run.question("deliver")
    assert question.id == "deliver-1"
    assert question.title == "Could not deliver to main"
    assert question.evidence[:2] == ("main has moved", "  a.txt")
    assert run.due() == []
    assert [c.key for c in run.answer("deliver", "merge")] == ["Deliver:1"]
    done(run)


def test_nothing_merged_means_nothing_to_deliver() -> None:
    run = Run("a", deliver="merge", on_failure="skip")
    run.fail("a")
    run.go()
    assert run.state.status == "failed"
    assert not run.state.questions


# -- trouble ---------------------------------------------------------------------------------------


def test_trouble_holds_everything_but_running_agents() -> None:
    run = Run("a", "b", "c < a", "d < c", mode="streaming", gates=(Gate("g", "g", waves=(1,)),))
    run.go(hold=("RunAgent:c",), until=lambda: run.state.gates["w1-1"].state == "running")
    run.go(hold=("RunAgent:c", "RunGate"))
    run.tell(e.EffectFailed, effect="RunGate:w1-1:1", error="disk full\nmore")
    question = run.question("trouble")
    assert question.evidence == ("disk full", "more")
    assert run.due() == ["RunAgent:c:1"]
    run.answer("trouble", "retry")
    assert "RunGate:w1-1:2" in run.due()
    done(run)


@pytest.mark.parametrize("mode", ["checkpoint", "drain", "abort"])
def test_a_run_in_trouble_can_be_stopped(mode: str) -> None:
    run = Run("a", "b < a", gates=GATES)
    run.go(until=lambda: run.state.gates["w1-1"].state == "running")
    run.tell(e.EffectFailed, effect="RunGate:w1-1:1", error="disk full")
    run.tell(e.StopRequested, mode=mode)
    run.go()
    assert run.state.status == ("aborted" if mode == "abort" else "stopped")


def test_an_effect_that_failed_for_a_task_is_that_tasks_failure() -> None:
    run = Run("a", "b").until_state("a", "merging")
    run.tell(e.EffectFailed, effect="Merge:a:1", error="git: no\nmore", task="a", attempt=1)
    question = run.question("failure")
    assert question.title == "a: git: no"
    run.answer("failure", "retry")
    done(run)


@pytest.mark.parametrize(
    ("effect", "attempt"), [("CheckWork:a:1:0:0", 1), ("Merge:a:1", 1), ("CreateWorktree:a:2", 2)]
)
def test_an_effect_that_failed_too_late_changes_nothing(effect: str, attempt: int) -> None:
    run = Run("a")
    run.fail("a")
    run.answer("failure", "retry")
    run.until_state("a", "running")
    before = unmoved(run.state)
    run.tell(e.EffectFailed, effect=effect, error="no", task="a", attempt=attempt)
    run.tell(e.EffectFailed, effect="TagWave:9", error="no")
    assert unmoved(run.state) == before
    done(run)


def test_an_agent_that_cannot_be_answered_starts_anew() -> None:
    run = Run("a").until_state("a", "running")
    run.about(e.PermissionAsked, "a", request="p1", tool="Bash", detail="x")
    run.answer("permission", "allow")
    run.tell(e.EffectFailed, effect="AnswerAgent:a:1:p1", error="disk full", task="a", attempt=1)
    assert run.due() == ["RunAgent:a:1", "StopAgent:a:1"]
    done(run)
    assert len(run.task("a").attempts) == 2


# -- answers in general ----------------------------------------------------------------------------


def test_an_answer_counts_once_and_only_if_it_was_offered() -> None:
    run = failed_b()
    question = run.question("failure").id
    before = unmoved(run.state)
    run.tell(e.DecisionMade, question=question, answer="merge")
    run.tell(e.DecisionMade, question="fail-z-1", answer="retry")
    assert unmoved(run.state) == before
    run.answer("failure", "retry")
    before = unmoved(run.state)
    run.tell(e.DecisionMade, question=question, answer="skip", by="another viewer")
    assert unmoved(run.state) == before
    assert "too late" in run.state.notices[-1][1]
