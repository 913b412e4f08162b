"""The conflict matrix: tasks against tasks, and what each pair meets in."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from maestro_tui.plans.model import Conflict

MARKS = {"same-file": "F", "glob-overlap": "G", "import": "I"}
LEGEND = (
    "F same file   G overlapping globs   I imports   + order added here   ? no order, advice only"
)
MAX_TASKS = 60  # drawn; of more tasks the pairs are listed


@dataclass(frozen=True, slots=True)
class Matrix:
    """The tasks that meet in files, in plan order, and the conflicts of each pair."""

    tasks: tuple[str, ...]
    cells: dict[tuple[str, str], tuple[Conflict, ...]]

    def between(self, first: str, second: str) -> tuple[Conflict, ...]:
        """What two tasks meet in, whichever is named first."""
        return self.cells.get((first, second)) or self.cells.get((second, first), ())

    def mark(self, first: str, second: str) -> str:
        """Two characters for a pair: the strongest kind, and how the order came about."""
        found = self.between(first, second)
        if not found:
            return "· "
        kinds = {c.kind for c in found}
        kind = next(mark for name, mark in MARKS.items() if name in kinds)
        added = any(c.serialised for c in found)
        return kind + ("+" if added else " " if any(c.ordered for c in found) else "?")


def matrix_of(conflicts: Sequence[Conflict], order: Sequence[str]) -> Matrix:
    """The matrix of the conflicts; ``order`` are the task ids as the plan has them."""
    cells: dict[tuple[str, str], tuple[Conflict, ...]] = {}
    for conflict in conflicts:
        pair = (conflict.first, conflict.second)
        pair = pair if pair in cells or pair[::-1] not in cells else pair[::-1]
        cells[pair] = (*cells.get(pair, ()), conflict)
    there = {name for pair in cells for name in pair}
    return Matrix(tuple(name for name in order if name in there), cells)


def as_text(matrix: Matrix, width: int = 80) -> list[str]:
    """The lower half as lines no wider than that, in several blocks where it has to be."""
    if not matrix.tasks:
        return []
    if len(matrix.tasks) > MAX_TASKS:
        return [f"{len(matrix.tasks)} tasks meet in files: too many to draw; the pairs are below."]
    digits = len(str(len(matrix.tasks)))
    names = min(24, max(_cells(name) for name in matrix.tasks), width // 3)
    each = max(3, digits + 1)
    per_block = max(1, (width - digits - 1 - names - 1) // each)
    out: list[str] = []
    for start in range(0, len(matrix.tasks) - 1, per_block):
        columns = range(start, min(start + per_block, len(matrix.tasks) - 1))
        out += [""] if out else []
        numbers = "".join(f"{c + 1:>{each - 1}} " for c in columns)
        out.append((" " * (digits + 1 + names + 1) + numbers).rstrip())
        for row in range(start, len(matrix.tasks)):
            cells = "".join(
                f"{matrix.mark(matrix.tasks[c], matrix.tasks[row]):>{each - 1}} "
                for c in columns
                if c < row
            )
            name = _fit(matrix.tasks[row], names)
            out.append(f"{row + 1:>{digits}} {name} {cells}".rstrip())
    return out


def pairs_in_words(conflicts: Sequence[Conflict], limit: int = 200) -> list[tuple[str, str]]:
    """Each pair as a line and what stands behind it, so that nothing is only a letter."""
    out = []
    for c in conflicts[:limit]:
        paths = ", ".join(c.paths[:4]) + (f" and {len(c.paths) - 4} more" if c.paths[4:] else "")
        if c.kind == "import":
            standing = "in that order" if c.ordered else "no order: advice only"
            out.append((f"{c.second} imports from {c.first}", f"{c.note or paths} ({standing})"))
            continue
        what = "both write" if c.kind == "same-file" else "may both write"
        standing = "order added" if c.serialised else "ordered by the plan"
        out.append((f"{c.first} and {c.second}", f"{what} {paths} ({standing})"))
    if len(conflicts) > limit:
        out.append((f"and {len(conflicts) - limit} pairs more", ""))
    return out


def _cells(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def _fit(text: str, width: int) -> str:
    if _cells(text) > width:
        while text and _cells(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _cells(text))
