"""A long text that scrolls with the keys people know."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from maestro_tui.ui.actions import bindings


class Pager(VerticalScroll, can_focus=True):
    """Shows one text at a time."""

    BINDINGS = bindings("pager")
    DEFAULT_CSS = """
    Pager { background: $background; padding: 0 1; scrollbar-size-vertical: 1; }
    Pager > Static { height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._body = Static("", markup=False)
        self._shown: Text | None = None

    def compose(self) -> ComposeResult:
        """The text."""
        yield self._body

    def show(self, text: Text, *, top: bool = False) -> None:
        """Another text; the place is kept unless ``top``."""
        if text != self._shown:
            self._shown = text
            self._body.update(text)
        if top:
            self.scroll_home(animate=False)

    def action_down(self) -> None:
        self.scroll_down(animate=False)

    def action_up(self) -> None:
        self.scroll_up(animate=False)

    def action_page_down(self) -> None:
        self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        self.scroll_page_up(animate=False)

    def action_top(self) -> None:
        self.scroll_home(animate=False)

    def action_bottom(self) -> None:
        self.scroll_end(animate=False)
