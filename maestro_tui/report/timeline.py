"""Who worked when: the spans of a Gantt chart, from the facts of a run.

Data only; whoever draws it chooses characters or pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

from maestro_tui.core.state import SATISFIED, Attempt, RunState, TaskRun


@dataclass(frozen=True, slots=True)
class Span:
    """One stretch of one task: ``prepare``, ``work`` or ``land`` (checks, queue and merge)."""

    kind: str
    start: float
    end: float
    attempt: int
    ok: bool | None = None  # of the attempt; None while it is open


@dataclass(frozen=True, slots=True)
class Bar:
    """A task's line: its spans in order, and when it was merged."""

    task: str
    wave: int
    spans: tuple[Span, ...]
    merged_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Timeline:
    """All lines between two moments."""

    start: float
    end: float
    bars: tuple[Bar, ...]

    @property
    def seconds(self) -> float:
        """The length of it, never nothing."""
        return max(1.0, self.end - self.start)


def timeline(state: RunState, now: float) -> Timeline:
    """The run so far; finished, it ends where the run did."""
    end = state.ended_at or max(now, state.now)
    bars = [_bar(task, end) for task in state.tasks.values()]
    bars.sort(key=lambda bar: (bar.spans[0].start if bar.spans else end, bar.wave))
    start = state.started_at or state.created_at
    first = min((bar.spans[0].start for bar in bars if bar.spans), default=start)
    return Timeline(min(start, first) if start else first, end, tuple(bars))


def _bar(task: TaskRun, end: float) -> Bar:
    spans: list[Span] = []
    for number, attempt in enumerate(task.attempts):
        after = task.attempts[number + 1].created_at if number + 1 < len(task.attempts) else end
        spans += _spans(task, attempt, after)
    merged = task.merged_at if task.state in SATISFIED else 0.0
    return Bar(task.id, task.wave, tuple(spans), merged)


def _spans(task: TaskRun, attempt: Attempt, after: float) -> list[Span]:
    """The stretches of one attempt, none of them reaching past ``after``."""
    ok = {"merged": True, "": None}.get(attempt.outcome, False)
    started = attempt.started_at or (attempt.ended_at or after)
    found = [Span("prepare", attempt.created_at, min(started, after), attempt.number, ok)]
    if attempt.started_at:
        ended = attempt.ended_at or after
        found.append(Span("work", attempt.started_at, min(ended, after), attempt.number, ok))
    if attempt.ended_at and ok is not False:
        landed = min(task.merged_at or after, after)
        found.append(Span("land", attempt.ended_at, max(attempt.ended_at, landed), attempt.number))
    return [span for span in found if span.end > span.start or span.kind == "work"]
