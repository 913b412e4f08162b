"""The dependency graph drawn with characters: a line for each task, its edges as lanes beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from maestro_tui.plans.model import Edge

MAX_LANES = 12  # more cannot be followed by eye; the words at the end of each line go on


@dataclass(frozen=True, slots=True)
class Row:
    """One line: the lanes, and the task it is for; "" for a line between tasks."""

    lanes: str
    task: str = ""
    after: tuple[str, ...] = ()
    wave: int = 0


def draw(
    waves: Sequence[Sequence[str]], edges: Sequence[Edge], critical: Sequence[str] = ()
) -> list[Row]:
    """The tasks wave by wave, each below what it waits for; ``edges`` best without redundant ones.

    A lane is an edge under way to the task that waits. ``◆`` are the tasks of the longest path.
    """
    children: dict[str, list[str]] = {}
    parents: dict[str, list[str]] = {}
    for edge in edges:
        children.setdefault(edge.after, []).append(edge.task)
        parents.setdefault(edge.task, []).append(edge.after)
    place = {task: n for n, task in enumerate(t for wave in waves for t in wave)}
    longest = set(critical)
    rows: list[Row] = []
    lanes: list[str] = []  # the task each lane leads to; "" where one is free
    for number, wave in enumerate(waves, start=1):
        for task in wave:
            mine = [n for n, to in enumerate(lanes) if to == task]
            at = mine[0] if mine else _free(lanes)
            if len(mine) > 1:
                rows.append(Row(_joined(lanes, at, mine, ("╰", "┴", "╯"))))
            for n in mine[1:]:
                lanes[n] = ""
            lanes[at] = task
            glyph = "◆" if task in longest else "○"
            after = tuple(parents.get(task, ()))
            rows.append(Row(_plain(lanes, at, glyph), task, after, number))
            lanes[at] = ""
            below = sorted(dict.fromkeys(children.get(task, ())), key=lambda t: place.get(t, 0))
            opened = []
            for n, child in enumerate(below):
                lane = at if n == 0 else _free(lanes)
                if lane >= MAX_LANES:
                    break
                lanes[lane] = child
                opened.append(lane)
            if len(opened) > 1:
                rows.append(Row(_joined(lanes, at, opened, ("╭", "┬", "╮"))))
            while lanes and not lanes[-1]:
                lanes.pop()
    return rows


def _free(lanes: list[str]) -> int:
    for n, to in enumerate(lanes):
        if not to:
            return n
    lanes.append("")
    return len(lanes) - 1


def _plain(lanes: Sequence[str], at: int, glyph: str) -> str:
    marks = [glyph if n == at else "│" if to else " " for n, to in enumerate(lanes[:MAX_LANES])]
    if at >= MAX_LANES:
        marks.append(glyph)
    return " ".join(marks).rstrip()


def _joined(lanes: Sequence[str], at: int, ends: Sequence[int], marks: tuple[str, str, str]) -> str:
    """Lanes that come together at, or go out from, one; ``marks`` are first, middle and last."""
    first, last = min(ends), max(ends)
    out = []
    for n, to in enumerate(lanes[: MAX_LANES + 1]):
        inside = first <= n <= last
        if n == at:
            mark = "├" if n == first else "┤" if n == last else "┼"
        elif n in ends:
            mark = marks[2] if n == last else marks[0] if n == first else marks[1]
        elif inside:
            mark = "┼" if to else "─"
        else:
            mark = "│" if to else " "
        out.append(mark + ("─" if first <= n < last else " "))
    return "".join(out).rstrip()
