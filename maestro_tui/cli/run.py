"""``maestro run``, ``resume`` and ``attach``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from maestro_tui.cli.exits import Exit
from maestro_tui.cli.splash import splash

if TYPE_CHECKING:
    from maestro_tui.cli.opening import Opening
    from maestro_tui.plans.model import Strategy


def run(arguments: argparse.Namespace) -> int:
    """Review a plan and run it, on the screen or headless."""
    if arguments.headless:
        from maestro_tui.cli.opening import open_run

        return _headless_run(arguments, open_run(arguments))
    _need_terminal("maestro run")
    with splash(f"reads {', '.join(arguments.plan)} …"):
        return _on_screen(arguments)


def _on_screen(arguments: argparse.Namespace) -> int:
    from maestro_tui.cli.early import EarlyBase

    base = EarlyBase(arguments.repo)  # git works while the rest is imported
    from maestro_tui.cli.opening import open_run
    from maestro_tui.cli.screen import show_review, show_run

    opening = open_run(arguments, base.result)
    if arguments.yes:
        name = _create(opening, opening.strategy, arguments.run_id)
        return show_run(opening.base.root, name, start=True)
    return show_review(opening, lambda strategy: _create(opening, strategy, arguments.run_id))


def _create(opening: Opening, strategy: Strategy, name: str, *, approved: bool = True) -> str:
    # Not needed before a yes, and half of what there is to import.
    from maestro_tui.engine.create import RunIdError, create_run
    from maestro_tui.engine.journal import JournalError

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
    from maestro_tui.cli.opening import policies
    from maestro_tui.cli.repository import repository
    from maestro_tui.cli.selecting import newest_unfinished

    repo = repository(arguments.repo)
    name = newest_unfinished(repo, arguments.run)
    changes = policies(arguments)
    if arguments.headless:
        from maestro_tui.cli.headless import run_headless

        return run_headless(repo, name, changes, as_json=arguments.json)
    _need_terminal("maestro resume")
    with splash(f"opens {name} …"):
        from maestro_tui.cli.screen import show_run

        return show_run(
            repo,
            name,
            start=True,
            extra=("--policies", json.dumps(changes)),
            asked=not arguments.yes,
        )


def attach(arguments: argparse.Namespace) -> int:
    """Open the screen of a run."""
    from maestro_tui.cli.repository import repository
    from maestro_tui.cli.selecting import choose_run

    repo = repository(arguments.repo)
    name = choose_run(repo, arguments.run)
    _need_terminal("maestro attach")
    with splash(f"opens {name} …"):
        from maestro_tui.cli.screen import show_run

        return show_run(repo, name, start=False)


def replay(arguments: argparse.Namespace) -> int:
    """Play a run again."""
    from maestro_tui.cli.repository import repository
    from maestro_tui.cli.selecting import choose_run

    repo = repository(arguments.repo)
    name = choose_run(repo, arguments.run)
    _need_terminal("maestro replay")
    with splash(f"opens {name} …"):
        from maestro_tui.cli.screen import show_replay

        return show_replay(repo, name, arguments.speed)


def _need_terminal(what: str) -> None:
    served = "TEXTUAL_DRIVER" in os.environ  # in a browser, which is terminal enough
    if not served and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Exit(f"{what} opens a screen and needs a terminal; use --headless for a run without")
