"""Dependencies drawn with characters: names in rows, joined by ``|``, ``/`` and ``\\``.

Plans written for people often draw their graph; the strokes are followed from name to name, and a
drawing that cannot be followed gives no edge rather than a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

_NODE = re.compile(
    r"(?:(?:Epic|Task|Phase|Step|Stage|Story|Stream|Track|Wave|Milestone)\s+)?"
    r"(T\d{2,4}[a-z]?|\d+(?:\.\d+)+[a-z]?|[A-Z]{1,4}-?\d+(?:\.\d+)*"
    r"|(?<=Epic )\d+|(?<=Task )\w+|(?<=Phase )\w+|(?<=Step )\w+|(?<=Stage )\w+|(?<=Stream )\w|"
    r"(?<=Track )\w"
    r"|(?<=Wave )\d+|(?<=Milestone )\w+)(?:\s*\([^()]*\))?"
)
_STROKES = {"|": 0, "│": 0, "/": 1, "╱": 1, "\\": -1, "╲": -1, "v": 0, "▼": 0, "↓": 0}
MAX_LINES = 200


@dataclass(frozen=True, slots=True)
class Node:
    """A name in the drawing: where it stands and the words that name it."""

    row: int
    first: int
    last: int
    text: str


def drawn_edges(lines: Sequence[str], known: Collection[str] = ()) -> list[tuple[str, str, int]]:
    """``(before, after, row)`` for each pair of names a stroke joins, the upper one first.

    ``known`` are ids of the plan, for drawings that write nothing but the bare id.
    """
    if len(lines) > MAX_LINES or not any(c in line for line in lines for c in "/\\|│╱╲↓▼"):
        return []
    rows = [line.expandtabs(4)[:400] for line in lines]
    nodes = [
        Node(r, m.start(), m.end(), m[0])
        for r, line in enumerate(rows)
        for m in _NODE.finditer(line)
    ] or [
        Node(r, m.start(), m.end(), m[0])
        for r, line in enumerate(rows)
        for m in re.finditer(r"[\w.-]+", line)
        if m[0].lower() in known
    ]
    if len(nodes) < 2:
        return []
    grid = _Grid(rows, nodes)
    out: dict[tuple[str, str], int] = {}
    for row, line in enumerate(rows):
        for column, char in enumerate(line):
            if char in _STROKES and grid.at(row, column) is None:
                upper, lower = grid.follow(row, column, -1), grid.follow(row, column, +1)
                if upper is not None and lower is not None and upper.text != lower.text:
                    out.setdefault((upper.text, lower.text), lower.row)
    return [(before, after, row) for (before, after), row in out.items()]


class _Grid:
    def __init__(self, rows: Sequence[str], nodes: Sequence[Node]) -> None:
        self.rows = rows
        self.by_row: dict[int, list[Node]] = {}
        for node in nodes:
            self.by_row.setdefault(node.row, []).append(node)

    def at(self, row: int, column: int, slack: int = 0) -> Node | None:
        """The name at a place, or within ``slack`` columns of it, the nearest first."""
        fits = [n for n in self.by_row.get(row, ()) if n.first - slack <= column < n.last + slack]
        return min(fits, key=lambda n: abs((n.first + n.last) / 2 - column), default=None)

    def follow(self, row: int, column: int, step: int) -> Node | None:
        """Along the strokes up or down to a name; through the words a name has beneath it."""
        char = self.rows[row][column]
        slack = 5 if char in "↓▼" else 3
        for _ in range(MAX_LINES):
            column += _STROKES.get(char, 0) * (1 if step < 0 else -1)
            row += step
            if not 0 <= row < len(self.rows):
                return None
            node = self.at(row, column, slack=slack)
            if node is not None:
                return node
            char = self._stroke(row, column)
            if not char:
                if step > 0 or not self._label(row, column):
                    return None
                char = "|"
        return None

    def _stroke(self, row: int, column: int) -> str:
        line = self.rows[row]
        for near in (column, column - 1, column + 1):
            if 0 <= near < len(line) and line[near] in _STROKES:
                return line[near]
        return ""

    def _label(self, row: int, column: int) -> bool:
        """Whether other words stand here: the second line of a name above."""
        line = self.rows[row]
        return line[max(0, column - 4) : column + 5].strip() != ""
