"""Which of its two outputs each part of an agent's log came from: the log holds bytes alone.

A text file beside the log, one turn a line: the byte from which on, and ``err`` or ``out``. It is
there only where an agent has written to its standard error; before its first line all is output.
Each turn is written before the bytes it speaks of, so that who reads the log knows them all.
"""

from __future__ import annotations

import os

from maestro_tui.agents import files


class Origins:
    """Adds turns to the file of an attempt."""

    def __init__(self, path: str) -> None:
        self._path, self._fd = path, -1
        # Where an earlier runner of the attempt left it, nobody knows: say it once more.
        self._errors: bool | None = None if os.path.exists(path) else False

    def come(self, offset: int, errors: bool) -> None:
        """What begins at that byte of the log is the agent's standard error, or its output."""
        if errors is self._errors:
            return
        if self._fd < 0:
            self._fd = files.open_append(self._path)
        self._errors = errors
        files.write_all(self._fd, b"%d %s\n" % (offset, b"err" if errors else b"out"))
