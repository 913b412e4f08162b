"""Turning a run up, down, on and off: what the user may do to it as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from maestro_tui.core.state import RunState
from maestro_tui.ui.painting import PaintsChanges
from maestro_tui.ui.source import RunSource

if TYPE_CHECKING:
    from maestro_tui.ui.screens.board import BoardScreen


class RunControls(PaintsChanges[int]):
    """The actions on a run; the program itself adds what it shows of it."""

    source: RunSource | None = None
    resume: Callable[[], None] | None = None  # starts the engine, once its user wants it to

    @property
    def run_state(self) -> RunState | None:
        """The state of the run on the screen, once there is one."""
        return self.source.state if self.source is not None else None

    def engine_started(self) -> None:
        """A new engine was asked for."""

    def _parallel(self, step: int) -> None:
        state = self.run_state
        if state is None or self.source is None:
            return
        limit = max(1, state.max_parallel + step)
        if limit != state.max_parallel:
            self.source.set_parallel(limit)

    def action_more_agents(self) -> None:
        """One more at once."""
        self._parallel(1)

    def action_fewer_agents(self) -> None:
        """One fewer; those that run go on."""
        self._parallel(-1)

    def action_resume(self) -> None:
        """Start an engine, unless one works."""
        state = self.run_state
        if state is None or self.source is None:
            return
        if state.ended:
            self.notify("The run is over; nothing is left to resume", markup=False)
        elif self.source.engine_alive():
            self.notify("An engine is working on this run", markup=False)
        else:
            self.source.start_engine()
            self.engine_started()

    def offer_resume(self) -> None:
        """What there is of the run comes first; nothing is started before the answer."""
        from maestro_tui.ui.dialogs.question import QuestionDialog, Reply
        from maestro_tui.ui.dialogs.resume import restart_point, resume_question

        state, start = self.run_state, self.resume
        if state is None or start is None:
            return

        def done(reply: Reply | None) -> None:
            if reply is None or self.source is None:
                return  # the board says that nothing works on it, and which key changes that
            if reply.answer == "restart":
                point = restart_point(state)
                if point is not None:
                    self.source.rollback(point.name)
            elif reply.answer == "abort":
                self.source.stop("abort")
            start()
            self.engine_started()

        self.push_screen(QuestionDialog(resume_question(state), state, local=True), done)

    def action_drain(self) -> None:
        """Stop when the running agents are done."""
        self._confirm_stop("drain", "Stop after the running agents?", "Drain and stop")

    def action_abort(self) -> None:
        """End the run."""
        self._confirm_stop("abort", "Abort this run for good?", "Abort it")

    def action_rollback(self) -> None:
        """Back to an earlier point of the run, after a look at what that drops."""
        from maestro_tui.ui.dialogs.rollback import RollbackDialog

        state = self.run_state
        if state is None or self.source is None:
            return
        if state.delivered is not None or state.ended:
            self.notify("The run is over; git revert undoes what was delivered", markup=False)
            return

        def done(to: str | None) -> None:
            if to and self.source is not None:
                self.source.rollback(to)
                if not self.source.engine_alive():
                    self.notify("Noted; R resumes the run and does it", markup=False)

        self.push_screen(RollbackDialog(state), done)

    def _confirm_stop(self, mode: str, title: str, yes: str) -> None:
        from maestro_tui.ui.dialogs.confirm import confirm

        state = self.run_state
        if state is None or state.ended:
            return
        lines = ("What is merged is kept, and so is every branch.",)
        if mode == "drain":
            lines = ("Nothing new starts; what runs is finished and merged. Resume goes on.",)

        def done(choice: str | None) -> None:
            if choice == "yes" and self.source is not None:
                self.source.stop(mode)

        self.push_screen(confirm(title, lines, yes), done)

    def on_board_screen_retry_wanted(self, event: BoardScreen.RetryWanted) -> None:
        """Ask for words to go with it, then hand it on."""
        from maestro_tui.ui.dialogs.text_input import TextInputDialog

        event.stop()

        def done(words: str | None) -> None:
            if words is not None and self.source is not None:
                self.source.retry(event.task, words)
                self._resume_after_retry()

        self.push_screen(
            TextInputDialog(f"Retry {event.task}", "Instructions for the agent; may stay empty"),
            done,
        )

    def _resume_after_retry(self) -> None:
        if self.source is not None and not self.source.engine_alive():
            self.source.start_engine()
            self.engine_started()
