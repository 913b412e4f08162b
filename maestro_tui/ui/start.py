"""Opens the screen for the command line: settings, themes, signals, and the exit code."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from maestro_tui.config.errors import ConfigError
from maestro_tui.config.paths import data_dir, user_config_dir
from maestro_tui.config.settings import Settings, load_settings
from maestro_tui.config.themes import ThemeSpec, load_themes
from maestro_tui.plans.model import Strategy
from maestro_tui.ui.actions import ACTIONS
from maestro_tui.ui.alert import make_alert
from maestro_tui.ui.app import Launch, MaestroApp
from maestro_tui.ui.exits import FAILED
from maestro_tui.ui.screens.drafting import Revise
from maestro_tui.ui.screens.review import Reread, ReviewScreen
from maestro_tui.ui.screens.review_details import Prompt
from maestro_tui.ui.screens.source_lines import lines_of
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.theme_watch import ThemeWatch
from maestro_tui.ui.views import History, OtherRun

if TYPE_CHECKING:
    from maestro_tui.ui.replay import ReplaySource

# Starting makes much and frees nothing, so garbage is first looked for after the first frame.
COLLECT_AFTER_S = 1.0


def _collect_garbage() -> None:
    gc.freeze()
    gc.enable()


def show_board(
    source: RunSource,
    repo: Path,
    history: History | None = None,
    resume: Callable[[], None] | None = None,
) -> int | OtherRun:
    """The board of a run until the user leaves: the exit code, or the run to show instead.

    ``resume`` starts an engine; the user is asked first, and sees what there is of the run.
    """
    app = _app(repo, source, history=history, resume=resume)
    return asyncio.run(run_screen(app))


def show_replay(replay: ReplaySource, repo: Path, history: History | None = None) -> int | OtherRun:
    """A run played again, until the user leaves or wants another one."""
    from maestro_tui.ui.replay_app import ReplayApp

    settings, themes, problems = look(repo)
    app = ReplayApp(
        replay,
        theme=settings.ui.theme,
        theme_specs=themes,
        theme_watch=ThemeWatch(theme_folders()),
        keymap=settings.keys,
        problems=problems,
        history=history,
    )
    app.mouse = settings.ui.mouse
    return asyncio.run(run_screen(app))


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
    code = asyncio.run(run_screen(_app(repo, None, review=review, launch=launch)))
    return code if isinstance(code, int) else FAILED


def _app(
    repo: Path,
    source: RunSource | None,
    *,
    review: ReviewScreen | None = None,
    launch: Launch | None = None,
    history: History | None = None,
    resume: Callable[[], None] | None = None,
) -> MaestroApp:
    settings, themes, problems = look(repo)
    app = MaestroApp(
        source,
        review=review,
        launch=launch,
        theme=settings.ui.theme,
        theme_specs=themes,
        theme_watch=ThemeWatch(theme_folders()),
        keymap=settings.keys,
        alert=make_alert(settings.ui.notify, settings.ui.notify_command),
        problems=problems,
        history=history,
        terminal_title=settings.ui.terminal_title,
        resume=resume,
    )
    app.mouse = settings.ui.mouse
    return app


def look(repo: Path) -> tuple[Settings, list[ThemeSpec], list[str]]:
    """Settings and themes; what is wrong with them is told on the screen, which opens anyway."""
    problems: list[str] = []
    try:
        settings = load_settings(repo, (a.id for a in ACTIONS))
    except ConfigError as error:
        settings, problems = Settings(), [f"{error}; the defaults are used"]
    themes, bad = load_themes(theme_folders())
    return settings, themes, problems + bad


def theme_folders() -> list[Path]:
    """The shipped themes, and the user's over them."""
    return [data_dir("themes"), user_config_dir() / "themes"]


async def run_screen(app: MaestroApp) -> int | OtherRun:
    """Run the screen; a polite signal ends it with the terminal as it was."""
    loop = asyncio.get_running_loop()
    loop.call_later(COLLECT_AFTER_S, _collect_garbage)
    numbers = (signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, app.exit, 128 + number)
    try:
        result = await app.run_async(mouse=app.mouse)
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
    if app.other_run is not None:
        return app.other_run
    return FAILED if result is None else int(result)
