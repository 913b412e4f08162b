"""Calls a user who looks elsewhere: a bell, a terminal notification, or a command of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App

from maestro_tui.core.state import RunState
from maestro_tui.report.progress import progress
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.glyphs import RUN

Alert = Callable[[App[Any], str], None]
_LONGEST = 120


def silent(app: App[Any], words: str) -> None:
    """For those who want no calls."""


def make_alert(kind: str, command: Sequence[str] = ()) -> Alert:
    """How the settings want the user to be called; a command comes on top."""

    def alert(app: App[Any], words: str) -> None:
        said = clip(one_line(words), _LONGEST).replace(";", ",")
        if kind == "bell":
            app.bell()
        elif kind == "osc9":
            _write(app, f"\x1b]9;{said}\x07")
        elif kind == "osc777":
            _write(app, f"\x1b]777;notify;Maestro;{said}\x07")
        if command:
            app.run_worker(
                _call([*command, said]), group="alert", exit_on_error=False, name="alert"
            )

    return alert


class TerminalTitle:
    """The window's or tab's name while the program runs; the old one is put back at the end."""

    def __init__(self, *, wanted: bool = True) -> None:
        self._wanted = wanted
        self._said = ""

    def say(self, app: App[Any], words: str) -> None:
        """Name the window, when the name is another."""
        words = clip(one_line(words), _LONGEST)
        if not self._wanted or words == self._said:
            return
        if not self._said:
            _write(app, "\x1b[22;2t")  # keep the name it has
        self._said = words
        _write(app, f"\x1b]2;{words}\x07")

    def restore(self, app: App[Any]) -> None:
        """Give the name back."""
        if self._said:
            self._said = ""
            _write(app, "\x1b[23;2t")


def title_words(state: RunState, waiting: int) -> str:
    """“? 2 waiting · 3/8 · A till”: what one wants to see in a row of tabs."""
    numbers = progress(state)
    title = state.strategy.plan.title if state.strategy else state.run
    look = RUN[state.status]
    first = f"? {waiting} waiting" if waiting else f"{look.glyph} {look.word}"
    return f"{first} · {numbers.merged}/{numbers.total} · {one_line(title)}"


def _write(app: App[Any], sequence: str) -> None:
    driver = app._driver  # the only way to the terminal that does not tear a frame
    if driver is not None and not app.is_headless:
        driver.write(sequence)


async def _call(command: list[str]) -> None:
    """The user's own command; its failing is nobody's business here."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        await process.wait()
    except OSError:
        pass
