"""The lines of a log file that are on the screen, and only those.

The file is the buffer; text is decoded when it becomes visible.
"""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region
from textual.strip import Strip

from maestro_tui.agents.log_origins import ERROR_MARK, LogOrigins
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.log_ansi import Looks, ansi_segments
from maestro_tui.ui.widgets.log_feed import LogFeed
from maestro_tui.ui.widgets.log_index import LINE_LIMIT
from maestro_tui.ui.widgets.log_rows import ReadyLine, cut, wrapped
from maestro_tui.ui.widgets.log_search import Hits
from maestro_tui.ui.widgets.log_text import JSON_LIMIT, is_json, render
from maestro_tui.ui.widgets.log_times import WIDTH, LogTimes
from maestro_tui.ui.widgets.log_unfold import markdown, message, unfolded

_PAN = 8
_MOST_READY = 2048  # lines kept ready: some screenfuls


class LogLines(LogFeed, can_focus=True, inherit_bindings=False):
    """A file's lines; follows the end until scrolled away from it."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.wrap = False
        self.unfold = False  # tool calls and results in full
        self.marked_up = False  # agents' messages as Markdown
        self.times: LogTimes | None = None  # while they are shown
        self.origins: LogOrigins | None = None  # which lines are standard error
        self.left = 0  # columns panned, while not wrapped
        self.hits: Hits | None = None  # what to mark
        self.found: int | None = None  # the place of the hit that is stood on
        self._ready: dict[int, ReadyLine] = {}
        self._read_ahead: dict[int, bytes] = {}  # lines of the picture that is being drawn
        self._base: Style | None = None
        self._looks: Looks | None = None
        # Columns and colours of the rows that are ready.
        self._cut_for: tuple[object, ...] | None = None

    # -- lines ---------------------------------------------------------------------------------
    def _reset(self) -> None:
        super()._reset()
        self._ready.clear()
        if self.index is not None:
            self.origins = LogOrigins(self.index.path)
        self.left = 0
        self.found = None
        if self.times is not None and self.index is not None:
            self.times = LogTimes(self.index.path)
            self.times.refresh()
        if self.hits is not None:
            self.hits = Hits(self.hits.words)

    def _grown(self) -> None:
        """Where the new lines came from: that is written down before them."""
        if self.origins is not None:
            self.origins.refresh()

    def flush(self) -> None:
        """New lines, and when they came."""
        if self.times is not None and self.shown:
            self.times.refresh()
        super().flush()

    def _renumbered(self) -> None:
        self._ready.clear()

    def forget_rows(self) -> None:
        """Lines look different from now on."""
        self._ready.clear()
        self._rows_now = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        super().notify_style_update()
        self._base = self._looks = None
        self._ready.clear()
        if self.show_vertical_scrollbar:
            self.vertical_scrollbar.refresh()

    def on_resize(self, event: events.Resize) -> None:
        """Another width, other rows."""
        if self.wrap:
            self._ready.clear()
        self._measure()
        self._move_bar()
        self.post_message(self.Changed())

    def line(self, number: int) -> ReadyLine:
        """A line, ready for the screen."""
        assert self.index is not None
        length = self.index.length_of(number)
        ready = self._ready.get(number)
        if ready is None or ready.length != length:
            raw = self._read_ahead.pop(number, None)
            if raw is None or len(raw) != length or length > LINE_LIMIT:
                raw = self.index.read_line(number, LINE_LIMIT)
            quick = None
            if length == len(raw) and self.hits is None and not self._tall(length):
                quick = ansi_segments(raw, self.looks) if not is_json(raw) else None
            if quick is not None:
                lead, drawn = self._mark(number) + self._stamp(number), self.looks.drawn
                quick[:0] = [Segment(words, drawn(self.base + style)) for words, style in lead]
                ready = ReadyLine(length, quick=quick)
            else:
                text = self._read(raw, number, length)
                ready = ReadyLine(length, self._rows(number, text, self.base))
            if len(self._ready) >= _MOST_READY:
                self._ready.clear()
            self._ready[number] = ready
        return ready

    def _tall(self, length: int) -> bool:
        """Whether a line of so many bytes may take more than one row."""
        if not self.wrap:
            return False
        room = self.scrollable_content_region.width - (WIDTH if self.times is not None else 0)
        return length + bool(self.origins) > room

    def _mark(self, number: int) -> list[tuple[str, Style]]:
        """What stands before each row of a line of standard error."""
        if self.origins and self.index and self.origins.is_error(self.index.start_of(number)):
            return [(ERROR_MARK, palette(self.app).style("state-failed"))]
        return []

    def _stamp(self, number: int) -> list[tuple[str, Style]]:
        """The time a line came, while times are shown."""
        if self.times is None or self.index is None:
            return []
        return [(self.times.stamp(self.index.start_of(number)), palette(self.app).muted)]

    def text(self, number: int) -> Text:
        """A line's text."""
        assert self.index is not None
        length = self.index.length_of(number)
        return self._read(self.index.read_line(number, LINE_LIMIT), number, length)

    def _read(self, raw: bytes, number: int, length: int) -> Text:
        if self.index is not None and length > len(raw) and length <= JSON_LIMIT and is_json(raw):
            raw = self.index.read_line(number, JSON_LIMIT)
        return self._text(raw, length)

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

    @property
    def looks(self) -> Looks:
        """The colours of plain lines."""
        if self._looks is None:
            filters, background = self.get_line_filters(), self.background_colors[1]
            self._looks = Looks(self.base, filters, background)
        return self._looks

    def _rows(self, number: int, text: Text, base: Style) -> list[Strip]:
        """Each segment with the whole style: one without a background would show none."""
        mark, text = self._mark(number), Text.assemble(*self._stamp(number), text)
        if self.hits is not None:
            style = self.get_component_rich_style("log--hit")
            text.highlight_regex(self.hits.marks, style)
        size = self.scrollable_content_region.size
        console = self.app.console
        if self.wrap and size.width > 0:
            rows = wrapped(text, size - (len(mark), 0), console, palette(self.app).muted)
        else:
            rows = [Text(" ⏎ ", end="").join(text.split("\n"))]
        rows = [Text.assemble(*mark, row) for row in rows] if mark else rows
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
        if self.found is not None and number == self.index.line_at(self.found):
            base = self.get_component_rich_style("log--found") + Style(bold=True)
            return self._cut(self._rows(number, self.text(number), base), row, base)
        return self._cut(self.line(number).rows, row, base)

    def _cut(self, rows: list[Strip], row: int, base: Style) -> Strip:
        """The part of a row that is in view."""
        width = self.scrollable_content_region.width
        left = 0 if self.wrap else self.left
        strip = rows[min(row, len(rows) - 1)]
        if not left and strip.cell_length <= width:
            room = Segment(" " * (width - strip.cell_length), base)
            return Strip([*strip, room] if room.text else list(strip), width)
        return strip.crop_extend(left, left + width, base)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Rows as they are: there is no border, padding or tint to add, and most were drawn before.

        A row that did not change is the same object as in the last picture, which whoever compares
        pictures sees at once.
        """
        if self.opacity != 1.0 or self.index is None:
            return super().render_lines(crop)
        rows, width = self.visible_rows(), self.scrollable_content_region.width
        self._look_again(width)
        marked = self.index.line_at(self.found) if self.found is not None else -1
        self._fetch(rows)
        strips = []
        for y in crop.line_range:
            number, row = rows[y] if y < len(rows) else (-1, 0)
            ready = self.line(number) if number >= 0 and number != marked else None
            strip = ready.shown.get(row) if ready is not None else None
            if strip is None:
                strip = self._drawn(ready, y, width)
                if ready is not None:
                    ready.shown[row] = strip
            strips.append(strip)
        if crop.column_span != (0, width):
            return [s.crop_extend(*crop.column_span, self.base) for s in strips]
        return strips

    def _fetch(self, rows: list[tuple[int, int]]) -> None:
        """Read the lines that are new to the picture, together where there are several."""
        new = [number for number, _ in rows if number not in self._ready]
        self._read_ahead.clear()
        if len(new) > 1 and self.index is not None:
            lines = self.index.read_lines(new[0], new[-1])
            if lines is not None:
                self._read_ahead.update(enumerate(lines, new[0]))

    def _look_again(self, width: int) -> None:
        """Rows cut at other columns or coloured for another terminal are of no use."""
        look = (self.left, width, self.background_colors[1], *self.get_line_filters())
        if look != self._cut_for:
            if self._cut_for is None or look[2:] != self._cut_for[2:]:
                self._looks = None
                self._ready.clear()
            for ready in self._ready.values():
                ready.shown.clear()
            self._cut_for = look

    def _drawn(self, ready: ReadyLine | None, y: int, width: int) -> Strip:
        """A row as the terminal gets it."""
        if ready is not None and ready.quick is not None:
            left = 0 if self.wrap else self.left
            return cut(ready.quick, left, width, self.looks.plain.style)
        strip = self.render_line(y)
        for change in self.get_line_filters():
            strip = strip.apply_filter(change, self.background_colors[1])
        return strip

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
            self._stand_at(self.max_scroll_y)
        else:
            self._go(top)
        self._move_bar()
        self.refresh()
        self.post_message(self.Changed())
