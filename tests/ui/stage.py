"""Puts an app on a stage for a test: opened, and waited for by condition, never by time."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from rich.text import Text
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.screens.board import BoardScreen
from tests.ui.runs import FakeSource

W = TypeVar("W", bound=Widget)
WIDE, NARROW = (120, 40), (80, 24)
DEADLINE_S = 8.0


def an_app(source: FakeSource, **more: Any) -> MaestroApp:
    """The app with the run's clock; questions take keys at once, time having leapt on."""
    return MaestroApp(source, now=source.now, monotonic=itertools.count(0.0, 10.0).__next__, **more)


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until it holds; fail with what was wanted."""
    end = time.monotonic() + DEADLINE_S
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"never: {what or condition}")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def opened(
    source: FakeSource, size: tuple[int, int] = WIDE, **more: Any
) -> AsyncIterator[Pilot[int]]:
    """The board of a run."""
    app = an_app(source, **more)
    async with app.run_test(size=size, notifications=True) as pilot:
        await until(lambda: any(isinstance(s, BoardScreen) for s in app.screen_stack), "a board")
        await pilot.pause()
        yield pilot


async def top(pilot: Pilot[int], kind: type[Any]) -> Any:
    """The screen on top, once it is of that kind and drawn."""
    await until(lambda: isinstance(pilot.app.screen, kind), f"{kind.__name__} on top")
    await pilot.pause()
    return pilot.app.screen


def board(pilot: Pilot[int]) -> BoardScreen:
    """The board, wherever it is in the stack."""
    return next(s for s in pilot.app.screen_stack if isinstance(s, BoardScreen))


def screen_text(pilot: Pilot[int]) -> str:
    """What a person could read on the screen right now."""
    app = pilot.app
    lines = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in lines)


def said(widget: Static) -> str:
    """A static's plain text."""
    content = widget.content
    return content.plain if isinstance(content, Text) else str(content)
