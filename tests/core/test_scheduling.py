"""Who may start, when gates run, how a run pauses, goes on and ends."""

from __future__ import annotations

import pytest

from maestro_tui.core import events as e
from maestro_tui.core.attempt_facts import MAX_LOST
from maestro_tui.core.outstanding import outcome
from maestro_tui.plans.model import Gate
from tests.core.driving import Run, fold_again, snapshot

GATES = (Gate("tests", "pytest"), Gate("all", "pytest all", when="final"))


def begun(run: Run) -> set[str]:
    return {t.id for t in run.state.tasks.values() if t.attempts}


# -- waves and streaming ---------------------------------------------------------------------------


def test_a_wave_waits_for_all_of_the_one_before() -> None:
    run = Run("a", "b", "c < a", mode="waves")
    run.go(hold=("RunAgent:b",))
    assert run.task("a").state == "merged"
    assert begun(run) == {"a", "b"}
    assert run.task("c").why == "waits for wave 1"
    run.go()
    assert run.state.status == "done"


def test_streaming_starts_a_task_as_soon_as_its_dependencies_are_in() -> None:
    run = Run("a", "b", "c < a", "d < b c", mode="streaming")
    run.go(hold=("RunAgent:b",))
    assert run.task("c").state == "merged"
    assert begun(run) == {"a", "b", "c"}
    assert run.task("d").why == "waits for b"
    run.go()
    assert run.state.status == "done"


@pytest.mark.parametrize("mode", ["waves", "streaming"])
def test_a_failure_stops_only_what_depends_on_it(mode: str) -> None:
    run = Run("a", "b", "c < a", "d < b", "e < c d", mode=mode)
    run.fail("a")
    run.go()
    assert run.states() == {
        "a": "failed",
        "b": "merged",
        "c": "blocked",
        "d": "merged",
        "e": "blocked",
    }
    assert run.task("c").why == run.task("e").why == "waits for a (failed)"
    assert run.state.status == "waiting"
    run.answer("failure", "retry")
    run.go()
    assert run.state.status == "done"


def test_the_longest_remaining_path_starts_first() -> None:
    run = Run(
        "short", "long", "after < long", slots=1, estimates={"short": 100, "long": 60, "after": 60}
    )
    assert begun(run) == {"long"}


def test_slots_are_a_limit_that_can_be_turned() -> None:
    run = Run(*"abcdef", slots=2)
    run.go(hold=("RunAgent",))
    assert run.states()["a"] == run.states()["b"] == "running"
    assert begun(run) == {"a", "b"}
    commands = run.tell(e.ParallelChanged, limit=4)
    assert [c.key for c in commands] == ["CreateWorktree:c:1", "CreateWorktree:d:1"]
    run.tell(e.ParallelChanged, limit=-3)
    assert run.state.max_parallel == 1
    run.go(hold=("RunAgent:b", "RunAgent:c", "RunAgent:d"))
    assert begun(run) == {"a", "b", "c", "d"}
    run.go()
    assert run.state.status == "done"


def test_what_is_done_or_excluded_is_not_run() -> None:
    run = Run("a", "b < a", "c", "d < c", done=("a",), excluded=("c",)).go()
    assert run.states() == {"a": "done", "b": "merged", "c": "excluded", "d": "blocked"}
    assert run.state.status == "failed"
    assert Run("a", "b", excluded=("a",)).go().state.status == "done"


def test_one_merge_at_a_time_in_the_order_of_the_queue() -> None:
    run = Run("a", "b", "c")
    run.go(hold=("RunAgent", "Merge"))
    for name in "cab":
        run.about(e.AgentEnded, name, ok=True, reason="exited")
        run.about(
            e.WorkChecked, name, checks=({"name": "m", "ok": True, "detail": ""},), commit=name
        )
    assert run.states() == {"a": "queued", "b": "queued", "c": "merging"}
    run.go()
    assert [t for _, t in run.state.merges] == ["c", "a", "b"]


