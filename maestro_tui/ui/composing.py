"""Which rows of which widgets a change on the screen calls for.

Textual renders every widget at a place, also those that others cover, and of each all rows. A
growing log lies on half a dozen containers, none of which can be seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.geometry import Region, Size
from textual.widget import Widget

from maestro_tui.ui.picture import Part

Places = Mapping[Widget, tuple[Region, Region]]  # where each is and may be seen, frontmost first
_MANY = 24  # places; beyond, one look at the whole screen is no dearer


def rows_of(dirty: Iterable[Region], places: Places, size: Size) -> list[Part] | None:
    """The rows to paint; None where it takes the whole composition to tell."""
    screen = size.region
    todo = sorted(dirty)
    if screen in todo or len(todo) > _MANY:
        return None
    parts: list[Part] = []
    while todo:
        rows = _rows(places, todo.pop().intersection(screen), todo)
        if rows is None:
            return None
        parts += rows
    return parts


def _rows(places: Places, place: Region, todo: list[Region]) -> list[Part] | None:
    """The rows of the frontmost widget at a place; what others hide at its sides is put off."""
    if not place:
        return []
    for widget, (region, clip) in places.items():
        common = region.intersection(clip).intersection(place)
        if not common:
            continue
        if common != place:
            rest = _beside(place, common)
            if rest is None or len(todo) > _MANY:
                return None
            todo.append(rest)
        crop = common.translate(-region.offset)
        found = []
        for y, strip in enumerate(widget.render_lines(crop), common.y):
            if strip.cell_length > common.width:
                strip = strip.crop(crop.x, crop.right)
            found.append((y, common.x, strip))
        return found
    return None


def _beside(place: Region, taken: Region) -> Region | None:
    """What a part at the left or right edge leaves; None where it leaves several pieces."""
    if taken.height != place.height:
        return None
    if taken.x == place.x:
        return Region(taken.right, place.y, place.right - taken.right, place.height)
    if taken.right == place.right:
        return Region(place.x, place.y, taken.x - place.x, place.height)
    return None
