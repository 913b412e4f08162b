"""Opens the screen: the only room of the command line that imports Textual."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from maestro_tui.cli.exits import Exit
from maestro_tui.cli.opening import Opening
from maestro_tui.cli.selecting import sessions
from maestro_tui.config.paths import db_path
from maestro_tui.plans.model import Strategy
from maestro_tui.plans.strategy import revise as revise_strategy
from maestro_tui.plans.tracked import checkout_bytes

if TYPE_CHECKING:
    from maestro_tui.ui.source import RunSource
    from maestro_tui.ui.views import OtherRun

REPLAY_SPEED = 10.0


def show_run(
    repo: Path, run: str, *, start: bool, extra: tuple[str, ...] = (), asked: bool = False
) -> int:
    """The board of a run; with ``start`` an engine is set to work on it.

    With ``asked`` a run whose agents have worked is shown first, and asks how it goes on.
    """
    from maestro_tui.engine.client import RunClient, UnknownRun
    from maestro_tui.engine.journal import JournalError

    try:
        client = RunClient(repo, run)
    except (UnknownRun, JournalError) as error:
        raise Exit(str(error)) from error
    resume = None
    if start and not client.state.ended and not client.engine_alive():
        resume = partial(client.start_engine, *extra)
        attempts = [a for task in client.state.tasks.values() for a in task.attempts]
        if not asked or not any(attempt.started_at for attempt in attempts):
            resume()
            resume = None
    from maestro_tui.ui.start import show_board

    return _until_left(repo, show_board(client, repo, partial(sessions, repo), resume))


def show_replay(repo: Path, run: str, speed: float) -> int:
    """A run played again."""
    return _until_left(repo, _replay(repo, run, speed))


def _replay(repo: Path, run: str, speed: float) -> int | OtherRun:
    from maestro_tui.engine.client import RunClient
    from maestro_tui.engine.journal import Journal
    from maestro_tui.ui.replay import ReplaySource
    from maestro_tui.ui.start import show_replay as show

    journal = Journal(db_path(repo))
    events = [event for _, event in journal.read(run)]
    journal.close()
    client = RunClient(repo, run)
    return show(
        ReplaySource(events, client.attempt_dir, speed=speed), repo, partial(sessions, repo)
    )


def _until_left(repo: Path, end: int | OtherRun) -> int:
    """From one run to the other, until the user wants none."""
    from maestro_tui.engine.client import RunClient
    from maestro_tui.ui.start import show_board

    while not isinstance(end, int):
        if end.ended:
            end = _replay(repo, end.run, REPLAY_SPEED)
        else:
            client = RunClient(repo, end.run)
            end = show_board(client, repo, partial(sessions, repo))
    return end


def show_review(opening: Opening, create: Callable[[Strategy], str]) -> int:
    """The review; on yes the run is made, its engine started, and the board shown."""
    from maestro_tui.ui.start import show_review as show

    def launch(strategy: Strategy) -> RunSource:
        from maestro_tui.engine.client import RunClient

        client = RunClient(opening.base.root, create(strategy))
        client.start_engine()
        return client

    root = opening.base.root
    revise = partial(
        revise_strategy,
        assign=opening.assign,
        known=opening.known,
        repo=root,
        repo_bytes=checkout_bytes(root),
    )
    return show(
        opening.strategy,
        opening.base.root,
        launch,
        driver=opening.options.driver,
        command=" ".join(opening.options.agent_command),
        notes=opening.notes,
        revise=revise,
        prompt=_prompt,
        reread=opening.reread,
    )


def _prompt(strategy: Strategy, task: str) -> str:
    """What the agent of a task would be told, before it is."""
    from maestro_tui.roster.prompts import build_prompt

    return build_prompt(strategy.plan, strategy, strategy.assignment(task))
