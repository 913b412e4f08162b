"""When a log's lines came, from the marks its runner wrote beside it."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from datetime import datetime, timedelta
from pathlib import Path

_MARK = re.compile(rb"(\d{1,18}) (\d{1,12}\.\d{1,6})\n")
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
WIDTH = len("12:30:05 ")


class LogTimes:
    """The marks of one log, read as they are written; none where the runner wrote none."""

    def __init__(self, log: Path) -> None:
        self.path = log.with_suffix(".marks")
        self._offsets: array[int] = array("Q")
        self._times: array[float] = array("d")
        self._read = 0

    def refresh(self) -> bool:
        """Take in new marks; whether there are any at all."""
        try:
            with self.path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            data = b""
        end = data.rfind(b"\n") + 1
        self._read += end
        for found in _MARK.finditer(data, 0, end):
            self._offsets.append(int(found[1]))
            self._times.append(float(found[2]))
        return bool(self._offsets)

    def at(self, offset: int) -> float | None:
        """When the byte came; None for one from before the first mark."""
        place = bisect_right(self._offsets, offset) - 1
        return self._times[place] if place >= 0 else None

    def end_at(self, moment: float) -> int | None:
        """How many bytes had come by then; None for all of them, or where nobody knows."""
        place = bisect_right(self._times, moment)
        return self._offsets[place] if place < len(self._offsets) else None

    def stamp(self, offset: int) -> str:
        """The same as a clock shows it, and as wide where it is not known."""
        when = self.at(offset)
        return " " * WIDTH if when is None else f"{datetime.fromtimestamp(when):%H:%M:%S} "

    def place_of(self, words: str) -> int | None:
        """The first byte that came at a time of day: the last such before the log's end."""
        found = _CLOCK.fullmatch(words.strip())
        if found is None or int(found[1]) > 23 or not self.refresh():
            return None
        last = datetime.fromtimestamp(self._times[-1])
        hour, minute, second = int(found[1]), int(found[2]), int(found[3] or 0)
        wanted = last.replace(hour=hour, minute=minute, second=second, microsecond=0)
        if wanted > last and self._times[0] <= (wanted - timedelta(days=1)).timestamp():
            wanted -= timedelta(days=1)
        place = bisect_left(self._times, wanted.timestamp())
        return self._offsets[min(place, len(self._offsets) - 1)]
