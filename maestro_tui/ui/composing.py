"""Which rows of which widgets a change on the screen calls for.

Textual renders every widget at a place, also those that others cover, and of each all rows. A
growing log lies on half a dozen containers, none of which can be seen.
"""

from __future__ import annotations

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip

Part = tuple[int, int, Strip]  # row, column, what is there
_MANY = 24  # places; beyond, one look at the whole screen is no dearer


def rows_of_dirty(compositor: Compositor) -> list[Part] | None:
    """The rows to paint; None where it takes the whole composition to tell."""
    screen = compositor.size.region
    dirty = compositor._dirty_regions
    if screen in dirty or len(dirty) > _MANY:
        return None
    return _all_rows(compositor, sorted(dirty))


def rows_at(compositor: Compositor, place: Region) -> list[Part] | None:
    """The rows of one place."""
    return _all_rows(compositor, [place])


def _all_rows(compositor: Compositor, todo: list[Region]) -> list[Part] | None:
    screen = compositor.size.region
    parts: list[Part] = []
    while todo:
        rows = _rows(compositor, todo.pop().intersection(screen), todo)
        if rows is None:
            return None
        parts += rows
    return parts


def _rows(compositor: Compositor, place: Region, todo: list[Region]) -> list[Part] | None:
    """The rows of the frontmost widget at a place; what others hide at its sides is put off."""
    if not place:
        return []
    for widget, (region, clip) in compositor.visible_widgets.items():
        seen = region.intersection(clip)
        common = seen.intersection(place)
        if not common:
            continue
        if common != place:
            rest = _beside(place, common)
            if rest is None or len(todo) > _MANY:
                return None
            todo.append(rest)
        crop = common.translate(-region.offset)
        rows = widget.render_lines(crop)
        found = []
        for y, strip in enumerate(rows, common.y):
            if strip.cell_length != common.width:
                strip = (
                    strip.crop(crop.x, crop.right) if strip.cell_length > common.width else strip
                )
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
