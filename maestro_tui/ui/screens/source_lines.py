"""The lines of a plan's document, as the reader counted them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from maestro_tui.plans.document import load
from maestro_tui.plans.errors import PlanError


def lines_of(name: str) -> Sequence[str] | str:
    """The lines, or why there are none; a document that changed meanwhile is read again."""
    if not name:
        return "the plan has no document"
    try:
        facts = Path(name).stat()
    except OSError as error:
        return f"{name}: cannot be read: {error.strerror}"
    return _lines(name, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=4)
def _lines(name: str, changed: int, size: int) -> Sequence[str] | str:
    try:
        return load(name).lines
    except PlanError as error:
        return str(error)
