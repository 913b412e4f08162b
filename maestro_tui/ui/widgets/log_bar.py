"""A log's scroll bar, drawn again only when it looks different.

Every line of a growing log moves the bar, and nearly none of them by as much as can be seen.
"""

from __future__ import annotations

from math import ceil

from textual.scrollbar import ScrollBar

_STEPS = 8  # parts of a cell the bar is drawn in


def move(bar: ScrollBar, whole: int, window: int, position: float) -> None:
    """Tell a bar what there is and where one is in it."""
    before = _thumb(bar)
    bar.set_reactive(ScrollBar.window_virtual_size, whole)
    bar.set_reactive(ScrollBar.window_size, window)
    bar.set_reactive(ScrollBar.position, int(position * _STEPS) / _STEPS)
    if _thumb(bar) != before:
        bar.refresh()


def _thumb(bar: ScrollBar) -> tuple[int, int]:
    """Where it begins and ends, in parts of a cell, as Textual draws it."""
    size, window, whole = bar.size.height, bar.window_size, ceil(bar.window_virtual_size)
    if not size or not 0 < window < whole:
        return (0, 0)
    length = max(1.0, window * size / whole)
    start = int((size - length) * bar.position / (whole - window) * _STEPS)
    return start, start + ceil(length * _STEPS)
