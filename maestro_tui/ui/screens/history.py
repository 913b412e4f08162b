"""All runs of the repository: when, how they went, and a way to see each again."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.cells import cell_len
from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Static

from maestro_tui.core.state import ENDED, RunStatus
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import bar, clip, duration, fit, one_line, plural
from maestro_tui.ui.glyphs import RUN
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.views import OtherRun, RunEntry
from maestro_tui.ui.widgets.badge import Badge
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.sheet import Row, Sheet

_ROOMY = 100  # from this width on there is room for the year, a bar and the run's name


class HistoryScreen(Screen[OtherRun]):
    """A line a run, the newest first; the result is the one to open."""

    BINDINGS = bindings("history")
    DEFAULT_CSS = """
    HistoryScreen #line { height: 1; background: $panel; }
    HistoryScreen #count { width: 1fr; }
    HistoryScreen Sheet { height: 1fr; }
    """

    def __init__(self, runs: Sequence[RunEntry], current: str, now: float) -> None:
        super().__init__()
        self._runs, self._current, self._now = list(runs), current, now
        self._count, self._sheet = Static("", id="count", markup=False), Sheet()

    def compose(self) -> ComposeResult:
        """The table."""
        with Horizontal(id="line"):
            yield self._count
            yield Badge()
        yield self._sheet
        yield KeyBar()

    def on_mount(self) -> None:
        """On the run one comes from."""
        self._show()
        self._sheet.focus()
        self._sheet.put(self._current)
        redraw_in_new_colours(self, self._show)

    def on_resize(self) -> None:
        """Columns follow the width."""
        self._show()

    def _show(self) -> None:
        colours = palette(self.app)
        count, roomy = plural(len(self._runs), "run"), self.size.width >= _ROOMY
        head = Text.assemble((" History  ", colours.bold), (count, colours.bold))
        head.append(" of this repository" if roomy else "", colours.bold)
        enter = "Enter plays a finished one, attaches to others"
        head.append(f"   {enter if roomy else 'Enter plays or attaches'}", colours.muted)
        self._count.update(head)
        self._sheet.show([], [Row(self._line(r), r.run) for r in self._runs])

    def _line(self, run: RunEntry) -> Text:
        colours, width = palette(self.app), max(40, self.size.width - 2)
        look = RUN.get(_status(run.status), RUN[RunStatus.STOPPED])
        line = Text.assemble((f" {look.glyph} ", colours.look(look, bold=True)))
        roomy = width >= _ROOMY
        line.append(fit(look.word, 16 if roomy else 11), colours.look(look))
        day = time.localtime(run.created_at)
        line.append(time.strftime("%Y-%m-%d %H:%M  " if roomy else "%m-%d %H:%M ", day))
        line.append(f"{duration(run.updated_at - run.created_at):>7}  ", colours.muted)
        if roomy:
            line.append(bar(run.merged, run.tasks, 8), colours.style("state-merged"))
        line.append(f" {run.merged:>3}/{run.tasks:<3}  ")
        here = "  ← shown now" if run.run == self._current else ""
        room = width - line.cell_len - len(here)
        title = clip(one_line(run.title), max(8, room * 2 // 3 if roomy else room))
        line.append(title, "bold")
        line.append(clip("  " + one_line(run.run), max(0, room - cell_len(title))), colours.muted)
        return line.append(here, colours.style("accent"))

    @on(Sheet.Opened)
    def _opened(self, event: Sheet.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """That run."""
        chosen = self._sheet.cursor
        run = next((r for r in self._runs if r.run == chosen), None)
        if run is not None:
            self.dismiss(OtherRun(run.run, _status(run.status) in ENDED))

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


def _status(word: str) -> RunStatus:
    try:
        return RunStatus(word)
    except ValueError:
        return RunStatus.STOPPED
