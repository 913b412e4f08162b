"""The questions of a run: asked one at a time, in the order of what they block, or put off.

A question never interrupts typing, and never hides what another one stands for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from textual import events
from textual.screen import ModalScreen

from maestro_tui.core.state import Question, RunState
from maestro_tui.ui.alert import Alert
from maestro_tui.ui.views import RunViews

if TYPE_CHECKING:
    from maestro_tui.ui.dialogs.question import Reply

# The dialogs are imported where they are used: the review, which is the first thing a user sees,
# needs none of them, and imports are most of what a start takes.

AWAY_S = 10.0  # without a key for that long, a user may be doing something else


class RunQuestions(RunViews):
    """Brings what waits for the user before the user; the program says when to look."""

    _monotonic: Callable[[], float]
    _alert: Alert
    _touched_at = -AWAY_S
    _stopping = False

    # -- the user's attention --------------------------------------------------------------------
    async def on_event(self, event: events.Event) -> None:
        """Remember when the user last did something."""
        if isinstance(event, (events.Key, events.MouseDown)):
            self._touched_at = self._monotonic()
        await super().on_event(event)

    @property
    def away(self) -> bool:
        """Whether the user looks elsewhere: another window has the focus, or nothing was typed."""
        return not self.app_focus or self._monotonic() - self._touched_at >= AWAY_S

    # -- questions -------------------------------------------------------------------------------
    def _questions(self, state: RunState) -> None:
        """Close what is answered elsewhere; open the next when the user is not busy."""
        from textual.widgets import Input, TextArea

        from maestro_tui.ui.dialogs.question import QuestionDialog

        top = self.screen
        if isinstance(top, QuestionDialog):
            gone = top.question.id not in state.questions and not top.local
            if gone and top.is_current:
                self.notify("That question has been answered elsewhere", markup=False)
                top.dismiss(None)
            return
        if isinstance(top, ModalScreen) or isinstance(self.focused, (Input, TextArea)):
            return
        if self._stopping or state.ended:
            return
        question = self.asking.next(state)
        if question is not None:
            self._ask(state, question, by_itself=True)

    def _ask(self, state: RunState, question: Question, *, by_itself: bool) -> None:
        from maestro_tui.ui.dialogs.question import QuestionDialog

        if by_itself and self.away:
            self._alert(self, question.title)
        more = len([q for q in self.asking.open_ones(state) if q.id != question.id])
        dialog = QuestionDialog(
            question, state, more=more, by_itself=by_itself, monotonic=self._monotonic
        )
        self.push_screen(dialog, partial(self._answered, question.id))

    def _answered(self, question: str, reply: Reply | None) -> None:
        state = self.run_state
        if state is None or self.source is None:
            return
        if reply is None and question in state.questions:
            # Whoever says "later" wants to see the board: what else waits is in the inbox, too.
            self.asking.put_off |= {question, *(q.id for q in self.asking.open_ones(state))}
        elif reply is not None:
            self.asking.answered.add(question)
            if not self.source.decide(reply.question, reply.answer, reply.text):
                self.notify("Somebody else answered first", severity="warning", markup=False)
        self._questions_changed(state)

    def _questions_changed(self, state: RunState) -> None:
        self.asking.forget(state)
        if self.board is not None:
            self.board.questions_changed()
        self.refresh_bindings()  # the line of keys begins with the answer while somebody waits

    # -- what waits ------------------------------------------------------------------------------
    def action_inbox(self) -> None:
        """What waits."""
        from maestro_tui.ui.dialogs.inbox import InboxDialog

        state = self.run_state
        if state is not None:
            self.push_screen(InboxDialog(self.asking.waiting(state), self.now()), self._open)

    @property
    def waiting(self) -> int:
        """How many questions wait for the user."""
        return len(self.asking.open_ones(self.run_state)) if self.run_state is not None else 0

    def on_badge_asked(self) -> None:
        """The badge was clicked."""
        self.action_inbox()

    def _open(self, question_id: str | None) -> None:
        state = self.run_state
        if state is None or question_id is None:
            return
        question = state.questions.get(question_id)
        if question is None:
            self.notify("That question has been answered elsewhere", markup=False)
        else:
            self._ask_now(state, question)

    def _ask_now(self, state: RunState, question: Question) -> None:
        """The user wants it: its task is selected, so that its log lies behind it."""
        if question.task and self.board is not None:
            self.board.select(question.task)
        self._ask(state, question, by_itself=False)

    def action_answer(self) -> None:
        """The most blocking question, also one that was put off."""
        state = self.run_state
        if state is None:
            return
        first = next(iter(self.asking.open_ones(state)), None)
        if first is None:
            self.notify("Nothing waits for you", markup=False)
        else:
            self._ask_now(state, first)
