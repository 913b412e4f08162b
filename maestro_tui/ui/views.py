"""Which screen lies over the run: figures, summary, help, a task by name, and a picture of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from textual.app import SystemCommand
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen

from maestro_tui.core.state import INTERACTIVE, TaskState
from maestro_tui.ui.actions import ACTIONS
from maestro_tui.ui.asking import Asking
from maestro_tui.ui.controls import RunControls
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.glyphs import TASK
from maestro_tui.ui.keys import shown_keys
from maestro_tui.ui.screens.run_screen import RunScreen

if TYPE_CHECKING:
    from maestro_tui.ui.screens.board import BoardScreen


class RunEntry(Protocol):
    """A run in the list of runs."""

    @property
    def run(self) -> str:
        """Its name."""
        ...

    @property
    def title(self) -> str:
        """Its plan's."""
        ...

    @property
    def status(self) -> str:
        """Where it is."""
        ...

    @property
    def tasks(self) -> int:
        """How many there are."""
        ...

    @property
    def merged(self) -> int:
        """How many are in."""
        ...

    @property
    def created_at(self) -> float:
        """When it was made."""
        ...

    @property
    def updated_at(self) -> float:
        """When it last changed."""
        ...


History = Callable[[], Sequence[RunEntry]]


@dataclass(frozen=True, slots=True)
class OtherRun:
    """What the user wants to see instead."""

    run: str
    ended: bool


