"""How the screen ends: with the run, at the user's wish, or after the run has stopped for it."""

from __future__ import annotations

from maestro_tui.core.state import RunState, RunStatus
from maestro_tui.ui.alert import title_words
from maestro_tui.ui.exits import FAILED, exit_code
from maestro_tui.ui.questions import RunQuestions


class RunEndings(RunQuestions):
    """Leaves at once when nothing is at stake, asks otherwise, and shows the sums at the end."""

    _summarised = False
    _lost = 0  # looks without an engine

    def _endings(self, state: RunState) -> None:
        if (
            self._stopping and (state.status is RunStatus.STOPPED or state.ended)
        ) or state.status is RunStatus.DECLINED:
            self.exit(exit_code(state))
        elif not state.ended:
            self._summarised = False
        elif not self._summarised:
            self._summarised = True
            if self.away:
                self._alert(self, title_words(state, 0))
            self.show_summary()

    async def action_quit(self) -> None:
        """Textual's own way out leads through the question too."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Ctrl+C."""
        self.action_leave()

    def action_leave(self) -> None:
        """Leave at once when nothing is at stake; ask otherwise."""
        from maestro_tui.ui.dialogs.quit import quit_dialog

        state = self.run_state
        if state is None or self.source is None:
            self.exit(FAILED)
        elif state.ended or (state.status is RunStatus.STOPPED and not self.source.engine_alive()):
            self.exit(exit_code(state))
        else:
            self.push_screen(quit_dialog(state, self.source.engine_alive()), self._leave)

    def _leave(self, choice: str | None) -> None:
        from maestro_tui.ui.dialogs.quit import LEAVE, STOP

        state = self.run_state
        if state is None or self.source is None:
            return
        if choice == LEAVE:
            self.exit(exit_code(state))
        elif choice == STOP:
            self._stopping = True
            self._lost = 0
            if self.board is not None:
                self.board.stopping = True
                self.board.tick()
            self.source.stop("checkpoint")
            self.notify("Stopping at a checkpoint; leaves by itself", timeout=8, markup=False)
