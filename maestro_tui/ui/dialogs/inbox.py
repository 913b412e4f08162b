"""Everything that waits for the user, the most blocking first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as Line

from maestro_tui.core.state import Question
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import duration, one_line, plural
from maestro_tui.ui.glyphs import question_look
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.widgets.key_bar import KeyBar


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question, what hangs on it, and whether its answer is on its way."""

    question: Question
    blocks: int
    answered: bool = False


class InboxDialog(ModalScreen[str | None]):
    """The list; the result is the id of the question to open."""

    BINDINGS = bindings("inbox")
    DEFAULT_CSS = """
    InboxDialog { align: center middle; }
    InboxDialog > Vertical {
        width: 104; max-width: 98%; height: auto; max-height: 90%;
        background: $surface; border: round $state-asking; padding: 0 1;
    }
    InboxDialog OptionList { height: auto; max-height: 100%; border: none; padding: 0;
        background: $surface; }
    InboxDialog OptionList:focus { border: none; }
    InboxDialog OptionList > .option-list--option-highlighted,
    InboxDialog OptionList:focus > .option-list--option-highlighted {
        background: $cursor; color: $foreground;
    }
    """

    def __init__(self, waiting: Sequence[Waiting], now: float) -> None:
        super().__init__()
        self._waiting, self._at = list(waiting), now

    def compose(self) -> ComposeResult:
        """The list, or that it is empty."""
        with Vertical() as box:
            open_ones = sum(1 for w in self._waiting if not w.answered)
            box.border_title = f"? {open_ones} waiting for you"
            if self._waiting:
                yield OptionList(markup=False)
            else:
                yield Static("Nothing waits for you.", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Lines need the theme, which needs the app."""
        if self._waiting:
            lines = self.query_one(OptionList)
            lines.add_options([Line(self._line(w), id=str(n)) for n, w in enumerate(self._waiting)])
            lines.highlighted = 0
            lines.focus()
            redraw_in_new_colours(self, self._recolour)

    def _recolour(self) -> None:
        lines = self.query_one(OptionList)
        for index, waiting in enumerate(self._waiting):
            lines.replace_option_prompt_at_index(index, self._line(waiting))

    def _line(self, waiting: Waiting) -> Text:
        colours = palette(self.app)
        question = waiting.question
        look = question_look(question.kind)
        text = Text.assemble((f"{look.glyph} ", colours.look(look, bold=True)))
        text.append(one_line(question.title), "bold")
        words = [look.word.lower(), f"asked {duration(self._at - question.asked_at)} ago"]
        words.append(
            f"blocks {plural(waiting.blocks, 'task')}" if waiting.blocks else "blocks none"
        )
        if waiting.answered:
            words.append("answered; the engine has not taken it up yet")
        text.append("\n  " + " · ".join(words), colours.muted)
        return text

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Open it."""
        event.stop()
        chosen = self._waiting[event.option_index]
        if chosen.answered:
            self.notify("It is answered already", markup=False)
            return
        self.dismiss(chosen.question.id)

    def action_open(self) -> None:
        """The marked one."""
        for lines in self.query(OptionList):
            lines.action_select()

    def action_close(self) -> None:
        """Back, nothing decided."""
        self.dismiss(None)
