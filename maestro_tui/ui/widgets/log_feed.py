"""When a log file is looked at, and what happens with what it has gained.

As often as anybody can read, as seldom as the terminal and a slow core need, and never before a
key that waits for its picture.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import monotonic, thread_time

from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView

from maestro_tui.ui.painting import PaintsAtOnce, PaintsChanges
from maestro_tui.ui.widgets import log_bar
from maestro_tui.ui.widgets.log_index import LogIndex
from maestro_tui.ui.widgets.log_kinds import FILTERS, FilteredIndex

# Pictures a second of a growing log: faster than anybody reads, as many as the core has room for.
MOST_HZ, LEAST_HZ = 24.0, 12.0
_CORE = 0.085  # of one core at most for these pictures
_COVERED_S = 0.5  # between two pictures of a log under a dialog: each is a whole screen
# Bytes a second that growing logs may write to the terminal: what keeps a slow line usable.
_BYTES_A_SECOND = 170_000
# Looks at a file cost little: often while it grows, so that its lines are shown at once.
_SOON_S, _QUIET_S, _HIDDEN_S = 1 / 100, 1 / 20, 0.5
_GROWS_S = 0.5  # for so long after it grew it is looked at often
_KEY_FIRST_S = 0.1  # for so long a key's picture goes before the log's
_TELL_S = 0.5  # between two updates of the status line
# While the beginning of a long file is still read: some 2 ms of work, then 8 ms for the keys.
_CATCH_UP_S, _CATCH_UP_CHUNKS = 0.01, 2


class LogFeed(ScrollView, inherit_bindings=False):
    """A growing file in a view that follows its end until it is scrolled away."""

    class Changed(Message):
        """What the status line says is out of date."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.index: LogIndex | None = None
        self.kind = FILTERS[0]  # of lines that are shown; empty for all
        self.until: Callable[[], int | None] | None = None  # bytes of the file that are shown
        self._drawn_at = self._looked_at = 0.0
        self._again: asyncio.TimerHandle | None = None
        self._told_at, self._untold = 0.0, False
        self._cost = 0.0  # seconds of a core that a picture takes
        self._rows_now: tuple[object, list[tuple[int, int]]] | None = None

    def open(self, path: Path) -> None:
        """Show another file, from its end."""
        if self.index is not None:
            self.index.close()
        self.index = FilteredIndex(path, self.kind) if self.kind else LogIndex(path)
        self.index.until = self.until
        self._reset()
        self.anchor()
        if self.is_mounted:
            self.flush()

    def on_mount(self) -> None:
        """Look for news from now on."""
        self.call_after_refresh(self._look)

    def on_show(self) -> None:
        """What it gained while nobody saw it."""
        self.flush()

    def on_unmount(self) -> None:
        """Give the file back."""
        if self._again is not None:
            self._again.cancel()
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

    def _look(self) -> None:
        """Have new lines taken in when it is time to; and look again when there may be some.

        Straight from the loop: timers and messages of Textual's cost more than the look.
        """
        if not self.is_attached:
            return
        seen = self.shown
        wait = self._wait(seen)
        if wait <= 0:
            self._looked_at = monotonic()
            if seen and self.index is not None and (self.index.behind or self.index.moved()):
                begun = thread_time()
                self.flush()
                self._cost += (thread_time() - begun - self._cost) / 4
            wait = self._wait(seen) or _SOON_S
        if self._untold and monotonic() - self._told_at >= _TELL_S:
            self.call_next(self._tell_now_and_then)
        self._again = asyncio.get_running_loop().call_later(wait, self._look)

    def _wait(self, seen: bool) -> float:
        """Seconds until the next look; 0 for now."""
        if self.index is None or not seen:
            return _HIDDEN_S if self._looked_at else 0
        now = monotonic()
        if self.index.behind:
            idle = now - self._looked_at
            if idle < _KEY_FIRST_S and isinstance(self.app, PaintsChanges) and self.app.key_pending:
                return _SOON_S
            return max(0.0, _CATCH_UP_S - idle)
        since, app = now - self._drawn_at, self.app
        pause = max(1 / MOST_HZ, min(1 / LEAST_HZ, self._cost / _CORE))
        if app.screen is not self.screen:
            pause = _COVERED_S
        if isinstance(app, PaintsChanges):
            if (app.key_pending and since < _KEY_FIRST_S) or app.terminal_busy:
                return _SOON_S
            pause = max(pause, app.picture.last_bytes / _BYTES_A_SECOND)
        if since < pause:
            return pause - since
        step = _SOON_S if since < _GROWS_S else _QUIET_S
        return max(0.0, step - (now - self._looked_at))

    def flush(self) -> None:
        """Take in what the file has gained; nothing while hidden."""
        self._looked_at = monotonic()
        if self.index is None or not self.shown:
            return
        growth = self.index.grow(_CATCH_UP_CHUNKS)
        self._grown()
        if growth.reset:
            self._reset()
            self.anchor()
        if growth.before:
            self._renumbered()
        if growth.changed:
            self._drawn_at = monotonic()
            self._measure()
            if self.following:
                self._stand_at(self.max_scroll_y)
            elif growth.before:
                self._stand_at(self.scroll_y + growth.before)
            self._move_bar()
            if self.following or growth.before or growth.reset or not self._full():
                self._repaint()
            self._untold = True
        self._tell_now_and_then()
        self.more_to_search()

    def _stand_at(self, y: float) -> None:
        """Scroll without a word to anybody: the picture that shows it is painted next."""
        self.set_reactive(LogFeed.scroll_y, y)
        self.set_reactive(LogFeed.scroll_target_y, y)

    def _repaint(self) -> None:
        """Paint the lines at once, where nothing else has to be painted first."""
        size = self.scrollable_content_region.size
        screen = self.screen
        if not (isinstance(screen, PaintsAtOnce) and screen.paint((self, size.region))):
            self.refresh(size.region)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The lines move, and the bar only when it can be seen."""
        self._move_bar()
        if round(old_value) != round(new_value):
            self.refresh(self.scrollable_content_region.size.region)

    def _move_bar(self) -> None:
        size = self.container_size
        if self.show_vertical_scrollbar and size.height:
            log_bar.move(
                self.vertical_scrollbar, self.virtual_size.height, size.height, self.scroll_y
            )

    def _full(self) -> bool:
        """Whether the view ends above the newest lines: what comes after it changes nothing."""
        return self.scroll_offset.y + self.size.height < self.line_count - 1

    def _tell_now_and_then(self) -> None:
        """Counts that change faster than anybody reads cost a frame each."""
        if self._untold and monotonic() - self._told_at >= _TELL_S:
            self._untold, self._told_at = False, monotonic()
            self.post_message(self.Changed())

    def more_to_search(self) -> None:
        """The file may have gained hits; whoever searches looks."""

    def _grown(self) -> None:
        """The index knows more lines, perhaps."""

    def _reset(self) -> None:
        """Another file, or another one in its place: nothing of before is valid."""
        self._rows_now = None

    def _renumbered(self) -> None:
        """Lines were found above those known so far."""

    def _height(self, view: int) -> int:
        """Rows for the scroll bar."""
        return self.line_count

    def _measure(self) -> None:
        """Tell the scroll bar how much there is."""
        size = self.scrollable_content_region.size
        self._rows_now = None
        # Not as a reactive: that would lay out and repaint the whole screen for every new line.
        found = Size(size.width, self._height(size.height))
        if found == self.virtual_size:
            return
        shrinks = found.height < self.virtual_size.height
        self.set_reactive(LogFeed.virtual_size, found)
        if shrinks or not self.show_vertical_scrollbar:
            self._scroll_update(found)

    @property
    def line_count(self) -> int:
        """Lines known."""
        return self.index.line_count if self.index is not None else 0
