"""The order a plan has where it states none: what the format's own tools would do with it.

Edges made here carry the source "convention", so that the review shows them apart and the user can
switch them off. None of them ever closes a cycle with an order the document states.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import pairwise

from maestro_tui.plans.model import Edge, Phase, Task

SEQUENTIAL = "sequential"  # one task after the other, through the whole document
PHASES = "phases"  # phase after phase, the tasks of each in turn save those marked parallel
MARKED = "marked"  # phase after phase; neighbouring tasks marked [P] run together
FREE = "free"  # nothing beyond what is stated


def default_order(
    style: str,
    tasks: Sequence[Task],
    phases: Sequence[Phase],
    stated: Sequence[Edge],
    parallel: Collection[str] = (),
) -> list[Edge]:
    """The edges a style adds to the stated ones; ``parallel`` are the ids of marked tasks."""
    if style == FREE or len(tasks) < 2:
        return []
    if style == SEQUENTIAL:
        wanted = [Edge(b.id, a.id, "convention") for a, b in pairwise(tasks)]
    else:
        wanted = _by_phase(tasks, phases, parallel)
    return _safe(wanted, tasks, phases, stated)


def _by_phase(
    tasks: Sequence[Task], phases: Sequence[Phase], parallel: Collection[str]
) -> list[Edge]:
    members: dict[str, list[Task]] = {}
    for task in tasks:
        members.setdefault(task.phase, []).append(task)
    order = [p for p in phases if members.get(p.id)]
    out = [Edge(b.id, a.id, "convention") for a, b in pairwise(order)]
    modes = {p.id: p.mode for p in phases}
    for name, inside in members.items():
        if modes.get(name) == "parallel":
            continue
        out += _runs(inside, parallel)
    return out


def _runs(tasks: Sequence[Task], parallel: Collection[str]) -> list[Edge]:
    """A chain in which neighbours marked as parallel share one link."""
    out: list[Edge] = []
    last: list[Task] = []
    run: list[Task] = []
    for task in tasks:
        if task.id in parallel:
            run.append(task)
        else:
            last, run = run or last, []
            out += [Edge(task.id, t.id, "convention") for t in last]
            last = [task]
            continue
        out += [Edge(task.id, t.id, "convention") for t in last]
    return out


def _safe(
    wanted: Sequence[Edge], tasks: Sequence[Task], phases: Sequence[Phase], stated: Sequence[Edge]
) -> list[Edge]:
    """Those edges that agree with the stated ones: none when a stated one goes against the page."""
    place = {task.id: n for n, task in enumerate(tasks)}
    first: dict[str, int] = {}
    last: dict[str, int] = {}
    for n, task in enumerate(tasks):
        first.setdefault(task.phase, n)
        last[task.phase] = n
    have = {(e.task, e.after) for e in stated}
    for edge in stated:
        later = place.get(edge.task, first.get(edge.task, -1))
        earlier = place.get(edge.after, last.get(edge.after, len(tasks)))
        if later <= earlier:
            return []
    return [e for e in wanted if (e.task, e.after) not in have]
