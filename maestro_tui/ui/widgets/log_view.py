"""A log to read: what :class:`LogLines` shows, with searching, copying and the pager."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.message import Message
from textual.worker import get_current_worker

from maestro_tui.ui.actions import bindings
from maestro_tui.ui.widgets.log_kinds import FILTERS
from maestro_tui.ui.widgets.log_lines import LogLines
from maestro_tui.ui.widgets.log_search import Hits, search
from maestro_tui.ui.widgets.log_times import LogTimes

_GOTO = re.compile(r"([+-]?)(\d{1,12})\s*(%?)")


class LogView(LogLines, inherit_bindings=False):
    """A file's lines, and what can be done with them."""

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

    class SearchWanted(Message):
        """The user wants to type what to look for."""

    class GotoWanted(Message):
        """The user wants to type where to go."""

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
        self._jump = False  # to the first hit, once there is one

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
        self.forget_rows()
        self.more_to_search()
        self.post_message(self.Changed())

    def more_to_search(self) -> None:
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

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Sideways wheel."""
        self.action_pan(1)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """And back."""
        self.action_pan(-1)

    # -- what is shown, and how ------------------------------------------------------------------
    def action_filter(self) -> None:
        """All lines, or only errors, stderr, tools, results, messages; the place is kept."""
        self.kind = FILTERS[(FILTERS.index(self.kind) + 1) % len(FILTERS)]
        if self.index is None:
            return
        following, place = self.following, self._place()
        self.open(self.index.path)
        if self.hits is not None:
            self.find(self.hits.words)
        if not following:
            self.release_anchor()
            self._return_to(place)

    def _place(self) -> int:
        """The byte the view begins at."""
        rows = self.visible_rows()
        return self.index.start_of(rows[0][0]) if self.index is not None and rows else 0

    def _return_to(self, place: int) -> None:
        index = self.index
        if index is None:
            return
        if index.behind:  # not yet read that far
            self.set_timer(0.05, lambda: self._return_to(place))
        else:
            self._go(index.line_at(place))

    def action_unfold(self) -> None:
        """Tool calls with every argument and results with every line, or in a line each."""
        self.unfold = not self.unfold
        self._other_rows(self.unfold)

    def action_markdown(self) -> None:
        """Agents' messages as Markdown, or as they wrote them."""
        self.marked_up = not self.marked_up
        self._other_rows(self.marked_up)

    def action_times(self) -> None:
        """When each line came, before it; where the runner wrote that down."""
        if self.index is None:
            return
        times = LogTimes(self.index.path) if self.times is None else None
        if times is not None and not times.refresh():
            self.app.notify("It was not written down when these lines came", timeout=3)
            return
        self.times = times
        self._other_rows(wrap=False)

    def _other_rows(self, wrap: bool) -> None:
        self.forget_rows()
        if wrap and not self.wrap:
            self.action_wrap()
        self.post_message(self.Changed())

    def action_goto(self) -> None:
        """Ask for a line's number or a share of the file."""
        self.post_message(self.GotoWanted())

    def go_to(self, words: str) -> bool:
        """To line 120, to 50%, 20 lines on (+20) or back (-20), to what came at 12:30.

        False when it is none of these.
        """
        if self.index is not None and ":" in words and self.line_count:
            place = LogTimes(self.index.path).place_of(words)
            if place is None:
                return False
            self._go_down_to(self.index.line_at(place))
            return True
        found = _GOTO.fullmatch(words.strip())
        if found is None or not self.line_count:
            return False
        sign, number, percent = found[1], int(found[2]), found[3]
        last = self.line_count - 1
        if percent:
            target = last * min(100, number) // 100
        elif sign:
            target = self.scroll_offset.y + (number if sign == "+" else -number)
        else:
            target = number - 1
        self._go_down_to(max(0, min(last, target)))
        return True

    def _go_down_to(self, line: int) -> None:
        self.release_anchor()
        self._go(line)
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
        return [self.text(number).plain for number in numbers]

    def action_copy(self) -> None:
        """To the clipboard, through the terminal."""
        lines = self.chosen_lines()
        if lines:
            self.app.copy_to_clipboard("\n".join(lines))
            what = "the found line" if len(lines) == 1 else f"{len(lines)} lines"
            self.app.notify(f"Copied {what}", markup=False, timeout=2)
