"""Marks a task done in the very document it was read from: one box or one status, nothing else.

People keep their plan under version control, so every other byte stays as it is: line endings, byte
order mark, indentation. The result is read again before it counts, and refused if anything but the
one task changed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from maestro_tui.plans.data import Node
from maestro_tui.plans.document import normalise
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.json_text import parse_json
from maestro_tui.plans.model import Diagnostic, Plan, Task
from maestro_tui.plans.reader import read_plan

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_BOX = re.compile(r"^(\s*(?:>\s*)*(?:[-*+•]|\d{1,9}[.)])\s+\\?\[)([ xX✓✔~/>-])(\\?\])")
_STATUS = re.compile(r"^(\W*status\W*?[:：][\s*_`]*)([^*_`\r\n|]*?)([\s*_`]*)$", re.IGNORECASE)
_YAML_STATUS = re.compile(
    r"^(\s*(?:-\s+)?status\s*:\s*)(\"[^\"]*\"|'[^']*'|[^#\r\n]*?)(\s*(?:#.*)?)$"
)
_TOML_STATUS = re.compile(r"^(\s*status\s*=\s*)(\"[^\"]*\"|'[^']*')(\s*(?:#.*)?)$")
_DONE_WORD = {
    "autoclaude": "completed", "beads": "closed", "cursor": "completed", "backlog": "Done",
}  # fmt: skip
_OPEN_WORD = {"beads": "open", "backlog": "To Do"}


@dataclass(slots=True)
class _Lines:
    """The raw lines of a document, endings kept, and the same lines as the reader saw them."""

    raw: list[str]
    seen: list[str]

    def put(self, number: int, text: str) -> None:
        """Replaces the words of a line (1-based); its ending stays."""
        old = self.raw[number - 1]
        ending = old[len(old.rstrip("\r\n")) :]
        self.raw[number - 1] = text + ending

    def words(self, number: int) -> str:
        """A line without its ending."""
        return self.raw[number - 1].rstrip("\r\n")


def mark(text: str, plan: Plan, task_id: str, status: str = "done") -> str:
    """The document with that task marked ``done`` or ``pending``; PlanError says why it cannot be.

    ``text`` is the document as it lies on disk and ``plan`` what was read from that very text.
    """
    if status not in ("done", "pending"):
        raise PlanError(f"A document can mark a task done or pending, not {status!r}.")
    task = _task(plan, task_id)
    if (
        normalise(plan.source, text, text.encode("utf-8", "surrogatepass")).sha256
        != plan.source_sha256
    ):
        raise PlanError(f"{plan.source}: has changed since it was read. Read it again, then mark.")
    if task.status == status:
        return text
    raw = _LINES.findall(text)
    lines = _Lines(raw, [unicodedata.normalize("NFC", x.rstrip("\r\n")) for x in raw])
    if not 1 <= task.line <= len(raw) or not _flipped(lines, plan, task, status):
        raise PlanError(
            f"{plan.source}:{task.line}: task {task_id} has no box and no status to mark. "
            "Write '- [ ]' in front of it, or a line 'Status: pending' beneath it."
        )
    new = "".join(lines.raw)
    _check(new, plan, task_id, status)
    return new


def _task(plan: Plan, task_id: str) -> Task:
    try:
        return plan.task(task_id)
    except KeyError:
        known = ", ".join(t.id for t in plan.tasks[:12])
        raise PlanError(f"{plan.source}: no task {task_id!r}. Known: {known}.") from None


def _flipped(lines: _Lines, plan: Plan, task: Task, status: str) -> bool:
    """Tries the places a status can stand in, the task's own line first."""
    kind = plan.format
    ways: list[Callable[[], bool]] = []
    if kind in ("taskmaster", "ralph", "autoclaude", "beads"):
        ways = [lambda: _json(lines, task, kind, status)]
    elif kind == "canonical":
        ways = [lambda: _toml(lines, task, status)]
    elif kind in ("cursor", "backlog"):
        ways = [lambda: _yaml(lines, task, kind, status)]
    else:
        ways = [
            lambda: _box(lines, task.line, status),
            lambda: _label(lines, task, status),
            lambda: _step_boxes(lines, task, status),
        ]
    return any(way() for way in ways)


def _box(lines: _Lines, number: int, status: str) -> bool:
    found = _BOX.match(lines.words(number))
    if found is None:
        return False
    sign = "x" if status == "done" else " "
    line = lines.words(number)
    lines.put(number, f"{found[1]}{sign}{found[3]}{line[found.end() :]}")
    return True


def _span(task: Task, last: int) -> range:
    first, _, end = (task.body[0] if task.body else f"{task.line}-{task.line}").partition("-")
    return range(max(1, int(first)), min(last, int(end or first)) + 1)


