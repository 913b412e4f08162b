"""The quick way from a tool's line to what is drawn: most lines are plain text and colours.

A log that races shows new lines with every picture; what is done to each of them is most of what
following it costs. Whatever is not plain takes the careful way through ``log_text``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from maestro_tui.ui.widgets.log_text import visible

_SIMPLE = re.compile(rb"[\x20-\x7e]*(?:\x1b\[[0-9;]{0,80}m[\x20-\x7e]*)*")
_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_MANY = 4096  # colours that are remembered


class Look:
    """A colour a line has come to, and the ones it goes on to from there, by their codes."""

    __slots__ = ("after", "own", "style")

    def __init__(self, own: Style, style: Style) -> None:
        self.own = own  # as the line says it
        self.style = style  # as it is drawn
        self.after: dict[str, Look] = {}


class Looks:
    """Every colour the lines of a log have come to, ready to be drawn.

    What would be done to each piece of each line (mixing with the base, the terminal's filters) is
    done once for each colour instead.
    """

    def __init__(
        self,
        base: Style,
        filters: Sequence[LineFilter] = (),
        background: Color = Color(0, 0, 0),  # noqa: B008  immutable
    ) -> None:
        self._base, self._filters, self._background = base, tuple(filters), background
        self._known: dict[Style, Look] = {}
        self.plain = self._look(Style.null())

    def drawn(self, style: Style) -> Style:
        """The style as the terminal gets it."""
        segments = [Segment("x", style)]
        for change in self._filters:
            segments = change.apply(segments, self._background)
        return segments[0].style or style

    def next(self, look: Look, codes: str) -> Look:
        """The look after those codes."""
        decoder = AnsiDecoder()
        decoder.style = look.own
        decoder.decode_line(f"\x1b[{codes}mx")
        found = look.after[codes] = self._look(decoder.style)
        return found

    def _look(self, own: Style) -> Look:
        if len(self._known) >= _MANY:
            self._known.clear()
            self.plain.after.clear()
        found = self._known.get(own)
        if found is None:
            style = self.drawn(self._base + visible(own))
            found = self._known[own] = Look(own, style)
        return found


def ansi_segments(raw: bytes, looks: Looks) -> list[Segment] | None:
    """The pieces of a line as they are drawn; None when it has to be read with care."""
    raw = raw.rstrip(b"\r\n")
    if _SIMPLE.fullmatch(raw) is None:
        return None
    line = raw.decode("ascii")
    look = looks.plain
    if "\x1b" not in line:
        return [Segment(line, look.style)] if line else []
    found = []
    codes = False
    for piece in _CODE.split(line):
        if codes:
            look = look.after.get(piece) or looks.next(look, piece)
        elif piece:
            found.append(Segment(piece, look.style))
        codes = not codes
    return found
