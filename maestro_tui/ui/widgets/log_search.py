"""Finds words in a log file of any size without holding up the screen.

A search reads slices that end at line feeds; between two slices the interpreter is free for the
keys. The words are taken as they are, not as a pattern: no pattern can then run for ever.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path

# Some two milliseconds of searching: less than a frame.
SLICE = 1 << 18
# More hits are not kept; their number is then shown with a plus.
MAX_HITS = 1_000_000


def pattern_of(words: str) -> re.Pattern[bytes]:
    """Those words literally; case matters only when they have an upper-case letter."""
    flags = re.IGNORECASE if words == words.lower() else re.NOFLAG
    return re.compile(re.escape(words.encode()), flags)


def text_pattern_of(words: str) -> re.Pattern[str]:
    """The same for text, to mark what was found."""
    return re.compile(re.escape(words), re.IGNORECASE if words == words.lower() else re.NOFLAG)


def search(
    path: Path, words: str, start: int, end: int, stop: Callable[[], bool]
) -> Iterator[tuple[array[int], int]]:
    """Places of the first hit in each line between two offsets, and how far lines were searched.

    Read, not mapped: a file that is cut while it is mapped kills the process that looks at it.
    """
    pattern = pattern_of(words)
    overlap = len(words.encode()) - 1
    try:
        with path.open("rb", buffering=0) as file:
            at = start
            while at < end and not stop():
                file.seek(at)
                piece = file.read(min(SLICE, end - at))
                if not piece:
                    return
                feed = piece.rfind(b"\n") + 1
                places = array("Q", _hits(piece, pattern, at))
                if at + len(piece) >= end:
                    yield places, at + feed
                    return
                # A line longer than a slice is taken piece by piece.
                done = feed or len(piece) - overlap
                yield array("Q", [p for p in places if p < at + done]), at + done
                at += done
    except OSError:
        return  # gone: the pane notices by itself


def _hits(piece: bytes, pattern: re.Pattern[bytes], base: int) -> Iterator[int]:
    found = pattern.search(piece)
    while found is not None:
        yield base + found.start()
        feed = piece.find(b"\n", found.start())
        if feed < 0:
            return
        found = pattern.search(piece, feed + 1)


class Hits:
    """Lines that contain the words, by the offset of the first hit in each."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.marks = text_pattern_of(words)
        self.searched = 0  # whole lines, up to this byte
        self.until = 0  # the end of the file when it was last looked at
        self.running = False
        self._places: array[int] = array("Q")

    def __len__(self) -> int:
        return len(self._places)

    @property
    def cut(self) -> bool:
        """Whether there are more than are kept."""
        return len(self._places) >= MAX_HITS

    def add(self, places: array[int], searched: int) -> None:
        """A batch, in the order of the file; a line that grew is searched again."""
        last = self._places[-1] if self._places else -1
        if not self.cut:
            self._places.extend(p for p in places if p > last)
        self.searched = searched

    def next(self, after: int) -> int | None:
        """The number of the first hit after that place, round to the first; None without any."""
        if not self._places:
            return None
        return bisect_right(self._places, after) % len(self._places)

    def previous(self, before: int) -> int | None:
        """The number of the last hit before that place, round to the last."""
        if not self._places:
            return None
        return (bisect_left(self._places, before) - 1) % len(self._places)

    def place(self, number: int) -> int:
        """Where that hit is."""
        return self._places[number]
