"""Which family of candidates are the tasks of a plan, and how sure that is.

Exactly one family is chosen: what stands above it becomes phases, what stands below it steps. The
order of precedence was measured on real plans; each family must also show evidence that its members
are work, because numbered headings and boxes also structure documents that are no plan at all.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, takewhile

from maestro_tui.plans.candidates import Candidate, fill_heading, list_class, named
from maestro_tui.plans.inline_files import leading_file
from maestro_tui.plans.labels import labels_in
from maestro_tui.plans.marks import mode_in
from maestro_tui.plans.sections import NEVER_WORK, NO_WORK, class_of_title, classes_above

RANK = (
    "task", "box-id", "id", "item-id", "step", "phase-item", "phase", "component", "numbered",
    "ordered", "box", "table",
)  # fmt: skip
_WORDS = {
    "task": "'Task N' headings", "box-id": "boxes with ids", "id": "headings with ids",
    "step": "'Step N' headings", "phase-item": "streams and items within phases",
    "phase": "phase headings", "component": "headings over [NEW]/[MODIFY] files",
    "numbered": "numbered headings", "ordered": "a numbered list", "box": "checkboxes",
    "item-id": "list items with ids", "table": "rows of a table",
}  # fmt: skip
_DIGITS, _LOWER = re.compile(r"\d+"), re.compile(r"[a-z]")
_TASK_LIST = re.compile(r"(tasks|work items|deliverables|steps|actions)\W*", re.IGNORECASE)
_LETTERED = re.compile(r"[A-Z]\d{1,2}")
_FINAL = re.compile(r"\W*final (verification|review)s?( wave| phase)?\W*$", re.IGNORECASE)
_PROMPT = re.compile(r"\W*(prompt|plan)( file)?\W*:", re.IGNORECASE)
_FACTS = frozenset(
    [
        "files",
        "create",
        "modify",
        "delete",
        "test",
        "verify",
        "depends",
        "blocks",
        "marker",
        "agent",
    ]
)


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


def choose(found: dict[str, list[Candidate]], rank: Sequence[str] = RANK) -> Choice | None:
    """The best family with evidence for it, or None when nothing in the document is surely work."""
    fits = [(family, tasks) for family in rank if (tasks := _FITS[family](found))]
    if not fits:
        return None
    family, tasks = _better(fits)
    fits = [(family, tasks), *(f for f in fits if f[0] != family)]
    rivals = [f for f, members in fits[1:] if not _within(members, tasks) and len(members) > 1]
    tasks, groups = _leaves(tasks, family)
    unsure = family in ("numbered", "ordered", "box", "component")
    confidence = (
        "high" if not unsure and not rivals else "medium" if not (unsure and rivals) else "low"
    )
    runner = rivals[0] if rivals else (fits[1][0] if len(fits) > 1 else "")
    return Choice(family, tasks, groups, runner, confidence)


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
    ids = Counter(parent for t in tasks for parent in _parents(t.id))
    lines = {t.section.line for t in tasks if t.is_heading}
    above = {a.line for t in tasks if t.is_heading for a in t.section.ancestors()} & lines
    group = [ids[t.id] > 0 or (t.is_heading and t.line in above) for t in tasks]
    if family == "phase":
        group = [t.line in above for t in tasks]
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


def _tasks(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("task", []) if not _account(c)]
    inside = [c for c in out if _says_something(c)]
    if not (len(out) > 1 or inside):
        return []
    # The reviews that some planners put behind the tasks, as boxes F1 to F4, are work as well.
    reviews = [
        c
        for c in found.get("box-id", [])
        if _LETTERED.fullmatch(c.id) and _FINAL.match(c.section.title)
    ]
    return sorted((*out, *reviews), key=lambda c: c.line) if reviews else out


def _account(c: Candidate) -> bool:
    """Whether a heading stands in a section that only tells of tasks: a log, a table of times."""
    return bool(classes_above(c.section.parent) & NEVER_WORK) if c.section.parent else False


def _says_something(c: Candidate) -> bool:
    return bool(c.section.children) or any(b.kind != "blank" for b in c.section.blocks)


def _boxes_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = found.get("box-id", [])
    headings = {c.section.line for c in found.get("task", [])}
    # "- [ ] 1. ..." beneath a Task heading is a step of it.
    out = [c for c in out if not _stands_in(c, headings)]
    shallow = min((c.indent for c in out), default=0)
    if not any("." in c.id for c in out):
        out = [c for c in out if c.indent <= shallow + 1]
    return out if len(out) > 1 or (out and not found.get("phase")) else []


def _stands_in(c: Candidate, lines: set[int]) -> bool:
    return c.section.line in lines or any(a.line in lines for a in c.section.ancestors())


def _evident(c: Candidate) -> bool:
    """Whether a heading's own lines or place show that it is work."""
    if "work" in classes_above(c.section.parent) if c.section.parent else False:
        return True
    if any(_is_phase(a.title) for a in c.section.ancestors()):
        return True
    return has_facts(c)


