"""The tasks of a strategy as lines: who does what, in which wave, after whom, for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from maestro_tui.core.state import TaskState
from maestro_tui.plans.model import ADVISORY_SOURCES, Assignment, Edge, Strategy
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import duration, fit, one_line
from maestro_tui.ui.glyphs import TASK
from maestro_tui.ui.palette import palette
from maestro_tui.ui.screens.review_text import guessed_agent, guessed_edge

_WIDE = 110  # columns from which the reasons for the agents are shown too


@dataclass(frozen=True, slots=True)
class _Columns:
    id: int
    title: int
    agent: int
    why: int
    after: int


class ReviewTable(ScrollView, can_focus=True, inherit_bindings=False):
    """One line a task, in the order they will run."""

    BINDINGS = bindings("table")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--cursor", "table--head"}
    DEFAULT_CSS = """
    ReviewTable {
        background: $background; overflow-y: scroll; overflow-x: hidden;
        & .table--cursor { background: $cursor; }
        & .table--head { background: $surface; text-style: bold; }
    }
    """

    class Opened(Message):
        """The task under the cursor is wanted in full."""

    class Moved(Message):
        """The cursor is on another task."""

    def __init__(self, strategy: Strategy, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._cursor = 0
        self._set(strategy)

    def _set(self, strategy: Strategy) -> None:
        self._strategy = strategy
        self._edges: dict[str, list[Edge]] = {}
        for edge in (*strategy.advisory, *strategy.edges):
            self._edges.setdefault(edge.task, []).append(edge)
        self._titles = {t.id: one_line(t.title) for t in strategy.plan.tasks}
        at = {a.task: n for n, a in enumerate(strategy.assignments)}
        self.rows = sorted(
            strategy.assignments, key=lambda a: (a.excluded, a.wave or 10**6, at[a.task])
        )

    def show(self, strategy: Strategy) -> None:
        """Another strategy of the same tasks; the cursor stays on its task."""
        here = self.selected
        self._set(strategy)
        self._cursor = next((n for n, a in enumerate(self.rows) if a.task == here), 0)
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self._reveal()
        self.refresh()

    def on_mount(self) -> None:
        """One line for the head."""
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)

    def on_resize(self) -> None:
        """The cursor stays in view."""
        self.virtual_size = Size(self.size.width, len(self.rows) + 1)
        self._reveal()

    @property
    def selected(self) -> str:
        """The task under the cursor."""
        return self.rows[self._cursor].task if self.rows else ""

    def select(self, task: str) -> None:
        """Put the cursor on a task."""
        self._move(next((n for n, a in enumerate(self.rows) if a.task == task), self._cursor))

    def render_line(self, y: int) -> Strip:
        """The head stays; the rest scrolls under it."""
        width = self.scrollable_content_region.width
        columns = self._columns(width)
        base = self.rich_style
        if y == 0:
            text = self._head(columns)
            style = self.get_component_rich_style("table--head")
        else:
            number = y + self.scroll_offset.y - 1
            if number >= len(self.rows):
                return Strip.blank(width, base)
            text = self._row(number, columns)
            style = base
            if number == self._cursor and self.has_focus:
                style = self.get_component_rich_style("table--cursor")
            elif number == self._cursor:
                style = base + Style(bold=True)
        strip = Strip(text.render(self.app.console, end=""))
        return strip.crop_extend(0, width, style).apply_style(style)

    def _columns(self, width: int) -> _Columns:
        ids = min(12, max((cell_len(one_line(a.task)) for a in self.rows), default=2))
        agents = max((cell_len(one_line(a.agent)) for a in self.rows), default=5) + 2
        wide = width >= _WIDE
        agent = min(agents, 24 if wide else 18)
        after = 24 if wide else 13
        # glyph, wave, files and estimate are as wide as they can ever be
        left = width - (2 + 3 + ids + 1 + agent + 1 + 4 + 1 + after + 1 + 7)
        title = left if not wide else max(24, left // 2)
        return _Columns(ids, max(8, title - 1), agent, max(0, left - title - 1), after)

    def _head(self, c: _Columns) -> Text:
        text = Text(f"  {'W':<3}{fit('Task', c.id + 1 + c.title)} {fit('Agent', c.agent)} ")
        if c.why:
            text.append(fit("Because", c.why) + " ")
        return text.append(f"{'Files':>4} {fit('After:line', c.after)} {'About':>6}")

    def _row(self, number: int, c: _Columns) -> Text:
        a = self.rows[number]
        colours = palette(self.app)
        look = TASK[TaskState.EXCLUDED if a.excluded else TaskState.WAITING]
        quiet = colours.look(look) if a.excluded else Style()
        text = Text.assemble((f"{look.glyph} ", colours.look(look)))
        first = number == 0 or self.rows[number - 1].wave != a.wave
        wave = str(a.wave) if a.wave and first else ""
        text.append(f"{wave:<3}", colours.style("primary", bold=True))
        text.append(fit(one_line(a.task), c.id) + " ", colours.style("accent"))
        left_out = "(later) " if a.excluded_reason else "(left out) "
        title = (left_out if a.excluded else "") + self._titles.get(a.task, "")
        text.append(fit(title, c.title) + " ", quiet)
        text.append_text(self._agent(a, c.agent))
        if c.why:
            text.append(fit(one_line(a.agent_reason), c.why) + " ", colours.muted)
        text.append(f"{len(a.owned):>4} ", quiet)
        text.append_text(self._after(a, c.after))
        return text.append(f" {duration(a.estimate_s):>6}", colours.muted)

    def _agent(self, a: Assignment, width: int) -> Text:
        colours = palette(self.app)
        guess = guessed_agent(a)
        mark = ("? " if guess else "", colours.style("state-asking", bold=True))
        text = Text.assemble(mark)
        name = one_line(a.agent) or "—"
        return text.append(fit(name, width - text.cell_len) + " ")

    def _after(self, a: Assignment, width: int) -> Text:
        colours = palette(self.app)
        text = Text()
        edges = self._edges.get(a.task, [])
        for n, edge in enumerate(edges):
            advice = edge.source in ADVISORY_SOURCES
            doubt = "~" if advice else "? " if guessed_edge(edge) else ""
            part = Text.assemble((doubt, colours.style("state-asking")))
            part.append(
                "≠" if edge.source == "file-conflict" else "", colours.style("state-blocked")
            )
            part.append(one_line(edge.after))
            part.append(f":{edge.line}" if edge.line else "", colours.muted)
            rest = f" +{len(edges) - n}"
            last = n == len(edges) - 1
            if text.cell_len + 1 + part.cell_len > width - (0 if last else len(rest)):
                text.append(rest if text else fit(part.plain, width), colours.muted)
                break
            text.append(" " if text else "").append_text(part)
        text.truncate(width, pad=True)
        return text

    # -- moving --------------------------------------------------------------------------------
    def _move(self, to: int) -> None:
        to = max(0, min(len(self.rows) - 1, to))
        if to != self._cursor:
            self._cursor = to
            self.post_message(self.Moved())
        self._reveal()
        self.refresh()

    def _reveal(self) -> None:
        view = self.scrollable_content_region.height - 1
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False)
        elif view > 0 and self._cursor >= top + view:
            self.scroll_to(y=self._cursor - view + 1, animate=False)

    def action_down(self) -> None:
        self._move(self._cursor + 1)

    def action_up(self) -> None:
        self._move(self._cursor - 1)

    def action_page_down(self) -> None:
        self._move(self._cursor + max(1, self.size.height - 2))

    def action_page_up(self) -> None:
        self._move(self._cursor - max(1, self.size.height - 2))

    def action_first(self) -> None:
        self._move(0)

    def action_last(self) -> None:
        self._move(len(self.rows) - 1)

    def action_open(self) -> None:
        self.post_message(self.Opened())

    def on_click(self, event: events.Click) -> None:
        """A click selects, a double click opens."""
        if event.y > 0:
            self._move(event.y - 1 + self.scroll_offset.y)
            if event.chain > 1:
                self.action_open()
