"""Which commands the state calls for. A pure reading of it, so a restart finds them all again."""

from __future__ import annotations

from maestro_tui.core.commands import (
    AnswerAgent,
    CheckWork,
    Command,
    CreateWorktree,
    Deliver,
    Finish,
    HandOver,
    InstructAgent,
    KeepWork,
    Merge,
    ResolveConflict,
    Rollback,
    RunAgent,
    RunGate,
    StopAgent,
    Suspend,
    TagWave,
)
from maestro_tui.core.limits import deadline
from maestro_tui.core.scheduling import quiet, wave_to_tag
from maestro_tui.core.state import Attempt, RunState, RunStatus, TaskRun, TaskState

_S = TaskState
_CALLING = frozenset({_S.PREPARING, _S.RUNNING, _S.CHECKING, _S.MERGING, _S.CONFLICTED})
_TO_AGENTS = (RunAgent, StopAgent, AnswerAgent, InstructAgent, HandOver)


def outstanding(state: RunState) -> list[Command]:
    """Everything that is to be done now; nothing that waits for a person."""
    if state.ended or state.status in (RunStatus.REVIEW, RunStatus.STOPPED) or not state.engine_pid:
        return []
    commands: list[Command] = []
    for task in state.tasks.values():
        attempt = task.attempt
        if attempt is None:
            continue
        if task.state in _CALLING:
            commands.extend(_for_task(task, attempt))
        if any(one.unkept for one in task.attempts):
            commands.extend(_to_keep(task))
    # Two that look after one worktree at once would each keep what the other has not yet committed.
    keeping = any(isinstance(c, KeepWork) for c in commands)
    commands.extend(RunGate(g.key, g.runs) for g in state.gates.values() if g.state == "running")
    held = {q.subject for q in state.questions.values() if q.kind == "trouble"}
    if state.stopping:
        if quiet(state) and not keeping:
            commands.append(
                Finish("aborted") if state.stopping == "abort" else Suspend(state.stop_reason)
            )
        return [c for c in commands if c.key not in held]
    if held:
        return [c for c in commands if isinstance(c, _TO_AGENTS)]
    if state.rollback_to is not None or state.rollback_task is not None:
        if quiet(state):
            commands.append(_rollback(state))
        return commands
    wave = wave_to_tag(state)
    if wave:
        commands.append(TagWave(wave))
    elif state.status is RunStatus.DELIVERING:
        commands.append(Deliver(state.delivery))
    elif state.status is RunStatus.FINISHING and not keeping:
        commands.append(Finish(outcome(state)))
    return commands


def _rollback(state: RunState) -> Rollback:
    """The end of a wave goes further back than any wish for less; then a task's merge."""
    if state.rollback_to is not None:
        return Rollback(state.rollback_to)
    assert state.rollback_task is not None
    task, sha = state.rollback_task
    return Rollback(-1, task, sha)


def _to_keep(task: TaskRun) -> list[Command]:
    """Work nobody will look at again, but that is not to be lost; tried again with each attempt."""
    newest = None if task.state not in (_S.FAILED, _S.CHECKING) else task.attempt
    return [
        KeepWork(task.id, attempt.number, len(task.attempts))
        for attempt in task.attempts
        if attempt.unkept and attempt is not newest and attempt.keep_tried < len(task.attempts)
    ]


def _for_task(task: TaskRun, attempt: Attempt) -> list[Command]:
    match task.state:
        case _S.PREPARING:
            return [CreateWorktree(task.id, attempt.number)]
        case _S.RUNNING:
            found: list[Command] = [RunAgent(task.id, attempt.number)]
            if attempt.stop:
                found.append(StopAgent(task.id, attempt.number))
            found.extend(
                AnswerAgent(task.id, attempt.number, request, allow, text)
                for request, (allow, text) in attempt.pending_answers.items()
            )
            found.extend(
                InstructAgent(task.id, attempt.number, number, kind, text)
                for number, (kind, text) in attempt.pending_instructions.items()
                if attempt.paused != "budget" or kind != "message"  # words would wake it
            )
            if attempt.paused != "budget":
                found.extend(HandOver(task.id, attempt.number, s) for s in attempt.handoffs)
            return found
        case _S.CHECKING:
            return [CheckWork(task.id, attempt.number, attempt.drop, attempt.extend)]
        case _S.MERGING:
            return [Merge(task.id, attempt.number, attempt.merge_commit or attempt.commit)]
        case _S.CONFLICTED if attempt.resolve:
            return [ResolveConflict(task.id, attempt.number, attempt.resolve)]
    return []


def outcome(state: RunState) -> str:
    """done only when every task of the plan is in and nothing was refused."""
    if any(t.state not in (_S.MERGED, _S.DONE, _S.EXCLUDED) for t in state.tasks.values()):
        return "failed"
    if any(g.state == "accepted" for g in state.gates.values()):
        return "failed"
    return "done"


def next_deadline(state: RunState) -> float | None:
    """When time itself will change something, in Unix seconds; None when it will not."""
    if state.ended or state.stopping or state.status is RunStatus.STOPPED:
        return None
    times = [
        t.not_before
        for t in state.tasks.values()
        if t.state is _S.READY and t.not_before > state.now
    ]
    breaker = deadline(state)
    if breaker is not None:
        times.append(breaker)
    return min(times) if times else None
