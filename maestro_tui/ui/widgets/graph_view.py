"""The dependency graph drawn in the terminal; the cursor moves along its lines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from maestro_tui.core.state import RunState, TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import fit, one_line
from maestro_tui.ui.glyphs import ASKING, TASK, spinner, task_look
from maestro_tui.ui.palette import Palette, palette
from maestro_tui.ui.widgets.graph_layout import Cell, Layout, Link, lay_out

_LINES = " ╵╶└╷│┌├╴┘─┴┐┤┬┼"  # by the ways a cell is left: up 1, right 2, down 4, left 8
_HEAVY = " ╹╺┗╻┃┏┣╸┛━┻┓┫┳╋"
_NARROWEST, _WIDEST = 14, 30


class GraphView(ScrollView, can_focus=True):
    """Layers from left to right; the critical path is heavy, the cursor's lines bright."""

    BINDINGS = bindings("graph")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"graph--cursor"}
    DEFAULT_CSS = """
    GraphView {
        background: $background; scrollbar-size: 1 1; padding: 0 1;
        & .graph--cursor { background: $cursor; }
        &:ansi .graph--cursor { background: ansi_default; text-style: reverse; }
    }
    """

    @dataclass
    class Moved(Message):
        """The cursor is on another task."""

        task: str

    @dataclass
    class Opened(Message):
        """The user wants to see more of a task."""

        task: str

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._clock = now
        self._run: RunState | None = None
        self.layout_of: Layout | None = None
        self._node = _WIDEST
        self._critical: set[Link] = set()
        self.cursor = ""
        self.asking: frozenset[str] = frozenset()

    # -- content ---------------------------------------------------------------------------------
    def show(self, state: RunState) -> None:
        """This run; laid out anew only when it has other tasks or another width."""
        new = self._run is not state or self.layout_of is None
        self._run = state
        if new or set(self.layout_of.places if self.layout_of else ()) != set(state.tasks):
            self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        state = self._run
        if state is None or not self.size:
            return
        longest = max((len(f"{t.id} {t.task.title}") for t in state.tasks.values()), default=0)
        depth = max((t.wave for t in state.tasks.values()), default=1)
        share = self.size.width // max(1, depth) - 6
        self._node = max(_NARROWEST, min(_WIDEST, longest + 3, max(share, _NARROWEST)))
        after = {t.id: t.after for t in state.tasks.values()}
        gap = 2 if len(after) <= 60 else 1
        self.layout_of = lay_out(after, self._node, gap)
        path = state.strategy.critical_path if state.strategy else ()
        self._critical = set(pairwise(path))
        self.virtual_size = Size(self.layout_of.width, self.layout_of.height)
        if self.cursor not in state.tasks:
            self.cursor = next(iter(state.tasks), "")
        self._reveal()

    def on_resize(self) -> None:
        """Names get more room or less."""
        self._lay_out()

    # -- the cursor ------------------------------------------------------------------------------
    def put(self, task: str) -> None:
        """Set the cursor on a task."""
        if task and task != self.cursor:
            self.cursor = task
            self._reveal()
            self.refresh()

    def _reveal(self) -> None:
        layout = self.layout_of
        if layout is not None and self.cursor in layout.places and self.size:
            place = layout.places[self.cursor]
            around = Region(place.x, place.y, self._node, 1).grow((1, 6, 1, 6))
            self.scroll_to_region(around, animate=False, force=True)

    def _choose(self, names: list[str]) -> None:
        """The nearest of them."""
        layout = self.layout_of
        if layout is None or not names:
            return
        here = layout.places[self.cursor].y
        self.put(min(names, key=lambda name: abs(layout.places[name].y - here)))
        self.post_message(self.Moved(self.cursor))

    def action_left(self) -> None:
        """Along a line, to what it needs."""
        if self.layout_of is not None and self.cursor:
            self._choose(list(self.layout_of.needs[self.cursor]))

    def action_right(self) -> None:
        """Along a line, to what needs it."""
        if self.layout_of is not None and self.cursor:
            self._choose(self.layout_of.dependents(self.cursor))

    def _beside(self, way: int) -> None:
        layout = self.layout_of
        if layout is None or not self.cursor:
            return
        here = layout.places[self.cursor]
        others = [n for n, p in layout.places.items() if (p.y - here.y) * way > 0]
        same = [n for n in others if layout.places[n].layer == here.layer]
        self._choose(same or others[:0])

    def action_up(self) -> None:
        """The task above in the same layer."""
        self._beside(-1)

    def action_down(self) -> None:
        """The task below in the same layer."""
        self._beside(1)

    def action_first(self) -> None:
        """The first task of the plan."""
        self._choose(list(self._run.tasks)[:1] if self._run else [])

    def action_last(self) -> None:
        """The last one."""
        self._choose(list(self._run.tasks)[-1:] if self._run else [])

    def action_open(self) -> None:
        """More of it."""
        if self.cursor:
            self.post_message(self.Opened(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one opens."""
        x, y = event.x - 1 + self.scroll_offset.x, event.y + self.scroll_offset.y
        places = self.layout_of.places if self.layout_of else {}
        for name, place in places.items():
            if place.y == y and place.x <= x < place.x + self._node:
                self.put(name)
                self.post_message(self.Moved(name))
                if event.chain > 1:
                    self.action_open()

    # -- drawing ---------------------------------------------------------------------------------
    def render_line(self, y: int) -> Strip:
        """One row of tasks and lines."""
        base, width = self.rich_style, self.scrollable_content_region.width
        layout, state = self.layout_of, self._run
        if layout is None or state is None:
            return Strip.blank(width, base)
        left, row = self.scroll_offset.x, y + self.scroll_offset.y
        colours = palette(self.app)
        parts: list[tuple[int, int, list[Segment]]] = []
        for name, place in layout.places.items():
            if place.y == row and left - self._node < place.x < left + width:
                parts.append((place.x, self._node, self._draw(state, name, colours, base)))
        for x, cell in layout.cells.get(row, {}).items():
            if left <= x < left + width:
                parts.append((x, 1, [self._cell(cell, colours, base)]))
        parts.sort(key=lambda part: part[0])
        segments: list[Segment] = []
        at = min([left, *(x for x, _, _ in parts)])
        start = at
        for x, size, drawn in parts:
            if x > at:
                segments.append(Segment(" " * (x - at), base))
            segments += drawn
            at = x + size
        strip = Strip(segments).extend_cell_length(left - start + width, base)
        return strip.crop_extend(left - start, left - start + width, base)

    def _draw(self, state: RunState, name: str, colours: Palette, base: Style) -> list[Segment]:
        task = state.tasks[name]
        look = ASKING if name in self.asking else task_look(task, self._clock())
        glyph = look.glyph
        if look is TASK[TaskState.RUNNING]:
            glyph = spinner(self._clock())
        style = base
        if name == self.cursor:
            style = base + self.get_component_rich_style("graph--cursor")
        text = Text.assemble((f"{glyph} ", colours.look(look, bold=True)))
        text.append(fit(one_line(f"{name} {task.task.title}"), self._node - 3), colours.look(look))
        text.append(" ")
        return [
            Segment(part, style + (own or Style.null()))
            for part, own, _ in text.render(self.app.console)
        ]

    def _cell(self, cell: Cell, colours: Palette, base: Style) -> Segment:
        """Lines of the cursor's task before the critical path before the rest."""
        mine = any(self.cursor in link for link in cell.links)
        critical = any(link in self._critical for link in cell.links)
        letter = (_HEAVY if critical else _LINES)[cell.ways]
        style = colours.style("accent", bold=True) if mine else colours.muted
        if critical and not mine:
            style = colours.style("state-checking")
        return Segment("▶" if cell.arrow else letter, base + style)
