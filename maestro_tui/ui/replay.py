"""A finished run played again: the journal's prefix up to a moment, and a clock one can turn.

The same fold and the same screens as a live run; nothing can be decided, because it all has been.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Callable, Sequence
from pathlib import Path

from maestro_tui.core.conflicts import Conflict
from maestro_tui.core.events import Event
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import RunState
from maestro_tui.ui.widgets.log_times import LogTimes

SPEEDS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
# Longer than that on the watch, nothing happening is left out.
LONGEST_PAUSE_S = 4.0


class ReplaySource:
    """A ``RunSource`` at a moment of the past."""

    def __init__(
        self,
        events: Sequence[Event],
        attempt_dir: Callable[[str, int], Path],
        *,
        speed: float = 10.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        if not events:
            raise ValueError("a replay needs at least one event")
        self._events, self._attempt_dir, self._monotonic = list(events), attempt_dir, monotonic
        self._events.sort(key=lambda event: event.at)  # clocks of processes differ by a hair
        self._times = [event.at for event in self._events]
        self.start, self.end = self._times[0], self._times[-1]
        self.speed = min(SPEEDS[-1], max(SPEEDS[0], speed))
        self.playing = True
        self.moment = self.start
        self._machine = Machine()
        self._folded = 0
        self._looked: float | None = None
        self._logs: dict[tuple[str, int], LogTimes] = {}
        self._fold()

    # -- the protocol ----------------------------------------------------------------------------
    @property
    def state(self) -> RunState:
        """The state as it was; another object after going back."""
        return self._machine.state

    @property
    def seq(self) -> int:
        """How many events were folded."""
        return self._folded

    def poll(self) -> bool:
        """Let time pass, and fold what happened in it."""
        watch = self._monotonic()
        passed = 0.0 if self._looked is None else watch - self._looked
        self._looked = watch
        if self.playing:
            self.moment = min(self.end, self.moment + passed * self.speed)
            self._skip()
            self.playing = self.moment < self.end
        return self._fold()

    def _skip(self) -> None:
        if self._folded < len(self._times):
            upcoming = self._times[self._folded]
            if upcoming - self.moment > LONGEST_PAUSE_S * self.speed:
                self.moment = upcoming - self.speed

    def _fold(self) -> bool:
        upto = bisect_right(self._times, self.moment)
        if upto < self._folded:
            self._machine, self._folded = Machine(), 0
        for event in self._events[self._folded : upto]:
            self._machine.apply(event)
        news, self._folded = upto != self._folded, upto
        return news

    def engine_alive(self) -> bool:
        """As far as the screen is concerned: nothing is missing."""
        return True

    def start_engine(self) -> None:
        """There is nothing to start."""

    def decide(self, question: str, answer: str, text: str = "") -> bool:
        """It has been decided."""
        return False

    async def conflict(self, task: str) -> Conflict:
        """What it was about is not kept; it has been decided."""
        raise LookupError("a replay decides nothing")

    def stop(self, mode: str) -> None:
        """It has stopped."""

    def set_parallel(self, limit: int) -> None:
        """It is as it was."""

    def rollback(self, to: str) -> None:
        """Nothing."""

    def retry(self, task: str, text: str = "") -> None:
        """Retry the run itself instead."""

    def instruct(self, task: str, text: str, kind: str = "message") -> None:
        """Nobody is there to hear it."""

    def attempt_dir(self, task: str, attempt: int) -> Path:
        """Where the attempt's files are."""
        return self._attempt_dir(task, attempt)

    def log_end(self, task: str, attempt: int) -> int | None:
        """What had been written by this moment; all where it was not noted when it came."""
        key = (task, attempt)
        if key not in self._logs:
            times = LogTimes(self._attempt_dir(task, attempt) / "output.log")
            times.refresh()
            self._logs[key] = times
        return self._logs[key].end_at(self.moment)

    # -- the clock -------------------------------------------------------------------------------
    def now(self) -> float:
        """The moment shown."""
        return self.moment

    @property
    def share(self) -> float:
        """How much of the run lies behind, from 0 to 1."""
        return (self.moment - self.start) / max(1e-9, self.end - self.start)

    def toggle(self) -> None:
        """Pause or play; at the end, from the start."""
        if not self.playing and self.moment >= self.end:
            self.seek(0.0)
        self.playing = not self.playing

    def turn(self, step: int) -> None:
        """The next speed, or the one before."""
        nearest = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + step))]

    def seek(self, share: float) -> None:
        """Go to a share of the run, forwards or back; the next ``poll`` folds up to there."""
        self.moment = self.start + min(1.0, max(0.0, share)) * (self.end - self.start)

    def step(self, way: int) -> None:
        """To the next or the previous event, and stay there."""
        self.playing = False
        if way > 0:
            at = bisect_right(self._times, self.moment)
            self.moment = self._times[min(at, len(self._times) - 1)]
        else:
            earlier = [t for t in self._times if t < self.moment]
            self.moment = earlier[-1] if earlier else self.start
