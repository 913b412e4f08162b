"""Ralph's ``prd.json``: user stories done one after another by priority."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

from maestro_tui.plans.commands import is_check, is_command
from maestro_tui.plans.data import Node
from maestro_tui.plans.document import Document
from maestro_tui.plans.json_text import json_of, line_finder, repeated_keys
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.model import Diagnostic, Edge, Plan, Task
from maestro_tui.plans.records import Findings, described, with_prose

_WORDS = {"critical": 0.0, "urgent": 0.0, "must": 1.0, "high": 1.0, "should": 2.0, "medium": 2.0,
          "could": 3.0, "low": 3.0}  # fmt: skip
_LAST = 1e12
_DEPENDENCIES = ("dependencies", "dependsOn", "depends_on", "blockedBy")
_SECTIONS = (
    ("", "description"), ("Acceptance criteria", "acceptanceCriteria|acceptance_criteria"),
    ("Notes", "notes"),
)  # fmt: skip


class Ralph:
    """Stories with ``passes``; a story without stated dependencies waits for the one before it."""

    name = "ralph"
    markdown = False

    def recognise(self, document: Document) -> tuple[int, str]:
        """By ``userStories`` whose entries can pass."""
        if document.text.lstrip()[:1] != "{":
            return 0, "not a JSON object"
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            return 0, f"not valid JSON (line {found.line})"
        stories = _stories(found.root).objects()
        ours = sum(1 for s in stories if s.has("passes") or s.has("id", "acceptanceCriteria"))
        if not stories or ours * 2 < len(stories):
            return 0, "no userStories with passes or acceptanceCriteria"
        return 92, f"{ours} user stories with passes and acceptanceCriteria"

    def read(self, document: Document) -> Plan:
        """The stories in the order of the file, chained by priority."""
        found = json_of(document.text)
        if isinstance(found, Diagnostic):
            return Plan(document.name or "Plan", diagnostics=(found,))
        out = Findings(diagnostics=repeated_keys(found))
        line_of = line_finder(document.text)
        taken: dict[str, int] = {}
        stories: list[tuple[Task, Node]] = []
        for number, node in enumerate(_stories(found.root).objects(), 1):
            name = out.unique(node.title("id") or f"US-{number}", node.line, taken, "story")
            taken[name] = node.line
            stories.append((_task(name, node, out, line_of(node.end)), node))
        _order(stories, out, taken)
        root = found.root
        return Plan(
            title=root.title("project", "name", "title", "feature") or document.name or "Plan",
            tasks=with_keys(task for task, _ in stories),
            edges=tuple(out.edges),
            diagnostics=tuple(out.diagnostics),
        )


def _stories(root: Node) -> Node:
    own = root.get("userStories", "user_stories", "stories")
    return own if isinstance(own.value, list) else root.get("prd").get("userStories")


def _task(name: str, node: Node, out: Findings, last: int) -> Task:
    status = out.status(node.title("status"), node.get("status").line, f"Story {name}")
    if node.get("passes").value is True:
        status = "done"
    elif node.get("inProgress", "in_progress").value is True and status == "pending":
        status = "doing"
    text = described(node, *_SECTIONS)
    files = node.words("files", "fileScope", "filesToModify")
    task = Task(
        id=name,
        title=node.title("title") or node.title("description") or name,
        line=node.line,
        status=status,
        body=(f"{node.line}-{last}",),
        text=text,
        modify=out.paths(files, f"Story {name}"),
        model=clean(node.title("suggestedModel", "model")),
    )
    told = with_prose(task, text, node.text("acceptanceCriteria", "acceptance_criteria"))
    plain = [
        _ENDING.sub("", w).strip()
        for w, _ in node.words("acceptanceCriteria", "acceptance_criteria")
    ]
    plain += [w.strip() for w, _ in node.words(*_CHECKS)]
    checks = [c for c in plain if is_command(c) and is_check(c) and not _PROSE.search(c)]
    return replace(told, verify=tuple(dict.fromkeys((*told.verify, *checks))))


_CHECKS = ("suggested_tests", "suggestedTests", "tests", "verification", "verify", "commands")
_PROSE = re.compile(r"`|\s(?:and|in package\.json|scripts?|must|should)\b")
_ENDING = re.compile(
    r"\s+(passes|succeeds|exits|returns|works|runs|completes|reports|shows|is|are|finds|prints)\b.*$",
    re.IGNORECASE,
)


def _order(stories: list[tuple[Task, Node]], out: Findings, taken: dict[str, int]) -> None:
    """What the stories state, else one after another: the loop does the first that is left."""
    stated = False
    for task, node in stories:
        for word, line in node.words(*_DEPENDENCIES):
            stated |= out.edge(task.id, word, "label", line, taken)
    if stated:
        out.say("priority-not-order", "info", 0,
                "The stories state dependencies, so their priority is not read as an order.",
                "Remove the dependencies to run them one after another by priority.")  # fmt: skip
        return
    ranked = sorted(stories, key=lambda s: _priority(s[1]))  # stable: equal ones as written
    out.edges += [
        Edge(later.id, earlier.id, "convention", node.get("priority").line, "by priority")
        for (earlier, _), (later, node) in pairwise(ranked)
    ]


def _priority(node: Node) -> float:
    value = node.get("priority").value
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LAST:
        return float(value)
    word = node.title("priority").lower().lstrip("p")
    return float(word) if word.isdigit() and len(word) < 6 else _WORDS.get(word, _LAST)


FORMAT = Ralph()
