"""Asks again before something that cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from maestro_tui.core.state import Option
from maestro_tui.ui.dialogs.choices import Choices
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.widgets.key_bar import KeyBar


class ChoiceDialog(ModalScreen[str | None]):
    """A title, a few lines, and answers with one key each; None on Esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", tooltip="Nothing happens")
    ]
    DEFAULT_CSS = """
    ChoiceDialog { align: center middle; }
    ChoiceDialog > Vertical {
        width: 76; max-width: 96%; height: auto; max-height: 90%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    ChoiceDialog Choices { margin-top: 1; }
    """

    def __init__(
        self, title: str, lines: tuple[str, ...], options: tuple[Option, ...], default: str = ""
    ) -> None:
        super().__init__()
        self._heading, self._lines, self._options = one_line(title), lines, options
        self._default = default
        for index, option in enumerate(options):
            self._bindings.bind(option.hotkey, f"press({index})", option.label, show=False)

    def compose(self) -> ComposeResult:
        """Lines, answers."""
        with Vertical() as box:
            box.border_title = Text(self._heading)
            for line in self._lines:
                yield Static(line, markup=False)
            yield Choices(self._options, self._default)
        yield KeyBar()

    def action_press(self, index: int) -> None:
        """An answer's own key."""
        self.query_one(Choices).press(index)

    def action_back(self) -> None:
        """Esc takes a first press back, then closes."""
        if not self.query_one(Choices).disarm():
            self.dismiss(None)

    def on_choices_taken(self, event: Choices.Taken) -> None:
        """Done."""
        self.dismiss(event.option.key)


def confirm(title: str, lines: tuple[str, ...], yes: str) -> ChoiceDialog:
    """Yes or no, where no is the default; the result is "yes" for yes."""
    options = (Option("no", "No, go back", "n"), Option("yes", yes, "y"))
    return ChoiceDialog(title, lines, options, "no")
