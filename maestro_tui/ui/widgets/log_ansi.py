"""The quick way from a tool's line to what is drawn: most lines are plain text and colours.

A log that races shows new lines with every picture; what is done to each of them is most of what
following it costs. Whatever is not plain takes the careful way through ``log_text``.
"""

from __future__ import annotations

import re

from rich.ansi import AnsiDecoder
from rich.segment import Segment
from rich.style import Style

from maestro_tui.ui.widgets.log_text import visible

_SIMPLE = re.compile(rb"[\x20-\x7e]*(?:\x1b\[[0-9;]{0,80}m[\x20-\x7e]*)*")
_CODE = re.compile(r"\x1b\[([0-9;]*)m")
_MANY = 4096  # steps from one colour to the next that are remembered
_steps: dict[tuple[Style, str], Style] = {}


def ansi_segments(raw: bytes, base: Style) -> list[Segment] | None:
    """The pieces of a line on the base style; None when it has to be read with care."""
    raw = raw.rstrip(b"\r\n")
    if _SIMPLE.fullmatch(raw) is None:
        return None
    line = raw.decode("ascii")
    if "\x1b" not in line:
        return [Segment(line, base)] if line else []
    style = Style.null()
    found = []
    pieces = _CODE.split(line)
    for number, piece in enumerate(pieces):
        if number % 2:
            after = _steps.get((style, piece))
            style = _step(style, piece) if after is None else after
        elif piece:
            found.append(Segment(piece, base + visible(style)))
    return found


def _step(style: Style, codes: str) -> Style:
    """The style after those codes."""
    if len(_steps) >= _MANY:
        _steps.clear()
    decoder = AnsiDecoder()
    decoder.style = style
    decoder.decode_line(f"\x1b[{codes}mx")
    _steps[style, codes] = decoder.style
    return decoder.style
