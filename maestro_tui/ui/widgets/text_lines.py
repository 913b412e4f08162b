"""A widget of a few lines of text that change all the time, drawn straight from the text.

Spinners and clocks redraw such lines several times a second for as long as anything runs; Textual's
way from a text to the screen takes most of what a run at work costs.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


class TextLines(Widget):
    """Lines of text on the widget's background, between its paddings at the sides."""

    def __init__(self) -> None:
        super().__init__()
        self.auto_links = False
        self._plain: Style | None = None
        self._drawn: dict[int, tuple[Text | None, Strip]] = {}  # rows, and what they say
        self._drawn_for: tuple[object, ...] = ()  # width and colours of them

    def lines(self) -> list[Text]:
        """What it says, a text a line, none longer than the width."""
        raise NotImplementedError

    def render(self) -> Text:
        """The same for Textual's own way."""
        return Text("\n").join(self.lines())

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        super().notify_style_update()
        self._plain = None
        self._drawn.clear()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows, drawn when they changed; with a selection or faded, Textual knows better how."""
        if self.opacity != 1.0 or self.text_selection is not None:
            return super().render_lines(crop)
        width = self.outer_size.width
        if self._plain is None:
            self._plain = self.rich_style
        base, padding = self._plain, self.styles.padding
        filters, background = self.get_line_filters(), self.background_colors[1]
        look = (width, padding, background, *filters)
        if look != self._drawn_for:
            self._drawn.clear()
            self._drawn_for = look
        strips = []
        texts = self.lines()
        for y in crop.line_range:
            text = texts[y] if y < len(texts) else None
            before = self._drawn.get(y)
            if before is not None and before[0] == text:
                strips.append(before[1])
                continue
            strip = self._row(text, y, width, base)
            for change in filters:
                strip = strip.apply_filter(change, background)
            self._drawn[y] = text, strip
            strips.append(strip)
        if crop.column_span != (0, width):
            return [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _row(self, text: Text | None, y: int, width: int, base: Style) -> Strip:
        if text is None:
            return Strip.blank(width, base)
        left, right = self.styles.padding.left, self.styles.padding.right
        parts = Strip(text.render(self.app.console, end="")).apply_style(base)
        parts = parts.adjust_cell_length(width - left - right, base).apply_offsets(0, y)
        return Strip([Segment(" " * left, base), *parts, Segment(" " * right, base)], width)
