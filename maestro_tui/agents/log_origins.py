"""Reads which bytes of an agent's log came from its standard error, as they are written."""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path

ERROR_MARK = "▌"  # before what came from there, where people read it
_TURN = re.compile(rb"(\d{1,18}) (err|out)\n")


class LogOrigins:
    """The turns of one log; none where its agent wrote nothing to its standard error."""

    def __init__(self, log: Path) -> None:
        self.path = log.with_suffix(".streams")
        self._offsets: list[int] = []
        self._errors: list[bool] = []
        self._read = 0

    def __bool__(self) -> bool:
        """Whether any of the log is standard error."""
        return bool(self._offsets)

    def refresh(self) -> None:
        """Take in new turns."""
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            return
        end = data.rfind(b"\n") + 1
        self._read += end
        for found in _TURN.finditer(data, 0, end):
            self._offsets.append(int(found[1]))
            self._errors.append(found[2] == b"err")

    def is_error(self, offset: int) -> bool:
        """Whether the byte came from standard error."""
        # Of several turns at one byte the last holds: the runner that wrote the others died there.
        place = bisect_right(self._offsets, offset) - 1
        return place >= 0 and self._errors[place]
