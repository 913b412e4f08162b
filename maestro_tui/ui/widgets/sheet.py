"""A long table drawn line by line: fixed head lines, rows with a cursor, both ways scrollable.

Only visible rows are rendered, so a plan of thousands of tasks costs what a screenful costs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from maestro_tui.ui.actions import bindings

_PAN = 8


@dataclass(frozen=True, slots=True)
class Row:
    """One line; one with a ``key`` can be stood on and opened."""

    text: Text
    key: str = ""


class Sheet(ScrollView, can_focus=True):
    """Lines under a head that stays; the cursor goes from key to key."""

    BINDINGS = bindings("sheet")
    COMPONENT_CLASSES = {"sheet--cursor", "sheet--head"}  # noqa: RUF012 - Textual's own form
    DEFAULT_CSS = """
    Sheet {
        background: $background; scrollbar-size: 1 1;
        & .sheet--head { background: $panel; }
        & .sheet--cursor { background: $cursor; }
        &:ansi .sheet--cursor { background: ansi_default; text-style: reverse; }
    }
    """

    @dataclass
    class Opened(Message):
        """The user wants to see more of what the row stands for."""

        key: str

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        key: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._head: list[Text] = []
        self._rows: list[Row] = []
        self._frozen = 0  # columns at the left that stay while the rest is panned
        self.cursor = ""

    # -- content ---------------------------------------------------------------------------------
    def show(self, head: Sequence[Text], rows: Sequence[Row], *, frozen: int = 0) -> None:
        """Other lines; the place and the cursor are kept where they still exist."""
        self._head, self._rows, self._frozen = list(head), list(rows), frozen
        widest = max((t.cell_len for t in (*head, *(r.text for r in rows))), default=0)
        size = Size(widest, len(self._rows) + len(self._head))
        if size != self.virtual_size:
            self.virtual_size = size
        keys = [row.key for row in self._rows if row.key]
        if self.cursor not in keys:
            self.cursor = keys[0] if keys else ""
        self.refresh()

    def put(self, key: str) -> None:
        """Set the cursor on a row and bring it into view."""
        if any(row.key == key for row in self._rows):
            self.cursor = key
            self._reveal()
            self.refresh()

    @property
    def lines(self) -> list[str]:
        """Everything it says, for copying and for tests."""
        return [t.plain.rstrip() for t in (*self._head, *(r.text for r in self._rows))]

    # -- the cursor ------------------------------------------------------------------------------
    def _stops(self) -> list[int]:
        return [n for n, row in enumerate(self._rows) if row.key]

    def _at(self) -> int:
        return next((n for n, row in enumerate(self._rows) if row.key == self.cursor), -1)

    def _move(self, to: int) -> None:
        self.cursor = self._rows[to].key
        self._reveal()
        self.refresh()
        self.post_message(self.Moved(self.cursor))

    def _step(self, step: int) -> None:
        stops, here = self._stops(), self._at()
        if step > 0:
            onward = [n for n in stops if n > here]
        else:
            onward = [n for n in reversed(stops) if n < here]
        if onward:
            self._move(onward[min(abs(step), len(onward)) - 1])
        else:
            self.scroll_relative(y=1 if step > 0 else -1, animate=False)

    def _reveal(self) -> None:
        at = self._at()
        if at >= 0 and self.size:
            # Drawn over by the head, the first lines of the view are no place for the cursor.
            top, head = self.scroll_offset.y, len(self._head)
            room = max(1, self.scrollable_content_region.height - head)
            if at < top or at >= top + room:
                self.scroll_to(y=max(0, at - room // 2), animate=False, force=True)

    def action_down(self) -> None:
        """Next row that stands for something."""
        self._step(1)

    def action_up(self) -> None:
        """The one before."""
        self._step(-1)

    def action_page_down(self) -> None:
        """A page on."""
        self._page(1)

    def action_page_up(self) -> None:
        """A page back."""
        self._page(-1)

    def _page(self, way: int) -> None:
        room = max(1, self.scrollable_content_region.height - len(self._head) - 1)
        here, stops = self._at(), self._stops()
        target = here + way * room
        if not stops:
            self.scroll_relative(y=way * room, animate=False)
        elif stops:
            self._move(min(stops, key=lambda n: abs(n - target)))

    def action_top(self) -> None:
        """The first row."""
        stops = self._stops()
        if stops:
            self._move(stops[0])
        self.scroll_home(animate=False, x_axis=False)

    def action_bottom(self) -> None:
        """The last row."""
        stops = self._stops()
        if stops:
            self._move(stops[-1])
        self.scroll_end(animate=False, x_axis=False)

    def action_pan(self, way: int) -> None:
        """Look further right, or back."""
        self.scroll_relative(x=way * _PAN, animate=False)

    def action_open(self) -> None:
        """More of it."""
        if self.cursor:
            self.post_message(self.Opened(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        number = event.y - len(self._head) + self.scroll_offset.y
        if event.y < len(self._head) or not 0 <= number < len(self._rows):
            return
        if self._rows[number].key:
            self._move(number)
            if event.chain > 1:
                self.action_open()

    # -- drawing ---------------------------------------------------------------------------------
    def render_line(self, y: int) -> Strip:
        """A head line, or the row that is scrolled there."""
        region = self.scrollable_content_region
        width, base = region.width, self.rich_style
        if y < len(self._head):
            style = base + self.get_component_rich_style("sheet--head")
            return self._strip(self._head[y], width, style)
        number = y - len(self._head) + self.scroll_offset.y
        if not 0 <= number < len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[number]
        style = base
        if row.key and row.key == self.cursor and self.has_focus:
            style = base + self.get_component_rich_style("sheet--cursor")
        return self._strip(row.text, width, style)

    def _strip(self, text: Text, width: int, style: Style) -> Strip:
        if text.style and not text.spans:  # which Rich leaves out of such a text's segments
            text = Text.assemble(text)
        segments = [
            Segment(part, style + (own or Style.null()))
            for part, own, _ in text.render(self.app.console)
        ]
        strip = Strip(segments).extend_cell_length(self.virtual_size.width, style)
        left, frozen = self.scroll_offset.x, min(self._frozen, width)
        kept = strip.crop(0, frozen)
        rest = strip.crop(frozen + left, left + width)
        return Strip.join([kept, rest]).crop_extend(0, width, style)

    def on_focus(self) -> None:
        """The cursor is seen with the focus."""
        self.refresh(Region(0, 0, *self.size))

    def on_blur(self) -> None:
        """And not without it."""
        self.refresh(Region(0, 0, *self.size))
