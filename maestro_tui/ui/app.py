"""The full-screen program: it follows a run, and tells its screens and questions what changed.

It owns no process and no thread that matters: closing it, killing it or losing its terminal leaves
the run as it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from textual.screen import ModalScreen, Screen

from maestro_tui.config.themes import ThemeSpec
from maestro_tui.core.state import RunState, RunStatus
from maestro_tui.plans.model import Strategy
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.alert import Alert, TerminalTitle, silent, title_words
from maestro_tui.ui.asking import Asking
from maestro_tui.ui.endings import RunEndings
from maestro_tui.ui.exits import FAILED, HUNG_UP, exit_code
from maestro_tui.ui.follow import POLL_HZ, Changes, Follow
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.glyphs import SPINNER_HZ
from maestro_tui.ui.keys import keymap_problems
from maestro_tui.ui.screens.run_screen import RunScreen
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.theme_watch import ThemeWatch
from maestro_tui.ui.themes import install, state_defaults
from maestro_tui.ui.views import History

THEMES_S = 1.0  # between two looks at the theme files
_LOST_AFTER = 3  # looks, a second apart, without an engine before it is said
Launch = Callable[[Strategy], RunSource]


class MaestroApp(RunEndings):
    """One run on the screen; with ``review`` first, the run comes from ``launch``."""

    TITLE = "Maestro"
    BINDINGS = bindings("app")
    ENABLE_COMMAND_PALETTE = True
    ALLOW_SELECT = True
    CSS = """
    Screen { background: $background; color: $foreground; }
    ModalScreen { background: $background 70%; }
    Toast { max-width: 90%; }
    Input > .input--placeholder { color: $state-waiting; }
    * {
        scrollbar-color: $foreground 25%; scrollbar-background: $surface;
        scrollbar-color-hover: $foreground 40%; scrollbar-background-hover: $surface;
        scrollbar-color-active: $primary; scrollbar-background-active: $surface;
        scrollbar-corner-color: $surface; scrollbar-size-vertical: 1;
    }
    """

    def __init__(
        self,
        source: RunSource | None,
        *,
        review: Screen[Strategy | None] | None = None,
        launch: Launch | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        theme: str | None = None,
        theme_specs: Sequence[ThemeSpec] = (),
        keymap: Mapping[str, Iterable[str]] | None = None,
        alert: Alert = silent,
        problems: Sequence[str] = (),
        history: History | None = None,
        theme_watch: ThemeWatch | None = None,
        terminal_title: bool = True,
        resume: Callable[[], None] | None = None,
    ) -> None:
        self._problems: list[str] = []
        super().__init__()
        self.source, self.resume = source, resume
        self._review, self._launch = review, launch
        self.now, self._monotonic, self._alert = now, monotonic, alert
        self.asking = Asking()
        self.history, self._theme_watch = history, theme_watch
        self._title = TerminalTitle(wanted=terminal_title)
        self._follow: Follow | None = None
        self._problems = [*problems, *install(self, theme_specs, theme)]
        self.keys = {i: ",".join(k) for i, k in (keymap or {}).items()}
        wrong = keymap_problems(keymap or {})
        if wrong:
            self._problems += [f"keys: {p}; the usual keys are used" for p in wrong[:3]]
            self.keys = {}

    # -- themes ----------------------------------------------------------------------------------
    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The states' colours for themes that do not name them."""
        return state_defaults(self.current_theme)

    def _reload_themes(self) -> None:
        """Colours follow the file they are written in; a slip in it is told and changes nothing."""
        found = self._theme_watch.changed() if self._theme_watch is not None else None
        if found is None:
            return
        specs, problems = found
        name = self.theme
        told = [*problems, *install(self, specs, name, refresh=True)]
        for problem in told[:1]:
            self.notify(one_line(problem), severity="warning", timeout=10, markup=False)

    # -- starting --------------------------------------------------------------------------------
    async def on_mount(self) -> None:
        """The review, or the board."""
        if self.keys:
            self.set_keymap(self.keys)
        for problem in self._problems:
            self.notify(one_line(problem), severity="warning", timeout=10, markup=False)
        if self._theme_watch is not None:
            self.set_interval(THEMES_S, self._reload_themes)
        if self.source is not None:
            await self._begin(self.source)
        elif self._review is not None:
            await self.push_screen(self._review, self._reviewed)
        else:
            self.exit(FAILED)

    def _reviewed(self, strategy: Strategy | None) -> None:
        if strategy is None or self._launch is None:
            self.exit(FAILED)
            return
        self.call_after_refresh(self._start, strategy)

    async def _start(self, strategy: Strategy) -> None:
        """Make the run here and not in a thread: what reads its journal is bound to this one."""
        assert self._launch is not None
        try:
            source = self._launch(strategy)
        except Exception as error:  # whatever it is, the user reads a sentence, not a traceback
            words = one_line(str(error)) or type(error).__name__
            self.exit(FAILED, message=f"maestro: the run could not be started: {words}")
            return
        await self._begin(source)

    async def _begin(self, source: RunSource) -> None:
        # Here, as the dialogs: the review, which is the first thing a user sees, needs neither.
        from maestro_tui.ui.screens.board import BoardScreen

        self.source = source
        self._follow = Follow(source)
        self.board = BoardScreen(source, self.asking, self.now)
        await self.push_screen(self.board)
        self.offer_resume()
        self.set_interval(1 / POLL_HZ, self._look)
        self.set_interval(1 / SPINNER_HZ, self._spin)
        self.set_interval(1.0, self._second)
        self._look()

    def on_unmount(self) -> None:
        """The window gets its name back."""
        self._title.restore(self)

    # -- following -------------------------------------------------------------------------------
    def _look(self) -> None:
        """Ten times a second; nothing happens where nothing did."""
        follow, board = self._follow, self.board
        if follow is None or board is None or self._exit or not self.screen_stack:
            return  # the last look may come after the screens have gone
        changes = follow.look()
        if changes is not None:
            self._apply(follow.state, changes)
        self._questions(follow.state)
        if changes is not None:
            waiting = len(self.asking.open_ones(follow.state))
            self._title.say(self, title_words(follow.state, waiting))
            self._endings(follow.state)

    def _apply(self, state: RunState, changes: Changes) -> None:
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen):
                screen.apply(changes)
        for notice in changes.notices[-3:]:
            self.notify(one_line(notice), timeout=6, markup=False)
        if changes.questions:
            self._questions_changed(state)

    def engine_started(self) -> None:
        """Give it a moment before missing it again."""
        self._lost = 0
        if self.board is not None:
            self.board.banner("")

    def _spin(self) -> None:
        state, board = self.run_state, self.board
        if self._exit or not self.screen_stack or state is None or board is None or state.ended:
            return
        if self.screen is not board:
            return  # under a dialog every step would cost a whole screen
        if any(t.moving for t in state.tasks.values()) or any(
            g.state == "running" for g in state.gates.values()
        ):
            board.spin()

    def _second(self) -> None:
        if self.terminal_lost:  # and no signal told so
            self.exit(HUNG_UP)
            return
        state, board = self.run_state, self.board
        if state is None or board is None or self.source is None:
            return
        if self._exit or not self.screen_stack:
            return  # as in the last look
        # Under a dialog every redraw costs a whole screen: nothing but work is worth it.
        still = isinstance(self.screen, ModalScreen) and state.status is RunStatus.WAITING
        if not state.ended and state.status is not RunStatus.STOPPED and not still:
            board.tick()
            for screen in self.screen_stack:
                if screen is not board and isinstance(screen, RunScreen) and screen.is_current:
                    screen.tick()
        alive = self.source.engine_alive()
        self._lost = 0 if alive else self._lost + 1
        if state.ended or alive:
            board.banner("")
        elif state.status is RunStatus.STOPPED:
            board.banner("Stopped at a checkpoint; nothing runs. Press R to go on, q to leave.")
        elif self._lost >= _LOST_AFTER:
            board.banner("No engine is working on this run. Press R to resume.")
        if self._stopping and self._lost >= _LOST_AFTER:
            self.exit(exit_code(state))

    # -- actions ---------------------------------------------------------------------------------
    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a run there is nothing to answer or turn up."""
        run_only = {"inbox", "answer", "more_agents", "fewer_agents", "resume", "drain"}
        if (
            action in (run_only | {"abort", "rollback", "summary", "view", "jump"})
            and self.source is None
        ):
            return False
        if action == "history" and self.history is None:
            return False
        if action == "view" and getattr(self.screen, "NUMBERED", False):
            return False  # its digits are its own pages
        state = self.run_state
        ended = state is not None and state.ended
        return not (ended and action in ("more_agents", "fewer_agents", "answer"))
