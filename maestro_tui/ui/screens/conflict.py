"""The conflict screen: every place two tasks disagree at, both sides, and an answer for each.

Full screen over the question. Nothing is sent before every place is decided; what was refused
comes back with its reason and with what was chosen.
"""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from maestro_tui.core.conflicts import write_choices
from maestro_tui.core.state import Question
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.dialogs.confirm import confirm
from maestro_tui.ui.dialogs.question import Reply
from maestro_tui.ui.dialogs.text_input import TextInputDialog
from maestro_tui.ui.editor import edit_text
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.screens.conflict_draft import Draft, Place, marked
from maestro_tui.ui.screens.conflict_text import (
    BESIDE,
    View,
    file_rows,
    place_text,
    progress,
    result_text,
)
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.widgets.key_bar import KeyBar

_LIST = 34  # cells of the list of files where it stands beside the place


class ConflictScreen(ModalScreen[Reply | None]):
    """One conflict; None means back to the question, nothing decided."""

    AUTO_FOCUS: ClassVar[str | None] = None
    BINDINGS = bindings("conflict")
    DEFAULT_CSS = """
    ConflictScreen { background: $background; }
    ConflictScreen #title { height: 1; background: $panel; padding: 0 1; }
    ConflictScreen #refused { height: auto; max-height: 3; background: $surface; padding: 0 1;
        color: $state-failed; display: none; }
    ConflictScreen #body { height: 1fr; layout: vertical; }
    ConflictScreen #files { height: auto; max-height: 6; background: $surface; padding: 0 1; }
    ConflictScreen #scroll { height: 1fr; padding: 0 1; background: $background; }
    ConflictScreen #place { height: auto; }
    ConflictScreen.-wide #body { layout: horizontal; }
    ConflictScreen.-wide #files { width: 36; height: 1fr; max-height: 100%; }
    """

    def __init__(self, source: RunSource, question: Question) -> None:
        super().__init__()
        self._source, self.question = source, question
        self.draft: Draft | None = None
        self.place = Place(0, 0)
        self._preview = False
        self._stacked = False  # wanted, although there is room for columns

    # -- looks -----------------------------------------------------------------------------------
    def compose(self) -> ComposeResult:
        """Title, what was refused, files, the place, keys."""
        yield Static("", id="title", markup=False)
        yield Static("", id="refused", markup=False)
        with Container(id="body"):
            yield Static("", id="files", markup=False)
            with VerticalScroll(id="scroll", can_focus=False):
                yield Static("Reading the conflict …", id="place", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Read it; look now and then whether somebody else has answered."""
        refused = self._refused()
        if refused:
            line = self.query_one("#refused", Static)
            line.update(Text(f"Refused: {refused}"))
            line.display = True
        self._show()
        self.run_worker(self._read(), group="conflict", exclusive=True, exit_on_error=False)
        self.set_interval(1.0, self._still_asked)
        redraw_in_new_colours(self, self._show)

    def on_resize(self) -> None:
        """Beside or below each other, as there is room."""
        self._show()

    def _refused(self) -> str:
        """Why the last answer was not taken; "" when there was none."""
        state = self._source.state
        earlier = [a for a in state.answers if a.question.kind == "conflict"
                   and a.question.task == self.question.task
                   and a.question.attempt == self.question.attempt]  # fmt: skip
        task = state.tasks.get(self.question.task)
        paths = task.attempt.conflicts if task and task.attempt else ()
        reasons = self.question.evidence[len(paths) :]
        return one_line(reasons[0]) if earlier and reasons else ""

    async def _read(self) -> None:
        try:
            conflict = await self._source.conflict(self.question.task)
        except Exception as error:  # whatever git says: a sentence, and the way back
            words = one_line(str(error)) or type(error).__name__
            self.query_one("#place", Static).update(Text(f"It cannot be read: {words}"))
            return
        task = self._source.state.tasks.get(self.question.task)
        attempt = task.attempt if task else None
        self.draft = Draft.of(conflict, attempt.choices if attempt else "")
        places = self.draft.places
        if not places:
            text = Text("Nothing is in conflict any more; answer “I resolved it” or send it back.")
            self.query_one("#place", Static).update(text)
            self.draft = None
            return
        self.place = next((p for p in places if not self.draft.answer(p)), places[0])
        self._show(top=True)

    def _still_asked(self) -> None:
        if self.is_current and self.question.id not in self._source.state.questions:
            self.dismiss(None)

    def _show(self, *, top: bool = False) -> None:
        if not self.is_mounted:
            return
        width = self.size.width
        wide = width >= BESIDE
        self.set_class(wide, "-wide")
        title = Text("≠ ", "bold")
        done = progress(self.draft) if self.draft else ""
        title.append(clip(one_line(self.question.title), max(10, width - len(done) - 8)), "bold")
        title.append(f"  {done}", palette(self.app).style("state-asking", bold=True))
        self.query_one("#title", Static).update(title)
        self.refresh_bindings()
        if self.draft is None:
            return
        colours = palette(self.app)
        room = width - 3 - (_LIST + 2 if wide else 0)
        beside = wide and not self._stacked
        view = View(colours, room, beside)
        most = max(1, self.size.height - 4) if wide else 5
        rows = View(colours, _LIST if wide else width - 2, False)
        self.query_one("#files", Static).update(file_rows(self.draft, self.place.file, rows, most))
        text = (
            result_text(self.draft, self.place.file, view)
            if self._preview
            else place_text(self.draft, self.place, self._source.state, view)
        )
        self.query_one("#place", Static).update(text)
        if top:
            self.query_one("#scroll", VerticalScroll).scroll_home(animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """An answer a place cannot have is no key there; nothing works before it was read."""
        if action in ("back", "send_back", "skip"):
            return True
        draft = self.draft
        if draft is None:
            return False
        if action == "answer":
            return draft.may(self.place, str(parameters[0]))
        if action == "file_answer":
            return str(parameters[0]) in draft.file(self.place).answers
        if action in ("edit", "edit_file"):
            return bool(draft.file(self.place).hunks)
        return True

    # -- moving ----------------------------------------------------------------------------------
    def action_place(self, step: int) -> None:
        """The next place, or the one before."""
        if self.draft is not None:
            places = self.draft.places
            self._go(places[(places.index(self.place) + step) % len(places)])

    def action_file(self, step: int) -> None:
        """The first place of the next file, or of the one before."""
        if self.draft is not None:
            wanted = (self.place.file + step) % len(self.draft.conflict.files)
            self._go(next(p for p in self.draft.places if p.file == wanted))

    def _go(self, place: Place) -> None:
        self.place = place
        self._show(top=True)

    def action_scroll(self, pages: int) -> None:
        """More of the place."""
        scroll = self.query_one("#scroll", VerticalScroll)
        if pages > 0:
            scroll.scroll_page_down(animate=False)
        else:
            scroll.scroll_page_up(animate=False)

    def action_preview(self) -> None:
        """The file as it would be, and back."""
        self._preview = not self._preview
        self._show(top=True)

    def action_layout(self) -> None:
        """Below each other where long lines are cut, and back."""
        self._stacked = not self._stacked
        self._show(top=True)

    # -- deciding --------------------------------------------------------------------------------
    def action_answer(self, answer: str) -> None:
        """That side for this place; then the next that is open."""
        if self.draft is not None:
            self.draft.decide(self.place, answer)
            self._on()

    def action_file_answer(self, answer: str) -> None:
        """That answer for the whole file."""
        if self.draft is not None:
            self.draft.decide_file(self.place.file, answer)
            self._on()

    def action_clear(self) -> None:
        """Take it back."""
        if self.draft is not None:
            self.draft.clear(self.place)
            self._show()

    def _on(self) -> None:
        draft = self.draft
        assert draft is not None
        following = None if self._preview else draft.next_open(self.place)
        if following is not None:
            self._go(following)
        else:
            self._show()
            if draft.complete:
                self.notify("Everything is decided; Enter merges it so", markup=False)

    def action_edit(self) -> None:
        """This place in the user's editor."""
        draft = self.draft
        if draft is not None:
            self._edit(draft.lines(self.place), whole=False)

    def action_edit_file(self) -> None:
        """The whole file in the user's editor."""
        draft = self.draft
        if draft is None:
            return
        text = draft.result(self.place.file)
        if text is None:
            self.notify("This file has no text to edit; clear its answer first", markup=False)
        else:
            self._edit(text, whole=True)

    def _edit(self, text: str, *, whole: bool) -> None:
        async def edit() -> None:
            draft, place = self.draft, self.place
            assert draft is not None
            edited = await edit_text(self.app, text, draft.file(place).path)
            if edited is None:
                return
            if marked(edited):
                words = "Conflict markers are still in it; it was not taken. e edits it again."
                self.notify(words, severity="warning", markup=False)
                return
            if whole:
                draft.write_file(place.file, edited)
            else:
                draft.decide(place, "=" + edited)
            self._on()

        self.run_worker(edit(), group="editor", exclusive=True, exit_on_error=False)

    # -- answering -------------------------------------------------------------------------------
    def action_merge(self) -> None:
        """Merge it so; only when nothing is left to decide."""
        draft = self.draft
        if draft is None:
            return
        if not draft.complete:
            left = len(draft.places) - draft.decided()
            self.notify(f"{left} still to decide", severity="warning", markup=False)
            following = draft.next_open(self.place)
            if following is not None and draft.answer(self.place):
                self._go(following)
            return
        self.dismiss(Reply(self.question.id, "resolve", write_choices(draft.choices)))

    def action_send_back(self) -> None:
        """A fresh attempt on top of what is merged, with words to go with it."""

        def done(words: str | None) -> None:
            if words is not None:
                answer = "instruct" if words.strip() else "retry"
                self.dismiss(Reply(self.question.id, answer, words.strip()))

        title = f"Send {one_line(self.question.task)} back to its agent"
        hint = "It starts afresh on what is merged. What it should mind; may stay empty"
        self.app.push_screen(TextInputDialog(title, hint), done)

    def action_skip(self) -> None:
        """Give the task up."""

        def done(choice: str | None) -> None:
            if choice == "yes":
                self.dismiss(Reply(self.question.id, "skip"))

        task = one_line(self.question.task)
        lines = ("Its work is kept; what depends on it is blocked.",)
        self.app.push_screen(confirm(f"Give {task} up?", lines, "Skip it"), done)

    def action_back(self) -> None:
        """To the question; what was decided here is forgotten."""
        self.dismiss(None)
