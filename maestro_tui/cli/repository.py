"""The repository a command is about; apart, as listing runs needs nothing else of a start."""

from __future__ import annotations

from pathlib import Path

from maestro_tui.cli.exits import Exit
from maestro_tui.engine.git.repository import RepositoryError, find_root


def repository(folder: str) -> Path:
    """The repository a command is about."""
    try:
        return find_root(Path(folder).expanduser())
    except RepositoryError as error:
        raise Exit(str(error)) from error
