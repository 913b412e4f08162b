"""Where the lines of a log file begin: the file stays the buffer, memory holds eight bytes a line.

Standard library only and without a clock: whoever calls decides how much is read at a time.
"""

from __future__ import annotations

import os
import stat
from array import array
from bisect import bisect_right
from collections.abc import Callable
from itertools import accumulate, count
from operator import add
from pathlib import Path
from typing import NamedTuple

CHUNK = 1 << 20
# What is read to show the end of a long file before its beginning is known.
TAIL = CHUNK
# How much of one line is read: more than any screen shows.
LINE_LIMIT = 8192
# How much of several lines is read at one go.
AT_ONCE = 1 << 17
# The first bytes of a file tell it from the one that took its place.
_MARK = 64


class Growth(NamedTuple):
    """What :meth:`LogIndex.grow` found."""

    changed: bool = False
    before: int = 0  # lines found in front of those known so far; their numbers moved up by this
    reset: bool = False  # the file was cut, replaced or removed: nothing of before is valid


class LogIndex:
    """The line starts of a growing file.

    A long file is indexed from its end first, so that its newest lines can be shown at once; until
    ``complete``, line 0 is merely the first line known.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.until: Callable[[], int | None] | None = None  # bytes of the file that are shown
        self._fd = -1
        self._node = 0  # the file that is open
        self._clear()

    def _clear(self) -> None:
        self._starts: array[int] = array("Q", [0])
        self._head: array[int] = array("Q")  # starts found before the tail's first, from byte 0
        self._read = 0  # how far the head was read; it meets the tail at _starts[0]
        self._end = 0
        self._mark = b""
        self._seen = 0  # the file's size when last looked at
        self.complete = True

    @property
    def size(self) -> int:
        """Bytes of the file up to which lines are known."""
        return self._end

    @property
    def line_count(self) -> int:
        """Lines known; a last line without its line feed counts once it has a byte."""
        return self._known()

    def _known(self) -> int:
        return len(self._starts) - (self._starts[-1] == self._end)

    @property
    def partial(self) -> bool:
        """Whether the last line still grows."""
        return self._starts[-1] != self._end

    @property
    def behind(self) -> bool:
        """Whether the last call left something unread."""
        return not self.complete or self._end < self._seen

    def moved(self) -> bool:
        """Whether :meth:`grow` may find something: a look at the file's size, and no more."""
        try:
            found = os.stat(self.path)
        except OSError:
            return self._fd >= 0
        size = self._shown(found.st_size)
        return self._fd < 0 or (found.st_ino, size) != (self._node, self._end)

    def _shown(self, size: int) -> int:
        """How much of a file of that size is shown: a replay has not come to its end."""
        until = self.until() if self.until is not None else None
        return size if until is None else min(size, until)

    def close(self) -> None:
        """Give the file back."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def grow(self, chunks: int = 8) -> Growth:
        """Read what is new, at most that many chunks of 1 MB; never raises for a missing file."""
        size, reset = self._look()
        self._seen = size
        if size <= self._end and self.complete:
            return Growth(reset, 0, reset)
        if len(self._mark) < _MARK:
            self._mark = os.pread(self._fd, _MARK, 0)
        if self._end == 0 and size > TAIL:
            self._start_at_tail(size)
        changed = reset
        while self._end < size and chunks > 0:
            done = self._scan(self._starts, self._end, min(size, self._end + CHUNK))
            if done == self._end:
                break
            self._end, changed, chunks = done, True, chunks - 1
        before = 0 if self.complete else self._grow_head(chunks)
        return Growth(changed or before > 0, before, reset)

    def _look(self) -> tuple[int, bool]:
        """The file's size now, and whether it is not the file of the last time."""
        try:
            found = os.stat(self.path)
            regular = stat.S_ISREG(found.st_mode)
        except OSError:
            regular = False
        if not regular:
            return 0, self._forget()
        reset = False
        if self._fd >= 0:
            ours = os.fstat(self._fd)
            moved = (ours.st_ino, ours.st_dev) != (found.st_ino, found.st_dev)
            if (
                moved
                or self._shown(found.st_size) < self._end
                or not self._same_start(found.st_size)
            ):
                reset = self._forget()
        if self._fd < 0:
            try:
                self._fd = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
            except OSError:
                return 0, reset
            self._node = found.st_ino
        return self._shown(found.st_size), reset

    def _same_start(self, size: int) -> bool:
        """Whether the file still begins as it did: one cut and refilled between two looks."""
        if size == self._end:
            return True
        return os.pread(self._fd, len(self._mark), 0) == self._mark

    def _forget(self) -> bool:
        had = self._end > 0
        self.close()
        self._clear()
        return had

    def _scan(self, starts: array[int], at: int, end: int) -> int:
        """Add the line starts between two places; returns how far it came."""
        while at < end:
            # A quarter at a time: the pieces then stay in the processor's cache.
            data = os.pread(self._fd, min(CHUNK // 4, end - at), at)
            if not data:
                break
            pieces = data.split(b"\n")
            pieces.pop()
            starts.extend(map(add, accumulate(map(len, pieces)), count(at + 1)))
            at += len(data)
        return at

    def _start_at_tail(self, size: int) -> None:
        """Begin at the first line of the last megabyte; in one endless line, amid it."""
        at = size - TAIL
        feed = os.pread(self._fd, TAIL, at).find(b"\n")
        self._end = at + feed + 1
        self._starts = array("Q", [self._end])
        self._head, self._read = array("Q", [0]), 0
        self.complete = False

    def _grow_head(self, chunks: int) -> int:
        """The beginning, in slices; joined with the tail when both meet."""
        meet = self._starts[0]
        while self._read < meet and chunks > 0:
            done = self._scan(self._head, self._read, min(meet, self._read + CHUNK))
            if done == self._read:
                return 0
            self._read, chunks = done, chunks - 1
        if self._read < meet:
            return 0
        known = self._starts
        if self._head[-1] == meet:
            self._head.pop()
        else:
            # The tail began amid a line: that piece belongs to the head's last line.
            known = known[1:]
        before = len(self._head) - (len(self._starts) - len(known))
        self._head.extend(known)
        self._starts, self._head = self._head, array("Q")
        self.complete = True
        return before

    def start_of(self, line: int) -> int:
        """The byte a line starts at."""
        return self._starts[line]

    def length_of(self, line: int) -> int:
        """The bytes of a line, without its line feed."""
        return self._length(line)

    def _length(self, line: int) -> int:
        if line + 1 < len(self._starts):
            return self._starts[line + 1] - self._starts[line] - 1
        return self._end - self._starts[line]

    def line_at(self, offset: int) -> int:
        """The line a byte is in; the first or the last known one for bytes beyond them."""
        return max(0, min(self._known(), bisect_right(self._starts, offset)) - 1)

    def read_line(self, line: int, limit: int = LINE_LIMIT) -> bytes:
        """The bytes of a line, at most ``limit``; none for a line that is not there."""
        if self._fd < 0 or not 0 <= line < self._known():
            return b""
        try:
            return os.pread(self._fd, min(limit, self._length(line)), self._starts[line])
        except OSError:
            return b""

    def read_lines(self, first: int, last: int) -> list[bytes] | None:
        """The bytes of lines that lie together, at one go; None where that is too much."""
        start = self._starts[first]
        end = self._starts[last] + self._length(last)
        if self._fd < 0 or not 0 <= first <= last < self._known() or end - start > AT_ONCE:
            return None
        try:
            data = os.pread(self._fd, end - start, start)
        except OSError:
            return None
        return data.split(b"\n") if len(data) == end - start else None
