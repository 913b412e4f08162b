"""The lines of a log file that are on the screen, and only those.

The file is the buffer: a look ten times a second takes in what is new; text is decoded when it
becomes visible.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, work
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import get_current_worker

from maestro_tui.ui.actions import bindings
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.log_index import LINE_LIMIT, LogIndex
from maestro_tui.ui.widgets.log_search import Hits, search
from maestro_tui.ui.widgets.log_text import JSON_LIMIT, is_json, render

FLUSH_HZ = 10.0
# While the beginning of a long file is still read: some 4 ms of work, then 16 ms for the keys.
_CATCH_UP_S, _CATCH_UP_CHUNKS = 0.02, 4
_PAN = 8


@dataclass(slots=True)
class _Line:
    """A line made ready for the screen; ``length`` tells when it has grown."""

    length: int
    text: Text
    rows: list[Strip]


class LogView(ScrollView, can_focus=True, inherit_bindings=False):
    """A file's lines; follows the end until scrolled away from it."""

    BINDINGS = bindings("logs")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"log--hit", "log--found"}
    DEFAULT_CSS = """
    LogView {
        background: $background; overflow-y: scroll; overflow-x: hidden;
        scrollbar-size-vertical: 1;
        & .log--hit { background: $accent 40%; text-style: bold; }
        & .log--found { background: $primary 30%; }
    }
    """

    class Changed(Message):
        """What the status line says is out of date."""

    class SearchWanted(Message):
        """The user wants to type what to look for."""

    class PagerWanted(Message):
        """The user wants to read the file elsewhere."""

    @dataclass
    class Found(Message, bubble=False):
        """A batch of hits of the search that is under way."""

        hits: Hits
        places: list[tuple[array[int], int]]
        done: bool

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.index: LogIndex | None = None
        self.wrap = False
        self.left = 0  # columns panned, while not wrapped
        self.hits: Hits | None = None
        self.found: int | None = None  # the place of the hit that is stood on
        self._jump = False  # to the first hit, once there is one
        self._lines: LRUCache[int, _Line] = LRUCache(1024)
        self._layout: tuple[object, list[tuple[int, int]]] | None = None

    # -- the file ------------------------------------------------------------------------------
    def open(self, path: Path) -> None:
        """Show another file, from its end."""
        if self.index is not None:
            self.index.close()
        self.index = LogIndex(path)
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
        growth = self.index.grow(_CATCH_UP_CHUNKS)
        if growth.reset:
            self._reset()
            self.anchor()
        if growth.before:
            self._lines.clear()
        if growth.changed:
            self._measure()
            if growth.before and not self.following:
                self.scroll_to(y=self.scroll_y + growth.before, animate=False)
            self.refresh()
            self.post_message(self.Changed())
        if self.index.behind:
            self.set_timer(_CATCH_UP_S, self.flush)
        self._search_on()

    def _reset(self) -> None:
        self._lines.clear()
        self._layout = None
        self.left = 0
        self.found = None
        if self.hits is not None:
            self.hits = Hits(self.hits.words)

    def _measure(self) -> None:
        """Tell the scroll bar how much there is."""
        size = self.scrollable_content_region.size
        self._layout = None
        self.virtual_size = Size(size.width, self._height(size.height))

    @property
    def line_count(self) -> int:
        """Lines known."""
        return self.index.line_count if self.index is not None else 0

    # -- lines ---------------------------------------------------------------------------------
    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        super().notify_style_update()
        self._lines.clear()

    def on_resize(self, event: events.Resize) -> None:
        """Another width, other rows."""
        if self.wrap:
            self._lines.clear()
        self._measure()
        self.post_message(self.Changed())

    def line(self, number: int) -> _Line:
        """A line, ready for the screen."""
        assert self.index is not None
        length = self.index.length_of(number)
        ready = self._lines.get(number)
        if ready is None or ready.length != length:
            raw = self.index.read_line(number, LINE_LIMIT)
            if length > len(raw) and length <= JSON_LIMIT and is_json(raw):
                raw = self.index.read_line(number, JSON_LIMIT)
            text = render(raw, length, palette(self.app))
            ready = self._lines[number] = _Line(length, text, self._rows(text))
        return ready

    def _rows(self, text: Text) -> list[Strip]:
        text = text.copy()
        if self.hits is not None:
            style = self.get_component_rich_style("log--hit", partial=True)
            text.highlight_regex(self.hits.marks, style)
        size = self.scrollable_content_region.size
        console = self.app.console
        if self.wrap and size.width > 0:
            # Never higher than the view, so that every row of it can be scrolled to.
            rows = list(text.wrap(console, size.width, overflow="fold"))
            rows = rows[: max(1, size.height)]
        else:
            rows = [Text(" ⏎ ", end="").join(text.split("\n"))]
        return [Strip(row.render(console, end="")) for row in rows] or [Strip([])]

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
        if self._layout is None or self._layout[0] != key:
            self._layout = (key, self._lay_out(top, view))
        return self._layout[1]

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
        base = self.rich_style
        rows = self.visible_rows()
        if self.index is None or y >= len(rows):
            return Strip.blank(width, base)
        number, row = rows[y]
        strips = self.line(number).rows
        strip = strips[min(row, len(strips) - 1)]
        if self.found is not None and number == self.index.line_at(self.found):
            base = self.get_component_rich_style("log--found") + Style(bold=True)
        left = 0 if self.wrap else self.left
        return strip.crop_extend(left, left + width, base).apply_style(base)

    # -- moving --------------------------------------------------------------------------------
    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Scrolling back to the end follows again; Textual forgets that for line-based views."""
        super().watch_scroll_y(old_value, new_value)
        if self.is_anchored and self._anchor_released:
            self._check_anchor()
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
        self._lines.clear()
        self._measure()
        if was_following:
            self.anchor()
        else:
            self._go(top)
        self.refresh()
        self.post_message(self.Changed())

    # -- searching -----------------------------------------------------------------------------
    def action_search(self) -> None:
        """Ask for words."""
        self.post_message(self.SearchWanted())

    def find(self, words: str) -> None:
        """Look for words in the whole file; an empty text ends the search."""
        self.workers.cancel_group(self, "log-search")
        self.hits = Hits(words) if words else None
        self.found = None
        self._jump = bool(words)
        self._lines.clear()
        self._layout = None
        self.refresh()
        self._search_on()
        self.post_message(self.Changed())

    def _search_on(self) -> None:
        """Search what was not searched yet."""
        hits, index = self.hits, self.index
        if hits is None or index is None or hits.running or hits.until >= index.size:
            return
        # While its beginning is unknown, the lines of a file have no numbers to jump to.
        if index.complete:
            hits.running, hits.until = True, index.size
            self._search(hits, index.path, hits.searched, hits.until)

    @work(thread=True, group="log-search", exclusive=True, exit_on_error=False)
    def _search(self, hits: Hits, path: Path, start: int, end: int) -> None:
        worker = get_current_worker()
        batch: list[tuple[array[int], int]] = []
        for places, done in search(path, hits.words, start, end, lambda: worker.is_cancelled):
            batch.append((places, done))
            if len(batch) >= 64:
                self.post_message(self.Found(hits, batch, False))
                batch = []
        self.post_message(self.Found(hits, batch, True))

    def on_log_view_found(self, event: Found) -> None:
        """A batch came in."""
        hits = event.hits
        for places, done in event.places:
            hits.add(places, done)
        if event.done:
            hits.running = False
        if hits is not self.hits:
            return
        if event.done and self._jump and len(hits):
            self._jump = False
            self.action_hit(-1 if self.following else 1)
        self.post_message(self.Changed())

    def action_hit(self, step: int) -> None:
        """To the next or the previous line that has the words."""
        if self.hits is None or self.index is None or not len(self.hits):
            return
        rows = self.visible_rows()
        place = self.found
        seen = {number for number, _ in rows}
        if place is None or self.index.line_at(place) not in seen:
            # From where one looks: the first visible line forwards, the last one backwards.
            top = rows[0][0] if rows else 0
            bottom = rows[-1][0] if rows else 0
            place = self.index.start_of(top) - 1
            if step < 0:
                place = self.index.start_of(bottom) + self.index.length_of(bottom) + 1
        number = self.hits.next(place) if step > 0 else self.hits.previous(place)
        if number is None:
            return
        self.found = self.hits.place(number)
        line = self.index.line_at(self.found)
        if line not in seen:
            self._go(line - self.scrollable_content_region.height // 3)
        self.refresh()
        self.post_message(self.Changed())

    # -- elsewhere -----------------------------------------------------------------------------
    def action_pager(self) -> None:
        """Lend the terminal to a pager."""
        self.post_message(self.PagerWanted())

    # -- copying -------------------------------------------------------------------------------
    def chosen_lines(self) -> list[str]:
        """The line that was found, when it is in view; else every line in view."""
        if self.index is None:
            return []
        numbers = list(dict.fromkeys(number for number, _ in self.visible_rows()))
        if self.found is not None and (line := self.index.line_at(self.found)) in numbers:
            numbers = [line]
        return [self.line(number).text.plain for number in numbers]

    def action_copy(self) -> None:
        """To the clipboard, through the terminal."""
        lines = self.chosen_lines()
        if lines:
            self.app.copy_to_clipboard("\n".join(lines))
            what = "the found line" if len(lines) == 1 else f"{len(lines)} lines"
            self.app.notify(f"Copied {what}", markup=False, timeout=2)
