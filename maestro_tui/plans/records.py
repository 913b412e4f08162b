"""From the records of a data format to a plan: statuses, edges that name nothing, repeated ids.

What is the same for every format that lists its tasks as data rather than writes about them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from maestro_tui.plans.commands import is_check, is_command, is_command_like
from maestro_tui.plans.data import Node
from maestro_tui.plans.expansion import names_listed, nearest
from maestro_tui.plans.model import Diagnostic, Edge, Severity, Task
from maestro_tui.plans.paths import check_paths, looks_like_path, strip_path
from maestro_tui.plans.prose_files import files_in_prose

_STATUS = {
    "done": "done", "completed": "done", "complete": "done", "closed": "done", "finished": "done",
    "implemented": "done", "merged": "done", "passed": "done", "resolved": "done",
    "in-progress": "doing", "doing": "doing", "started": "doing", "active": "doing",
    "hooked": "doing", "review": "doing", "in-review": "doing", "wip": "doing",
    "deferred": "deferred", "paused": "deferred", "on-hold": "deferred", "draft": "deferred",
    "skipped": "deferred", "pinned": "deferred", "postponed": "deferred",
    "cancelled": "cancelled", "canceled": "cancelled", "wontfix": "cancelled",
    "won't-do": "cancelled", "archived": "cancelled", "obsolete": "cancelled",
    "pending": "pending", "todo": "pending", "to-do": "pending", "open": "pending",
    "ready": "pending", "blocked": "pending", "backlog": "pending", "not-started": "pending",
    "failed": "pending", "new": "pending", "planned": "pending", "stuck": "pending",
}  # fmt: skip


@dataclass(slots=True)
class Findings:
    """What a reader of records found out, collected record by record."""

    edges: list[Edge] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _joined: set[tuple[str, str]] = field(default_factory=set)
    _counts: dict[str, int] = field(default_factory=dict)
    _unknown: int = 0

    def say(self, code: str, severity: Severity, line: int, text: str, hint: str = "") -> None:
        """Adds a diagnostic."""
        self.diagnostics.append(Diagnostic(code, severity, line, text, hint))

    def status(self, word: str, line: int, owner: str) -> str:
        """The status a word means; an unknown word is reported and means pending."""
        plain = "-".join(word.lower().replace("_", " ").replace("-", " ").split())
        known = _STATUS.get(plain)
        if known is None and plain:
            near = nearest(plain, _STATUS)
            hint = f"Did you mean {near!r}?" if near else "Write pending, in-progress or done."
            self.say("unknown-status", "warning", line,
                     f"{owner}: the status {word[:60]!r} is not known; it is read as pending.",
                     hint)  # fmt: skip
        return known or "pending"

    def edge(self, task: str, after: str, source: str, line: int, known: Container[str]) -> bool:
        """Adds an edge to something known; anything else is reported, never guessed."""
        if task == after:
            self.say("self-dependency", "warning", line,
                     f"{task} depends on itself; that is left out.", "Remove it.")  # fmt: skip
            return False
        if after not in known:
            self._unknown += 1
            hint = _known_names(after, known) if self._unknown < 20 else ""
            self.say("unknown-dependency", "warning", line,
                     f"{task} depends on {after[:80]!r}, which is not in this document; no order "
                     "follows from it.", hint)  # fmt: skip
            return False
        if (task, after) not in self._joined:
            self._joined.add((task, after))
            self.edges.append(Edge(task, after, source, line))
        return True

    def paths(self, given: Iterable[tuple[str, int]], owner: str) -> tuple[str, ...]:
        """The entries that are paths, without decoration; unsafe ones are errors."""
        out: list[str] = []
        for word, line in given:
            path = strip_path(word)
            if not looks_like_path(path) and not ("." in path and " " not in path):
                self.say("not-a-path", "info", line, f"{owner}: {word[:80]!r} is not a path.",
                         "Write the path relative to the top of the repository.")  # fmt: skip
                continue
            self.diagnostics += check_paths([path], line, owner)
            out.append(path)
        return tuple(dict.fromkeys(out))

    def unique(self, name: str, line: int, taken: Mapping[str, int], owner: str = "task") -> str:
        """The id, or one with a number behind it when it is taken, which is reported."""
        if name not in taken:
            return name
        count = self._counts.get(name, 1) + 1
        while f"{name}-{count}" in taken:
            count += 1
        self._counts[name] = count
        self.say("duplicate-id", "warning", line,
                 f"The {owner} id {name!r} was used on line {taken[name]} already; this one is "
                 f"read as {name}-{count}.", "Give one of them another id.")  # fmt: skip
        return f"{name}-{count}"


def _known_names(wanted: str, known: Container[str]) -> str:
    names = list(known) if isinstance(known, Iterable) else []
    near = nearest(wanted, names)
    return (f"Did you mean {near!r}? " if near else "") + f"Known: {names_listed(names)}."


def described(node: Node, *sections: tuple[str, str]) -> str:
    """The words of a record, each section under a heading unless its name is empty."""
    parts = []
    for name, key in sections:
        text = node.text(*key.split("|")).strip()
        if text and text not in parts:
            parts += [f"## {name}", text] if name else [text]
    return "\n\n".join(parts)


def with_prose(task: Task, text: str, checks: str = "") -> Task:
    """The task with the files its description states, and the commands its checks name."""
    verify = dict.fromkeys((*task.verify, *_coded_commands(checks)))
    return files_in_prose(text).applied(replace(task, verify=tuple(verify)))


def _coded_commands(text: str) -> list[str]:
    """Commands in backticks; in a description nothing else is certain enough."""
    coded = [c.strip() for c in re.findall(r"`([^`\n]{1,300})`", text[:50_000])]
    coded = [c for c in coded if not _NO_CHECK.match(c)]
    return [c for c in coded if is_command(c) or (is_command_like(c) and is_check(c))]


# Servers, which never end, and packages that are added: what is to be done, not what shows it done.
_NO_CHECK = re.compile(
    r"(npm|pnpm|yarn|bun)\s+((run\s+)?(dev|start|watch|serve|preview)\b|(install|i|add)\s+[\w@])"
)
