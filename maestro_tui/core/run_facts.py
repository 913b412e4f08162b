"""What each fact about the run as a whole changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

from maestro_tui.core import events as e
from maestro_tui.core import instructions, questions, run_questions
from maestro_tui.core.build import open_run
from maestro_tui.core.decisions import ask, decide
from maestro_tui.core.limits import resources_changed
from maestro_tui.core.options import RunOptions
from maestro_tui.core.outstanding import outstanding
from maestro_tui.core.policies import automatic_answer
from maestro_tui.core.scheduling import wave_to_tag
from maestro_tui.core.state import MOVING, Delivery, GateRun, RunState, RunStatus, TaskState
from maestro_tui.core.transitions import close_questions, move, notice, try_again

_S = TaskState


def _run_created(state: RunState, event: e.RunCreated) -> None:
    if not state.run:
        open_run(state, event)


def _engine_started(state: RunState, event: e.EngineStarted) -> None:
    state.engine_pid = event.pid
    resources_changed(state, 0, "a new engine looks afresh")
    state.attended = event.attended
    if event.policies:
        state.options = _with_policies(state.options, event.policies)
        _new_budgets(state, event.policies)
    state.started_at = state.started_at or event.at
    if state.stopping != "abort":
        state.stopping = state.stop_reason = state.suspended = ""
    if state.status in (RunStatus.STOPPED, RunStatus.STOPPING):
        state.status = RunStatus.RUNNING if state.accepted else RunStatus.REVIEW
    if state.status is RunStatus.REVIEW and "review" not in state.questions:
        ask(state, run_questions.review(state))
    for task in state.tasks.values():
        if task.attempt is not None and task.state in (_S.PREPARING, _S.RUNNING):
            task.attempt.stop = bool(task.attempt.ending)
        for attempt in task.attempts:
            attempt.keep_tried = 0
    _reconsider(state)


def _reconsider(state: RunState) -> None:
    """Questions that wait may have an answer under the policies given now."""
    for question in list(state.questions.values()):
        answer = automatic_answer(state, question)
        if answer is not None and question.option(answer[0]) is not None:
            decide(state, question.id, answer[0], "", f"policy: {answer[1]}")


def _with_policies(options: RunOptions, changes: dict[str, Any]) -> RunOptions:
    known = {f.name for f in fields(RunOptions)}
    clean: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in changes.items() if k in known
    }
    return replace(options, **clean)


def _new_budgets(state: RunState, changes: dict[str, Any]) -> None:
    """A limit that is set anew is the limit, whatever an earlier one was raised by."""
    for kind in ("run", "wave", "agent"):
        if f"budget_{kind}" in changes:
            for key in [k for k in state.budget_extra if k.partition(":")[0] == kind]:
                del state.budget_extra[key]


def _run_suspended(state: RunState, event: e.RunSuspended) -> None:
    if state.stopping == "abort":  # asked for while the engine was leaving: its end follows
        return
    state.status = RunStatus.STOPPED
    state.suspended = event.reason
    state.stopping = ""
    state.engine_pid = 0


def _run_ended(state: RunState, event: e.RunEnded) -> None:
    state.status = RunStatus(event.outcome)
    state.ended_at = event.at
    state.foreseen = ()
    state.engine_pid = 0
    state.stopping = ""


def _gate_ended(state: RunState, event: e.GateEnded) -> None:
    run = state.gates.get(event.gate)
    if run is None or run.state != "running":
        return
    run.sha, run.exit, run.seconds = event.sha, event.exit, event.seconds
    run.log, run.tail, run.stage = event.log, event.tail, ""
    run.new, run.known, run.fixed = event.new, event.known, event.fixed
    run.flaky, run.guilty, run.notes = event.flaky, event.guilty, event.notes
    if not run.task and _outdated(state, run.wave, event.sha):
        run.state = "pending"
        return
    run.state = "passed" if event.ok else "failed"
    if event.ok:
        state.green[run.gate.run] = (event.sha, "passed")
        state.tolerated[run.gate.run] = event.known
        _tell_gate(state, run)
    else:
        ask(state, run_questions.gate(state, run, event.suspects))


def _tell_gate(state: RunState, run: GateRun) -> None:
    """A green that is not plainly green says so."""
    if run.flaky:
        names = ", ".join(n for n in run.flaky[:3] if n)
        notice(
            state,
            f"Gate {run.gate.name} is flaky: it failed and passed on the same commit"
            + (f" ({names})" if names else ""),
        )
    if run.known:
        notice(
            state,
            f"Gate {run.gate.name} passes although {len(run.known)} failure(s) are still there: "
            f"the base has them too ({', '.join(run.known[:3])})",
        )


def _gate_advanced(state: RunState, event: e.GateAdvanced) -> None:
    run = state.gates.get(event.gate)
    if run is not None and run.state == "running":
        run.stage = "" if event.stage == "running" else event.stage
        run.log = event.log


def _conflicts_foreseen(state: RunState, event: e.ConflictsForeseen) -> None:
    state.foreseen = event.conflicts
    for task in state.tasks.values():
        task.foreseen = ""
    for conflict in event.conflicts:
        paths = list(conflict["paths"])
        shown = ", ".join(paths[:2]) + (f" and {len(paths) - 2} more" if len(paths) > 2 else "")
        pair = (conflict["task"], conflict["other"])
        for name, other in (pair, pair[::-1]):
            one = state.tasks.get(name)
            if one is None or one.state not in MOVING:
                continue
            with_whom = f" with {other}" if other else ""
            one.foreseen = one.foreseen or f"would conflict{with_whom} in {shown}"


def _outdated(state: RunState, wave: int, sha: str) -> bool:
    """Whether more of the wave was merged while its gate ran on an earlier commit."""
    commits = [commit for commit, _ in state.merges]
    if sha not in commits:
        return False
    later = state.merges[commits.index(sha) + 1 :]
    return any(state.tasks[name].wave == wave for _, name in later)


def _wave_tagged(state: RunState, event: e.WaveTagged) -> None:
    if wave_to_tag(state) == event.wave:  # else more of the wave has come in, or all has gone
        state.wave_tags[event.wave] = event.sha


def _decision_made(state: RunState, event: e.DecisionMade) -> None:
    if not decide(state, event.question, event.answer, event.text, event.by):
        notice(state, f"An answer to {event.question} came too late and was not used")


def _stop_requested(state: RunState, event: e.StopRequested) -> None:
    if state.ended or state.status is RunStatus.STOPPED:
        return
    if state.stopping != "abort":
        state.stopping = event.mode
        state.stop_reason = f"{event.mode} asked by {event.by}"
    if state.status is RunStatus.REVIEW:
        state.status = RunStatus.STOPPING


def _parallel_changed(state: RunState, event: e.ParallelChanged) -> None:
    state.max_parallel = max(1, event.limit)
    notice(state, f"Up to {state.max_parallel} agents at once from now on")


def _resources_changed(state: RunState, event: e.ResourcesChanged) -> None:
    resources_changed(state, event.limit, event.reason)


def _retry_requested(state: RunState, event: e.RetryRequested) -> None:
    task = state.tasks.get(event.task)
    if task is None or task.state not in (_S.SKIPPED, _S.FAILED, _S.CONFLICTED):
        return
    if task.state is _S.SKIPPED or task.attempt is not None:
        failure = task.attempt.error if task.attempt else ""
        try_again(state, task, "is retried", instructions=event.text, failure=failure)
    if state.ended:
        reopen(state)


def reopen(state: RunState) -> None:
    """A run that had ended goes on; what its end left without a question is not waited for."""
    state.status = RunStatus.STOPPED
    state.idle_s += state.now - (state.ended_at or state.now)
    state.ended_at = 0.0
    state.delivered, state.left = None, False
    state.delivery += 1
    asked = {q.task for q in state.questions.values() if q.kind != "gate"}
    for task in state.tasks.values():
        if task.state in (_S.FAILED, _S.CONFLICTED) and task.id not in asked:
            move(state, task, _S.SKIPPED, "given up when the run ended")
    if not any(q.kind == "rolledback" for q in state.questions.values()):
        state.held_after = None
    open_gates = {q.subject for q in state.questions.values() if q.kind == "gate"}
    for run in state.gates.values():
        if run.state == "failed" and run.key not in open_gates:
            run.state = "pending"


def _delivered(state: RunState, event: e.Delivered) -> None:
    if not state.deliver_now:
        return
    state.deliver_now = False
    state.delivered = Delivery(
        event.branch, event.sha, event.how, event.document, event.marked, event.note
    )


def _delivery_refused(state: RunState, event: e.DeliveryRefused) -> None:
    if not state.deliver_now:
        return
    state.deliver_now = False
    state.delivery += 1
    ask(state, run_questions.deliver(state, event.reason, event.paths))


def _effect_failed(state: RunState, event: e.EffectFailed) -> None:
    if event.effect.startswith("KeepWork:"):  # with the next attempt, at a new start, at the end
        task = state.tasks[event.task]
        task.attempts[event.attempt - 1].keep_tried = len(task.attempts)
        return
    if event.task:
        _attempt_effect_failed(state, event)
        return
    if event.effect not in {c.key for c in outstanding(state)}:
        return
    notice(state, f"{event.effect}: {event.error}")
    kind, _, rest = event.effect.partition(":")
    if kind == "RunGate":  # it waits for the answer, and a stop need not wait for it
        state.gates[rest.rpartition(":")[0]].state = "pending"
    ask(
        state,
        run_questions.trouble(state, event.effect, f"Maestro could not do {kind}", event.error),
    )


# The state in which each effect on an attempt is wanted; told later, its failure is no news.
_WANTED_IN = {
    "CreateWorktree": _S.PREPARING,
    "RunAgent": _S.RUNNING,
    "StopAgent": _S.RUNNING,
    "AnswerAgent": _S.RUNNING,
    "InstructAgent": _S.RUNNING,
    "HandOver": _S.RUNNING,
    "CheckWork": _S.CHECKING,
    "Merge": _S.MERGING,
    "ResolveConflict": _S.CONFLICTED,
}


def _attempt_effect_failed(state: RunState, event: e.EffectFailed) -> None:
    task = state.tasks.get(event.task)
    attempt = task.attempt if task else None
    if task is None or attempt is None or attempt.number != event.attempt:
        return
    kind = event.effect.partition(":")[0]
    if task.state is not _WANTED_IN.get(kind):
        return
    notice(state, f"{event.effect}: {event.error}")
    lines = tuple(event.error.splitlines()[:10])
    if kind == "ResolveConflict":
        if attempt.resolve:
            attempt.resolve = ""
            ask(state, questions.conflict(state, task, attempt.conflicts, (), lines))
        return
    if kind == "StopAgent":  # its agent still runs, and is still followed
        return
    if kind == "HandOver":  # its next attempt is told
        attempt.handoffs = ()
        return
    if kind == "InstructAgent":  # it works on, and the person can say it again
        attempt.pending_instructions.clear()
        return
    if kind == "AnswerAgent":  # the agent would wait for ever: it starts anew
        attempt.pending_answers.clear()
        attempt.stop = attempt.afresh = True
        return
    attempt.unkept = bool(attempt.worktree) and kind in ("RunAgent", "CheckWork")
    # Unchecked work waits in its tree, which nobody else gets before it is kept.
    attempt.outcome = "" if kind == "CheckWork" else "failed"
    attempt.error = event.error
    close_questions(state, task.id)
    first = lines[0] if lines else event.effect
    move(state, task, _S.FAILED, first)
    again = {"CheckWork": questions.RECHECK, "Merge": questions.REMERGE}.get(kind)
    ask(state, questions.failure(state, task, f"{task.id}: {first}", lines, "", again))


def _work_kept(state: RunState, event: e.WorkKept) -> None:
    for attempt in state.tasks[event.task].attempts:
        if attempt.number == event.attempt:
            attempt.unkept = False


def _woke(state: RunState, event: e.Woke) -> None:
    """Time passed; ``settle`` sees who may start now."""


HANDLERS: dict[type[e.Event], Callable[..., None]] = {
    e.RunCreated: _run_created,
    e.EngineStarted: _engine_started,
    e.RunSuspended: _run_suspended,
    e.RunEnded: _run_ended,
    e.Woke: _woke,
    e.GateEnded: _gate_ended,
    e.GateAdvanced: _gate_advanced,
    e.ConflictsForeseen: _conflicts_foreseen,
    e.WaveTagged: _wave_tagged,
    e.DecisionMade: _decision_made,
    e.StopRequested: _stop_requested,
    e.ParallelChanged: _parallel_changed,
    e.ResourcesChanged: _resources_changed,
    e.RetryRequested: _retry_requested,
    e.InstructionGiven: instructions.given,
    e.Delivered: _delivered,
    e.DeliveryRefused: _delivery_refused,
    e.EffectFailed: _effect_failed,
    e.WorkKept: _work_kept,
}
