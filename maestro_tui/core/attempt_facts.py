"""What each fact about one attempt changes; each tells whether anything structural did."""

from __future__ import annotations

from collections.abc import Callable

from maestro_tui.core import events as e
from maestro_tui.core import questions
from maestro_tui.core.budgets import limited
from maestro_tui.core.decisions import ask
from maestro_tui.core.handoffs import announce
from maestro_tui.core.limits import attempt_failed, attempt_succeeded
from maestro_tui.core.state import (
    Answer,
    Attempt,
    RunState,
    TaskRun,
    TaskState,
)
from maestro_tui.core.transitions import can_go_on, close_questions, move, note, notice

_S = TaskState
MAX_LOST = 5  # runners lost to kills before a person is asked
_STOPPED = "stopped; a new attempt goes on later"
_GOES_ON = "stopped; goes on later in its session"


def _worktree_ready(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.WorktreeReady
) -> bool:
    if task.state is not _S.PREPARING:
        return False
    attempt.worktree, attempt.branch, attempt.base = event.path, event.branch, event.base
    for text in event.notes:
        if not any(text == told for _, told in state.notices):
            notice(state, text)
    if attempt.stop:
        attempt.outcome = "stopped"
        _stopped(state, task, attempt)
        return True
    again = "goes on in its session" if attempt.resumes else "starts"
    move(state, task, _S.RUNNING, f"{attempt.agent} {again}")
    return True


def _agent_started(state: RunState, task: TaskRun, attempt: Attempt, event: e.AgentStarted) -> bool:
    if task.state is not _S.RUNNING or attempt.pid:
        return False
    attempt.pid, attempt.start_time = event.pid, event.start_time
    attempt.started_at = attempt.last_event_at = event.at
    task.why = f"{attempt.agent} works"
    return False


def _agent_reported(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.AgentReported
) -> bool:
    if event.offset <= attempt.offset:
        return False
    attempt.offset = event.offset
    attempt.last_event_at = event.at
    if event.activity:
        attempt.activity = event.activity
    if event.usage:
        attempt.usage = dict(event.usage)
    attempt.tools = max(attempt.tools, event.tools)
    attempt.parked_until = event.parked_until
    attempt.session = event.session or attempt.session
    attempt.model = event.model or attempt.model
    return bool(event.usage) and limited(state)


def _permission_asked(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.PermissionAsked
) -> bool:
    if task.state is not _S.RUNNING:
        return False
    ask(state, questions.permission(state, task, event))
    return True


def _permission_withdrawn(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.PermissionWithdrawn
) -> bool:
    attempt.pending_answers.pop(event.request, None)
    asked = [
        q.id
        for q in state.questions.values()
        if q.kind == "permission" and q.task == task.id and q.subject == event.request
    ]
    for name in asked:
        question = state.questions.pop(name)
        state.answers.append(Answer(question, "", "", "withdrawn", state.now))
    return True


def _instruction_delivered(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.InstructionDelivered
) -> bool:
    return attempt.pending_instructions.pop(event.number, None) is not None


def _handed_over(state: RunState, task: TaskRun, attempt: Attempt, event: e.HandedOver) -> bool:
    if event.source not in attempt.handoffs:
        return False
    attempt.handoffs = tuple(name for name in attempt.handoffs if name != event.source)
    if event.told:
        note(state, task, f"its agent was told what {event.source} delivered")
    return True


def _permission_delivered(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.PermissionDelivered
) -> bool:
    return attempt.pending_answers.pop(event.request, None) is not None


def _marker_seen(state: RunState, task: TaskRun, attempt: Attempt, event: e.MarkerSeen) -> bool:
    if not attempt.marker_at:
        attempt.marker_at = event.at
        attempt.last_event_at = event.at
    return False


def _agent_ended(state: RunState, task: TaskRun, attempt: Attempt, event: e.AgentEnded) -> bool:
    if task.state is not _S.RUNNING:
        return False
    close_questions(state, task.id, frozenset({"permission"}))
    attempt.pending_answers.clear()
    attempt.pending_instructions.clear()
    attempt.parked_until, attempt.paused, attempt.handoffs = 0.0, "", ()
    attempt.ended_at = event.at
    attempt.started_at = attempt.started_at or event.at
    attempt.ok, attempt.reason, attempt.exit = event.ok, event.reason, event.exit
    attempt.error = event.error
    if event.usage:
        attempt.usage = dict(event.usage)
    if attempt.stop and event.reason in ("stopped", "lost", "crashed"):
        attempt.outcome = "stopped"
        _stopped(state, task, attempt)
    elif event.reason in ("lost", "stopped") and task.lost < MAX_LOST:
        task.lost += 1
        attempt.outcome = "lost"
        notice(state, f"{task.id}: its runner was killed; attempt {attempt.number + 1} follows")
        move(state, task, _S.WAITING, "its runner was killed; starts again")
    elif event.ok:
        move(state, task, _S.CHECKING, "its work is being checked")
    else:
        attempt.outcome = "failed"
        attempt_failed(state)
        move(state, task, _S.FAILED, event.error or event.reason)
        title = f"{task.id} failed: {event.error or event.reason}"
        ask(state, questions.failure(state, task, title, event.evidence, event.suspect))
    return True


