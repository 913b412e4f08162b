"""Every decision of a run: what happened first, then what is blocked, then the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from maestro_tui.core.questions import dependents_of
from maestro_tui.core.state import Option, Question, RunState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.controls import RunControls
from maestro_tui.ui.dialogs.choices import Choices
from maestro_tui.ui.dialogs.words import Words
from maestro_tui.ui.editor import edit_conflicts
from maestro_tui.ui.formatting import lines, one_line, plural
from maestro_tui.ui.glyphs import question_look
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.key_bar import KeyBar

_STUBBORN_S = 0.4  # keys meant for the board must not answer a question that just popped up


@dataclass(frozen=True, slots=True)
class Reply:
    """What the user decided."""

    question: str
    answer: str
    text: str = ""


class QuestionDialog(ModalScreen[Reply | None]):
    """One question; None means later."""

    BINDINGS = bindings("dialog")
    DEFAULT_CSS = """
    QuestionDialog { align: center middle; }
    QuestionDialog > Vertical {
        width: 104; max-width: 98%; height: auto; max-height: 96%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    QuestionDialog #title { text-style: bold; }
    QuestionDialog VerticalScroll { height: auto; background: $background; padding: 0 1; }
    QuestionDialog #evidence { height: auto; }
    QuestionDialog .quiet { color: $state-waiting; }
    QuestionDialog Choices { margin-top: 1; }
    QuestionDialog #asked { display: none; margin-top: 1; }
    QuestionDialog Words { display: none; }
    QuestionDialog.-typing Words, QuestionDialog.-typing #asked { display: block; }
    QuestionDialog.-typing Choices { display: none; }
    """

    def __init__(
        self,
        question: Question,
        state: RunState,
        *,
        more: int = 0,
        by_itself: bool = False,
        local: bool = False,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        super().__init__()
        self.question = question
        self.local = local  # asked by the screen itself, not by the run
        self._run_state, self._more = state, more
        self._monotonic = monotonic
        self._deaf_until = 0.0
        if by_itself and monotonic is not None:
            self._deaf_until = monotonic() + _STUBBORN_S
        self._typing: Option | None = None
        for index, option in enumerate(question.options):
            self._bindings.bind(option.hotkey, f"press({index})", option.label, show=False)

    # -- looks -----------------------------------------------------------------------------------
    def compose(self) -> ComposeResult:
        """Title, where, evidence, what is blocked, answers."""
        question = self.question
        look = question_look(question.kind)
        with Vertical() as box:
            words = question.kind == "permission" and not question.tool  # or a plan
            box.border_title = f"{look.glyph} {'Question' if words else look.word}"
            if self._more:
                box.border_subtitle = f"{self._more} more waiting"
            yield Static(one_line(question.title), id="title", markup=False)
            where = self._where()
            if where:
                yield Static(where, classes="quiet", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static(self._evidence(), id="evidence")
            yield Static("", id="clipped", classes="quiet", markup=False)
            yield Choices(question.options, question.default)
            yield Static("", id="asked", markup=False)
            yield Words()
        yield KeyBar()

    def on_mount(self) -> None:
        """The accent says how much is at stake."""
        variable = question_look(self.question.kind).variable
        box = self.query_one(Vertical)
        colour = self.app.theme_variables.get(variable, "")
        if colour:
            box.styles.border = ("round", colour)
        self.query_one(Choices).focus()
        self._fit()

    def on_resize(self) -> None:
        """Evidence takes what the rest leaves."""
        self._fit()

    def _fit(self) -> None:
        others = 2 + 1 + bool(self._where()) + 1 + 1 + len(self.question.options) + 1 + 2
        if self._typing is not None:
            others += 8 - len(self.question.options)
        room = max(3, self.size.height - others - 1)
        self.query_one("#scroll").styles.max_height = room
        self.call_after_refresh(self._tell_clipped)

    def _tell_clipped(self) -> None:
        if not self.is_mounted or not self.query("#scroll"):
            return  # a rule has answered it, and the dialog is on its way out
        scroll = self.query_one("#scroll", VerticalScroll)
        below = int(scroll.max_scroll_y - scroll.scroll_y)
        hint = ""
        if scroll.max_scroll_y > 0:
            hint = f"↓ {plural(below, 'line')} more · PgDn" if below > 0 else "↑ PgUp"
        label = self.query_one("#clipped", Static)
        label.display = bool(hint)
        label.update(hint)
        self.refresh_bindings()

    def _where(self) -> str:
        question, state = self.question, self._run_state
        task = state.tasks.get(question.task)
        if task is None:
            return ""
        words = [one_line(f"{task.id} {task.task.title}")]
        if question.attempt:
            words.append(f"attempt {question.attempt}")
        blocked = len(dependents_of(state, task))
        if blocked:
            words.append(f"{plural(blocked, 'task')} blocked by it")
        return " · ".join(words)

    def _evidence(self) -> Text:
        colours = palette(self.app)
        text = Text()
        rows = [row for part in self.question.evidence for row in lines(part)]
        for index, row in enumerate(rows):
            if index:
                text.append("\n")
            style = ""
            if row.lstrip().startswith(("✗", "Blocked until")):
                text.append(row, colours.style("state-blocked", bold=True))
                continue
            if row.startswith("$ "):
                style = "bold"
            text.append(row, style)
        return text if rows else Text("nothing more is known", "italic")

    # -- answers ---------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The editor is for conflicts only; scrolling where there is something to scroll."""
        if action in ("page_down", "page_up"):
            return not self.is_mounted or self.query_one("#scroll").max_scroll_y > 0
        if action == "edit_files":
            return self.question.kind == "conflict"
        return True

    def _deaf(self) -> bool:
        return self._monotonic is not None and self._monotonic() < self._deaf_until

    def action_press(self, index: int) -> None:
        """An option's own key."""
        if self._typing is None and not self._deaf():
            self.query_one(Choices).press(index)

    def on_choices_taken(self, event: Choices.Taken) -> None:
        """Answer, or ask for the words first."""
        event.stop()
        if self._deaf():
            return
        if event.option.key == "resolve" and self._open_conflict():
            return
        if event.option.text:
            self._type(event.option)
        else:
            self.dismiss(Reply(self.question.id, event.option.key))

    def _open_conflict(self) -> bool:
        """A conflict is chosen at on a screen of its own, place by place."""
        from maestro_tui.ui.screens.conflict import ConflictScreen

        app = self.app
        if self.question.kind != "conflict" or not isinstance(app, RunControls):
            return False
        if app.source is None:
            return False
        self.app.push_screen(ConflictScreen(app.source, self.question), self._chosen)
        return True

    def _chosen(self, reply: Reply | None) -> None:
        if reply is not None:
            self.dismiss(reply)

    def _type(self, option: Option | None) -> None:
        self._typing = option
        self.set_class(option is not None, "-typing")
        if option is None:
            self.query_one(Choices).focus()
        else:
            optional = " (may stay empty)" if option.text == "optional" else ""
            asked = f"{option.label}: {option.detail}{optional}"
            self.query_one("#asked", Static).update(Text(one_line(asked)))
            self.query_one(Words).focus()
        self._fit()

    def on_words_sent(self, event: Words.Sent) -> None:
        """The words are there."""
        event.stop()
        option = self._typing
        if option is None:
            return
        if option.text == "required" and not event.text:
            self.notify("Nothing is typed yet; Esc goes back", severity="warning", markup=False)
            return
        self.dismiss(Reply(self.question.id, option.key, event.text))

    def on_words_left(self, event: Words.Left) -> None:
        """Back to the answers; what was typed is kept."""
        event.stop()
        self._type(None)

    def action_later(self) -> None:
        """Esc takes a first press back, and at last closes without deciding."""
        if not self.query_one(Choices).disarm():
            self.dismiss(None)

    def action_page_down(self) -> None:
        """More of the evidence."""
        self.query_one("#scroll", VerticalScroll).scroll_page_down(animate=False)
        self.call_after_refresh(self._tell_clipped)

    def action_page_up(self) -> None:
        """Back up."""
        self.query_one("#scroll", VerticalScroll).scroll_page_up(animate=False)
        self.call_after_refresh(self._tell_clipped)

    def action_edit_files(self) -> None:
        """The conflicted files in the user's editor; the board stands still meanwhile."""
        task = self._run_state.tasks.get(self.question.task)
        attempt = task.attempt if task else None
        paths = attempt.conflicts if attempt else ()
        self.run_worker(
            edit_conflicts(self.app, self.question.subject, paths),
            group="editor",
            exclusive=True,
            exit_on_error=False,
        )
