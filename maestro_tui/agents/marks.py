"""When which part of an agent's output came: the log holds its raw bytes and nothing else.

A text file beside the log, one mark a line: the byte from which on, and the time. Written a few
times a second at most, however fast the agent talks.
"""

from __future__ import annotations

import time

from maestro_tui.agents import files

APART_S = 0.1


class Marks:
    """Adds marks to the file of an attempt."""

    def __init__(self, path: str) -> None:
        self._fd = files.open_append(path)
        self._next_at = 0.0

    def come(self, offset: int) -> None:
        """Output that begins at that byte of the log has come now."""
        now = time.monotonic()
        if now >= self._next_at:
            self._next_at = now + APART_S
            files.write_all(self._fd, b"%d %.3f\n" % (offset, time.time()))
