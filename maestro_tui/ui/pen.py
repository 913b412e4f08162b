"""Writes text in styles with as few bytes as it takes: only what changes is said.

Textual says every colour again for every piece of text. Of a coloured log that is most of what goes
to the terminal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

_RESET = "\x1b[0m"
_MANY = 4096  # styles, or ways from one to another, remembered
# How each attribute is said and taken back; bold and dim, and both underlines, only together.
_ATTRIBUTES = {
    "bold": ("1", "22"), "dim": ("2", "22"), "italic": ("3", "23"), "underline": ("4", "24"),
    "blink": ("5", "25"), "blink2": ("6", "25"), "reverse": ("7", "27"), "conceal": ("8", "28"),
    "strike": ("9", "29"), "underline2": ("21", "24"), "frame": ("51", "54"),
    "encircle": ("52", "54"), "overline": ("53", "55"),
}  # fmt: skip
_OFF = dict(_ATTRIBUTES.values())
_FAR = 5  # cells that differ not and are worth stepping over
Codes = tuple[tuple[str, ...], str, str]  # attributes, foreground, background
_PLAIN: Codes = ((), "39", "49")
Run = tuple[int, int, list[Segment]]  # what is written from one column up to another


class Pen:
    """Writes on a terminal, and knows the style it was left in."""

    def __init__(self, system: ColorSystem | None) -> None:
        self.system = system
        self._known: dict[Style, Codes] = {}
        self._ways: dict[tuple[Codes, Codes], str] = {}
        self._now: Codes = _PLAIN

    def write(self, segments: Sequence[Segment]) -> str:
        """The segments' text with what changes the colours between them."""
        out = []
        known, ways, now = self._known, self._ways, self._now
        for text, style, _ in segments:
            codes = _PLAIN if style is None else known.get(style) or self._learn(style)
            if codes != now:
                out.append(ways.get((now, codes)) or self._way(now, codes))
                now = codes
            if style is not None and style.link and self.system is not None:
                text = f"\x1b]8;id={style.link_id};{style.link}\x1b\\{text}\x1b]8;;\x1b\\"
            out.append(text)
        self._now = now
        return "".join(out)

    def lift(self) -> str:
        """Back to the terminal's own colours."""
        now, self._now = self._now, _PLAIN
        return "" if now == _PLAIN else _RESET

    def _way(self, now: Codes, codes: Codes) -> str:
        """What turns one style into another."""
        if len(self._ways) >= _MANY:
            self._ways.clear()
        said: list[str] = []
        if now[0] != codes[0]:
            off = dict.fromkeys(_OFF[a] for a in now[0] if a not in codes[0])
            said += off
            said += [a for a in codes[0] if a not in now[0] or _OFF[a] in off]
        said += [new for new, old in zip(codes[1:], now[1:], strict=True) if new != old]
        found = _RESET if codes == _PLAIN else f"\x1b[{';'.join(said)}m"
        self._ways[now, codes] = found
        return found

    def _learn(self, style: Style) -> Codes:
        """Attributes, foreground and background of a style, as the terminal is told them."""
        if len(self._known) >= _MANY:
            self._known.clear()
        codes = _PLAIN
        if self.system is not None:
            front, back = style.color, style.bgcolor
            codes = (
                tuple(on for name, (on, _) in _ATTRIBUTES.items() if getattr(style, name)),
                ";".join(front.downgrade(self.system).get_ansi_codes()) if front else "39",
                ";".join(back.downgrade(self.system).get_ansi_codes(False)) if back else "49",
            )
        self._known[style] = codes
        return codes


def runs(old: Sequence[Segment], new: Sequence[Segment]) -> Iterator[Run]:
    """What to write where a row shows ``old`` and shall show ``new``, both equally wide.

    Pieces that are there already are stepped over, with the colours they would have taken.
    """
    there = {}
    column = 0
    for segment in old:
        there[column] = segment
        column += _width(segment)
    tail = _ending(old, new)
    end = column - tail
    start, run = 0, list[Segment]()
    column = 0
    for segment in new:
        width = _width(segment)
        if column + width > end:
            if column >= end:
                break
            segment = Segment(segment.text[: end - column], segment.style)
        before = there.get(column)
        same = before == segment
        if same and (width >= _FAR or not run or run[-1].style != segment.style):
            if run:
                yield start, column, run
                run = []
        elif run:
            run.append(segment)
        else:
            start = column
            if before is not None and before.style == segment.style and not same:
                alike = _alike(before.text, segment.text)
                start += alike
                segment = Segment(segment.text[alike:], segment.style)
            if segment.text:
                run.append(segment)
        column += width
    if run:
        yield start, min(column, end), run


def _width(segment: Segment) -> int:
    text = segment.text
    return len(text) if text.isascii() else segment.cell_length


def _ending(old: Sequence[Segment], new: Sequence[Segment]) -> int:
    """Cells at the right end that both have, within their last pieces."""
    if not old or not new or old[-1].style != new[-1].style:
        return 0
    return _alike(old[-1].text[::-1], new[-1].text[::-1])


def _alike(one: str, other: str) -> int:
    """Characters both begin with, each a cell wide; none where one is not."""
    if not (one.isascii() and other.isascii()):
        return 0
    low, high = 0, min(len(one), len(other))
    if one[:high] == other[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle
    return low