def test_a_ready_task_waits_again_when_its_dependency_is_redone() -> None:
    run = Run("a", "b < a", "c < a", "d < a", slots=1, mode="streaming")
    run.go(hold=("RunAgent:b",))
    run.fail("b")
    assert run.states()["c"] == "preparing"
    assert run.states()["d"] == "ready"
    run.answer("failure", "upstream")
    assert run.states() == {"a": "ready", "b": "waiting", "c": "preparing", "d": "waiting"}
    run.go()
    assert run.state.status == "done"
    assert [t for _, t in run.state.merges] == ["a", "c", "a", "b", "d"]


# -- gates -----------------------------------------------------------------------------------------


def test_gates_run_when_their_wave_is_settled_and_not_before() -> None:
    run = Run("a", "b", "c < a", gates=GATES)
    run.go(hold=("RunAgent:b",))
    assert run.state.gates["w1-1"].state == "pending"
    run.go(hold=("RunGate",))
    assert run.due() == ["RunGate:w1-1:1"]
    assert run.task("c").state == "waiting"
    run.gate_ends("w1-1", True)
    assert run.task("c").state == "waiting", "merges of wave 2 would end up behind wave 1's tag"
    assert run.due() == ["TagWave:1"]
    run.go(hold=("CreateWorktree",))
    assert run.task("c").state == "preparing"


def test_a_wave_with_a_failure_is_gated_for_what_was_merged() -> None:
    run = Run("a", "b", "c < a", gates=GATES)
    run.fail("b")
    run.go(hold=("RunGate",))
    assert run.due() == ["RunGate:w1-1:1"]


def test_final_gates_run_on_the_tree_that_is_delivered() -> None:
    run = Run("a", "b < a", gates=GATES, deliver="merge")
    run.go(hold=("RunGate:final",))
    assert run.due() == ["RunGate:final-2:1"]
    head = run.state.head
    run.gate_ends("final-2", True)
    assert run.question("deliver")
    assert run.state.gates["final-2"].sha == head
    assert run.state.gates["final-2"].state == "passed"


def test_a_command_that_was_green_on_the_same_tree_is_not_run_again() -> None:
    run = Run("a", gates=(Gate("tests", "pytest"),)).go()
    assert run.state.gates["w1-1"].runs == 1
    final = run.state.gates["final-1"]
    assert (final.state, final.runs, final.sha) == ("passed", 0, run.state.head)


def test_final_gates_run_again_after_a_later_merge() -> None:
    run = Run("a", "b", gates=GATES, deliver="merge", on_failure="skip")
    run.fail("b")
    run.go()
    assert run.state.gates["final-2"].runs == 1
    assert run.question("deliver")
    run.tell(e.RetryRequested, task="b")
    run.go()
    assert run.state.gates["final-2"].runs == 2
    assert run.state.gates["final-2"].sha == run.state.head


def test_a_gate_that_ran_before_a_later_merge_of_its_wave_runs_again() -> None:
    run = Run("a", "b", gates=GATES, on_failure="skip", mode="streaming")
    run.fail("b")
    run.go(hold=("RunGate",))
    old = run.state.head
    run.tell(e.RetryRequested, task="b")
    run.go(hold=("RunGate",))
    assert run.task("b").state == "merged"
    run.tell(e.GateEnded, gate="w1-1", ok=True, sha=old, exit=0)
    assert run.due() == ["RunGate:w1-1:2"]
    run.go()
    assert run.state.status == "done"


def test_every_settled_wave_is_tagged_once() -> None:
    run = Run("a", "b < a", "c < b", gates=GATES).go()
    assert sorted(run.state.wave_tags) == [1, 2, 3]
    tags = [x for x in run.events if isinstance(x, e.WaveTagged)]
    assert [t.wave for t in tags] == [1, 2, 3]
    assert run.state.wave_tags[3] == run.state.head
    before = snapshot(run.state)["wave_tags"]
    run.tell(e.WaveTagged, wave=1, sha="late")
    assert snapshot(run.state)["wave_tags"] == before


# -- stop and resume -------------------------------------------------------------------------------


def three_on_their_way() -> Run:
    run = Run("a", "b", "c", "d < a", mode="streaming")
    run.go(hold=("RunAgent:b", "RunAgent:c", "RunAgent:d", "CheckWork:c"))
    run.about(e.AgentEnded, "c", ok=True, reason="exited")
    return run


