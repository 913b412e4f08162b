"""Files a plan means to change that lie elsewhere in the repository.

A path written from the wrong folder costs a whole attempt: the agent changes the right file, and
that is found to be no file of its task. Saying so before anything runs costs a line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from maestro_tui.plans.globs import is_glob
from maestro_tui.plans.model import Diagnostic, Task
from maestro_tui.plans.tracked import tracked_files

_LISTED = 50  # remarks at most; a plan for another repository has only such files


def misplaced(tasks: Sequence[Task], repo: Path) -> tuple[Diagnostic, ...]:
    """A warning for each file to be changed or deleted that is elsewhere, with where it is."""
    made = {path for task in tasks for path in (*task.create, *task.test)}
    absent = [
        (task, path)
        for task in tasks
        for path in dict.fromkeys((*task.modify, *task.delete))
        if _is_plain(path) and path not in made and not os.path.lexists(repo / path)
    ]
    if not absent:
        return ()
    wanted = {path.rpartition("/")[2] for _, path in absent}
    places: dict[str, list[str]] = {}
    for tracked in tracked_files(repo):
        name = tracked.rpartition("/")[2]
        if name in wanted:
            places.setdefault(name, []).append(tracked)
    return tuple(_remarks(absent, places))[:_LISTED]


def _remarks(
    absent: Sequence[tuple[Task, str]], places: dict[str, list[str]]
) -> Iterator[Diagnostic]:
    for task, path in absent:
        found = _elsewhere(path, places.get(path.rpartition("/")[2], ()))
        if found:
            yield Diagnostic(
                "file-elsewhere",
                "warning",
                task.line,
                f"{task.id} changes {path}, which is not in the repository; {found} is.",
                f"Write {found}, or 'Create: {path}' if a new file is meant.",
            )


def _elsewhere(path: str, places: Sequence[str]) -> str:
    """The one tracked file whose path goes on from the given one, or the other way round."""
    fits = [p for p in places if p.endswith("/" + path) or ("/" in p and path.endswith("/" + p))]
    return fits[0] if len(fits) == 1 else ""


def _is_plain(path: str) -> bool:
    return not is_glob(path) and not path.endswith("/") and not path.startswith(("/", "~"))