class RunViews(RunControls):
    """The actions that open screens; the program itself follows the run."""

    history: History | None = None
    other_run: OtherRun | None = None
    mouse: bool = True
    asking: Asking
    now: Callable[[], float] = time.time
    board: BoardScreen | None = None
    keys: dict[str, str]

    def _run_screen(self) -> RunScreen[Any] | None:
        """The screen over the run that keys are meant for."""
        return self.screen if isinstance(self.screen, RunScreen) else None

    # -- figures ---------------------------------------------------------------------------------
    def action_view(self, page: str) -> None:
        """That page of figures, on the selected task."""
        from maestro_tui.ui.screens.dashboards import DashboardScreen

        if self.source is None or isinstance(self.screen, ModalScreen):
            return
        if isinstance(self.screen, DashboardScreen):
            self.screen.action_page(page)
            return
        task = self.board.selected if self.board is not None else ""
        self.push_screen(
            DashboardScreen(self.source, self.asking, self.now, page, task), self._back_to_board
        )

    def _back_to_board(self, where: str | None) -> None:
        panel, _, task = (where or "").partition(":")
        if self.board is None or self.board not in self.screen_stack:
            return
        while self.screen is not self.board:
            self.pop_screen()  # it may have been opened from the summary
        if task:
            self.board.select(task)
        if panel:
            self.board.go_to(panel)

    # -- a task by name --------------------------------------------------------------------------
    def action_jump(self) -> None:
        """Type a few letters of a task's name."""
        from maestro_tui.ui.screens.finding import task_finder

        state = self.run_state
        if state is not None and self._run_screen() is not None:
            self.push_screen(task_finder(state, self._found))

    def _found(self, task: str) -> None:
        for screen in reversed(self.screen_stack):
            select = getattr(screen, "select", None)
            if isinstance(screen, RunScreen) and select is not None:
                select(task)
                return

    # -- talking to an agent ---------------------------------------------------------------------
    def action_tell(self) -> None:
        """Words for the agent of the task one is on; it hears them as soon as it can."""
        from maestro_tui.ui.dialogs.text_input import TextInputDialog

        state, screen = self.run_state, self._run_screen()
        task = (
            state.tasks.get(screen.current_task)
            if state is not None and screen is not None
            else None
        )
        if task is None:
            return
        if task.state is not TaskState.RUNNING:
            words = f"{one_line(task.id)} is {TASK[task.state].word}; no agent would hear it"
            self.notify(words, markup=False)
            return

        def done(words: str | None) -> None:
            if words and words.strip() and self.source is not None:
                self.source.instruct(task.id, words.strip())
                heard = task.assignment.driver in INTERACTIVE
                told = "Told the agent of" if heard else "Noted for the next attempt at"
                self.notify(f"{told} {one_line(task.id)}", markup=False)

        title = f"Tell the agent of {one_line(task.id)}"
        hint = "It goes on, with this in mind"
        if task.assignment.driver not in INTERACTIVE:
            hint = (
                f"An agent of the driver {task.assignment.driver} hears nothing while it works: "
                "its next attempt begins with these words. A, r starts that at once."
            )
        self.push_screen(TextInputDialog(title, hint), done)

    def action_agent(self) -> None:
        """Everything one may do with the agent of the task one is on."""
        from maestro_tui.ui.dialogs.agent import agent_question
        from maestro_tui.ui.dialogs.question import QuestionDialog, Reply

        state, screen = self.run_state, self._run_screen()
        task = state.tasks.get(screen.current_task) if state and screen is not None else None
        if state is None or task is None:
            return
        attempt = task.attempt
        if attempt is None or task.state is not TaskState.RUNNING:
            words = f"{one_line(task.id)} is {TASK[task.state].word}; it has no agent at work"
            self.notify(words, markup=False)
            return

        def done(reply: Reply | None) -> None:
            if reply is not None and self.source is not None:
                self.source.instruct(task.id, reply.text, reply.answer)

        question = agent_question(task, attempt, self.now())
        self.push_screen(QuestionDialog(question, state, local=True), done)

    # -- other runs ------------------------------------------------------------------------------
    def action_history(self) -> None:
        """All runs of the repository."""
        from maestro_tui.ui.screens.history import HistoryScreen

        state = self.run_state
        if self.history is None or state is None or isinstance(self.screen, HistoryScreen):
            return
        self.push_screen(HistoryScreen(self.history(), state.run, self.now()), self._other)

    def _other(self, other: OtherRun | None) -> None:
        """The screen of another run is a screen of its own: this one makes room for it."""
        state = self.run_state
        if other is not None and state is not None and other.run != state.run:
            self.other_run = other
            self.exit(0)

    # -- summary and help ------------------------------------------------------------------------
    def action_summary(self) -> None:
        """The figures so far."""
        self.show_summary()

    def show_summary(self) -> None:
        """The end card, once."""
        from maestro_tui.ui.screens.summary import SummaryScreen

        if self.source is not None and not isinstance(self.screen, SummaryScreen):
            self.push_screen(SummaryScreen(self.source))

    def action_help(self) -> None:
        """Every key."""
        from maestro_tui.ui.screens.help import HelpScreen

        screen = self._run_screen()
        self.push_screen(HelpScreen(screen.SCOPE if screen else "board", self.keys))

    # -- commands --------------------------------------------------------------------------------
    def action_commands(self) -> None:
        """The palette."""
        self.action_command_palette()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Every action one could take with a key right now, by name, and the themes."""
        yield SystemCommand("Theme", "Other colours", self.action_change_theme)
        nodes: list[DOMNode] = [*(screen.focused.ancestors_with_self if screen.focused else ())]
        nodes = [*(n for n in nodes if n not in (screen, self)), screen, self]
        titles: set[str] = set()
        for node in nodes:
            known = {b.id for bs in node._bindings.key_to_bindings.values() for b in bs if b.id}
            for action in (a for a in ACTIONS if a.id in known and a.method != "commands"):
                name, _, _ = action.method.partition("(")
                if action.title in titles or node.check_action(name, ()) is False:
                    continue  # the nearer one is meant, as with the key
                titles.add(action.title)
                words = f"{action.tooltip} · {shown_keys(action, self.keys)}"
                yield SystemCommand(
                    action.title, words, partial(self.run_action, action.method, node)
                )

    def action_picture(self) -> None:
        """Save what is seen."""
        path = self.save_screenshot()
        self.notify(f"Saved as {one_line(path)}", markup=False)
