"""A line of a log made ready for the screen, and the part of it that is in view."""

from __future__ import annotations

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Size
from textual.strip import Strip


class ReadyLine:
    """A line made ready for the screen; ``length`` tells when it has grown."""

    __slots__ = ("_rows", "length", "quick", "shown")

    def __init__(
        self, length: int, rows: list[Strip] | None = None, quick: list[Segment] | None = None
    ) -> None:
        self.length = length
        self.quick = quick  # of a plain line: its one row, as it is drawn
        self.shown: dict[int, Strip] = {}  # rows as last cut and coloured
        self._rows = rows

    @property
    def rows(self) -> list[Strip]:
        """All of it, uncut."""
        if self._rows is None:
            self._rows = [Strip(self.quick or [])]
        return self._rows


def wrapped(text: Text, size: Size, console: Console, muted: Style) -> list[Text]:
    """A line over several rows, never more than the view has: each can be scrolled to."""
    rows = list(text.wrap(console, size.width, overflow="fold"))
    room = max(1, size.height)
    if len(rows) > room > 1:
        words = f"… {len(rows) - room + 1} rows more; o opens the pager"
        rows = [*rows[: room - 1], Text(words, muted)]
    return rows[:room]


def cut(segments: list[Segment], left: int, width: int, base: Style) -> Strip:
    """So many columns of a plain row, from that one on, filled up with blanks."""
    found, end = [], left + width
    at = 0
    for segment in segments:
        after = at + len(segment.text)
        if at >= left and after <= end:
            found.append(segment)
        elif after > left and at < end:
            found.append(Segment(segment.text[max(0, left - at) : end - at], segment.style))
        at = after
        if at >= end:
            break
    blank = width - max(0, min(at, end) - left)
    if blank:
        found.append(Segment(" " * blank, base))
    return Strip(found, width)
