"""Signs of life of an answer that is awaited: a person sees whether the model speaks or is silent.

An answer is written down when it is whole, which may take minutes.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from maestro_tui.agents.context import Context

SILENT_S = 20.0  # of which a person is told
EVERY_S = 5.0  # between two words about how far the answer is


class Pulse:
    """One awaited answer after the other. ``patience_s``: the silence that ends a request."""

    def __init__(
        self,
        context: Context,
        tell: Callable[[str], None],
        patience_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context, self._tell = context, tell
        self._patience_s, self._clock = patience_s, clock
        self._awaited = self._silent = False
        self._heard_at = self._told_at = 0.0
        self._bytes = self._bytes_told = 0

    def asked(self) -> None:
        """A request goes out."""
        self._awaited, self._silent = True, False
        self._heard_at = self._told_at = self._clock()
        self._bytes = self._bytes_told = 0

    def heard(self, size: int) -> None:
        """So many bytes of the answer have come."""
        self._heard_at, self._silent = self._clock(), False
        self._bytes += size

    def answered(self) -> None:
        """The answer is there, or will never be."""
        self._awaited = False

    def look(self) -> None:
        """By the clock: say what there is to say."""
        now = self._clock()
        if not self._awaited:
            return
        if now - self._heard_at >= SILENT_S and not self._silent:
            self._silent = True
            text = f"The model is silent for {now - self._heard_at:.0f} s"
            self._tell(f"{text}; the request is given up after {self._patience_s:g} s")
        elif self._bytes > self._bytes_told and now >= self._told_at + EVERY_S:
            self._bytes_told, self._told_at = self._bytes, now
            far = f", {self._bytes // 1000} kB so far" if self._bytes >= 1000 else ""
            self._context.emit("activity", text=f"The model is answering{far}")
