"""The logs of all tasks: one at a time under a strip of tabs, or four side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from rich.style import Style
from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widget import Widget

from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.log_pane import LogPane

# Panes that stay as they were left; the one not seen for longest makes room.
_KEPT = 12
# Tiles by width: two, three or four columns' worth of lines that can still be read.
_WIDE, _TILES, _MORE_TILES = 150, 4, 6


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A task's log."""

    task_id: str
    title: str
    glyph: str
    path: Path | None
    live: bool = True
    until: Callable[[], int | None] | None = field(default=None, compare=False)


class TabStrip(Widget):
    """Glyph and id of each task; the current one is always in view."""

    DEFAULT_CSS = "TabStrip { height: 1; background: $surface; }"

    @dataclass
    class Chosen(Message):
        """A tab was clicked."""

        task: str

    def __init__(self) -> None:
        super().__init__()
        self._entries: list[LogEntry] = []
        self._current = ""
        self._spans: list[tuple[range, str]] = []

    def show(self, entries: list[LogEntry], current: str) -> None:
        """Other tabs."""
        if (entries, current) != (self._entries, self._current):
            self._entries, self._current = list(entries), current
            self.refresh()

    def render(self) -> Text:
        """As many tabs as there is room for."""
        colours = palette(self.app)
        self._spans = []
        if not self._entries:
            return Text(" The logs of agents appear here", colours.muted)
        labels = [f" {e.glyph} {one_line(e.task_id)} " for e in self._entries]
        here = next((n for n, e in enumerate(self._entries) if e.task_id == self._current), 0)
        first, last = _window([Text(x).cell_len for x in labels], here, self.size.width - 4)
        line = Text.assemble(("‹ " if first else "  ", colours.muted))
        for number in range(first, last + 1):
            start = line.cell_len
            current = number == here
            style = colours.style("primary", bold=True) + Style(reverse=True)
            line.append(labels[number], style if current else colours.muted)
            self._spans.append((range(start, line.cell_len), self._entries[number].task_id))
        return line.append(" ›" if last < len(labels) - 1 else "", colours.muted)

    def on_click(self, event: events.Click) -> None:
        """Choose one."""
        for span, task in self._spans:
            if event.x in span:
                self.post_message(self.Chosen(task))


def _window(widths: list[int], here: int, room: int) -> tuple[int, int]:
    """The tabs around the current one that fit."""
    first = last = here
    used = widths[here]
    while True:
        if last + 1 < len(widths) and used + widths[last + 1] <= room:
            last += 1
            used += widths[last]
        elif first > 0 and used + widths[first - 1] <= room:
            first -= 1
            used += widths[first]
        else:
            return first, last