def test_a_checkpoint_ends_agents_and_lets_finished_work_in() -> None:
    run = three_on_their_way()
    run.tell(e.StopRequested, mode="checkpoint", by="me")
    assert run.state.status == "stopping"
    assert {"StopAgent:b:1", "StopAgent:d:1", "CheckWork:c:1:0:0"} <= set(run.due())
    run.go()
    assert run.state.status == "stopped"
    assert run.state.suspended == "checkpoint asked by me"
    assert run.states() == {"a": "merged", "b": "waiting", "c": "merged", "d": "waiting"}
    assert run.due() == []
    assert run.attempt("b").outcome == "stopped"


def test_a_drain_lets_agents_end_by_themselves_and_starts_no_others() -> None:
    run = three_on_their_way()
    run.tell(e.StopRequested, mode="drain")
    assert not [k for k in run.due() if k.startswith("StopAgent")]
    run.go()
    assert run.state.status == "stopped"
    assert set(run.states().values()) == {"merged"}
    assert run.state.merges[-1][1] in "bcd"


def test_an_abort_ends_the_run_for_good() -> None:
    run = three_on_their_way()
    run.tell(e.StopRequested, mode="abort")
    run.tell(e.StopRequested, mode="drain")
    run.go()
    assert run.state.status == "aborted"
    run.tell(e.EngineStarted, pid=4, attended=True)
    assert run.due() == []


def test_an_abort_while_the_engine_leaves_is_not_forgotten() -> None:
    run = Run("a", "b")
    run.fail("a")
    run.tell(e.StopRequested, mode="checkpoint")
    run.go(hold=("Suspend",))
    run.answer("failure", "abort")
    run.tell(e.RunSuspended, reason="checkpoint")
    run.go()
    assert run.state.status == "aborted"


def test_a_stopped_run_stays_stopped_until_an_engine_takes_it_up() -> None:
    run = three_on_their_way()
    run.tell(e.StopRequested, mode="checkpoint")
    run.go()
    for kind, fields in [
        (e.Woke, {}),
        (e.ParallelChanged, {"limit": 5}),
        (e.StopRequested, {"mode": "drain"}),
        (e.EffectFailed, {"effect": "Suspend", "error": "late"}),
        (e.GateEnded, {"gate": "w1-1", "ok": True, "sha": "x"}),
        (e.DecisionMade, {"question": "none", "answer": "retry"}),
    ]:
        assert run.tell(kind, **fields) == []
        assert run.state.status == "stopped"
    run.restart()
    assert run.state.status == "running"
    assert run.attempt("b").number == 2
    run.go()
    assert run.state.status == "done"


def test_a_failure_may_be_answered_while_stopped() -> None:
    run = Run("a")
    run.fail("a")
    run.tell(e.StopRequested, mode="checkpoint")
    run.go()
    assert run.state.status == "stopped"
    assert run.answer("failure", "retry") == []
    assert run.state.status == "stopped"
    run.restart().go()
    assert run.state.status == "done"


def test_a_stop_during_the_review_leaves_the_review_for_later() -> None:
    run = Run("a", approved=False)
    run.tell(e.StopRequested, mode="checkpoint")
    run.go()
    assert run.state.status == "stopped"
    run.restart()
    assert run.state.status == "review"
    run.answer("review", "yes")
    run.go()
    assert run.state.status == "done"


def test_a_run_that_has_ended_goes_on_when_a_task_is_retried() -> None:
    run = Run("a", "b < a", deliver="merge", deliver_approved=True, on_failure="skip")
    run.fail("b")
    run.go()
    assert run.state.status == "failed"
    run.tell(e.RetryRequested, task="b", text="with care")
    assert run.state.status == "stopped"
    run.restart()
    assert run.attempt("b").instructions == "with care"
    run.go()
    assert run.question("deliver").id == "deliver-1"
    run.answer("deliver", "merge")
    run.go()
    assert run.state.status == "done"


