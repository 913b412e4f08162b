"""How each state looks: a glyph, a word and a theme variable, so that colour is never alone."""

from __future__ import annotations

from dataclasses import dataclass

from maestro_tui.core.state import GateRun, RunStatus, TaskRun, TaskState


@dataclass(frozen=True, slots=True)
class Look:
    """A state on the screen."""

    glyph: str
    word: str
    variable: str  # theme variable, without the $


_S = TaskState
TASK: dict[TaskState, Look] = {
    _S.WAITING: Look("○", "waiting", "state-waiting"),
    _S.READY: Look("◇", "ready", "state-ready"),
    _S.PREPARING: Look("◔", "preparing", "state-preparing"),
    _S.RUNNING: Look("●", "running", "state-running"),
    _S.CHECKING: Look("◑", "checking", "state-checking"),
    _S.QUEUED: Look("◕", "queued", "state-queued"),
    _S.MERGING: Look("⇥", "merging", "state-merging"),
    _S.CONFLICTED: Look("≠", "conflict", "state-conflicted"),
    _S.MERGED: Look("✓", "merged", "state-merged"),
    _S.FAILED: Look("✗", "failed", "state-failed"),
    _S.BLOCKED: Look("⊘", "blocked", "state-blocked"),
    _S.SKIPPED: Look("–", "skipped", "state-skipped"),
    _S.EXCLUDED: Look("·", "left out", "state-excluded"),
    _S.DONE: Look("✔", "done before", "state-done"),
}

# An agent that waits, though its task is being worked on.
PAUSED = Look("‖", "paused", "state-stopped")
PARKED = Look("◷", "parked", "state-stopped")


def task_look(task: TaskRun, now: float) -> Look:
    """How a task looks at this moment."""
    attempt = task.attempt
    if task.state is _S.RUNNING and attempt is not None:
        if attempt.paused:
            return PAUSED
        if attempt.parked_until > now:
            return PARKED
    return TASK[task.state]


# The groups every task of a run is in exactly one of; their numbers add up.
GROUPS: dict[str, Look] = {
    "merged": Look("✓", "merged", "state-merged"),
    "running": Look("●", "running", "state-running"),
    "failed": Look("✗", "failed", "state-failed"),
    "blocked": Look("⊘", "blocked", "state-blocked"),
    "waiting": Look("○", "waiting", "state-waiting"),
    "skipped": Look("–", "skipped", "state-skipped"),
}

_R = RunStatus
RUN: dict[RunStatus, Look] = {
    _R.REVIEW: Look("?", "review", "state-asking"),
    _R.RUNNING: Look("●", "running", "state-running"),
    _R.WAITING: Look("?", "waiting for you", "state-asking"),
    _R.STOPPING: Look("◍", "stopping", "state-stopped"),
    _R.STOPPED: Look("■", "stopped", "state-stopped"),
    _R.DELIVERING: Look("⇥", "delivering", "state-merging"),
    _R.FINISHING: Look("◕", "finishing", "state-checking"),
    _R.DONE: Look("✓", "done", "state-done"),
    _R.FAILED: Look("✗", "incomplete", "state-failed"),
    _R.ABORTED: Look("✗", "aborted", "state-failed"),
    _R.DECLINED: Look("–", "declined", "state-skipped"),
}

GATES: dict[str, Look] = {
    "pending": Look("○", "pending", "state-waiting"),
    "running": Look("●", "running", "state-running"),
    "passed": Look("✓", "passed", "state-merged"),
    "failed": Look("✗", "failed", "state-failed"),
    "accepted": Look("!", "accepted red", "state-blocked"),
}

# The accent of a question's dialog says how much is at stake.
QUESTION: dict[str, Look] = {
    "review": Look("?", "Review", "state-asking"),
    "failure": Look("✗", "Failure", "state-failed"),
    "stray": Look("!", "Stray edits", "state-blocked"),
    "gate": Look("✗", "Gate", "state-failed"),
    "conflict": Look("≠", "Merge conflict", "state-conflicted"),
    "permission": Look("?", "Permission", "state-asking"),
    "rolledback": Look("↶", "Rolled back", "state-stopped"),
    "deliver": Look("✓", "Delivery", "state-merged"),
    "trouble": Look("!", "Trouble", "state-failed"),
    "budget": Look("$", "Budget", "state-blocked"),
    "held": Look("■", "Stopped", "state-stopped"),
    "agent": Look("▸", "Agent", "state-running"),
    "resume": Look("▸", "Interrupted", "state-stopped"),
}
ASKING = Look("?", "asks you", "state-asking")
TICK, CROSS, PENDING = "✓", "✗", "○"

SPINNER = "◐◓◑◒"  # one step each tick, for what moves
SPINNER_HZ = 4.0


def spinner(now: float) -> str:
    """The frame every spinner shows at this moment."""
    return SPINNER[int(now * SPINNER_HZ) % len(SPINNER)]


def gate_look(gate: GateRun) -> Look:
    """How a gate looks."""
    return gate_look_of(gate.state)


def gate_look_of(state: str) -> Look:
    """How a gate's state looks; an unknown one looks pending."""
    return GATES.get(state, GATES["pending"])


def question_look(kind: str) -> Look:
    """How a kind of question looks; an unknown one looks like any question."""
    return QUESTION.get(kind, ASKING)
