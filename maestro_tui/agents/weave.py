"""Weaves an agent's two outputs into one log: as they come, and never a line within a line.

What a stream says goes to the log at once, half lines too. While a line is unfinished there, the
other stream waits for its end, but not for long and not with much: then the line is broken.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HOLD_S = 0.2  # a line that is being written is there sooner
HOLD_BYTES = 1 << 18


class Weave:
    """One log of two streams; ``log`` is told bytes and whether they are standard error."""

    def __init__(
        self, log: Callable[[bytes, bool], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._clock = log, clock
        self._amid: bool | None = None  # whose line is unfinished: the errors', or the output's
        self._held: list[bytes] = []  # of the other one
        self._size = 0
        self._until = 0.0

    def take(self, data: bytes, errors: bool) -> None:
        """Bytes of a stream, in the order they were read."""
        if self._amid is not None and self._amid is not errors:
            if not self._held:
                self._until = self._clock() + HOLD_S
            self._held.append(data)
            self._size += len(data)
            if self._size > HOLD_BYTES:
                self.release()
            return
        end = data.find(b"\n") + 1 if self._held else 0
        if not end:
            self._write(data, errors)
            return
        self._write(data[:end], errors)
        self._let_go(not errors)
        if end < len(data):
            self.take(data[end:], errors)

    def due(self) -> float | None:
        """When what waits has waited long enough, by the clock; None when nothing does."""
        return self._until if self._held else None

    def release(self) -> None:
        """Break the unfinished line, so that what waits for its end need not any longer."""
        if self._held and self._amid is not None:
            errors = self._amid
            self._write(b"\n", errors)
            self._let_go(not errors)

    def _let_go(self, errors: bool) -> None:
        held, self._held, self._size = b"".join(self._held), [], 0
        self._write(held, errors)

    def _write(self, data: bytes, errors: bool) -> None:
        self._log(data, errors)
        self._amid = None if data.endswith(b"\n") else errors
