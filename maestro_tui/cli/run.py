"""``maestro run``, ``resume`` and ``attach``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.opening import Opening, open_run, policies, repository
from maestro_tui.cli.selecting import choose_run, newest_unfinished
from maestro_tui.engine.create import RunIdError, create_run
from maestro_tui.engine.journal import JournalError
from maestro_tui.plans.model import Strategy


def run(arguments: argparse.Namespace) -> int:
    """Review a plan and run it, on the screen or headless."""
    opening = open_run(arguments)
    if arguments.headless:
        return _headless_run(arguments, opening)
    _need_terminal("maestro run")
    from maestro_tui.cli.screen import show_review, show_run

    if arguments.yes:
        name = _create(opening, opening.strategy, arguments.run_id)
        return show_run(opening.base.root, name, start=True)
    return show_review(opening, lambda strategy: _create(opening, strategy, arguments.run_id))


def _create(opening: Opening, strategy: Strategy, name: str, *, approved: bool = True) -> str:
    from dataclasses import replace

    options = replace(opening.options, approved=approved)
    try:
        return create_run(opening.base, strategy, options, run=name, script=opening.script)
    except (RunIdError, JournalError, OSError) as error:
        raise Exit(str(error)) from error


def _headless_run(arguments: argparse.Namespace, opening: Opening) -> int:
    from maestro_tui.cli.headless import run_headless

    for note in opening.notes:
        print(f"note: {note}", file=sys.stderr)
    name = _create(opening, opening.strategy, arguments.run_id, approved=arguments.yes)
    return run_headless(opening.base.root, name, {}, as_json=arguments.json)


def resume(arguments: argparse.Namespace) -> int:
    """Go on with an unfinished run."""
    repo = repository(arguments.repo)
    name = newest_unfinished(repo, arguments.run)
    changes = policies(arguments)
    if arguments.headless:
        from maestro_tui.cli.headless import run_headless

        return run_headless(repo, name, changes, as_json=arguments.json)
    _need_terminal("maestro resume")
    from maestro_tui.cli.screen import show_run

    return show_run(repo, name, start=True, extra=("--policies", json.dumps(changes)))


def attach(arguments: argparse.Namespace) -> int:
    """Open the screen of a run."""
    repo = repository(arguments.repo)
    name = choose_run(repo, arguments.run)
    _need_terminal("maestro attach")
    from maestro_tui.cli.screen import show_run

    return show_run(repo, name, start=False)


def _need_terminal(what: str) -> None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Exit(f"{what} opens a screen and needs a terminal; use --headless for a run without")


def outcome_code(status: str) -> int:
    """The exit code of an ended run."""
    return DONE if status == "done" else FAILED


def engine_log(repo: Path, name: str) -> Path:
    """Where a detached engine writes what it has to say."""
    from maestro_tui.config.paths import run_dir

    return run_dir(repo, name) / "engine.log"
