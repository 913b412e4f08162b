"""Which family of candidates are the tasks of a plan, and how sure that is.

Exactly one family is chosen: what stands above it becomes phases, what stands below it steps. The
order of precedence was measured on real plans; each family must also show evidence that its members
are work, because numbered headings and boxes also structure documents that are no plan at all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.candidates import Candidate, fill_heading
from maestro_tui.plans.evidence import has_facts
from maestro_tui.plans.families import FITS

RANK = (
    "task", "box-id", "id", "item-id", "step", "phase-item", "phase", "component", "numbered",
    "ordered", "box", "table", "bullet", "line",
)  # fmt: skip
_WORDS = {
    "task": "'Task N' headings", "box-id": "boxes with ids", "id": "headings with ids",
    "step": "'Step N' headings", "phase-item": "streams and items within phases",
    "phase": "phase headings", "component": "headings over [NEW]/[MODIFY] files",
    "numbered": "numbered headings", "ordered": "a numbered list", "box": "checkboxes",
    "item-id": "list items with ids", "table": "rows of a table",
    "bullet": "items of a plain list", "line": "lines that begin with 'Step N'",
}  # fmt: skip


@dataclass(slots=True)
class Choice:
    """The family chosen, its members, and the second best."""

    family: str
    tasks: list[Candidate]
    groups: list[Candidate] = field(default_factory=list)  # parents by id, phases read as such
    runner_up: str = ""
    confidence: str = "high"

    @property
    def reason(self) -> str:
        """In words, for the user: what the tasks were taken from."""
        return f"tasks from {_WORDS.get(self.family, self.family)}"

    @property
    def alternative(self) -> str:
        """In words, what they would have been taken from otherwise; empty when nothing rivals."""
        return _WORDS.get(self.runner_up, self.runner_up)


@dataclass(slots=True)
class Families:
    """The candidates of a document, with what several formats ask of them, found once."""

    found: dict[str, list[Candidate]]
    _fit: dict[str, list[Candidate]] = field(default_factory=dict)
    _split: dict[str, tuple[list[Candidate], list[Candidate]]] = field(default_factory=dict)

    def fit(self, family: str) -> list[Candidate]:
        """Its members where they are surely work."""
        if family not in self._fit:
            self._fit[family] = FITS[family](self.found)
        return self._fit[family]

    def leaves(self, family: str) -> tuple[list[Candidate], list[Candidate]]:
        """Its tasks, and those of its members that only head others."""
        if family not in self._split:
            self._split[family] = _leaves(self.fit(family), family)
        return self._split[family]


def choose(families: Families, rank: Sequence[str] = RANK) -> Choice | None:
    """The best family with evidence for it, or None when nothing in the document is surely work."""
    if any(_is_log(c.section) for members in families.found.values() for c in members[:1]):
        return None
    fits = [(family, tasks) for family in rank if (tasks := families.fit(family))]
    if not fits:
        return None
    family, tasks = _better(fits)
    fits = [(family, tasks), *(f for f in fits if f[0] != family)]
    rivals = [f for f, members in fits[1:] if not _within(members, tasks) and len(members) > 1]
    tasks, groups = families.leaves(family)
    unsure = family in ("numbered", "ordered", "box", "component", "bullet", "line")
    confidence = (
        "high" if not unsure and not rivals else "medium" if not (unsure and rivals) else "low"
    )
    runner = rivals[0] if rivals else (fits[1][0] if len(fits) > 1 else "")
    return Choice(family, tasks, groups, runner, confidence)


def _is_log(section: Section) -> bool:
    """Whether the document calls itself a changelog: what it lists is done."""
    top = [s for s in (section, *section.ancestors()) if s.level == 1]
    return any(re.search(r"\bchange ?log\b|\brelease notes\b", s.title, re.I) for s in top)


def _better(fits: Sequence[tuple[str, list[Candidate]]]) -> tuple[str, list[Candidate]]:
    """The first that fits; but phases of which nothing is said give way to headings with facts."""
    if fits[0][0] != "phase":
        return fits[0]
    phases = fits[0][1]
    told = sum(1 for c in phases if has_facts(c))
    for family, members in fits[1:]:
        if family == "table" and not told and not members[0].id.isdigit():
            return family, members
        facts = sum(1 for c in members if family == "numbered" and has_facts(c))
        if facts * 2 >= len(members) and facts > told and not _within(members, phases):
            return family, members
    return fits[0]


def _within(members: Sequence[Candidate], tasks: Sequence[Candidate]) -> bool:
    """Whether all of them stand inside the tasks, or hold them: steps and phases are no rivals."""
    spans = sorted((t.line, t.end) for t in tasks)
    starts = [start for start, _ in spans]
    reach = list(accumulate((end for _, end in spans), max))  # the furthest end so far
    inside = around = 0
    for member in members:
        before = bisect_left(starts, member.line)
        inside += before > 0 and reach[before - 1] >= member.line
        after = bisect_right(starts, member.line)
        around += after < len(starts) and starts[after] <= member.end
    return max(inside, around) * 2 >= len(members)


def _leaves(tasks: list[Candidate], family: str) -> tuple[list[Candidate], list[Candidate]]:
    """Tasks without those that only head others: 1 above 1.1, a heading above a heading."""
    heads = {parent for t in tasks if "." in t.id for parent in _parents(t.id)}
    headings = [t for t in tasks if t.is_heading]
    lines = {t.section.line for t in headings}
    above = {a.line for t in headings for a in t.section.ancestors()} & lines
    if family == "phase":
        group = [t.line in above for t in tasks]
    else:
        group = [t.id in heads or (t.line in above and t.is_heading) for t in tasks]
    if family == "box-id":
        # A box over others that has work of its own is a task as well, or that work would be lost.
        places = sorted(t.line for t in tasks)
        group = [g and not _own_work(t, places) for g, t in zip(group, tasks, strict=True)]
    leaves = [t for t, is_group in zip(tasks, group, strict=True) if not is_group]
    return leaves, [t for t, is_group in zip(tasks, group, strict=True) if is_group]


_TRACE = re.compile(r"[_*]*(requirements?|validates|properties|要件)", re.IGNORECASE)


def _own_work(task: Candidate, lines: Sequence[int]) -> bool:
    """Whether items that are no traces stand between a task and the next; ``lines`` are sorted."""
    following = bisect_right(lines, task.line)
    first = lines[following] if following < len(lines) else task.end + 1
    own = takewhile(lambda b: b.line < first, task.blocks)
    return any(b.kind == "item" and not _TRACE.match(b.text) for b in own)


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]


def fill(choice: Choice) -> None:
    """Gives every heading of the choice its body, up to where another task begins."""
    stops = {t.section.line for t in (*choice.tasks, *choice.groups) if t.is_heading}
    for task in choice.tasks:
        if task.is_heading:
            fill_heading(task, stops)
