"""Turns a spinner where it stands: a glyph changes, and nothing else is made anew.

Spinners turn for as long as anything runs, on every line of what runs; making those lines again for
each step takes more than all news of a run together.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip

from maestro_tui.ui.glyphs import SPINNER


def rows_at(lines: Iterable[int], width: int) -> list[Region]:
    """Those rows of a widget; what lies together is one region, to be painted at one go."""
    found: list[Region] = []
    for y in sorted(set(lines)):
        if found and found[-1].bottom == y:
            found[-1] = Region(0, found[-1].y, width, found[-1].height + 1)
        else:
            found.append(Region(0, y, width, 1))
    return found


def turned(line: Text, at: int, glyph: str) -> Text:
    """The line with that glyph at that place."""
    line = line.copy()
    line.plain = f"{line.plain[:at]}{glyph}{line.plain[at + 1 :]}"
    return line


def turned_strip(strip: Strip, glyph: str) -> Strip:
    """The row with that glyph in place of its first spinner; the same row if it shows that."""
    segments = list(strip)
    for number, (text, style, control) in enumerate(segments):
        if text and text[0] in SPINNER:
            if text[0] == glyph:
                return strip
            segments[number] = Segment(glyph + text[1:], style, control)
            return Strip(segments, strip.cell_length)
    return strip
