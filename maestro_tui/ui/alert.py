"""Calls a user who looks elsewhere: a bell, a terminal notification, or a command of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from textual.app import App

from maestro_tui.ui.formatting import clip, one_line

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