def _label(lines: _Lines, task: Task, status: str) -> bool:
    """A line ``**Status:** pending`` beneath a heading."""
    for number in _span(task, len(lines.raw)):
        found = _STATUS.match(lines.words(number))
        if found is not None:
            word = "Done" if found[2][:1].isupper() else "done"
            if status == "pending":
                word = "Pending" if found[2][:1].isupper() else "pending"
            lines.put(number, f"{found[1]}{word}{found[3]}")
            return True
    return False


def _step_boxes(lines: _Lines, task: Task, status: str) -> bool:
    """A heading is done when all boxes beneath it are: each of them, and only them."""
    numbers = [n for n in _span(task, len(lines.raw)) if _BOX.match(lines.words(n))]
    for number in numbers:
        _box(lines, number, status)
    return bool(numbers)


def _yaml(lines: _Lines, task: Task, kind: str, status: str) -> bool:
    """``status:`` of the todo that starts on the task's line, or of the frontmatter."""
    word = _word(kind, status)
    first = lines.words(task.line)
    depth = len(first) - len(first.lstrip()) if kind == "cursor" else -1
    for number in range(task.line if kind == "cursor" else 1, len(lines.raw) + 1):
        line = lines.words(number)
        indent = len(line) - len(line.lstrip())
        if number > task.line and kind == "cursor" and line.strip() and indent <= depth:
            break
        if kind == "backlog" and number > 1 and line.rstrip() == "---":
            break
        found = _YAML_STATUS.match(line)
        if found is not None:
            quote = found[2][:1] if found[2][:1] in "\"'" and found[2] else ""
            lines.put(number, f"{found[1]}{quote}{word}{quote}{found[3]}")
            return True
    return False


def _toml(lines: _Lines, task: Task, status: str) -> bool:
    for number in range(task.line + 1, len(lines.raw) + 1):
        line = lines.words(number)
        if line.startswith("["):
            break
        found = _TOML_STATUS.match(line)
        if found is not None:
            lines.put(number, f'{found[1]}"{status}"{found[3]}')
            return True
    if lines.words(task.line).strip() != "[[task]]":
        return False
    ending = lines.raw[task.line - 1][len(lines.words(task.line)) :] or "\n"
    lines.raw[task.line - 1] = lines.words(task.line) + ending + f'status = "{status}"' + ending
    return True


def _json(lines: _Lines, task: Task, kind: str, status: str) -> bool:
    """The value of ``status`` or ``passes`` of the object that starts on the task's line."""
    if kind == "beads":
        text, first = lines.seen[task.line - 1], task.line
    else:
        text, first = "\n".join(lines.seen), 1
    parsed = parse_json(text.removeprefix("\ufeff"), first)
    if isinstance(parsed, Diagnostic):
        return False
    node = _object_at(parsed.root, task)
    value = node.get("passes") if kind == "ralph" and node.has("passes") else node.get("status")
    if value.line == 0 or value.value is None:
        return False
    word = _word(kind, status)
    new = (
        ("true" if status == "done" else "false") if isinstance(value.value, bool) else f'"{word}"'
    )
    old = text.removeprefix("\ufeff")[value.start : value.end]
    return _replace(lines, value.line, text.removeprefix("\ufeff"), value.start, old, new)


def _object_at(root: Node, task: Task) -> Node:
    """The innermost object that starts on the task's line and bears its id."""
    best = Node(None)
    todo = [root]
    name = task.id.rsplit(":", 1)[-1].rsplit(".", 1)[-1]
    while todo:
        node = todo.pop()
        if isinstance(node.value, dict):
            ids = {node.title(k) for k in ("id", "subtask_id", "chunk_id", "key", "story_id")}
            if node.line == task.line and ids & {task.id, name}:
                best = node
            todo += node.value.values()
        elif isinstance(node.value, list):
            todo += node.value
    return best


def _replace(lines: _Lines, number: int, text: str, start: int, old: str, new: str) -> bool:
    """Replaces one value on its line, found again in the raw line by counting its like."""
    before = text[text.rfind("\n", 0, start) + 1 : start]
    count = before.count(old)
    raw = lines.words(number)
    at = -1
    for _ in range(count + 1):
        at = raw.find(old, at + 1)
        if at < 0:
            return False
    lines.put(number, raw[:at] + new + raw[at + len(old) :])
    return True


def _word(kind: str, status: str) -> str:
    words = _DONE_WORD if status == "done" else _OPEN_WORD
    return words.get(kind, status)


def _check(new: str, plan: Plan, task_id: str, status: str) -> None:
    """Refuses a text in which anything but the one status reads differently."""
    again = read_plan(plan.source, text=new, format=plan.format)
    before = {t.id: t.status for t in plan.tasks} | {task_id: status}
    after = {t.id: t.status for t in again.tasks}
    if before != after:
        raise PlanError(
            f"{plan.source}: marking {task_id} would change how other tasks read, so nothing was "
            "written. Mark it by hand."
        )