class LogTabs(Vertical):
    """One pane a task; a pane that is not in view costs nothing."""

    BINDINGS = bindings("tabs")
    DEFAULT_CSS = """
    LogTabs > #panes { height: 1fr; layout: vertical; }
    LogTabs > #panes > LogPane { display: none; }
    LogTabs > #panes > LogPane.-shown { display: block; }
    LogTabs.-grid > #panes { layout: grid; grid-size: 2; grid-gutter: 0 1; }
    LogTabs.-grid.-wide > #panes { grid-size: 3; }
    LogTabs.-grid.-single > #panes { grid-size: 1; }
    """

    @dataclass
    class Selected(Message):
        """Another task's log was chosen here."""

        task: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.entries: list[LogEntry] = []
        self.current = ""
        self.grid = False
        self._tiles: list[str] = []
        self._panes: dict[str, LogPane] = {}
        self._empty = LogPane()
        self._strip = TabStrip()

    def compose(self) -> ComposeResult:
        """Tabs over panes."""
        yield self._strip
        with Container(id="panes"):
            yield self._empty

    def on_mount(self) -> None:
        """What is known so far."""
        self._arrange()

    # -- what there is -------------------------------------------------------------------------
    def sync(self, entries: list[LogEntry]) -> None:
        """The tasks that have a log now."""
        if entries == self.entries:
            return
        self.entries = list(entries)
        known = {e.task_id for e in entries}
        for task in [t for t in self._panes if t not in known]:
            self._drop(task)
        if self.current not in known and entries:
            self.current = next((e for e in reversed(entries) if e.live), entries[-1]).task_id
        self._arrange()

    def show(self, task_id: str) -> None:
        """That task's log; one that has none yet is shown as soon as it has."""
        if task_id != self.current:
            self.current = task_id
            self._arrange()

    @property
    def pane(self) -> LogPane:
        """The current pane."""
        return self._panes.get(self.current, self._empty)

    def _arrange(self) -> None:
        """Show the panes that are to be seen, made when first needed."""
        if not self.is_mounted:
            return
        self._choose_tiles()
        had_focus = self.has_focus_within
        by_id = {e.task_id: e for e in self.entries}
        for task in self._tiles:
            if task in by_id:
                self._open(by_id[task])
        if self.grid:
            self._in_order()
        for task, pane in self._panes.items():
            pane.set_class(task in self._tiles, "-shown")
        self._empty.set_class(self.current not in self._panes and not self.grid, "-shown")
        if not self._tiles:
            self._empty.add_class("-shown")
        self.set_class(self.grid, "-grid")
        self.set_class(len(self._tiles) < 2, "-single")
        self.set_class(self.size.width >= _WIDE and len(self._tiles) > 4, "-wide")
        self._strip.show(self.entries, self.current)
        if had_focus and self.screen.focused is not self.pane.view:
            # What is not laid out yet cannot have the focus, and what is hidden gives it away.
            self.call_after_refresh(self._focus_current)

    def _focus_current(self) -> None:
        self.pane.view.focus()

    def _in_order(self) -> None:
        """Tiles lie as their tabs do."""
        places = {id(self._panes[t]): n for n, t in enumerate(self._tiles)}
        # Widgets being removed may be among them: they come last and are not shown.
        self.query_one("#panes").sort_children(key=lambda w: places.get(id(w), _KEPT))

    def _choose_tiles(self) -> None:
        known = {e.task_id: e for e in self.entries}
        if not self.grid:
            self._tiles = [self.current] if self.current in known else []
            return
        kept = [t for t in self._tiles if t in known]
        wanted = [e.task_id for e in self.entries if e.live and e.task_id not in kept]
        if self.current in known and self.current not in kept:
            wanted = [self.current, *(t for t in wanted if t != self.current)]
        for task in wanted:
            if len(kept) >= self._most():
                over = [t for t in kept if t != self.current and not known[t].live]
                if not over and task == self.current:
                    over = [t for t in kept if t != self.current]
                if not over:
                    break
                kept.remove(over[0])
            kept.append(task)
        order = list(known)
        self._tiles = sorted(kept, key=order.index)

    def _most(self) -> int:
        return _MORE_TILES if self.size.width >= _WIDE else _TILES

    def on_resize(self) -> None:
        """More or fewer tiles side by side."""
        if self.grid:
            self._tiles = self._tiles[: self._most()]
            self._arrange()

    def _open(self, entry: LogEntry) -> None:
        pane = self._panes.pop(entry.task_id, None)
        if pane is None:
            pane = LogPane()
            self.query_one("#panes").mount(pane)
        self._panes[entry.task_id] = pane
        if entry.path is not None:
            title = f"{entry.glyph} {entry.title}"
            pane.open(entry.path, title, live=entry.live, until=entry.until)
        for task in list(self._panes)[:-_KEPT]:
            if task not in self._tiles:
                self._drop(task)

    def _drop(self, task: str) -> None:
        self._panes.pop(task).remove()

    # -- choosing ------------------------------------------------------------------------------
    def on_tab_strip_chosen(self, event: TabStrip.Chosen) -> None:
        """A click."""
        event.stop()
        self._choose(event.task)

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """In tiles the focused one is the current one."""
        if not self.grid or self.screen.focused is not event.widget:
            return
        inside = event.widget.ancestors_with_self
        task = next((t for t, pane in self._panes.items() if pane in inside), self.current)
        self._choose(task)

    def _choose(self, task: str) -> None:
        if task != self.current:
            self.current = task
            self._arrange()
            self.post_message(self.Selected(task))

    def action_neighbour(self, step: int) -> None:
        """The log to the right or left, round the ends."""
        ids = [e.task_id for e in self.entries]
        if ids:
            at = ids.index(self.current) if self.current in ids else -step
            self._choose(ids[(at + step) % len(ids)])

    def action_grid(self) -> None:
        """Up to four at once, or one."""
        self.grid = not self.grid
        self._tiles = []
        self._arrange()
