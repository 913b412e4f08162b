"""Lists of prompt files: ``1. **setup-db.md** - title``, with groups that say the order."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.document import Document
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.marks import bare, mode_in, status_in
from maestro_tui.plans.model import Diagnostic, Edge, Phase, Plan, Task
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.sections import NEVER_WORK, class_of_title, classes_above
from maestro_tui.plans.titles import named

_FILE = re.compile(
    r"[*_`\[\s]*((?:[\w.~-]+/)*[\w.-]+\.(?:md|prompt|txt))[*_`\])]*(?:\([^)\s]*\))?(.*)$"
)
_LISTED = re.compile(
    r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?"
    r"[*_`\[]{0,6}[\w./~-]{1,200}\.(?:md|prompt|txt)\b",
    re.MULTILINE,
)
_AFTER = re.compile(
    r"\b(?:depends on|after|requires|needs|once|blocked by)\s+([^()]{2,80})", re.IGNORECASE
)
_GROUP = re.compile(
    r"\b(?:after|following)\s+((?:group|phase|wave|batch|stage)\s+\w+)", re.IGNORECASE
)
_NAME = re.compile(r"[\w.-]+\.(?:md|prompt|txt)")
_EMPHASIS, _LEAD = re.compile(r"[*`]"), re.compile(r"^[\s:–—*_-]+")

_Item = tuple[str, str, Block, Section]  # path, rest of the line, block and section


@dataclass(slots=True)
class _Group:
    """A heading that says which of the files run together."""

    name: str
    title: str
    line: int
    mode: str
    after: str = ""
    members: list[str] = field(default_factory=list)


class PromptList:
    """The files are the tasks; what groups say about order wins over the numbers of the list."""

    name = "gadugi"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By list items that start with the name of a prompt file, in a section of work."""
        if len(_LISTED.findall(document.text)) < 2:
            return 0, "no list of prompt files"  # without a look at every heading
        found = self._items(document)
        tasks = sum(1 for s in document.tree.walk() if s.level and named(s.title, "task"))
        if len(found) < 2 or tasks > 1:
            return 0, "no list of prompt files"
        if _all_in_one(document, found):
            return 0, "files that one of several pieces of work makes"
        meant = sum(1 for item in found if _is_meant(item))
        if meant * 2 < len(found):
            return 0, "a list of documents, not of prompts"
        said = (
            re.search(r"\b(orchestrat|execute|parallel|prompts?)\b", document.text[:3000], re.I)
            is not None
        )
        return (72 if said else 40), f"{len(found)} prompt files in a list"

    def _items(self, document: Document) -> list[_Item]:
        """Each file where it is mentioned first."""
        out: dict[str, _Item] = {}
        for section in document.tree.walk():
            kind = class_of_title(section.title) if section.level > 1 else ""
            if kind in ("negative", "files", "criteria", "log") and not named(
                section.title, "phase"
            ):
                continue
            if classes_above(section.parent or section) & NEVER_WORK:
                continue  # "Wave 1" of "Success metrics" lists what must exist in the end
            for block in section.blocks:
                found = _FILE.match(block.text) if block.kind == "item" else None
                if found is not None and not found[1].lower().startswith(
                    ("readme", "claude.md", "changelog")
                ):
                    out.setdefault(_tail(found[1]), (found[1], found[2], block, section))
        return list(out.values())

    def read(self, document: Document) -> Plan:
        """A task for each file, the groups as phases, edges from modes and remarks."""
        items = self._items(document)
        names = {_tail(path): _stem(path) for path, *_ in items}
        groups = _groups(document, names)
        phase_of = {m: g.name for g in groups for m in g.members}
        tasks = [_task(item, phase_of.get(_stem(item[0]), "")) for item in items]
        edges = _mode_edges(groups)
        stated, problems = _remark_edges(document, tasks, names)
        pairs = {(e.task, e.after): e for e in (*edges, *stated)}
        title = next((bare(s.title) for s in document.tree.walk() if s.level == 1), document.name)
        phases = tuple(Phase(g.name, g.title, g.mode, line=g.line) for g in groups if g.members)
        return Plan(title, id=document.name, tasks=with_keys(tasks), phases=phases,
                    edges=tuple(pairs.values()), diagnostics=tuple(problems))  # fmt: skip


