"""Values of JSON and YAML documents that know where they stand, and how formats look into them.

One shape for both, so that a format states what a key means and not how it is parsed; the place
of a value is what an edge shows and what a status is written back to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from maestro_tui.plans.keys import clean

_LONG = 200


@dataclass(slots=True)
class Node:
    """A value: a dict or list of nodes, or a plain one. ``start``/``end`` are text offsets."""

    value: Any
    start: int = 0
    end: int = 0
    line: int = 0

    def get(self, *keys: str) -> Node:
        """The value of the first of these keys that is there and not null; else an empty node."""
        if isinstance(self.value, dict):
            for key in keys:
                found = self.value.get(key)
                if isinstance(found, Node) and found.value is not None:
                    return found
        return Node(None, line=self.line)

    def has(self, *keys: str) -> bool:
        """Whether it is an object with all of these keys."""
        return isinstance(self.value, dict) and all(k in self.value for k in keys)

    def items(self) -> list[Node]:
        """The items of a list; nothing for any other value."""
        return self.value if isinstance(self.value, list) else []

    def objects(self) -> list[Node]:
        """The items of a list that are objects."""
        return [item for item in self.items() if isinstance(item.value, dict)]

    def fields(self) -> Iterator[tuple[str, Node]]:
        """The keys and values of an object; nothing for any other value."""
        if isinstance(self.value, dict):
            yield from self.value.items()

    def text(self, *keys: str) -> str:
        """The value (of the first of these keys) as words; lists of words become list items."""
        node = self.get(*keys) if keys else self
        if isinstance(node.value, list):
            lines = [item.text() for item in node.value if not isinstance(item.value, dict | list)]
            return "\n".join(f"- {line}" for line in lines if line)
        return _scalar(node.value)

    def title(self, *keys: str) -> str:
        """The value as one clean line, cut where it is longer than a title can be."""
        line = clean(self.text(*keys))
        return line if len(line) <= _LONG else line[: _LONG - 2].rstrip() + " …"

    def words(self, *keys: str) -> list[tuple[str, int]]:
        """The value as a list of words with their lines; one word counts as a list of one."""
        node = self.get(*keys) if keys else self
        found = node.value if isinstance(node.value, list) else [node]
        out = [(clean(_scalar(item.value)), item.line) for item in found]
        return [(word, line) for word, line in out if word]


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return str(value) if isinstance(value, str | int) else ""