def _is_phase(title: str) -> bool:
    return named(title, "phase") is not None or named(title, "stream") is not None


def has_facts(c: Candidate) -> bool:
    """Whether files, checks, an order or an agent stand beneath a candidate."""
    blocks = list(c.section.all_blocks()) if c.is_heading else c.blocks
    wanted = _FACTS - {"verify", "agent"} if c.family == "id" and c.id[:1].isdigit() else _FACTS
    return any(label.name in wanted and label.entries() for label in labels_in(blocks))


def _headings_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    shapes: dict[tuple[str, int], list[Candidate]] = {}
    for c in found.get("id", []):
        parent = (
            class_of_title(c.section.parent.title)
            if c.section.parent and c.section.parent.level > 1
            else ""
        )
        if parent in NO_WORK or class_of_title(c.title) in ("negative", "log", "timeline"):
            continue
        shapes.setdefault((_DIGITS.sub("0", _LOWER.sub("a", c.id)), 0), []).append(c)
    best = max(shapes.values(), key=len, default=[])
    evident = [c for c in best if _evident(c)]
    return best if len(best) > 1 and len(evident) * 2 >= len(best) else []


def _steps(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [
        c
        for c in found.get("step", [])
        if not classes_above(c.section.parent or c.section) & NO_WORK
    ]
    return out if len(out) > 1 else []


def _phases(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("phase", []) if not _account(c)]
    streams = [c for c in found.get("stream", []) if not _account(c)]
    if not out and len(streams) > 1:
        return streams
    return out if len(out) > 1 or (out and _says_something(out[0])) else []


def _phase_items(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Streams and bold numbered items inside phases, where those say who may run beside whom."""
    phases = _phases(found)
    if not phases or phases[0].family == "stream":
        return []
    lines = {c.section.line for c in phases}
    streams = [c for c in found.get("stream", []) if _stands_in(c, lines)]
    items = [
        c for c in found.get("ordered", [])
        if c.indent == 0 and c.raw.startswith("**")
        and ((c.section.line in lines and c.blocks) or _is_task_list(c, lines))
    ]  # fmt: skip
    prompts = [c for c in (*streams, *items) if _names_prompt(c)]
    modes = [c for c in phases if mode_in(c.raw)[0] != "unspecified"]
    listed = sum(1 for c in items if _is_task_list(c, lines))
    if len(streams) < 2 and not prompts and not (modes and items) and listed < 2:
        return []
    inner = sorted((*streams, *items), key=lambda c: c.line)
    held = {c.section.line if c.family == "stream" else c.line for c in inner}
    busy = {s.line for c in inner for s in (c.section, *c.section.ancestors())}
    first: dict[str, Candidate] = {}
    for phase in phases:  # later accounts of a phase ("Commands for Phase 2") add no tasks
        first.setdefault(phase.id, phase)
    whole = [p for p in first.values() if p.section.line not in busy]
    counted = {p.section.line for p in first.values()}
    keep = [c for c in inner if _stands_in(c, counted)]
    return sorted((*keep, *whole), key=lambda c: c.line) if held else []


def _is_task_list(c: Candidate, phases: set[int]) -> bool:
    """Whether an item stands under "Tasks:" right beneath a phase."""
    parent = c.section.parent
    return (
        parent is not None
        and parent.line in phases
        and _TASK_LIST.fullmatch(c.section.title) is not None
    )


def _names_prompt(c: Candidate) -> bool:
    blocks = list(c.section.all_blocks()) if c.family == "stream" else c.blocks
    return any(_PROMPT.match(b.text) for b in blocks)


def _numbered(found: dict[str, list[Candidate]]) -> list[Candidate]:
    levels: dict[int, list[Candidate]] = {}
    for c in found.get("numbered", []):
        parent = c.section.parent
        above = classes_above(parent) if parent is not None and parent.level > 1 else set()
        if (
            above & (NO_WORK - {"files"} | {"dependencies"})
            or class_of_title(c.title) in NEVER_WORK
        ):
            continue
        levels.setdefault(c.section.level, []).append(c)
    for level in sorted(levels, key=lambda n: -len(levels[n])):
        members = [c for c in levels[level] if _evident_number(c)]
        if len(members) > 1 and len(members) * 2 >= len(levels[level]):
            return members
    return []


def _evident_number(c: Candidate) -> bool:
    above = classes_above(c.section.parent or c.section)
    return (
        bool(above & {"work", "files"}) or has_facts(c) or leading_file(c.title, c.line) is not None
    )


def _components(found: dict[str, list[Candidate]]) -> list[Candidate]:
    return found.get("component", [])


def _ordered(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("ordered", []) if _own_class(c) == "work" and c.indent <= 1]
    return out if len(out) > 1 else []


def _items_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = found.get("item-id", [])
    shallow = min((c.indent for c in out), default=0)
    out = [c for c in out if c.indent <= shallow + 1]
    return out if len(out) > 1 else []


def _table_rows(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Rows of the first table of work; later ones repeat its ids with other columns."""
    rows = [c for c in found.get("table", []) if _is_work_table(c)]
    first: dict[str, Candidate] = {}
    for row in rows:
        first.setdefault(row.id, row)
    named = [c for c in first.values() if not c.id.isdigit()]
    out = named or [c for c in first.values() if rows and c.section.line == rows[0].section.line]
    return out if len(out) > 1 else []


def _is_work_table(c: Candidate) -> bool:
    above = (c.section, *c.section.ancestors())
    return bool(classes_above(c.section) & {"work", "dependencies"}) or any(
        _is_phase(s.title) for s in above
    )


def _own_class(c: Candidate) -> str:
    return class_of_title(c.section.title) if c.section.level > 1 else ""


def _boxes(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out: list[Candidate] = []
    shallow: dict[int, int] = {}
    for c in found.get("box", []):
        shallow[c.section.line] = min(shallow.get(c.section.line, 99), c.indent)
    for c in found.get("box", []):
        if c.indent == shallow[c.section.line] and list_class(c.section) not in NO_WORK:
            out.append(c)
    return out if len(out) > 1 else []


_FITS: dict[str, Callable[[dict[str, list[Candidate]]], list[Candidate]]] = {
    "task": _tasks, "box-id": _boxes_with_id, "id": _headings_with_id, "step": _steps,
    "phase-item": _phase_items, "phase": _phases, "component": _components, "numbered": _numbered,
    "ordered": _ordered, "box": _boxes, "item-id": _items_with_id, "table": _table_rows,
}  # fmt: skip


def fill(choice: Choice) -> None:
    """Gives every heading of the choice its body, up to where another task begins."""
    stops = {t.section.line for t in (*choice.tasks, *choice.groups) if t.is_heading}
    for task in choice.tasks:
        if task.is_heading:
            fill_heading(task, stops)
