"""The figures of a run on six pages: progress, cost, limits, timeline, graph, conflicts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from maestro_tui.core.state import TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.asking import Asking
from maestro_tui.ui.dashboards.conflicts import conflicts
from maestro_tui.ui.dashboards.costs import costs
from maestro_tui.ui.dashboards.execution import execution
from maestro_tui.ui.dashboards.gantt import gantt
from maestro_tui.ui.dashboards.limits import limits
from maestro_tui.ui.dashboards.page import Draw, Scene
from maestro_tui.ui.follow import Changes
from maestro_tui.ui.machine import Meter, meters
from maestro_tui.ui.palette import palette
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.screens.run_screen import RunScreen
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.widgets.banner import Banner
from maestro_tui.ui.widgets.checks import Checks
from maestro_tui.ui.widgets.graph_view import GraphView
from maestro_tui.ui.widgets.header import RunHeader
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.sheet import Sheet

PAGES: dict[str, Draw | None] = {
    "progress": execution,
    "cost": costs,
    "limits": limits,
    "timeline": gantt,
    "graph": None,  # a widget of its own
    "conflicts": conflicts,
}
_FIRST_KEY = 4  # 1 to 3 are the board's panels
_ZOOMS = (1, 2, 4, 8)


class DashboardScreen(RunScreen[str]):
    """One page at a time; the result is the task the user stood on last."""

    SCOPE = "views"
    BINDINGS = bindings("views")
    DEFAULT_CSS = """
    DashboardScreen #names { height: 1; background: $surface; padding: 0 1; }
    DashboardScreen Sheet, DashboardScreen GraphView { height: 1fr; }
    DashboardScreen GraphView { display: none; }
    DashboardScreen.-graph GraphView { display: block; }
    DashboardScreen.-graph Sheet { display: none; }
    """

    def __init__(
        self,
        source: RunSource,
        asking: Asking,
        now: Callable[[], float],
        page: str,
        task: str = "",
    ) -> None:
        super().__init__(source)
        self._asking, self._now = asking, now
        self.page = page if page in PAGES else next(iter(PAGES))
        self.selected = task
        self._zoom = _ZOOMS[0]
        self._meters: tuple[Meter, ...] = ()
        self._header, self._checks = RunHeader(), Checks()
        self._names, self._banner = Static("", id="names", markup=False), Banner()
        self._sheet, self._graph = Sheet(), GraphView(now)

    def compose(self) -> ComposeResult:
        """Header, page names, page, the task stood on."""
        yield self._header
        yield self._banner
        yield self._names
        yield self._sheet
        yield self._graph
        yield self._checks
        yield KeyBar()

    def on_mount(self) -> None:
        """The page that was asked for."""
        self.action_page(self.page)

    def on_resize(self) -> None:
        """Columns follow the width."""
        self.call_after_refresh(self._show)

    def recoloured(self) -> None:
        """In the new colours."""
        if self.is_mounted:
            self._show()

    # -- news ------------------------------------------------------------------------------------
    def apply(self, changes: Changes) -> None:
        """Show what changed."""
        if self.is_mounted:
            self._show()

    def banner(self, words: str) -> None:
        """Of a replay: where in the run one is."""
        self._banner.say(words)

    def tick(self) -> None:
        """Clocks run on every page."""
        if not self.is_mounted:
            return
        if self.page == "limits":
            self._measure()
        self._show()

    def _measure(self) -> None:
        running = [t.attempt for t in self._state.tasks.values() if t.state is TaskState.RUNNING]
        self._meters = meters(Path(self._state.repo), (a.pid for a in running if a and a.pid))

    def _show(self) -> None:
        if not self.is_mounted or not self.size:
            return
        state, now = self._state, self._now()
        self._header.show(state, len(self._asking.open_ones(state)), now)
        self._tabs()
        asking = self._asking.tasks(state)
        draw = PAGES[self.page]
        if draw is None:
            self._graph.asking = asking
            self._graph.show(state)
        else:
            colours = palette(self.app)
            width = max(40, self.size.width - 1)
            scene = Scene(state, now, width, colours, asking, self._zoom, self._meters)
            page = draw(scene)
            self._sheet.show(page.head, page.rows, frozen=page.frozen)
        self._checks.show(state, self._here(), now)

    def _tabs(self) -> None:
        colours = palette(self.app)
        line = Text()
        for number, name in enumerate(PAGES, start=_FIRST_KEY):
            current = name == self.page
            style = colours.style("primary", bold=True) if current else colours.muted
            line.append(f"{'▸' if current else ' '}{number} {name.title()}  ", style)
        self._names.update(line, layout=False)

    # -- moving ----------------------------------------------------------------------------------
    def _here(self) -> str:
        return (self._graph if PAGES[self.page] is None else self._sheet).cursor

    def action_page(self, page: str) -> None:
        """That page, on the same task."""
        if page not in PAGES:
            return
        self.page = page
        graph = PAGES[page] is None
        self.set_class(graph, "-graph")
        if page == "limits":
            self._measure()
        (self._graph if graph else self._sheet).focus()
        self._sheet.scroll_to(0, 0, animate=False)  # another page begins at its beginning
        self._show()
        self._put()
        self.call_after_refresh(self._show_placed)

    def _show_placed(self) -> None:
        """Once there is room to draw in, and so rows to stand on."""
        task = self.selected
        self._show()
        self.selected = task
        self._put()

    def _put(self) -> None:
        if self.selected:
            self._graph.put(self.selected)
            self._sheet.put(self.selected)
            self._checks.show(self._state, self._here(), self._now())

    def action_step(self, step: int) -> None:
        """The page to the right or left."""
        names = list(PAGES)
        self.action_page(names[(names.index(self.page) + step) % len(names)])

    def action_zoom(self) -> None:
        """The time axis longer, and back to all of it."""
        self._zoom = _ZOOMS[(_ZOOMS.index(self._zoom) + 1) % len(_ZOOMS)]
        self._show()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only time can be zoomed."""
        return action != "zoom" or self.page == "timeline"

    @on(Sheet.Moved)
    def _moved(self, event: Sheet.Moved) -> None:
        event.stop()
        self._stand_on(event.key)

    @on(GraphView.Moved)
    def _walked(self, event: GraphView.Moved) -> None:
        event.stop()
        self._stand_on(event.task)

    def select(self, task: str) -> None:
        """Go to that task on this page."""
        self._sheet.put(task)
        self._graph.put(task)
        self._stand_on(task)

    def _stand_on(self, task: str) -> None:
        self.selected = task
        self._checks.show(self._state, task, self._now())

    @on(Sheet.Opened)
    @on(GraphView.Opened)
    def _open(self, event: Sheet.Opened | GraphView.Opened) -> None:
        event.stop()
        self.action_details()

    def action_details(self) -> None:
        """The pages of the task stood on."""
        task = self._here()
        if task in self._state.tasks:
            self.app.push_screen(DetailScreen(self._source, task, self._now))

    def action_find(self) -> None:
        """A task by a few letters of its name."""
        self.app.run_worker(self.app.run_action("app.jump"), exit_on_error=False)

    def action_board(self, panel: str = "") -> None:
        """Back to the board, on this task."""
        self.dismiss(f"{panel}:{self.selected}")
