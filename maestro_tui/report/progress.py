"""How far a run is, why each task is where it is, and how long the rest will take.

Pure functions of the state and the moment, so that the screen, the command line and a report
cannot tell different stories.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from maestro_tui.core.state import (
    GIVEN_UP,
    MOVING,
    SATISFIED,
    Attempt,
    RunState,
    TaskRun,
    TaskState,
)

# Each task that counts is in exactly one of these, so that the numbers add up to the total.
GROUPS: dict[str, frozenset[TaskState]] = {
    "merged": SATISFIED,
    "running": MOVING,
    "failed": frozenset({TaskState.FAILED, TaskState.CONFLICTED}),
    "blocked": frozenset({TaskState.BLOCKED}),
    "waiting": frozenset({TaskState.WAITING, TaskState.READY}),
    "skipped": frozenset({TaskState.SKIPPED}),
}
# A first guess is never stretched or shrunk by more than this on the word of what ran so far.
_MOST_OFF = 1000.0
# A task that takes longer than thought is taken to need this much of its estimate still.
_STILL = 0.1


@dataclass(frozen=True, slots=True)
class Progress:
    """The numbers of a run; ``groups`` adds up to ``total``."""

    total: int
    groups: dict[str, int]

    @property
    def merged(self) -> int:
        """Tasks whose work is in."""
        return self.groups["merged"]


def progress(state: RunState) -> Progress:
    """Count every task that is part of the run once."""
    found = Counter([task.state for task in state.tasks.values()])
    groups = {name: sum(found[s] for s in states) for name, states in GROUPS.items()}
    return Progress(sum(groups.values()), groups)


def state_word(task: TaskRun) -> str:
    """Its state in a word, with the attempt when it is not the first: “retry 2 running”."""
    number = len(task.attempts)
    word = "conflict" if task.state is TaskState.CONFLICTED else str(task.state)
    return f"retry {number - 1} {word}" if number > 1 and task.state in MOVING else word


def held_by(state: RunState, task: TaskRun) -> list[TaskRun]:
    """What it waits for, the nearest causes: dependencies that are not merged."""
    found = [state.tasks[name] for name in task.after if name in state.tasks]
    return [other for other in found if other.state not in SATISFIED]


def reason(state: RunState, task: TaskRun) -> str:
    """Why a task that does not move does not move, as of now; else what the machine noted."""
    if task.state in (TaskState.WAITING, TaskState.BLOCKED) and not task.not_before > state.now:
        causes = held_by(state, task)
        if causes:
            named = [f"{c.id} ({state_word(c)})" for c in causes[:3]]
            more = f" +{len(causes) - 3}" if len(causes) > 3 else ""
            return "waits for " + ", ".join(named) + more
    return task.why


def quiet_for(attempt: Attempt | None, now: float) -> float:
    """Seconds since the agent last gave a sign of life; 0 before its start."""
    if attempt is None or not attempt.last_event_at:
        return 0.0
    return max(0.0, now - attempt.last_event_at)


def remaining_s(state: RunState, now: float) -> float | None:
    """How long the rest will take with the agents there are; None when nothing is left.

    What has ended tells how far the estimates are off; the rest is stretched by that.
    """
    left = [t for t in state.tasks.values() if t.state not in SATISFIED | GIVEN_UP]
    left = [t for t in left if t.state is not TaskState.BLOCKED]
    if not left or state.ended:
        return None
    factor = _factor(state.tasks.values())
    free = [0.0] * max(1, state.max_parallel)
    ends: dict[str, float] = {}
    wave_end: dict[int, float] = {}
    in_waves, wave, waves_done = state.mode == "waves", 0, 0.0
    for task in sorted(left, key=lambda t: (t.state not in MOVING, t.wave, t.position)):
        ready = max((ends.get(name, 0.0) for name in task.after), default=0.0)
        if in_waves:
            if task.wave != wave:  # those before it do not change any more: what moves came first
                wave = task.wave
                earlier = [end for number, end in wave_end.items() if number < wave]
                waves_done = max(earlier, default=0.0)
            ready = max(ready, waves_done)
        start = max(ready, heapq.heappop(free))
        ends[task.id] = end = start + _left(task, factor, now)
        heapq.heappush(free, end)
        wave_end[task.wave] = max(wave_end.get(task.wave, 0.0), end)
    return max(ends.values())


def _factor(tasks: Iterable[TaskRun]) -> float:
    worked = guessed = 0.0
    for task in tasks:
        attempt = task.attempt
        if task.state is TaskState.MERGED and attempt is not None and attempt.ended_at:
            worked += attempt.seconds
            guessed += task.assignment.estimate_s
    if not worked or not guessed:
        return 1.0
    return min(_MOST_OFF, max(1 / _MOST_OFF, worked / guessed))


def _left(task: TaskRun, factor: float, now: float) -> float:
    guess = task.assignment.estimate_s * factor
    attempt = task.attempt
    if task.state not in MOVING or attempt is None or not attempt.started_at:
        return guess
    if attempt.ended_at:
        return 0.0
    return max(guess * _STILL, guess - max(0.0, now - attempt.started_at))
