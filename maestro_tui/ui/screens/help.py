"""Every key and what it does, from the table of actions."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from maestro_tui.ui.actions import ACTIONS, SCOPES, Action, bindings
from maestro_tui.ui.glyphs import GATES, PARKED, PAUSED, TASK
from maestro_tui.ui.keys import shown_keys
from maestro_tui.ui.palette import Palette, palette, redraw_in_new_colours
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.pager import Pager


class HelpScreen(ModalScreen[None]):
    """The keys, the scope one comes from first; then what the glyphs mean."""

    BINDINGS = bindings("help")
    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > Vertical {
        width: 84; max-width: 98%; height: 96%; background: $surface; border: round $primary;
    }
    HelpScreen Pager { background: $surface; }
    """

    def __init__(self, first: str, keymap: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._first, self._keymap = first, keymap or {}

    def compose(self) -> ComposeResult:
        """One long text."""
        with Vertical() as box:
            box.border_title = "Keys"
            box.border_subtitle = "j k scroll"
            yield Pager()
        yield KeyBar()

    def on_mount(self) -> None:
        """The theme is known now."""
        self._show()
        self.query_one(Pager).focus()
        redraw_in_new_colours(self, self._show)

    def _show(self) -> None:
        text = help_text(palette(self.app), self._first, self._keymap)
        self.query_one(Pager).show(text)

    def action_close(self) -> None:
        """Back."""
        self.dismiss(None)


def help_text(colours: Palette, first: str, keymap: Mapping[str, str]) -> Text:
    """The whole help."""
    text = Text()
    order = sorted(SCOPES, key=lambda scope: scope != first)
    for scope in order:
        actions = [a for a in ACTIONS if a.where == scope]
        if actions:
            text.append(f"{SCOPES[scope]}\n", colours.style("primary", bold=True))
            for action in actions:
                text.append_text(_row(colours, action, keymap))
            text.append("\n")
    text.append("What the signs mean\n", colours.style("primary", bold=True))
    for look in (*TASK.values(), PAUSED, PARKED, *GATES.values()):
        text.append(f"  {look.glyph}  ", colours.look(look, bold=True))
        text.append(f"{look.word}\n")
    return text


def _row(colours: Palette, action: Action, keymap: Mapping[str, str]) -> Text:
    keys = f"  {shown_keys(action, keymap):<16}"
    row = Text.assemble((keys, colours.style("accent", bold=True)))
    row.append(f"{action.title:<14}")
    row.append(f"{action.tooltip}\n", colours.muted)
    return row
