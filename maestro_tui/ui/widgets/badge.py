"""How many questions wait for the user, on every screen that has no run's header."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual.message import Message
from textual.widgets import Static

from maestro_tui.ui.palette import Palette, palette, redraw_in_new_colours

_LOOKS_S = 0.5


def badge(waiting: int, colours: Palette) -> Text:
    """“ 2 waiting for you · i ”, as conspicuous as can be; empty when nobody waits."""
    if not waiting:
        return Text()
    style = colours.style("state-asking", bold=True) + Style(reverse=True)
    return Text.assemble((f" {waiting} waiting for you · i ", style))


class Badge(Static):
    """The number, at the right of a line; a click shows the questions."""

    DEFAULT_CSS = "Badge { width: auto; height: 1; }"

    class Asked(Message):
        """The badge was clicked: show what waits."""

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._shown = 0

    def on_mount(self) -> None:
        """It follows the run by itself: the screens it is on need not know."""
        self._look()
        self.set_interval(_LOOKS_S, self._look)
        redraw_in_new_colours(self, self._draw)

    def _look(self) -> None:
        waiting = getattr(self.app, "waiting", 0)
        if waiting != self._shown:
            self._shown = waiting
            self._draw()

    def _draw(self) -> None:
        self.update(badge(self._shown, palette(self.app)))

    def on_click(self) -> None:
        """It is a button too."""
        self.post_message(self.Asked())
