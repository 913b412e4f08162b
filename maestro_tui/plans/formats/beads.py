"""Beads: one issue a line in ``issues.jsonl``, epics as groups."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from maestro_tui.plans.data import Node
from maestro_tui.plans.document import MAX_BYTES, Document
from maestro_tui.plans.json_text import json_of, parse_json
from maestro_tui.plans.keys import with_keys
from maestro_tui.plans.model import Diagnostic, Phase, Plan, Task
from maestro_tui.plans.records import Findings, described, with_prose

_ORDER = frozenset({"blocks", "blocked-by", "depends-on", "conditional-blocks", "waits-for"})
_GROUP = frozenset({"parent-child", "parent"})
_OWN = ("issue_type", "status", "created_at", "dependencies", "priority")
_SECTIONS = (
    ("", "description"), ("Design", "design"), ("Acceptance criteria", "acceptance_criteria"),
    ("Notes", "notes"),
)  # fmt: skip


class Beads:
    """Issues with typed dependencies: only ``blocks`` is an order, ``parent-child`` a grouping."""

    name = "beads"
    markdown = False

    def recognise(self, document: Document) -> tuple[int, str]:
        """By the keys of the first records; one broken line changes nothing."""
        records, _ = _records(document.text)
        if not records:
            return 0, "no line is a JSON object"
        ours = sum(1 for r in records if r.has("id", "title") and sum(r.has(k) for k in _OWN) > 1)
        if ours * 2 <= len(records):
            return 0, "its records lack id, title and status"
        return 93, f"{ours} records with id, title, status and issue_type"

    def read(self, document: Document) -> Plan:
        """The issues that are not deleted, in the order of the file."""
        records, problems = _records(document.text)
        reader = _Reader(document)
        reader.out.diagnostics += problems
        return reader.plan([r for r in records if r.has("id")])


@lru_cache(maxsize=1)
def _records(text: str) -> tuple[tuple[Node, ...], tuple[Diagnostic, ...]]:
    """Every record of a file of lines, or of one list; the lines that are broken are named."""
    if text.lstrip()[:1] == "[":
        whole = json_of(text)
        if not isinstance(whole, Diagnostic):
            return tuple(whole.root.objects()), ()
    if text.lstrip()[:1] not in ("{", "<"):
        return (), ()
    out: list[Node] = []
    problems: list[Diagnostic] = []
    started = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            started += 1
            found = parse_json(line, number)
            if isinstance(found, Diagnostic):
                problems.append(_broken(line, number, found))
            elif isinstance(found.root.value, dict):
                out.append(found.root)
            if started == 50 and not out:
                return (), ()  # no file of records
    return tuple(out), tuple(problems[:200])


def _broken(line: str, number: int, found: Diagnostic) -> Diagnostic:
    if line.startswith(("<<<<<<<", "=======", ">>>>>>>", "|||||||")):
        text = "The document holds an unresolved merge conflict."
        return Diagnostic("merge-markers", "error", number, text, "Resolve it and read it again.")
    text = f"This line is left out: {found.text} The other lines are read."
    return Diagnostic("broken-line", "warning", number, text, "Correct the line.")


@dataclass(slots=True)
class _Issue:
    """An issue and what it says about others: ``(other, type, line)``."""

    id: str
    node: Node
    links: list[tuple[str, str, int]] = field(default_factory=list)
    parent: str = ""


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.out = Findings()
        self.issues: dict[str, _Issue] = {}
        self.deleted: set[str] = set()
        self.phases: dict[str, str] = {}  # issue -> nearest epic above, once it was looked for

    def plan(self, records: list[Node]) -> Plan:
        for node in records:
            self._take(node)
        self._links_beside(records)
        self._group()
        phases, tasks = [], []
        for issue in self.issues.values():
            if self._is_group(issue):
                phases.append(
                    Phase(issue.id, issue.node.title("title") or issue.id, line=issue.node.line)
                )
            else:
                tasks.append(self._task(issue))
        for issue in self.issues.values():
            self._order(issue)
        self._tell(phases, tasks)
        return Plan(
            title=phases[0].title if len(phases) == 1 else (self.document.name or "Issues"),
            phases=tuple(phases),
            tasks=with_keys(tasks),
            edges=tuple(self.out.edges),
            diagnostics=tuple(self.out.diagnostics),
        )

    def _take(self, node: Node) -> None:
        name = node.title("id")
        if not name or node.title("_type") not in ("", "issue"):
            return
        if node.title("status").lower() == "tombstone" or node.get("deleted_at").value:
            self.deleted.add(name)
            return
        issue = _Issue(name, node)
        if name in self.issues:
            # An export that was appended to: the newest state of an issue stands last.
            self.out.say("duplicate-id", "warning", node.line,
                         f"The issue {name!r} stands on line {self.issues[name].node.line}; "
                         "this later one counts.", "Remove one of the two.")  # fmt: skip
        issue.links += list(_links(name, node))
        self.issues[name] = issue

    def _links_beside(self, records: list[Node]) -> None:
        """Dependencies in a file of their own, which newer versions write beside the issues."""
        if any(r.has("dependencies") for r in records) or not self.document.path:
            return
        beside = Path(self.document.path).with_name("dependencies.jsonl")
        try:
            if beside.name == Path(self.document.path).name or beside.stat().st_size > MAX_BYTES:
                return
            text = beside.read_text("utf-8-sig")
        except (OSError, ValueError):
            return
        count = 0
        for line in text.split("\n"):
            found = parse_json(line) if line.strip() else None
            if found is None or isinstance(found, Diagnostic):
                continue
            node = found.root
            issue = self.issues.get(node.title("issue_id"))
            other = node.title("depends_on_id")
            if issue is not None and other:
                issue.links.append((other, node.title("type") or "blocks", issue.node.line))
                count += 1
        self.out.say("dependencies-beside", "info", 0,
                     f"{count} dependencies are read from {os.path.basename(beside)}, which lies "
                     "beside the issues.")  # fmt: skip

    def _is_group(self, issue: _Issue) -> bool:
        return issue.node.title("issue_type", "type").lower() in ("epic", "molecule", "convoy")

    def _group(self) -> None:
        """The parent of each issue: as stated, else by the dots of its id."""
        for issue in self.issues.values():
            stated = [o for o, kind, _ in issue.links if kind in _GROUP and o in self.issues]
            own = issue.node.title("parent", "parent_id")
            dotted = issue.id.rpartition(".")[0]
            for name in (*stated, own, dotted):
                if name in self.issues and name != issue.id:
                    issue.parent = name
                    break
        for issue in self.issues.values():
            # "Epic blocked by its child" is how many people write that it contains it.
            for other, kind, line in issue.links if self._is_group(issue) else ():
                child = self.issues.get(other)
                if kind in _ORDER and child and not child.parent and not self._is_group(child):
                    child.parent = issue.id
                    self.out.say("grouping", "info", line,
                                 f"The epic {issue.id} waits for {other}, so {other} is read as a "
                                 "part of it.", "Use the type parent-child for it.")  # fmt: skip

    def _phase(self, issue: _Issue) -> str:
        """The nearest epic above; a chain of parents that never ends has none."""
        path: list[str] = []
        found, name = "", issue.id
        while name not in self.phases:
            self.phases[name] = ""  # what a chain that comes back here finds
            path.append(name)
            name = self.issues[name].parent
            if not name or self._is_group(self.issues[name]):
                found = name
                break
        else:
            found = self.phases[name]
        self.phases.update(dict.fromkeys(path, found))
        return self.phases[issue.id]

    def _task(self, issue: _Issue) -> Task:
        node = issue.node
        text = described(node, *_SECTIONS)
        task = Task(
            id=issue.id,
            title=node.title("title") or issue.id,
            phase=self._phase(issue),
            line=node.line,
            kind="gate" if node.title("issue_type") == "gate" else "work",
            status=self.out.status(node.title("status"), node.line, f"Issue {issue.id}"),
            body=(f"{node.line}-{node.line}",),
            text=text,
            estimate=f"{minutes} min" if (minutes := _minutes(node)) else "",
            estimate_s=minutes * 60.0,
        )
        return with_prose(task, text, node.text("acceptance_criteria"))

    def _order(self, issue: _Issue) -> None:
        for other, kind, line in issue.links:
            if kind not in _ORDER or other in self.deleted:
                continue
            if self._inside(issue, other) or self._inside(self.issues.get(other), issue.id):
                continue  # a group and its part: grouping, said already
            self.out.edge(issue.id, other, "label", line, self.issues)

    def _inside(self, issue: _Issue | None, group: str) -> bool:
        return issue is not None and issue.id != group and self._phase(issue) == group

    def _tell(self, phases: list[Phase], tasks: list[Task]) -> None:
        if self.deleted:
            self.out.say("tombstones", "info", 0,
                         f"{len(self.deleted)} deleted issues (tombstones) are left out.",
                         "Nothing needs to be done.")  # fmt: skip
        used = {t.phase for t in tasks}
        for phase in phases:
            if phase.id not in used:
                self.out.say("empty-group", "info", phase.line,
                             f"The epic {phase.id} has no issue of its own, so nothing is run for "
                             "it.", "Give it children, or make it a task.")  # fmt: skip


def _links(name: str, node: Node) -> Iterator[tuple[str, str, int]]:
    """The dependencies of an issue in any of the shapes that its tools have written."""
    for item in node.get("dependencies", "depends_on").items():
        if not isinstance(item.value, dict):
            yield item.title(), "blocks", item.line
            continue
        kind = (item.title("type", "dependency_type") or "blocks").lower().replace("_", "-")
        other = item.title("depends_on_id", "id")
        if other and item.title("issue_id") in ("", name):
            yield other, kind, item.line


def _minutes(node: Node) -> int:
    value = node.get("estimated_minutes").value
    return value if isinstance(value, int) and 0 < value < 1_000_000 else 0


FORMAT = Beads()