def _all_in_one(document: Document, items: list[_Item]) -> bool:
    """Whether all files stand beneath one of several streams: they are what it is to write."""
    streams = [s.line for s in document.tree.walk() if s.level and named(s.title, "stream")]
    if len(streams) < 2:
        return False
    inside = {
        next((a.line for a in (section, *section.ancestors()) if a.line in streams), 0)
        for *_, section in items
    }
    return len(inside) == 1 and 0 not in inside


def _is_meant(item: _Item) -> bool:
    """Whether a file is listed as work rather than to be read: by place, number, box or name."""
    path, _, block, section = item
    return (
        "prompt" in path.lower()
        or block.checked is not None
        or block.marker[:1].isdigit()
        or named(section.title, "phase") is not None
        or class_of_title(section.title) == "work"
    )


def _tail(path: str) -> str:
    return path.rsplit("/", 1)[-1]


def _stem(path: str) -> str:
    return _tail(path).rsplit(".", 1)[0]


def _task(item: _Item, phase: str) -> Task:
    path, rest, block, _ = item
    title = clean(_LEAD.sub("", _EMPHASIS.sub("", rest))) or _stem(path)
    done = bool(block.checked) or status_in(block.text) == "done"
    return Task(
        _stem(path), title, phase=phase, line=block.line, kind="prompt", prompt=path,
        body=(f"{block.line}-{block.line}",), text=block.text,
        status="done" if done else "pending",
    )  # fmt: skip


def _groups(document: Document, names: dict[str, str]) -> list[_Group]:
    """Headings under which files stand that were listed before, with what they say of order."""
    out: list[_Group] = []
    placed: set[str] = set()
    for section in document.tree.walk():
        found = named(section.title, "phase") if section.level else None
        if found is None:
            continue
        plain = bare(section.title)
        word = re.match(r"[^\W\d_]+", plain)
        after = _GROUP.search(plain)
        group = _Group(f"{word[0] if word else 'Group'} "
                       f"{found[0]}", plain, section.line, mode_in(plain)[0],
                       after[1] if after else "")  # fmt: skip
        for block in section.blocks:
            item = _FILE.match(block.text) if block.kind == "item" else None
            name = names.get(_tail(item[1])) if item else None
            if name and name not in placed:
                group.members.append(name)
        placed.update(group.members)
        out.append(group)
    return [g for g in out if g.members]


def _mode_edges(groups: list[_Group]) -> list[Edge]:
    out: list[Edge] = []
    known = {g.name.lower(): g for g in groups}
    for n, group in enumerate(groups):
        before = known.get(group.after.lower()) if group.after else (groups[n - 1] if n else None)
        if before is not None and before is not group:
            out.append(Edge(group.name, before.name, "mode", group.line))
        if group.mode == "sequential":
            out += [
                Edge(b, a, "mode", group.line)
                for a, b in zip(group.members, group.members[1:], strict=False)
            ]
    return out


def _remark_edges(
    document: Document, tasks: list[Task], names: dict[str, str]
) -> tuple[list[Edge], list[Diagnostic]]:
    """``(depends on setup-db.md)`` and ``(should run last)`` behind a file's name."""
    targets = [Target("task", t.id, t.title, (t.id,), line=t.line) for t in tasks]
    resolver = Resolver(targets)
    by_name = {t.id: t for t in targets}
    out: list[Edge] = []
    for section in document.tree.walk():
        for block in section.blocks:
            found = _FILE.match(block.text) if block.kind == "item" else None
            name = names.get(_tail(found[1])) if found else None
            after = _AFTER.search(found[2]) if found and name else None
            if after is None or name is None:
                continue
            files = [names[f] for f in _NAME.findall(after[1]) if f in names]
            ids = files or resolver.resolve(after[1], block.line, by_name[name], strict=False).ids
            out += [Edge(name, a, "label", block.line) for a in ids if a != name]
    return out, []


FORMAT = PromptList()
