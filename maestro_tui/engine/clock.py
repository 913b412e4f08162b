"""The time of day as a run may rely on it: it never goes back.

A clock that is set back would put every retry and every breaker off by as much, for ever in the
case of one that had been wrong by years. Set forward is set forward: then they come early.
"""

from __future__ import annotations

import time

STEP_S = 1.0  # smaller ones are the system's own corrections


class Clock:
    """Unix seconds: the system's while they go forward, else counted on from what they were."""

    def __init__(self, least: float = 0.0) -> None:
        """``least`` is the latest time already written down."""
        self._at = max(least, time.time())
        self._counted = time.monotonic()

    def now(self) -> float:
        """The time."""
        wall, counted = time.time(), time.monotonic()
        expected = self._at + counted - self._counted
        self._counted = counted
        self._at = wall if wall > expected - STEP_S else expected
        return self._at

    @property
    def lag(self) -> float:
        """How far the system's clock is behind; 0 when it is not."""
        lag = self.now() - time.time()
        return lag if lag > STEP_S else 0.0
