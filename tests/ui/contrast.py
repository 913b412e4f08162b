"""Whether what is on a screen can be read: its words against what they stand on."""

from __future__ import annotations

from rich.segment import Segment
from textual.screen import Screen

ENOUGH = {"maestro-contrast": 7.0}
USUAL = 4.5  # what WCAG asks of text
Colour = tuple[int, int, int]


def faint(screen: Screen[object], theme: str) -> list[str]:
    """The words that are too faint; of a dialog those in it, as what lies behind is dimmed."""
    enough = ENOUGH.get(theme, USUAL)
    boxes = [w.region for w in screen.children] if screen.is_modal else [screen.region]
    strips = screen._compositor.render_strips()
    found = []
    for box in boxes:
        for strip in strips[max(0, box.y) : box.bottom]:
            for segment in strip.crop(box.x, box.right):
                ratio = _contrast(segment)
                if ratio < enough and any(c.isalnum() for c in segment.text):
                    found.append(f"{segment.text.strip()!r} {ratio:.2f}")
    return found


def _contrast(segment: Segment) -> float:
    """Between a piece of text and its ground; plenty where the terminal chooses one of them."""
    style = segment.style
    if style is None or style.color is None or style.bgcolor is None:
        return 21.0
    if style.color.is_default or style.bgcolor.is_default:
        return 21.0
    front, back = style.color.get_truecolor(), style.bgcolor.get_truecolor()
    if style.dim:
        front = type(front)(*((f + b) // 2 for f, b in zip(front, back, strict=True)))
    return contrast(tuple(front), tuple(back))


def contrast(first: Colour, second: Colour) -> float:
    """The ratio of their brightness, from 1 to 21."""
    low, high = sorted((_brightness(first), _brightness(second)))
    return (high + 0.05) / (low + 0.05)


def _brightness(colour: Colour) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
