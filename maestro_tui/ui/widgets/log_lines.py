"""The lines of a log file that are on the screen, and only those.

The file is the buffer: a look ten times a second takes in what is new; text is decoded when it
becomes visible.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from rich.style import Style
from rich.text import Text
from textual import events
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.log_index import LINE_LIMIT, LogIndex
from maestro_tui.ui.widgets.log_kinds import FILTERS, FilteredIndex
from maestro_tui.ui.widgets.log_search import Hits
from maestro_tui.ui.widgets.log_text import JSON_LIMIT, is_json, render
from maestro_tui.ui.widgets.log_unfold import markdown, message, unfolded

FLUSH_HZ = 20.0
# Cells a second that a growing log may draw: what keeps a slow line usable. A screenful now and
# then is never held back, only one screenful after the other.
_CELLS_A_SECOND = 24_000
_SLOWEST_HZ = 4.0
_TELL_S = 0.25  # between two updates of the status line
# While the beginning of a long file is still read: some 4 ms of work, then 16 ms for the keys.
_CATCH_UP_S, _CATCH_UP_CHUNKS = 0.02, 4
_PAN = 8


@dataclass(slots=True)
class _Line:
    """A line made ready for the screen; ``length`` tells when it has grown."""

    length: int
    text: Text
    rows: list[Strip]


class LogLines(ScrollView, can_focus=True, inherit_bindings=False):
    """A file's lines; follows the end until scrolled away from it."""

    class Changed(Message):
        """What the status line says is out of date."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.index: LogIndex | None = None
        self.wrap = False
        self.kind = FILTERS[0]  # of lines that are shown; empty for all
        self.unfold = False  # tool calls and results in full
        self.marked_up = False  # agents' messages as Markdown
        self._drawn_at = 0.0
        self._told_at, self._untold = 0.0, False
        self._taking_in = False
        self.left = 0  # columns panned, while not wrapped
        self.hits: Hits | None = None  # what to mark
        self.found: int | None = None  # the place of the hit that is stood on
        self._ready: LRUCache[int, _Line] = LRUCache(1024)
        self._base: Style | None = None
        # Faster than anybody reads: half as many looks then, each a whole screen to the terminal.
        self._racing = False
        self._rows_now: tuple[object, list[tuple[int, int]]] | None = None

    # -- the file ------------------------------------------------------------------------------
    def open(self, path: Path) -> None:
        """Show another file, from its end."""
        if self.index is not None:
            self.index.close()
        self.index = FilteredIndex(path, self.kind) if self.kind else LogIndex(path)
        self._reset()
        self.anchor()
        if self.is_mounted:
            self.flush()

    def on_mount(self) -> None:
        """Look for news from now on."""
        self.set_interval(1 / FLUSH_HZ, self.flush)
        self.call_after_refresh(self.flush)

    def on_unmount(self) -> None:
        """Give the file back."""
        if self.index is not None:
            self.index.close()

    @property
    def shown(self) -> bool:
        """Whether anybody can see it: displayed, and no other screen in front but a dialog."""
        screen = self.app.screen
        if screen is not self.screen and not screen.is_modal:
            return False
        return self.size.height > 0 and all(node.display for node in self.ancestors_with_self)

    @property
    def following(self) -> bool:
        """Whether the end stays in view as it grows."""
        # Textual tells that it is anchored, but not whether scrolling released it meanwhile.
        return self.is_anchored and not self._anchor_released

    def flush(self) -> None:
        """Take in what the file has gained; nothing while hidden."""
        if self.index is None or not self.shown:
            return
        if not self.index.behind and self._too_soon():
            self._tell_now_and_then()
            return
        known = self.line_count
        growth = self.index.grow(_CATCH_UP_CHUNKS)
        self._racing = self.line_count - known > self.size.height // 2
        if growth.reset:
            self._reset()
            self.anchor()
        if growth.before:
            self._ready.clear()
        if growth.changed:
            self._drawn_at = monotonic()
            self._measure()
            if self.following:
                # At once, not when the layout gets to it: that would be a second screenful.
                self._taking_in = True
                self._scroll_to(y=self.max_scroll_y, animate=False, release_anchor=False)
                self._taking_in = False
            if growth.before and not self.following:
                self.scroll_to(y=self.scroll_y + growth.before, animate=False)
            self.refresh()
            self._untold = True
        self._tell_now_and_then()
        if self.index.behind:
            self.set_timer(_CATCH_UP_S, self.flush)
        self.more_to_search()

    def _tell_now_and_then(self) -> None:
        """Counts that change faster than anybody reads cost a frame each."""
        if self._untold and monotonic() - self._told_at >= _TELL_S:
            self._untold, self._told_at = False, monotonic()
            self.post_message(self.Changed())

    def _too_soon(self) -> bool:
        """Whether one more screenful now would be more than a slow terminal takes."""
        pause = min(1 / _SLOWEST_HZ, self.size.area / _CELLS_A_SECOND)
        pause = max(pause, 2 / FLUSH_HZ) if self._racing else pause
        return monotonic() - self._drawn_at < pause - 0.5 / FLUSH_HZ

    def more_to_search(self) -> None:
        """The file may have gained hits; whoever searches looks."""

    def _reset(self) -> None:
        self._ready.clear()
        self._rows_now = None
        self._racing = False
        self.left = 0
        self.found = None
        if self.hits is not None:
            self.hits = Hits(self.hits.words)

    def _measure(self) -> None:
        """Tell the scroll bar how much there is."""
        size = self.scrollable_content_region.size
        self._rows_now = None
        self.virtual_size = Size(size.width, self._height(size.height))

    @property
    def line_count(self) -> int:
        """Lines known."""
        return self.index.line_count if self.index is not None else 0

    # -- lines ---------------------------------------------------------------------------------
    def forget_rows(self) -> None:
        """Lines look different from now on."""
        self._ready.clear()
        self._rows_now = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        super().notify_style_update()
        self._base = None
        self._ready.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Another width, other rows."""
        if self.wrap:
            self._ready.clear()
        self._measure()
        self.post_message(self.Changed())

    def line(self, number: int) -> _Line:
        """A line, ready for the screen."""
        assert self.index is not None
        length = self.index.length_of(number)
        ready = self._ready.get(number)
        if ready is None or ready.length != length:
            raw = self.index.read_line(number, LINE_LIMIT)
            if length > len(raw) and length <= JSON_LIMIT and is_json(raw):
                raw = self.index.read_line(number, JSON_LIMIT)
            text = self._text(raw, length)
            ready = self._ready[number] = _Line(length, text, self._rows(text, self.base))
        return ready

    def _text(self, raw: bytes, length: int) -> Text:
        """The line in words: folded, in full, or as Markdown."""
        colours = palette(self.app)
        if (self.unfold or self.marked_up) and length <= len(raw) + 2 and is_json(raw):
            if self.marked_up and (said := message(raw)):
                width = self.scrollable_content_region.width
                return markdown(said, width, self.app.console)
            if self.unfold and (full := unfolded(raw, colours)) is not None:
                return full
        return render(raw, length, colours)

    @property
    def base(self) -> Style:
        """The plain style; kept, because working it out costs more than a line."""
        if self._base is None:
            self._base = self.rich_style
        return self._base

    def _rows(self, text: Text, base: Style) -> list[Strip]:
        """Each segment with the whole style: one without a background would show none."""
        text = text.copy()
        if self.hits is not None:
            style = self.get_component_rich_style("log--hit")
            text.highlight_regex(self.hits.marks, style)
        size = self.scrollable_content_region.size
        console = self.app.console
        if self.wrap and size.width > 0:
            # Never higher than the view, so that every row of it can be scrolled to.
            rows = list(text.wrap(console, size.width, overflow="fold"))
            room = max(1, size.height)
            if len(rows) > room > 1:
                words = f"… {len(rows) - room + 1} rows more; o opens the pager"
                rows = [*rows[: room - 1], Text(words, palette(self.app).muted)]
            rows = rows[:room]
        else:
            rows = [Text(" ⏎ ", end="").join(text.split("\n"))]
        return [Strip(row.render(console, end="")).apply_style(base) for row in rows]

    def _height(self, view: int) -> int:
        """Rows for the scroll bar: lines; when wrapped, so that the last screenful ends it."""
        if not self.wrap or view <= 0:
            return self.line_count
        top = self.line_count
        rows = 0
        while top > 0:
            rows += len(self.line(top - 1).rows)
            if rows > view:
                break
            top -= 1
        return min(top, self.line_count - 1) + view if rows > view else view

    def visible_rows(self) -> list[tuple[int, int]]:
        """For each row of the view its line and which row of that; shorter at the end."""
        top, view = self.scroll_offset.y, self.scrollable_content_region.height
        width = self.scrollable_content_region.width
        partial = self.index.size if self.index is not None else 0
        key = (top, view, width, self.line_count, self.wrap, partial)
        if self._rows_now is None or self._rows_now[0] != key:
            self._rows_now = (key, self._lay_out(top, view))
        return self._rows_now[1]

    def _lay_out(self, top: int, view: int) -> list[tuple[int, int]]:
        count = self.line_count
        if not self.wrap:
            return [(n, 0) for n in range(top, min(count, top + view))]
        rows: list[tuple[int, int]] = []
        if top >= self.max_scroll_y and self.max_scroll_y > 0:
            for number in range(count - 1, -1, -1):
                rows[:0] = [(number, r) for r in range(len(self.line(number).rows))]
                if len(rows) >= view:
                    return rows[-view:]
        for number in range(top, count):
            rows += [(number, r) for r in range(len(self.line(number).rows))]
            if len(rows) >= view:
                break
        return rows[:view]

    def render_line(self, y: int) -> Strip:
        """One row."""
        width = self.scrollable_content_region.width
        base = self.base
        rows = self.visible_rows()
        if self.index is None or y >= len(rows):
            return Strip.blank(width, base)
        number, row = rows[y]
        line = self.line(number)
        strips = line.rows
        if self.found is not None and number == self.index.line_at(self.found):
            base = self.get_component_rich_style("log--found") + Style(bold=True)
            strips = self._rows(line.text, base)
        left = 0 if self.wrap else self.left
        return strips[min(row, len(strips) - 1)].crop_extend(left, left + width, base)

    # -- moving --------------------------------------------------------------------------------
    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling back to the end follows again; Textual forgets that for line-based views."""
        super().watch_scroll_y(old_value, new_value)
        if self.is_anchored and self._anchor_released:
            self._check_anchor()
        if not self._taking_in:
            self.post_message(self.Changed())

    def _go(self, line: float) -> None:
        self.scroll_to(y=max(0, line), animate=False)
        self._check_anchor()  # at the end already: going further down still means to follow

    def action_down(self) -> None:
        self._go(self.scroll_offset.y + 1)

    def action_up(self) -> None:
        self._go(self.scroll_offset.y - 1)

    def action_page_down(self) -> None:
        rows = self.visible_rows()
        if rows:
            self._go(max(rows[-1][0], self.scroll_offset.y + 1))

    def action_page_up(self) -> None:
        top, view = self.scroll_offset.y, self.scrollable_content_region.height
        if not self.wrap:
            self._go(top - view + 1)
            return
        rows = 0
        while top > 0 and rows < view - 1:
            top -= 1
            rows += len(self.line(top).rows)
        self._go(top)

    def action_top(self) -> None:
        self._go(0)

    def action_bottom(self) -> None:
        self.anchor()
        # Anchored anew: an anchor that scrolling released stays so otherwise.
        self.scroll_end(animate=False, immediate=True, x_axis=False)
        self.post_message(self.Changed())

    def action_follow(self) -> None:
        """Follow the end, or stop it where it is."""
        if self.following:
            self.release_anchor()
            self.post_message(self.Changed())
        else:
            self.action_bottom()

    def action_pan(self, columns: int) -> None:
        """Look further right or left; nothing is cut off without a way to see it."""
        if not self.wrap:
            self.left = max(0, min(self.left + columns * _PAN, self._widest() - _PAN))
            self.refresh()
            self.post_message(self.Changed())

    def action_first_column(self) -> None:
        self.left = 0
        self.refresh()
        self.post_message(self.Changed())

    def _widest(self) -> int:
        return max((self.line(n).rows[0].cell_length for n, _ in self.visible_rows()), default=0)

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Sideways wheel."""
        self.action_pan(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """And back."""
        self.action_pan(-1)

    def action_wrap(self) -> None:
        """Long lines over several rows, or cut at the edge."""
        was_following = self.following
        top = self.scroll_offset.y
        self.wrap = not self.wrap
        self.left = 0
        self._ready.clear()
        self._measure()
        if was_following:
            self.anchor()
            self._scroll_to(y=self.max_scroll_y, animate=False, release_anchor=False)
        else:
            self._go(top)
        self.refresh()
        self.post_message(self.Changed())
