"""Which candidates of one id are accounts of one piece of work, without comparing all pairs."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.marks import bare


def is_full(task: Candidate) -> bool:
    """Whether anything stands beneath a candidate."""
    return any(b.kind != "blank" for b in task.blocks)


@dataclass(slots=True)
class Twins:
    """Remembers candidates by id with their title, and by id with the heading they stand under.

    ``any_home`` is for phases: wherever a phase is named again, the same one is meant.
    """

    any_home: bool
    _ids: dict[str, int] = field(default_factory=dict)
    _alone: dict[str, tuple[Candidate, int]] = field(default_factory=dict)  # met once so far
    _titles: dict[tuple[str, str], int] = field(default_factory=dict)
    _homes: dict[tuple[str, int], int] = field(default_factory=dict)
    _empty: dict[tuple[str, int], int] = field(default_factory=dict)

    def find(self, task: Candidate) -> int | None:
        """The place of the first candidate that this one is another account of."""
        if self.any_home or task.id not in self._ids:
            return self._ids.get(task.id)
        self._compare(task.id)
        home = (task.id, _home(task))
        same = [
            self._titles.get((task.id, _title(task))),
            (self._empty if is_full(task) else self._homes).get(home),
        ]
        return min((n for n in same if n is not None), default=None)

    def beside(self, task: Candidate) -> int | None:
        """The place of the first of this id, when one of the same id stands under one heading."""
        return self._ids[task.id] if (task.id, _home(task)) in self._homes else None

    def add(self, task: Candidate, place: int) -> None:
        """Takes a candidate in, or the better account of the one at that place."""
        if not task.id:
            return
        if task.id not in self._ids:
            self._ids[task.id] = place
            self._alone[task.id] = task, place
            return
        self._compare(task.id)
        self._index(task, place)

    def _compare(self, name: str) -> None:
        """Indexes the first of an id once there is another to compare it with; few ever have."""
        first = self._alone.pop(name, None)
        if first is not None:
            self._index(*first)

    def _index(self, task: Candidate, place: int) -> None:
        home = (task.id, _home(task))
        self._titles.setdefault((task.id, _title(task)), place)
        self._homes.setdefault(home, place)
        if not is_full(task):
            self._empty.setdefault(home, place)
        elif self._empty.get(home) == place:
            del self._empty[home]


def _title(task: Candidate) -> str:
    return bare(task.title).lower()


def _home(task: Candidate) -> int:
    parent = task.section.parent if task.is_heading else task.section
    return parent.line if parent is not None else 0
