"""Asks for a few words; Esc gives none."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from maestro_tui.ui.dialogs.words import Words
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.widgets.key_bar import KeyBar


class TextInputDialog(ModalScreen[str | None]):
    """A title, a line that explains, and room for words. The result is None on Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_none", "Back", tooltip="Nothing is sent")
    ]
    DEFAULT_CSS = """
    TextInputDialog { align: center middle; }
    TextInputDialog > Vertical {
        width: 80; max-width: 96%; height: auto; max-height: 90%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    """

    def __init__(self, title: str, hint: str, *, required: bool = False) -> None:
        super().__init__()
        self._heading, self._hint, self._required = one_line(title), hint, required

    def compose(self) -> ComposeResult:
        """Hint, words, keys."""
        with Vertical() as box:
            box.border_title = Text(self._heading)
            yield Static(self._hint, markup=False)
            yield Words()
        yield KeyBar()

    def on_words_sent(self, event: Words.Sent) -> None:
        """Send, unless something has to be said and nothing is."""
        if self._required and not event.text:
            self.notify("Nothing is typed yet; Esc goes back", severity="warning", markup=False)
            return
        self.dismiss(event.text)

    def on_words_left(self, event: Words.Left) -> None:
        """Nothing."""
        event.stop()
        self.dismiss(None)

    def action_dismiss_none(self) -> None:
        """Esc: nothing."""
        self.dismiss(None)
