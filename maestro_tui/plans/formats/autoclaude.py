"""Auto-Claude's ``implementation_plan.json``: phases that wait for phases, with subtasks."""

from __future__ import annotations

from itertools import pairwise

from maestro_tui.plans.data import Node
from maestro_tui.plans.document import Document
from maestro_tui.plans.json_text import json_of, line_finder, repeated_keys
from maestro_tui.plans.keys import with_keys
from maestro_tui.plans.model import Diagnostic, Edge, Phase, Plan, Task
from maestro_tui.plans.records import Findings, described, with_prose

_SUBTASKS = ("subtasks", "chunks")
_DEPENDS = ("depends_on", "dependencies", "dependsOn")
_SECTIONS = (
    ("", "description"), ("Notes", "notes"), ("Expected output", "expected_output"),
    ("Patterns to follow", "patterns_from"), ("Service", "service"),
)  # fmt: skip


class AutoClaude:
    """Phases of subtasks with their files and verification."""

    name = "autoclaude"
    markdown = False

    def recognise(self, document: Document) -> tuple[int, str]:
        """By phases that hold subtasks, and surer with the other keys of such a plan."""
        if document.text.lstrip()[:1] != "{":
            return 0, "not a JSON object"
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            return 0, f"not valid JSON (line {found.line})"
        phases = found.root.get("phases").objects()
        ours = sum(1 for p in phases if isinstance(p.get(*_SUBTASKS).value, list))
        if not phases or ours * 2 < len(phases):
            return 0, "no phases with subtasks"
        sure = any(found.root.has(k) for k in ("workflow_type", "feature", "qa_acceptance"))
        return (92 if sure else 78), f"{ours} phases with subtasks"

    def read(self, document: Document) -> Plan:
        """The subtasks, each in its phase."""
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            return Plan(document.name or "Plan", diagnostics=(found,))
        reader = _Reader(document)
        reader.out.diagnostics += repeated_keys(found)
        return reader.plan(found.root)


class _Reader:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.out = Findings()
        self.line_of = line_finder(document.text)
        self.phases: dict[str, tuple[Phase, Node]] = {}
        self.tasks: dict[str, tuple[Task, Node]] = {}
        self.taken: dict[str, int] = {}
        self.names: dict[str, str] = {}  # phase id, number or name as written -> phase id

    def plan(self, root: Node) -> Plan:
        for number, node in enumerate(root.get("phases").objects(), 1):
            self._phase(number, node)
        inside: dict[str, list[Task]] = {}
        for task, _ in self.tasks.values():
            inside.setdefault(task.phase, []).append(task)
        for phase, node in self.phases.values():
            self._depend(phase.id, node)
            if phase.mode != "parallel":
                self.out.edges += [
                    Edge(later.id, earlier.id, "convention", later.line, "one after another")
                    for earlier, later in pairwise(inside.get(phase.id, []))
                ]
        for task, node in self.tasks.values():
            self._depend(task.id, node)
        return Plan(
            title=root.title("feature", "title", "name") or self.document.name or "Plan",
            verify=tuple(dict.fromkeys(_final_commands(root))),
            phases=tuple(p for p, _ in self.phases.values()),
            tasks=with_keys(t for t, _ in self.tasks.values()),
            edges=tuple(self.out.edges),
            diagnostics=tuple(self.out.diagnostics),
        )

    def _phase(self, number: int, node: Node) -> None:
        written = node.title("id") or node.title("phase") or str(number)
        name = self.out.unique(written, node.line, self.taken, "phase")
        self.taken[name] = node.line
        for word in (written, node.title("phase"), node.title("name"), str(number)):
            if word:
                self.names.setdefault(word, name)
        mode = "parallel" if node.get("parallel_safe").value is True else "unspecified"
        phase = Phase(name, node.title("name", "title") or name, mode=mode, line=node.line)
        self.phases[name] = (phase, node)
        for count, item in enumerate(node.get(*_SUBTASKS).objects(), 1):
            self._subtask(phase, item, f"{name}.{count}")

    def _subtask(self, phase: Phase, node: Node, otherwise: str) -> None:
        written = node.title("id") or otherwise
        name = self.out.unique(written, node.line, self.taken)
        self.taken[name] = node.line
        owner = f"Subtask {name}"
        checks = node.get("verification")
        task = Task(
            id=name,
            title=node.title("title") or node.title("description") or name,
            phase=phase.id,
            line=node.line,
            status=self.out.status(node.title("status"), node.get("status").line, owner),
            body=(f"{node.line}-{self.line_of(node.end)}",),
            text="\n\n".join(t for t in (described(node, *_SECTIONS), _checks(checks)) if t),
            create=self.out.paths(node.words("files_to_create"), owner),
            modify=self.out.paths(node.words("files_to_modify", "files_affected", "files"), owner),
            delete=self.out.paths(node.words("files_to_delete"), owner),
            mentions=tuple(word for word, _ in node.words("patterns_from")),
            verify=tuple(dict.fromkeys(_commands(checks))),
        )
        self.tasks[name] = (with_prose(task, node.text("description")), node)

    def _depend(self, name: str, node: Node) -> None:
        for word, line in node.words(*_DEPENDS):
            after = word if word in self.taken else self.names.get(word, word)
            self.out.edge(name, after, "label", line, self.taken)


def _commands(checks: Node) -> list[str]:
    """The commands of a verification: an object, a list of them, or steps."""
    if isinstance(checks.value, list):
        return [c for item in checks.objects() for c in _commands(item)]
    kind = checks.title("type").lower()
    own = checks.title("command", "run") if kind in ("", "command", "test", "tests", "unit") else ""
    return [own] if own else []


def _checks(checks: Node) -> str:
    """What else a verification says, as words for the agent."""
    parts = [checks.text(k) for k in ("instructions", "scenario", "steps", "checks", "expected")]
    said = "\n".join(part for part in parts if part)
    return f"## Verification\n\n{said}" if said else ""


def _final_commands(root: Node) -> list[str]:
    steps = root.get("verification_strategy").get("verification_steps")
    out = [step.title("command") for step in steps.objects()]
    for _, kind in root.get("qa_acceptance").fields():
        if kind.get("required").value is not False:
            out += [word for word, _ in kind.words("commands")]
    return [command for command in out if command]


FORMAT = AutoClaude()
