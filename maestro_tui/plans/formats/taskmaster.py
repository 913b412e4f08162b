"""task-master's ``tasks.json``, with tags and without."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from maestro_tui.plans.data import Node
from maestro_tui.plans.document import Document
from maestro_tui.plans.json_text import json_of, line_finder, repeated_keys
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.model import Diagnostic, Phase, Plan, Task
from maestro_tui.plans.records import Findings, described, with_prose

_OWN = ("dependencies", "subtasks", "testStrategy", "details", "status")
_SECTIONS = (("", "description"), ("Details", "details"), ("Test strategy", "testStrategy"))


class TaskMaster:
    """Tasks with dependencies by id; a task with subtasks is the group of them."""

    name = "taskmaster"
    markdown = False

    def recognise(self, document: Document) -> tuple[int, str]:
        """By its objects: a VS Code ``tasks.json`` has the same name and another content."""
        if document.text.lstrip()[:1] != "{":
            return 0, "not a JSON object"
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            likely = re.search(r'"(testStrategy|subtasks)"\s*:', document.text)
            why = f"not valid JSON (line {found.line})"
            return (
                (40, f"testStrategy or subtasks as in task-master, but {why}")
                if likely
                else (0, why)
            )
        lists = _tagged(found.root)
        if not lists:
            return 0, "no list of tasks"
        records = [task for _, tasks in lists for task in tasks.items()]
        ours = sum(1 for r in records if r.has("id", "title") and any(r.has(k) for k in _OWN))
        if records and ours * 2 < len(records):
            editor = any(r.has("label") or r.has("command") for r in records)
            return (
                0,
                "its tasks are an editor's commands" if editor else "its tasks lack id and title",
            )
        tags = f" under {len(lists)} tags" if len(lists) > 1 else ""
        return (92 if records else 70), f"{ours} tasks with id, title and status{tags}"

    def read(self, document: Document) -> Plan:
        """The tasks of every tag, their order and their statuses."""
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            return Plan(document.name or "Plan", diagnostics=(found,))
        reader = _Reader(document, _tagged(found.root))
        reader.out.diagnostics += repeated_keys(found)
        return reader.plan(_title(found.root, document))


def _tagged(root: Node) -> list[tuple[str, Node]]:
    """The lists of tasks with their tags; the older form has no tag."""
    out = []
    own = root.get("tasks")
    if isinstance(own.value, list):
        out.append(("", own))
    for tag, node in root.fields():
        tasks = node.get("tasks")
        if isinstance(tasks.value, list):
            out.append((clean(tag) or "tag", tasks))
    return out


def _title(root: Node, document: Document) -> str:
    meta = root.get("metadata", "meta")
    return meta.title("projectName", "name") or document.name or "Plan"


@dataclass(slots=True)
class _Record:
    """One task of the document under the id it has in the plan."""

    id: str
    node: Node
    tag: str
    parent: str = ""  # id of the group, for a subtask
    below: str = ""  # the same as the document writes it
    inherited: str = ""  # status of the group where it is over


class _Reader:
    def __init__(self, document: Document, lists: list[tuple[str, Node]]) -> None:
        self.out = Findings()
        self.line_of = line_finder(document.text)
        self.lists = lists
        self.taken: dict[str, int] = {}
        self.phases: list[Phase] = []
        self.tasks: list[Task] = []
        self.known: dict[str, dict[str, str]] = {}  # tag -> id as written -> id in the plan
        self.tags: dict[str, str] = {}  # tag -> its phase
        self.records: list[_Record] = []

    def plan(self, title: str) -> Plan:
        self._name_all()
        for record in self.records:
            self._add(record)
        for record in self.records:
            self._depend(record)
        if len(self.lists) > 1:
            self._tell_tags()
        return Plan(
            title,
            phases=tuple(self.phases),
            tasks=with_keys(self.tasks),
            edges=tuple(self.out.edges),
            diagnostics=tuple(self.out.diagnostics),
        )

    def _name_all(self) -> None:
        count = Counter(
            name for _, tasks in self.lists for name in {n.title("id") for n in tasks.objects()}
        )
        for tag, tasks in self.lists:
            known = self.known.setdefault(tag, {})
            for node in tasks.items():
                if not isinstance(node.value, dict):
                    self.out.say("not-a-task", "warning", node.line,
                                 "A task that is not an object is left out.",
                                 'Write it as {"id": 1, "title": "..."}.')  # fmt: skip
                    continue
                written = node.title("id")
                name = written or self._missing(node)
                if count[written] > 1 and tag:
                    name = f"{tag}:{name}"
                name = self._take(name, node)
                known.setdefault(written, name)
                self.records.append(_Record(name, node, tag))
                self._name_subtasks(self.records[-1], known, written)

    def _name_subtasks(self, group: _Record, known: dict[str, str], written: str) -> None:
        subtasks = group.node.get("subtasks").objects()
        if not subtasks:
            return
        word = group.node.get("status")
        status = self.out.status(word.title(), word.line, f"Task {group.id}")
        over = status if status in ("done", "cancelled", "deferred") else ""
        for number, node in enumerate(subtasks, 1):
            own = node.title("id") or str(number)
            local = own if own.startswith(f"{written}.") else f"{written}.{own}"
            full = group.id + local[len(written) :]
            name = self._take(full, node)
            known.setdefault(local, name)
            self.records.append(_Record(name, node, group.tag, group.id, written, over))

    def _missing(self, node: Node) -> str:
        name = str(len(self.records) + 1)
        self.out.say("missing-id", "warning", node.line, f"A task has no id; it is read as {name}.",
                     'Write "id".')  # fmt: skip
        return name

    def _take(self, name: str, node: Node) -> str:
        name = self.out.unique(name, node.line, self.taken)
        self.taken[name] = node.line
        return name

    def _add(self, record: _Record) -> None:
        node = record.node
        title = node.title("title") or node.title("description") or record.id
        if not record.parent and node.get("subtasks").objects():
            self.phases.append(Phase(record.id, title, line=node.line))
            return
        phase = record.parent
        if not phase and len(self.lists) > 1:
            phase = self._tag_phase(record)
        status = self.out.status(node.title("status"), node.get("status").line, f"Task {record.id}")
        if record.inherited and status in ("pending", "doing"):
            self.out.say("status-inherited", "info", node.line,
                         f"Task {record.id} is {status}, its task {record.parent} is "
                         f"{record.inherited}; it is read as {record.inherited}.",
                         "Set the task back to in-progress to do its subtasks.")  # fmt: skip
            status = record.inherited
        text = described(node, *_SECTIONS)
        task = Task(
            id=record.id,
            title=title,
            phase=phase,
            line=node.line,
            status=status,
            body=(f"{node.line}-{self.line_of(node.end)}",),
            text=text,
        )
        self.tasks.append(with_prose(task, text, node.text("testStrategy")))

    def _tag_phase(self, record: _Record) -> str:
        name = self.tags.get(record.tag, "")
        if not name:
            name = record.tag or "tasks"
            while name in self.taken:
                name += "-tag"
            self.tags[record.tag] = name
            line = next(tasks.line for tag, tasks in self.lists if tag == record.tag)
            self.phases.append(Phase(name, record.tag or "without a tag", line=line))
        return name

    def _depend(self, record: _Record) -> None:
        known = self.known[record.tag]
        for word, line in record.node.words("dependencies"):
            sibling = known.get(f"{record.below}.{word}") if record.parent else None
            after = sibling or known.get(word, word)
            if after == record.parent and after:
                self.out.say("self-dependency", "warning", line,
                             f"{record.id} depends on {after}, of which it is a part; that is left "
                             "out.", "Remove this dependency.")  # fmt: skip
                continue
            self.out.edge(record.id, after, "label", line, self.taken)

    def _tell_tags(self) -> None:
        names = ", ".join(tag or "(no tag)" for tag, _ in self.lists)
        self.out.say("several-tags", "info", self.lists[0][1].line,
                     f"The tasks of all {len(self.lists)} tags are read: {names[:300]}. An id that "
                     "several tags use has its tag before it.",
                     "To run only one, exclude the tasks of the others in the review.")  # fmt: skip


FORMAT = TaskMaster()
