"""The few ways state changes: a task moves, an attempt begins, a question closes.

Kept together so that each change is checked against the transition table and leaves its reason in
the task's story.
"""

from __future__ import annotations

from maestro_tui.core.state import (
    INTERACTIVE,
    MOVING,
    RESUMABLE,
    TRANSITIONS,
    Answer,
    Attempt,
    RunState,
    TaskRun,
    TaskState,
)


class IllegalMove(AssertionError):
    """A task was about to go where it cannot: a bug, named with both ends."""


def move(state: RunState, task: TaskRun, to: TaskState, why: str) -> None:
    """Move a task, remembering why."""
    if to is not task.state:
        if to not in TRANSITIONS[task.state]:
            raise IllegalMove(f"{task.id}: {task.state} -> {to} ({why})")
        task.history.append((state.now, to, why))
        if to not in MOVING:
            task.foreseen = ""
            state.foreseen = tuple(c for c in state.foreseen if c["task"] != task.id)
    task.state = to
    task.why = why


def new_attempt(state: RunState, task: TaskRun) -> Attempt:
    """Begin the next try, with what is to be said to the agent this time."""
    if task.attempt is not None and not task.attempt.outcome:
        task.attempt.outcome = "superseded"
    attempt = Attempt(
        number=len(task.attempts) + 1,
        created_at=state.now,
        instructions=task.next_instructions,
        failure=task.next_failure,
        agent=task.agent or task.assignment.agent,
    )
    task.next_instructions = ""
    task.next_failure = ""
    task.not_before = 0.0
    task.attempts.append(attempt)
    return attempt


def can_go_on(task: TaskRun) -> bool:
    """Whether its newest attempt was stopped in a session that can be taken up again."""
    attempt = task.attempt
    return (
        attempt is not None
        and attempt.outcome == "stopped"
        and bool(attempt.pid)
        and not attempt.afresh
        and task.assignment.driver in RESUMABLE
    )


def go_on(task: TaskRun) -> None:
    """Take the stopped attempt up again, as the same one: it is no retry."""
    attempt = task.attempt
    assert attempt is not None
    attempt.before_s = attempt.seconds
    attempt.started_at = attempt.ended_at = attempt.marker_at = attempt.start_time = 0.0
    attempt.pid, attempt.ok, attempt.exit = 0, None, None
    attempt.outcome = attempt.reason = attempt.error = attempt.ending = attempt.paused = ""
    attempt.stop = False
    attempt.resumes += 1
    if task.next_instructions and task.assignment.driver in INTERACTIVE:
        give(attempt, "message", task.next_instructions)
        task.next_instructions = ""


def note(state: RunState, task: TaskRun, why: str) -> None:
    """Something that happened to a task and belongs into its story, though it did not move."""
    task.history.append((state.now, task.state, why))


def give(attempt: Attempt, kind: str, text: str = "") -> None:
    """Something the agent at work is to be told."""
    attempt.instructions_given += 1
    attempt.pending_instructions[attempt.instructions_given] = (kind, text)


def try_again(
    state: RunState,
    task: TaskRun,
    why: str,
    *,
    instructions: str = "",
    failure: str = "",
    delay: float = 0.0,
) -> None:
    """Send a task back to the start of its road; its next attempt hears what went wrong."""
    attempt = task.attempt
    if attempt is not None:
        attempt.outcome = attempt.outcome or "failed"
        attempt.afresh = True
    task.next_instructions = instructions or task.next_instructions
    task.next_failure = failure or task.next_failure
    task.not_before = state.now + delay if delay else 0.0
    task.merged_sha = ""
    close_questions(state, task.id)
    move(state, task, TaskState.WAITING, why)


def close_questions(state: RunState, task_id: str, kinds: frozenset[str] | None = None) -> None:
    """Withdraw what was asked about a task: events have answered it."""
    for key in [
        k
        for k, q in state.questions.items()
        if q.task == task_id and q.kind != "gate" and (kinds is None or q.kind in kinds)
    ]:
        question = state.questions.pop(key)
        state.answers.append(Answer(question, "", "", "withdrawn", state.now))


def notice(state: RunState, text: str) -> None:
    """Something the user should be able to read later, that asks nothing."""
    state.notices.append((state.now, text))
