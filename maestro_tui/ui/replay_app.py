"""The program that plays a run again: the usual screens, and keys for the clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from maestro_tui.config.themes import ThemeSpec
from maestro_tui.core.state import RunState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.exits import exit_code
from maestro_tui.ui.formatting import bar, clock
from maestro_tui.ui.replay import ReplaySource
from maestro_tui.ui.screens.run_screen import RunScreen

_STEP = 0.05  # of the run, a press of < or >
_HINTS = ("  p plays and pauses, ( ) speed, , . scrub", "  p ( ) , . turn it", "  p ( ) , .")
_LOCKED = frozenset(
    {"answer", "more_agents", "fewer_agents", "resume", "drain", "abort", "retry", "tell", "agent"}
)


class ReplayApp(MaestroApp):
    """Follows a :class:`ReplaySource`; questions are shown as answered, not asked."""

    BINDINGS = bindings("replay")

    def __init__(
        self,
        replay: ReplaySource,
        *,
        theme: str | None = None,
        theme_specs: Sequence[ThemeSpec] = (),
        **more: Any,
    ) -> None:
        super().__init__(replay, now=replay.now, theme=theme, theme_specs=theme_specs, **more)
        self.replay = replay

    def _questions(self, state: RunState) -> None:
        """Nothing is asked twice."""
        self._show_clock()

    def _endings(self, state: RunState) -> None:
        """The end is a moment like any other; s shows the figures."""

    def _second(self) -> None:
        if self._exit:
            return
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen) and (screen is self.board or screen.is_current):
                screen.tick()

    def _show_clock(self) -> None:
        """Where in the run one is, in a line of each screen over it."""
        if self.board is None or not self.board.is_mounted:
            return
        replay = self.replay
        sign = "▶" if replay.playing else "❚❚"
        at, whole = replay.moment - replay.start, replay.end - replay.start
        width = max(8, min(40, self.size.width // 4))
        played = bar(round(replay.share * width), width, width)
        words = f"{sign} replay {replay.speed:g}×  {clock(at)} of {clock(whole)}  {played}"
        room = self.size.width - len(words) - 2
        words += next((hint for hint in _HINTS if len(hint) <= room), "")
        for screen in self.screen_stack:
            if isinstance(screen, RunScreen) and screen.is_mounted:
                screen.banner(words)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What was decided cannot be decided again."""
        return False if action in _LOCKED else super().check_action(action, parameters)

    def action_leave(self) -> None:
        """Nothing is at stake."""
        self.exit(exit_code(self.replay.state))

    # -- the clock -------------------------------------------------------------------------------
    def action_play(self) -> None:
        """Play or pause."""
        self.replay.toggle()
        self._show_clock()

    def action_speed(self, step: int) -> None:
        """Faster or slower."""
        self.replay.turn(step)
        self._show_clock()

    def action_scrub(self, way: int) -> None:
        """A twentieth of the run on or back."""
        self.replay.seek(self.replay.share + way * _STEP)
        self._look()

    def action_event(self, way: int) -> None:
        """To the next event or the one before."""
        self.replay.step(way)
        self._look()

    def action_ends(self, share: float) -> None:
        """To the start or the end."""
        self.replay.seek(share)
        self._look()
