"""Cuts a flow of bytes into lines, without ever holding more than one long line."""

from __future__ import annotations

MAX_LINE = 1 << 20


class LineSplitter:
    """Whole lines for parsing; a line longer than ``limit`` is passed over, the log keeps it."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0
        self._skipping = False
        self.dropped = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete, without their line feeds."""
        lines = data.split(b"\n")
        rest = lines.pop()
        if lines and (self._parts or self._skipping):
            if self._skipping:
                self._skipping = False
                del lines[0]
            else:
                lines[0] = b"".join((*self._parts, lines[0]))
                self._parts, self._size = [], 0
        if rest and not self._skipping:
            self._parts.append(rest)
            self._size += len(rest)
            if self._size > self._limit:
                self._parts, self._size = [], 0
                self._skipping = True
                self.dropped += 1
        if not lines or (len(data) <= self._limit and len(lines[0]) <= self._limit):
            return lines
        whole = [line for line in lines if len(line) <= self._limit]
        self.dropped += len(lines) - len(whole)
        return whole

    def finish(self) -> list[bytes]:
        """The last line, where the output does not end with a line feed."""
        last = b"".join(self._parts)
        self._parts, self._size, self._skipping = [], 0, False
        return [last] if last else []