def _stopped(state: RunState, task: TaskRun, attempt: Attempt) -> None:
    if attempt.ending == "held":
        move(state, task, _S.FAILED, "stopped by you")
        ask(state, questions.held(state, task))
    elif attempt.ending == "restart":
        move(state, task, _S.WAITING, "is started afresh")
    else:
        move(state, task, _S.WAITING, _GOES_ON if can_go_on(task) else _STOPPED)


def _work_checked(state: RunState, task: TaskRun, attempt: Attempt, event: e.WorkChecked) -> bool:
    if task.state is not _S.CHECKING:
        return False
    attempt.checks, attempt.commit, attempt.unkept = event.checks, event.commit, False
    attempt.files, attempt.stray, attempt.claims = event.files, event.stray, event.claims
    bad = [c for c in event.checks if not c["ok"]]
    if not bad:
        task.queued_at = event.at
        move(state, task, _S.QUEUED, "waits for its merge")
        return True
    others = [c for c in bad if c["name"] != "owned"]
    if event.stray and not others:
        move(state, task, _S.FAILED, f"changed {len(event.stray)} file(s) of others")
        ask(state, questions.stray(state, task))
        return True
    attempt.outcome = "failed"
    attempt_failed(state)
    first = (others or bad)[0]
    reason = f"{first['name']}: {first['detail']}"
    move(state, task, _S.FAILED, reason)
    evidence = tuple(f"✗ {c['name']}: {c['detail']}" for c in bad) + event.evidence
    ask(
        state,
        questions.failure(
            state, task, f"{task.id} is not done — {reason}", evidence, event.suspect
        ),
    )
    return True


def _merged(state: RunState, task: TaskRun, attempt: Attempt, event: e.Merged) -> bool:
    if task.state is not _S.MERGING:
        return False
    state.head = event.sha
    attempt.outcome = "merged"
    attempt_succeeded(state)
    state.merges.append((event.sha, task.id))
    state.wave_tags.pop(task.wave, None)
    task.merged_sha, task.merged_at = event.sha, event.at
    move(state, task, _S.MERGED, "merged")
    announce(state, task)
    for run in state.gates.values():  # a later merge into a wave makes its green stale
        if run.task not in ("", task.id):
            continue
        if run.wave == task.wave and run.state in ("passed", "accepted"):
            run.state = "pending"
    return True


def _merge_refused(state: RunState, task: TaskRun, attempt: Attempt, event: e.MergeRefused) -> bool:
    if task.state is not _S.MERGING:
        return False
    attempt.stray = event.stray
    attempt.outcome = "failed"
    reason = "its merge would change files of others: " + ", ".join(event.stray[:5])
    move(state, task, _S.FAILED, reason)
    ask(state, questions.failure(state, task, f"{task.id}: {reason}", (), ""))
    return True


def _merge_conflicted(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.MergeConflicted
) -> bool:
    if task.state is not _S.MERGING:
        return False
    attempt.resolve = ""
    attempt.conflicts = event.paths
    attempt.conflict_head, attempt.conflict_files = event.head, event.files
    attempt.worktree = event.worktree or attempt.worktree
    move(state, task, _S.CONFLICTED, "conflicts in " + ", ".join(event.paths[:3]))
    ask(state, questions.conflict(state, task, event.paths, event.others, event.evidence))
    return True


def _conflict_resolved(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.ConflictResolved
) -> bool:
    if task.state is not _S.CONFLICTED:
        return False
    attempt.resolve = ""
    attempt.merge_commit = event.commit
    task.queued_at = event.at
    move(state, task, _S.QUEUED, "resolved; waits for its merge")
    return True


def _resolution_refused(
    state: RunState, task: TaskRun, attempt: Attempt, event: e.ResolutionRefused
) -> bool:
    if task.state is not _S.CONFLICTED:
        return False
    attempt.resolve = ""
    others = tuple(dict.fromkeys(w for f in attempt.conflict_files for w in f["writers"]))
    evidence = (event.reason, *event.evidence)
    ask(state, questions.conflict(state, task, attempt.conflicts, others, evidence))
    return True


HANDLERS: dict[type[e.Event], Callable[..., bool]] = {
    e.WorktreeReady: _worktree_ready,
    e.AgentStarted: _agent_started,
    e.AgentReported: _agent_reported,
    e.PermissionAsked: _permission_asked,
    e.PermissionDelivered: _permission_delivered,
    e.PermissionWithdrawn: _permission_withdrawn,
    e.InstructionDelivered: _instruction_delivered,
    e.HandedOver: _handed_over,
    e.MarkerSeen: _marker_seen,
    e.AgentEnded: _agent_ended,
    e.WorkChecked: _work_checked,
    e.Merged: _merged,
    e.MergeRefused: _merge_refused,
    e.MergeConflicted: _merge_conflicted,
    e.ConflictResolved: _conflict_resolved,
    e.ResolutionRefused: _resolution_refused,
}
