"""Where to go back to, and what that drops: seen before it is done, and asked for twice."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option as Line

from maestro_tui.core.rollback import Point, points, preview
from maestro_tui.core.state import RunState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import one_line, plural
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.widgets.key_bar import KeyBar

_MOST = 6  # names of each kind that are listed


class RollbackDialog(ModalScreen[str | None]):
    """The places to go back to, newest first; the result is the name of one."""

    BINDINGS = bindings("rollback")
    DEFAULT_CSS = """
    RollbackDialog { align: center middle; }
    RollbackDialog > Vertical {
        width: 92; max-width: 98%; height: auto; max-height: 94%;
        background: $surface; border: round $state-failed; padding: 0 1;
    }
    RollbackDialog OptionList { height: auto; max-height: 10; border: none; padding: 0;
        background: $surface; }
    RollbackDialog OptionList:focus { border: none; }
    RollbackDialog OptionList > .option-list--option-highlighted,
    RollbackDialog OptionList:focus > .option-list--option-highlighted {
        background: $cursor; color: $foreground;
    }
    RollbackDialog #preview { height: auto; margin-top: 1; }
    """

    def __init__(self, state: RunState) -> None:
        super().__init__()
        self._run_state = state
        # The newest place is where the branch stands: going there would drop nothing.
        self._points = [p for p in reversed(points(state)) if preview(state, p).drops]
        self._armed = ""

    def compose(self) -> ComposeResult:
        """Places, what the marked one means, keys."""
        with Vertical() as box:
            box.border_title = "Go back to"
            yield OptionList(*(Line(self._line(p)) for p in self._points), markup=False)
            yield Static("", id="preview", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """On the newest place."""
        places = self.query_one(OptionList)
        places.focus()
        if self._points:
            places.highlighted = 0
        else:
            words = "Nothing is merged yet; there is nowhere to go back to."
            self.query_one("#preview", Static).update(words)
        redraw_in_new_colours(self, self._recolour)

    def _recolour(self) -> None:
        place = self.query_one(OptionList).highlighted
        if place is not None:
            self._tell(self._points[place])

    def _line(self, point: Point) -> Text:
        drops = len(preview(self._run_state, point).drops)
        line = Text(f"{one_line(_words(self._run_state, point)):<56.56}", "bold")
        return line.append(f"  drops {plural(drops, 'task')}")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Say what it means."""
        event.stop()
        self._armed = ""
        self._tell(self._points[event.option_index])

    def _tell(self, point: Point) -> None:
        state, colours = self._run_state, palette(self.app)
        seen = preview(state, point)
        text = Text()
        for word, names in (("keeps", seen.keeps), ("drops", seen.drops), ("stops", seen.stops)):
            for name in names[:_MOST]:
                variable = "state-merged" if word == "keeps" else "state-failed"
                text.append(f"  {word} ", colours.style(variable, bold=True))
                text.append(one_line(f"{name} {state.tasks[name].task.title}") + "\n")
            if len(names) > _MOST:
                text.append(f"  and {word} {len(names) - _MOST} more\n", colours.muted)
        kept = "What is dropped stays under refs and is done again after your answer."
        text.append(kept, colours.muted)
        if self._armed:
            text.append("\nSure? Enter again does it", colours.style("state-failed", bold=True))
        self.query_one("#preview", Static).update(text)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """The first Enter asks again, the second does it."""
        event.stop()
        point = self._points[event.option_index]
        if self._armed == point.name:
            self.dismiss(point.name)
            return
        self._armed = point.name
        self._tell(point)

    def action_take(self) -> None:
        """The marked place."""
        self.query_one(OptionList).action_select()

    def action_back(self) -> None:
        """Esc takes a first Enter back, then closes."""
        if self._armed:
            self._armed = ""
            highlighted = self.query_one(OptionList).highlighted
            self._tell(self._points[highlighted or 0])
        else:
            self.dismiss(None)


def _words(state: RunState, point: Point) -> str:
    """A place as a person would say it."""
    if point.task:
        return f"after {point.task} {state.tasks[point.task].task.title}"
    return f"the end of wave {point.wave}" if point.wave else "the start"