def test_an_aborted_run_can_be_taken_up_by_a_retry() -> None:
    run = Run("a", "b", gates=GATES)
    run.fail("a")
    run.go(until=lambda: run.state.gates["w1-1"].state == "running")
    run.gate_ends("w1-1", False)
    run.answer("gate", "abort")
    run.go()
    assert run.state.status == "aborted"
    run.tell(e.RetryRequested, task="a")
    run.restart().go()
    assert run.state.status == "done"


@pytest.mark.parametrize("name", ["a", "b", "nobody"])
def test_only_what_was_given_up_can_be_retried(name: str) -> None:
    run = Run("a", "b").go(hold=("RunAgent:b",))
    states = run.states()
    run.tell(e.RetryRequested, task=name)
    assert run.states() == states


# -- lost runners and engines ----------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["lost", "stopped"])
def test_a_lost_runner_means_a_new_attempt_a_few_times(reason: str) -> None:
    run = Run("a")
    for number in range(1, MAX_LOST + 1):
        run.until_state("a", "running")
        run.about(e.AgentEnded, "a", ok=False, reason=reason)
        assert run.attempt("a").number == number + 1
        assert run.task("a").attempts[-2].outcome == "lost"
        assert not run.state.questions
    run.until_state("a", "running")
    run.about(e.AgentEnded, "a", ok=False, reason=reason, error="gone")
    assert run.question("failure")
    run.answer("failure", "retry")
    run.go()
    assert run.state.status == "done"


def test_a_new_engine_finds_the_same_work_in_hand() -> None:
    run = three_on_their_way()
    before, keys = snapshot(run.state), run.due()
    again = fold_again(run.events)
    assert snapshot(again.state) == before
    assert [c.key for c in again.outstanding()] == keys
    fresh = again.handle(e.EngineStarted(at=run.time, pid=9, attended=True))
    assert [c.key for c in fresh] == keys


def test_without_an_engine_nothing_is_outstanding() -> None:
    run = Run("a", engine=False)
    assert run.due() == []
    assert not run.machine.stalled


def test_a_run_is_stalled_only_when_a_person_must_answer() -> None:
    run = Run("a", "b")
    run.fail("a")
    assert not run.machine.stalled
    run.go()
    assert run.machine.stalled
    run.answer("failure", "skip")
    assert not run.machine.stalled
    run.go()
    assert not run.machine.stalled


def test_a_run_with_something_missing_has_not_been_done() -> None:
    run = Run("a", "b", on_failure="skip")
    run.fail("a")
    run.go()
    assert outcome(run.state) == "failed"


def test_nothing_ends_while_work_that_could_not_be_committed_is_being_kept() -> None:
    run = Run("a", "b")
    run.go(hold=("CheckWork:a",))
    (check,) = (key for key in run.due() if key.startswith("CheckWork:a"))
    run.about(e.EffectFailed, "a", effect=check, error="no space left")
    run.answer("failure", "skip", task="a")
    run.go(hold=("KeepWork:a",))
    if run.state.status == "waiting":
        run.answer("deliver", "leave")
        run.go(hold=("KeepWork:a",))
    assert [key.split(":")[0] for key in run.due()] == ["KeepWork"]
    run.go()
    assert run.state.ended


# -- pools of models -------------------------------------------------------------------------------


def test_no_more_agents_use_a_kind_of_model_than_its_pool_has() -> None:
    models = {"a": "claude-opus-5", "b": "opus", "c": "Opus", "d": "haiku"}
    run = Run(*models, mode="streaming", models=models, pools={"opus": 2, "haiku": 15})
    run.go(hold=("RunAgent:a", "RunAgent:b"))
    assert begun(run) == {"a", "b", "d"}
    assert run.task("c").state == "ready"
    assert run.task("c").why == "waits for one of 2 opus slots"
    assert run.state.status == "running"
    run.go()
    assert run.state.status == "done"


def test_a_task_that_waits_for_its_pool_keeps_no_slot_from_others() -> None:
    models = {"a": "opus", "b": "opus"}
    run = Run("a", "b", "c", mode="streaming", slots=2, models=models, pools={"opus": 1})
    run.go(hold=("RunAgent:a",))
    assert begun(run) == {"a", "c"}
    assert run.task("b").why == "waits for the opus slot"
    run.go()
    assert run.state.status == "done"
