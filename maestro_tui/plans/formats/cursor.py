"""Cursor's ``.plan.md``: the tasks are the ``todos`` of the frontmatter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from maestro_tui.plans.data import Node
from maestro_tui.plans.document import Document
from maestro_tui.plans.facts import Facts
from maestro_tui.plans.frontmatter import frontmatter_of
from maestro_tui.plans.keys import with_keys
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Edge, Phase, Plan, Task
from maestro_tui.plans.orders import read_orders
from maestro_tui.plans.paths import PathRef, find_paths, looks_like_path, strip_path
from maestro_tui.plans.records import Findings, with_prose
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.table_tasks import files_of_rows
from maestro_tui.plans.whole_file import whole_file

_KEEP = re.compile(
    r"files? to (preserve|keep|leave)|(files?|paths?) not to (touch|change)|do not (touch|modify|"
    r"change|edit)|don'?t (touch|modify|change)|off[- ]limits|forbidden|out of scope", re.I
)  # fmt: skip


class CursorPlan:
    """Todos that are objects win over the body; todos that are slugs or absent do not."""

    name = "cursor"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By what the frontmatter's ``todos`` hold."""
        front = frontmatter_of(document.text)
        todos = front.root.get("todos")
        if not front.end or "todos" not in front.root.value:
            return 0, "no todos in the frontmatter"
        records = [t for t in todos.objects() if t.get("content", "id", "title").value]
        if records:
            return 95, f"{len(records)} todos with id and content in the frontmatter"
        if todos.items():
            return 10, "its todos are bare names, so the body says what the tasks are"
        if not todos.items() and front.root.has("name", "overview") and document.choice() is None:
            return 70, "its todos are empty and its body lists no work, so the whole is one task"
        return 5, "its todos are empty, so the body says what the tasks are"

    def read(self, document: Document) -> Plan:
        """The todos in their order; the body is the background of each."""
        if not frontmatter_of(document.text).root.get("todos").items():
            return whole_file(document, "plan")
        front = frontmatter_of(document.text)
        out = Findings(diagnostics=[front.problem] if front.problem else [])
        tasks = _with_tables(_tasks(front.root.get("todos"), out), document)
        out.edges += _drawn(tasks, document, out.edges)
        root = front.root
        heading = next((s.title for s in document.tree.walk() if s.level == 1), "")
        return Plan(
            title=root.title("name", "title") or bare(heading) or document.name or "Plan",
            forbidden=tuple(_forbidden(document)),
            phases=tuple(Phase(p, p) for p in dict.fromkeys(t.phase for t in tasks if t.phase)),
            tasks=with_keys(tasks),
            edges=tuple(out.edges),
            diagnostics=tuple(out.diagnostics),
        )


def _tasks(todos: Node, out: Findings) -> list[Task]:
    tasks: list[tuple[Task, Node]] = []
    taken: dict[str, int] = {}
    for number, node in enumerate(todos.items(), 1):
        if not isinstance(node.value, dict):
            node = Node({"content": node}, node.start, node.end, node.line)
        content = node.text("content", "title", "description") or node.title("id")
        if not content.strip():
            continue
        name = out.unique(node.title("id") or f"todo-{number}", node.line, taken, "todo")
        taken[name] = node.line
        task = Task(
            id=name,
            title=node.title("content", "title", "description") or name,
            phase=node.title("phase"),
            line=node.line,
            status=out.status(node.title("status"), node.get("status").line, f"Todo {name}"),
            body=(f"{node.line}-{max(node.line, _last_line(node))}",),
            text=content.strip(),
        )
        tasks.append((with_prose(task, content), node))
    for task, node in tasks:
        for word, line in node.words("dependencies", "depends_on", "dependsOn"):
            out.edge(task.id, word, "frontmatter", line, taken)
    return [task for task, _ in tasks]


def _with_tables(tasks: list[Task], document: Document) -> list[Task]:
    """The todos with the files of the body's tables that have a row for them."""
    files: dict[str, list[PathRef]] = {}
    for block in document.tree.all_blocks():
        if block.kind == "table":
            for name, refs in files_of_rows(block).items():
                files.setdefault(name, []).extend(refs)
    return [_with_files(task, files.get(task.id, ())) for task in tasks]


def _with_files(task: Task, refs: Sequence[PathRef]) -> Task:
    if not refs or task.files:
        return task
    facts = Facts()
    for ref in refs:
        facts.add_file(ref.path, ref.action or "modify", ref.line, f"Todo {task.id}")
    given: dict[str, Any] = {kind: tuple(paths) for kind, paths in facts.files.items()}
    return replace(task, **given)


def _drawn(tasks: list[Task], document: Document, stated: Sequence[Edge]) -> list[Edge]:
    """The order that drawings and order sections of the body state between the todos' ids."""
    if not any(c.isdigit() for t in tasks for c in t.id):
        return []  # plain words as ids would be found in any sentence
    targets = [Target("task", t.id, t.title, (t.id,), line=t.line) for t in tasks]
    for section, heading in document.phases:
        inside = tuple(t.id for t in tasks if t.id.startswith(f"{heading.id}."))
        if inside:
            targets.append(Target("phase", heading.id, heading.title, inside, "", section.line))
    have = {(e.task, e.after) for e in stated}
    found = read_orders(document.tree, Resolver(targets))
    return [e for e in found if (e.task, e.after) not in have]


def _last_line(node: Node) -> int:
    lines = [node.line]
    for _, value in node.fields():
        lines.append(value.line)
        lines += [item.line for item in value.items()]
    return max(lines)


def _forbidden(document: Document) -> list[str]:
    """The paths of sections that say what must stay as it is."""
    found: list[str] = []
    for section in document.tree.walk():
        if section.level > 1 and _KEEP.search(section.title):
            for block in section.blocks:
                if block.kind in ("item", "text"):
                    found += [r.path for r in find_paths(block.text)]
    return [p for p in dict.fromkeys(map(strip_path, found)) if looks_like_path(p)]


FORMAT = CursorPlan()
