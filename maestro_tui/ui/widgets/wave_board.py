"""The waves side by side: a column each, a card a task, its gates beneath.

Drawn line by line from the state; a change throws one card's lines away and redraws only those.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from maestro_tui.core.state import ACTIVE, RunState, TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.glyphs import spinner
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.cards import Paint, card_lines, gate_line, head_line
from maestro_tui.ui.widgets.spinning import rows_at, turned_strip

MIN_COLUMN, GOOD_COLUMN, MAX_COLUMN = 26, 32, 48
_ROOMY = 120  # cells from which on titles matter more than one wave more
_DENSITIES = (4, 3, 2, 1)  # lines a card takes, the roomiest that fits is used
_MOVING = ACTIVE | {TaskState.MERGING}


@dataclass(frozen=True, slots=True)
class Spot:
    """What a line of a column shows: a line of a task's card, or a gate."""

    task: str = ""
    line: int = 0
    gate: str = ""


class WaveBoard(ScrollView, can_focus=True):
    """Columns of cards with a cursor; scrolls when the waves do not fit."""

    BINDINGS = bindings("waves")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"waves--selected", "waves--focused", "waves--head"}
    DEFAULT_CSS = """
    WaveBoard {
        background: $surface;
        scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0;
        & .waves--head { background: $panel; }
        & .waves--selected { background: $panel; }
        & .waves--focused { background: $cursor; }
        &:ansi .waves--selected { background: ansi_default; text-style: underline; }
        &:ansi .waves--focused { background: ansi_default; text-style: reverse; }
    }
    """

    @dataclass
    class Selected(Message):
        """The cursor is on another card."""

        task: str

    @dataclass
    class Opened(Message):
        """The user wants to see more of a task."""

        task: str

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._clock = now
        self._run: RunState | None = None
        self._columns: list[list[Spot]] = []
        self._where: dict[str, tuple[int, int]] = {}  # task -> column, first line
        self._cards: dict[tuple[str, bool], list[Strip]] = {}
        self._density = _DENSITIES[0]
        self._width, self._fit = MIN_COLUMN, 1  # of a column, and how many are in view
        self.selected = ""
        self.asking: frozenset[str] = frozenset()

    # -- content ---------------------------------------------------------------------------------
    def build(self, state: RunState) -> None:
        """Lay the waves of this run out."""
        self._run = state
        self._lay_out()

    def _lay_out(self) -> None:
        state = self._run
        if state is None or not self.size:
            return
        self._cards.clear()
        final = [k for k, g in state.gates.items() if g.wave == 0]
        count = max(1, len(state.waves) + bool(final))
        # Whole columns: a sliver of one more would show nothing but that it is there.
        wanted = MIN_COLUMN if self.size.width < _ROOMY else GOOD_COLUMN
        self._fit = fit = max(1, min(count, self.size.width // wanted))
        self._width = max(MIN_COLUMN, min(MAX_COLUMN, self.size.width // fit))
        self._density = self._choose_density(state)
        self._where.clear()
        self._columns = []
        for number, ids in enumerate(state.waves, start=1):
            gates = [k for k, g in state.gates.items() if g.wave == number]
            self._columns.append(self._column(number - 1, ids, gates))
        if final:
            self._columns.append([Spot(), *(Spot(gate=k) for k in final)])
        height = max((len(c) for c in self._columns), default=0) + 1
        # So wide that the last scroll position, too, begins at a column.
        rest = max(0, self.size.width - fit * self._width) if count > fit else 0
        self.virtual_size = Size(self._width * len(self._columns) + rest, height)
        self.refresh()

    def _choose_density(self, state: RunState) -> int:
        room = self.size.height - 1
        most = max((len(w) for w in state.waves), default=0)
        feet = Counter(g.wave for g in state.gates.values())
        gates = max(feet.values(), default=0)
        for lines in _DENSITIES[:-1]:
            if most * lines + gates + 1 <= room:
                return lines
        return 2 if most * 2 <= room * 3 else 1

    def _column(self, index: int, ids: list[str], gates: list[str]) -> list[Spot]:
        spots: list[Spot] = []
        for task in ids:
            self._where[task] = (index, len(spots) + 1)
            spots += [Spot(task=task, line=n) for n in range(self._density)]
        if gates:
            if spots and spots[-1].line < 3:
                spots.append(Spot())
            spots += [Spot(gate=k) for k in gates]
        return spots

    def changed(self, tasks: Iterable[str], gates: Iterable[str] = ()) -> None:
        """Redraw these cards; a gate redraws its column's foot with everything else."""
        if any(True for _ in gates):
            self.refresh()
        for task in tasks:
            self._redraw(task)
        self.refresh(Region(0, 0, self.size.width, 1))

    def tick(self) -> None:
        """Time passed: the clocks of running tasks and gates."""
        state = self._run
        if state is None:
            return
        for task in state.tasks.values():
            if task.state in _MOVING:
                self._redraw(task.id)
        if any(g.state == "running" for g in state.gates.values()):
            self.refresh()

    def spin(self) -> list[Region]:
        """Turn the spinners; the lines to be painted."""
        state = self._run
        if state is None:
            return []
        glyph, (width, height), top = spinner(self._clock()), self.size, self.scroll_offset.y
        lines = set[int]()
        for task in state.tasks.values():
            if task.state not in _MOVING or task.id not in self._where:
                continue
            card = self._cards.get((task.id, self.has_focus))
            if card is not None:
                card[0] = turned_strip(card[0], glyph)
                lines.add(self._where[task.id][1] - top)
        running = {k for k, g in state.gates.items() if g.state == "running"}
        for column in self._columns if running else ():
            lines.update(y + 1 - top for y, spot in enumerate(column) if spot.gate in running)
        return rows_at((y for y in lines if 0 < y < height), width)

    def _redraw(self, task: str) -> None:
        self._cards.pop((task, True), None)
        self._cards.pop((task, False), None)
        if task in self._where:
            # Whole rows: what the terminal shows is kept by rows, and the other cards of them.
            line = self._where[task][1] - self.scroll_offset.y
            self.refresh(Region(0, line, self.size.width, self._density))

    @property
    def _left(self) -> int:
        """Where the view begins: always at a column, wherever it was scrolled to."""
        return round(self.scroll_offset.x / self._width) * self._width

    def _region(self, task: str) -> Region:
        column, line = self._where[task]
        return Region(column * self._width, line, self._width, self._density)

    # -- the cursor ------------------------------------------------------------------------------
    def select(self, task: str) -> None:
        """Put the cursor on a task and bring it into view."""
        if task == self.selected:
            return
        before, self.selected = self.selected, task
        for one in (before, task):
            self._redraw(one)
        self._reveal()

    def _reveal(self) -> None:
        if self.selected not in self._where or not self.size:
            return
        column, first = self._where[self.selected][0], self._left // self._width
        if not first <= column < first + self._fit:
            if column == first + self._fit:
                first += 1  # a step to the right
            elif column > first:
                first = column - (self._fit > 1)  # a jump: with the wave before it, and what comes
            else:
                first = column
            self.scroll_to(x=first * self._width, animate=False, force=True)
        # The wave's head stays on the first line, so the card must not hide beneath it.
        region = self._region(self.selected).grow((1, 0, 0, 0))
        self.scroll_to_region(region, animate=False, force=True, x_axis=False, y_axis=True)

    def _go(self, column: int, line: int) -> None:
        """Select the task of that column nearest to that line."""
        tasks = [(at, t) for t, (c, at) in self._where.items() if c == column]
        if tasks:
            nearest = min(tasks, key=lambda pair: abs(pair[0] - line))
            self._choose(nearest[1])

    def _choose(self, task: str) -> None:
        if task != self.selected:
            self.select(task)
            self.post_message(self.Selected(task))

    def _place(self) -> tuple[int, int]:
        return self._where.get(self.selected, (0, 1))

    def _sideways(self, step: int) -> None:
        column, line = self._place()
        target = column + step
        if 0 <= target < len(self._columns):
            if any(c == target for c, _ in self._where.values()):
                self._go(target, line)
            else:
                self.scroll_to(x=(target - self._fit + 1) * self._width, animate=False)

    def action_left(self) -> None:
        self._sideways(-1)

    def action_right(self) -> None:
        self._sideways(1)

    def action_up(self) -> None:
        column, line = self._place()
        self._go(column, max(1, line - self._density))

    def action_down(self) -> None:
        column, line = self._place()
        tasks = [at for c, at in self._where.values() if c == column and at > line]
        if tasks:
            self._go(column, min(tasks))
        elif self._columns:
            self.scroll_end(animate=False, x_axis=False)  # the gates beneath the last card

    def action_first(self) -> None:
        self._go(self._place()[0], 0)

    def action_last(self) -> None:
        self._go(self._place()[0], 1 << 30)
        self.scroll_end(animate=False, x_axis=False)

    def action_open(self) -> None:
        if self.selected:
            self.post_message(self.Opened(self.selected))

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens."""
        spot = self._spot_at(event.x + self._left, event.y + self.scroll_offset.y)
        if event.y > 0 and spot is not None and spot.task:
            if event.chain > 1:
                self.post_message(self.Opened(spot.task))
            self._choose(spot.task)

    def _spot_at(self, x: int, y: int) -> Spot | None:
        column = x // self._width
        if not 0 <= column < len(self._columns):
            return None
        spots = self._columns[column]
        return spots[y - 1] if 1 <= y <= len(spots) else None

    # -- drawing ---------------------------------------------------------------------------------
    def on_resize(self) -> None:
        """Other columns fit now."""
        self._lay_out()
        self._reveal()

    def notify_style_update(self) -> None:
        """Another theme, other colours."""
        super().notify_style_update()
        self._cards.clear()

    def on_focus(self) -> None:
        """The cursor looks different with the focus."""
        self._redraw(self.selected)

    def on_blur(self) -> None:
        """And without it."""
        self._redraw(self.selected)

    def render_line(self, y: int) -> Strip:
        """One line across all the columns in view."""
        state, width = self._run, self.size.width
        base = self.rich_style
        if state is None:
            return Strip.blank(width, base)
        line = 0 if y == 0 else y + self.scroll_offset.y
        first = self._left // self._width
        last = min(len(self._columns), first + self._fit)
        parts = [self._cell(state, c, line, base) for c in range(first, last)]
        return Strip.join(parts).crop_extend(0, width, base)

    def _beyond(self, column: int) -> tuple[str, str]:
        """What the heads at the edges say of the waves behind them: how many there are."""
        first = self._left // self._width
        more = len(self._columns) - first - self._fit
        before = f"‹{first} " if first and column == first else ""
        return before, f" {more}›" if more > 0 and column == first + self._fit - 1 else ""

    def _cell(self, state: RunState, column: int, line: int, base: Style) -> Strip:
        paint = Paint(palette(self.app), self._width, self._clock())
        if line == 0:
            style = self.get_component_rich_style("waves--head")
            wave = 0 if column >= len(state.waves) else column + 1
            before, after = self._beyond(column)
            room = self._width - len(before) - len(after)
            head = head_line(replace(paint, width=room), state, wave)
            accent = paint.colours.style("accent", bold=True)
            head.truncate(max(0, room - 1), pad=True)  # the last cell is the gap between columns
            return self._strip(Text.assemble((before, accent), head, (after, accent)), base + style)
        spots = self._columns[column]
        spot = spots[line - 1] if line <= len(spots) else Spot()
        if spot.gate:
            return self._strip(gate_line(paint, state.gates[spot.gate]), base)
        if not spot.task:
            return Strip.blank(self._width, base)
        return self._card(state, spot.task, paint, base)[spot.line]

    def _card(self, state: RunState, task: str, paint: Paint, base: Style) -> list[Strip]:
        key = (task, self.has_focus)
        if key not in self._cards:
            style = base
            if task == self.selected:
                name = "waves--focused" if self.has_focus else "waves--selected"
                style = base + self.get_component_rich_style(name)
            asks = task in self.asking
            lines = card_lines(paint, state, state.tasks[task], self._density, asks)
            strips = [self._strip(text, style) for text in lines]
            if self._density == _DENSITIES[0]:
                strips[-1] = Strip.blank(self._width, base)  # the gap is not part of the card
            self._cards[key] = strips
        return self._cards[key]

    def _strip(self, text: Text, style: Style) -> Strip:
        segments = [
            Segment(part, style + (own or Style.null()))
            for part, own, _ in text.render(self.app.console)
        ]
        strip = Strip(segments).crop(0, self._width - 1)
        gap = Strip([Segment(" ", self.rich_style)])
        return Strip.join([strip.extend_cell_length(self._width - 1, style), gap])
