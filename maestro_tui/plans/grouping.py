"""The phases of a Markdown plan: what stands above its tasks and says more than "Tasks"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro_tui.plans.asides import without_asides
from maestro_tui.plans.blocks import Section
from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.choosing import Choice
from maestro_tui.plans.facts import gather
from maestro_tui.plans.keys import Unique, clean
from maestro_tui.plans.marks import bare, mode_in, parse_heading, status_in
from maestro_tui.plans.model import Gate
from maestro_tui.plans.titles import is_round, named

_BRACKETS = re.compile(r"\s*[(\[（][^()\[\]（）]*[)\]）]\s*$")
_NUMBERED = re.compile(r"(\d+(?:\.\d+)*[A-Za-z]?|[A-Z]{1,6}-?\d+)[.):：]?\s+(\S.*)$")
_AFTER = re.compile(
    r"\b(?:after|needs|requires|depends on|blocked by|once)\s+([^()\[\]]{2,60})", re.IGNORECASE
)
_AFTER_CJK = re.compile(  # "Level 1 - Level 0完了後"
    r"([^\W\d_]+ ?\d+)\s*(?:の?完了|완료)?\s*(?:後|てから|后|之后|후|이후)"
)
_INSIDE = re.compile(r"[(\[（]([^()\[\]（）]*)[)\]）]")
_MODE = re.compile(
    r"[(\[（][^()\[\]]*\b(?:sequential|parallel|single|concurrent(?:ly)?)\b[^()\[\]]*[)\]）]",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Group:
    """A phase: ``short`` is what the document calls it ("2"), ``id`` is unique in the plan."""

    id: str
    short: str
    title: str
    line: int
    mode: str = "unspecified"
    max_parallel: int = 0
    status: str = "pending"
    after: str = ""  # "after Group 1", from the heading
    round: bool = False  # a wave: its tasks start together once the one before is done
    dependencies: list[tuple[str, str, int]] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    gates: list[Gate] = field(default_factory=list)  # checks stated for the phase as a whole


def group_tasks(
    tasks: Sequence[Candidate], choice: Choice
) -> tuple[list[Group], list[Group | None]]:
    """The groups in document order, and for each task its own."""
    if choice.family == "phase":
        return [], [None] * len(tasks)
    parents = {g.id: g for g in choice.groups if not g.is_heading}
    above = _sections_above(tasks)
    headings = _heading_groups(above)
    made: dict[int, Group] = {}
    of: list[Group | None] = []
    ids = {t.id or str(n) for n, t in enumerate(tasks, 1)}  # those without one are numbered
    for task, sections in zip(tasks, above, strict=True):
        group: Group | None = None
        item = _item_parent(task, parents) if parents else None
        section = next((s for s in sections if s.line in headings), None)
        if item is not None:
            group = made.get(item.line) or _of_item(item)
            made[item.line] = group
        elif section is not None:
            group = made.get(section.line) or _of_section(section)
            made[section.line] = group
        of.append(group)
    groups = sorted(made.values(), key=lambda g: g.line)
    if any(not g.dependencies for g in groups):
        _other_accounts(groups, above)
    _unique(groups, ids)
    return groups, of


def _other_accounts(groups: Sequence[Group], above: Sequence[tuple[Section, ...]]) -> None:
    """What groups wait for, where the document says it in another section of the same name.

    An overview of the streams with their files and order often stands before their tasks.
    """
    silent = {g.short: g for g in groups if not g.dependencies}
    lines = {g.line for g in groups}
    root = next((s for those in above for s in those), None)
    while root is not None and root.parent is not None:
        root = root.parent
    for section in root.walk() if root is not None else ():
        found = named(section.title, "stream") or named(section.title, "phase")
        if found is None or section.line in lines or not section.blocks:
            continue
        group = silent.get(found[0])
        if group is not None and _first_word(found[1]) == _first_word(group.title):
            group.dependencies = list(gather(section.blocks, section.title).dependencies)


def _first_word(title: str) -> str:
    return title.lower().split(" ", 1)[0]


def _item_parent(task: Candidate, parents: dict[str, Candidate]) -> Candidate | None:
    parts = task.id.split(".")
    for n in range(len(parts) - 1, 0, -1):
        found = parents.get(".".join(parts[:n]))
        if found is not None:
            return found
    return None


def _sections_above(tasks: Sequence[Candidate]) -> list[tuple[Section, ...]]:
    """For each task the headings it stands under, the nearest first; once for each heading."""
    known: dict[tuple[int, bool], tuple[Section, ...]] = {}
    out = []
    for task in tasks:
        place = (task.section.line, task.is_heading)
        if place not in known:
            own = [] if task.is_heading or not task.section.level else [task.section]
            known[place] = (*own, *task.section.ancestors())
        out.append(known[place])
    return out


def _heading_groups(above: Sequence[tuple[Section, ...]]) -> set[int]:
    """Lines of headings that group: those named or numbered as such, else those with siblings."""
    sections = {s.line: s for those in above for s in those}
    out = {line for line, s in sections.items() if _is_group(s)}
    if out:
        return out
    nearest = {those[0].line: those[0] for those in above if those}
    return {line for line, s in nearest.items() if s.level > 1} if len(nearest) > 1 else set()


def _is_group(section: Section) -> bool:
    if named(section.title, "phase") or named(section.title, "stream"):
        return True
    plain = bare(section.title)
    return section.level > 1 and _NUMBERED.match(plain) is not None


def _of_item(item: Candidate) -> Group:
    mode, most = mode_in(item.raw)
    return Group(item.id, item.id, item.title, item.line, mode, most, item.status)


def _of_section(section: Section) -> Group:
    plain = bare(section.title)
    found = named(section.title, "phase") or named(section.title, "stream")
    numbered = _NUMBERED.match(plain)
    if found is not None:
        short, title = found
    elif numbered is not None:
        short, title = numbered[1], numbered[2]
    else:
        short, title = plain, plain
    heading = parse_heading(section.title, r"[^\W\d_]+")
    inside = _INSIDE.search(plain)
    after = _AFTER.search(inside[1]) if inside else None
    mode, most = mode_in(inside[1]) if inside else mode_in(section.title if heading else "")
    facts = gather(section.blocks, plain)
    if facts.mode[0] != "unspecified":
        mode, most = facts.mode
    title = clean(_MODE.sub("", "" if _BRACKETS.fullmatch(title) else without_asides(title)))
    group = Group(
        short,
        short,
        title.strip(" -–—:") or _BRACKETS.sub("", plain).strip() or plain,
        section.line,
        mode,
        most,
        status_in(section.title),
    )
    group.after = after[1] if after else ""
    if after is None and not plain.isascii() and (cjk := _AFTER_CJK.search(plain)) is not None:
        group.after = cjk[1]
    group.round = is_round(section.title)
    if group.round and group.mode == "unspecified":
        group.mode = "parallel"
    group.dependencies = list(facts.dependencies)
    group.files = facts.all_files()
    name = f"{plain.split(' ')[0].lower()} {short}"
    group.gates = [Gate(f"{name}: {c}"[:60], c, "final", line=section.line) for c in facts.verify]
    return group


def _unique(groups: Sequence[Group], tasks: set[str]) -> None:
    """No two groups and no group and task with one id: edges name both."""
    unique = Unique(tasks)
    for group in groups:
        name = group.short
        if name in unique:
            name = f"Phase {group.short}" if len(group.short) < 5 else group.title
        group.id = unique.name(name, "{} ({})")
