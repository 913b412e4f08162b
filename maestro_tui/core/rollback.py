"""Going back: to the base, the end of a wave, or right after the merge of a task.

What is dropped stays under refs and is done again; what it takes along can be seen beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

from maestro_tui.core.state import ACTIVE, RunState, TaskState

_S = TaskState


class NoSuchPoint(ValueError):
    """There is no such place to go back to; the message lists those there are."""


@dataclass(frozen=True, slots=True)
class Point:
    """A place to go back to: ``wave`` is -1 for a task's merge."""

    name: str  # base, wave:2, task:3
    sha: str
    wave: int = -1
    task: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What going back there means."""

    point: Point
    keeps: tuple[str, ...]  # merged tasks that stay
    drops: tuple[str, ...]  # merged tasks whose work leaves the branch, oldest first
    stops: tuple[str, ...]  # agents that are ended because they build on what is dropped


def points(state: RunState) -> list[Point]:
    """Every place the run can go back to, oldest first."""
    found = [Point("base", state.base_sha, 0)]
    tags = {sha: number for number, sha in sorted(state.wave_tags.items())}
    for sha, task in state.merges:
        found.append(Point(f"task:{task}", sha, task=task))
        if sha in tags:
            found.append(Point(f"wave:{tags[sha]}", sha, tags[sha]))
    return found


def point_of(state: RunState, name: str) -> Point:
    """The place of that name; a task merged twice is meant as it was merged last."""
    found = points(state)
    for point in reversed(found):
        if name == point.name or (name == "wave:0" and point.name == "base"):
            return point
    there = ", ".join(p.name for p in found)
    raise NoSuchPoint(f"{name!r}: this run can go back to {there}")


def preview(state: RunState, point: Point) -> Preview:
    """What would be kept, dropped and stopped."""
    commits = [sha for sha, _ in state.merges]
    cut = commits.index(point.sha) + 1 if point.sha in commits else 0
    dropped = tuple(dict.fromkeys(task for _, task in state.merges[cut:]))
    kept = tuple(dict.fromkeys(task for _, task in state.merges[:cut]))
    return Preview(
        point,
        tuple(t for t in kept if t not in dropped),
        dropped,
        tuple(stopped_by(state, point)),
    )


def stopped_by(state: RunState, point: Point) -> list[str]:
    """Agents at work on top of something that is dropped."""
    if point.wave >= 0:
        return [t.id for t in state.tasks.values() if t.wave > point.wave and t.state in ACTIVE]
    commits = [sha for sha, _ in state.merges]
    gone = set(commits[commits.index(point.sha) + 1 :]) if point.sha in commits else set(commits)
    return [
        t.id
        for t in state.tasks.values()
        if t.state in ACTIVE and t.attempt is not None and t.attempt.base in gone
    ]
