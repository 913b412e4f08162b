"""What changed since the last look, so that a screen touches only the widgets concerned.

A run is pulled, never pushed: ten looks a second cost nothing while nothing happens.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from operator import attrgetter

from maestro_tui.core.state import Attempt, GateRun, RunState
from maestro_tui.ui.source import RunSource

POLL_HZ = 10.0
# Everything of a task that is on the screen, as something comparable; its attempt comes beside it.
_TASK = attrgetter("state", "why", "agent", "not_before", "foreseen")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a look found. ``structure``: tasks or waves are not those of before."""

    tasks: frozenset[str] = frozenset()
    gates: frozenset[str] = frozenset()
    questions: bool = False
    structure: bool = False
    notices: tuple[str, ...] = ()


class Follow:
    """Compares a run with itself a moment ago."""

    def __init__(self, source: RunSource) -> None:
        self.source = source
        self._tasks: dict[str, Hashable] = {}
        self._attempts: dict[str, Hashable] = {}
        self._gates: dict[str, Hashable] = {}
        self._shape: Hashable = None
        self._questions: tuple[str, ...] = ()
        self._notices = len(source.state.notices)
        self._first = True
        self._last: RunState | None = None

    @property
    def state(self) -> RunState:
        """The newest state."""
        return self.source.state

    def look(self) -> Changes | None:
        """What is new; None when nothing is."""
        news = self.source.poll()
        if not news and not self._first:
            return None
        self._first = False
        return self._compare()

    def _compare(self) -> Changes:
        state = self.state
        runs = state.tasks.values()
        # Of thousands of tasks most have not begun: those are told apart without a call for each.
        tasks: dict[str, Hashable] = dict(zip(state.tasks, map(_TASK, runs), strict=True))
        attempts = {t.id: _attempt_print(t.attempts[-1]) for t in runs if t.attempts}
        gates = {k: _gate_print(g) for k, g in state.gates.items()}
        shape = (tuple(state.tasks), tuple(tuple(w) for w in state.waves), tuple(state.gates))
        questions = tuple(state.questions)
        fresh = tuple(text for _, text in state.notices[self._notices :])
        changes = Changes(
            tasks=_differing(tasks, self._tasks) | _differing(attempts, self._attempts),
            gates=frozenset(k for k, p in gates.items() if self._gates.get(k) != p),
            questions=questions != self._questions,
            structure=shape != self._shape or self._last is not state,
            notices=fresh,
        )
        self._tasks, self._attempts = tasks, attempts
        self._gates, self._shape = gates, shape
        self._questions, self._notices = questions, len(state.notices)
        self._last = state
        return changes


def _attempt_print(attempt: Attempt) -> Hashable:
    return (
        attempt.number,
        attempt.activity,
        attempt.started_at,
        attempt.ended_at,
        attempt.marker_at,
        len(attempt.checks),
        attempt.commit,
        attempt.outcome,
        len(attempt.pending_answers),
        attempt.paused,
        attempt.parked_until,
    )


def _differing(now: dict[str, Hashable], before: dict[str, Hashable]) -> frozenset[str]:
    """The keys whose values are others than before."""
    if len(now) == len(before) and now == before:
        return frozenset()
    return frozenset(key for key, value in now.items() if before.get(key) != value)


def _gate_print(gate: GateRun) -> Hashable:
    return (gate.state, gate.runs, gate.seconds, gate.stage)
