"""What every screen over a run has in common, so that the program need not know each of them."""

from __future__ import annotations

from typing import TypeVar

from maestro_tui.core.state import RunState
from maestro_tui.ui.follow import Changes
from maestro_tui.ui.painting import PaintsAtOnce
from maestro_tui.ui.palette import redraw_in_new_colours
from maestro_tui.ui.source import RunSource

Result = TypeVar("Result")


class RunScreen(PaintsAtOnce[Result]):
    """A screen that shows a run: it is told what changed, and when a second has passed."""

    SCOPE = "board"  # whose keys the help shows first
    NUMBERED = False  # whether the digits are pages of its own

    def __init__(self, source: RunSource) -> None:
        super().__init__()
        self._source = source
        self.selected = ""

    def on_mount(self) -> None:
        """Texts are made with the colours of the moment, so other colours need other texts."""
        redraw_in_new_colours(self, self.recoloured)

    def recoloured(self) -> None:
        """Another theme; those that draw when they are asked have nothing to do."""

    @property
    def _state(self) -> RunState:
        return self._source.state

    @property
    def current_task(self) -> str:
        """The task the user is on; empty where there is none."""
        return self.selected

    def apply(self, changes: Changes) -> None:
        """The run moved."""

    def banner(self, words: str) -> None:
        """A line that stays until its cause is gone, where the screen has room for one."""

    def tick(self) -> None:
        """Time passed."""
