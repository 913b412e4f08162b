"""Backlog.md: one file is one task, its facts in the frontmatter and in marked sections."""

from __future__ import annotations

import re
from dataclasses import replace

from maestro_tui.plans.document import Document
from maestro_tui.plans.frontmatter import frontmatter_of
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.model import Diagnostic, Plan, Task
from maestro_tui.plans.records import Findings, with_prose

_OWN = ("title", "assignee", "created_date", "labels", "dependencies", "priority", "ordinal")
_MARKED = re.compile(r"<!--\s*(SECTION:\w+:(BEGIN|END)|(AC|DOD):(BEGIN|END))\s*-->")
_PATH = re.compile(r"(^|/)backlog/(tasks|completed|drafts|archive/\w+)/")
_COMMENT = re.compile(r"^[ \t]*<!--.*?-->[ \t]*$", re.MULTILINE)


class BacklogTask:
    """The whole file is the task; its boxes are acceptance criteria, never tasks."""

    name = "backlog"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By a frontmatter with id and status, surer with the keys and comments of the tool."""
        front = frontmatter_of(document.text)
        if not front.end or not front.root.has("id", "status"):
            return 0, "no frontmatter with id and status"
        keys = [k for k in _OWN if front.root.has(k)]
        marked = _MARKED.search(document.text) is not None
        placed = _PATH.search(document.path.replace("\\", "/")) is not None
        if len(keys) < 3 and not marked and not placed:
            return 20, "id and status in the frontmatter, but no other key of Backlog.md"
        return 94, f"frontmatter with id, status, {', '.join(keys[:3]) or 'a backlog folder'}"

    def read(self, document: Document) -> Plan:
        """A plan of one task."""
        front = frontmatter_of(document.text)
        root = front.root
        out = Findings(diagnostics=[front.problem] if front.problem else [])
        name = root.title("id") or document.name or "task"
        body = "\n".join(document.lines[front.end :])
        text = re.sub(r"\n{3,}", "\n\n", _COMMENT.sub("", body)).strip()
        last = max(1, len(document.lines))
        task = Task(
            id=name,
            title=root.title("title") or _heading(body) or name,
            line=root.get("id").line or 1,
            status=out.status(root.title("status"), root.get("status").line, f"Task {name}"),
            body=(f"1-{last}",),
            text=text,
            modify=out.paths(root.words("modified_files"), f"Task {name}"),
            mentions=tuple(w for w, _ in root.words("references", "documentation")),
            agent=_agent(root.words("assignee")),
        )
        _explain(root.words("dependencies"), root.title("parent_task_id", "parent"), out, root.line)
        task = with_prose(task, _without_criteria(text), text)
        if task.status == "done":
            task = replace(task, verify=())
        return Plan(
            task.title,
            tasks=with_keys([task]),
            diagnostics=tuple(out.diagnostics),
        )


def _heading(body: str) -> str:
    found = re.search(r"^#{1,3}[ \t]+(.+)$", body, re.MULTILINE)
    return clean(found[1]) if found else ""


def _agent(names: list[tuple[str, int]]) -> str:
    """Who is assigned; ``@codex`` is an agent's name with the sign people put before it."""
    return names[0][0].removeprefix("@") if names else ""


def _without_criteria(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if not re.match(r"\s*[-*] \[[ xX]\]", line))


def _explain(depends: list[tuple[str, int]], parent: str, out: Findings, line: int) -> None:
    """Other files are not here: what this one waits for is a note."""
    for word, at in depends:
        out.diagnostics.append(
            Diagnostic(
                "dependency-note",
                "info",
                at,
                f"It depends on {word[:80]}, another file, so no order follows from it here.",
                "Read both together: maestro run first.md second.md",
            )
        )
    if parent:
        out.say("parent-note", "info", line,
                f"It is a part of {parent}, another file.")  # fmt: skip


FORMAT = BacklogTask()
