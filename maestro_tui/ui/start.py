"""Opens the screen for the command line: settings, themes, signals, and the exit code."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Sequence
from pathlib import Path

from maestro_tui.config.paths import data_dir, user_config_dir
from maestro_tui.config.settings import ConfigError, Settings, load_settings
from maestro_tui.config.themes import ThemeSpec, load_themes
from maestro_tui.plans.model import Strategy
from maestro_tui.ui.actions import ACTIONS
from maestro_tui.ui.alert import make_alert
from maestro_tui.ui.app import Launch, MaestroApp
from maestro_tui.ui.exits import FAILED
from maestro_tui.ui.screens.drafting import Revise
from maestro_tui.ui.screens.review import Prompt, Reread, ReviewScreen
from maestro_tui.ui.screens.source_lines import lines_of
from maestro_tui.ui.source import RunSource

# Starting makes much and frees nothing, so garbage is first looked for after the first frame.
COLLECT_AFTER_S = 1.0


def _collect_garbage() -> None:
    gc.freeze()
    gc.enable()


def show_board(source: RunSource, repo: Path) -> int:
    """The board of a run until the user leaves; the exit code."""
    return _run(repo, source)


def show_review(
    strategy: Strategy,
    repo: Path,
    launch: Launch,
    *,
    driver: str,
    command: str,
    notes: Sequence[str],
    revise: Revise,
    prompt: Prompt,
    reread: Reread | None = None,
) -> int:
    """The review first; on a yes the run is launched and its board shown. The exit code."""
    review = ReviewScreen(
        strategy,
        driver=driver,
        commands=[command] if command else [],
        facts=notes,
        revise=revise,
        prompt=prompt,
        source=lines_of,
        reread=reread,
    )
    return _run(repo, None, review=review, launch=launch)


def _run(
    repo: Path,
    source: RunSource | None,
    *,
    review: ReviewScreen | None = None,
    launch: Launch | None = None,
) -> int:
    settings, themes, problems = look(repo)
    app = MaestroApp(
        source,
        review=review,
        launch=launch,
        theme=settings.ui.theme,
        theme_specs=themes,
        keymap=settings.keys,
        alert=make_alert(settings.ui.notify, settings.ui.notify_command),
        problems=problems,
    )
    return asyncio.run(run_screen(app, mouse=settings.ui.mouse))


def look(repo: Path) -> tuple[Settings, list[ThemeSpec], list[str]]:
    """Settings and themes; what is wrong with them is told on the screen, which opens anyway."""
    problems: list[str] = []
    try:
        settings = load_settings(repo, (a.id for a in ACTIONS))
    except ConfigError as error:
        settings, problems = Settings(), [f"{error}; the defaults are used"]
    themes, bad = load_themes([data_dir("themes"), user_config_dir() / "themes"])
    return settings, themes, problems + bad


async def run_screen(app: MaestroApp, *, mouse: bool = True) -> int:
    """Run the screen; a polite signal ends it with the terminal as it was."""
    loop = asyncio.get_running_loop()
    loop.call_later(COLLECT_AFTER_S, _collect_garbage)
    numbers = (signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, app.exit, 128 + number)
    try:
        result = await app.run_async(mouse=mouse)
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
    return FAILED if result is None else int(result)
