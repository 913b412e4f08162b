"""The facts of one piece of work, gathered from its labels: files, commands, marker, agent, time.

Shared by the Markdown formats, which differ in how they find the pieces of work, not in what is
written beneath them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from maestro_tui.plans import globs
from maestro_tui.plans.blocks import Block
from maestro_tui.plans.commands import commands_of
from maestro_tui.plans.durations import parse_duration
from maestro_tui.plans.file_words import is_file
from maestro_tui.plans.keys import clean
from maestro_tui.plans.labels import Label, labels_in
from maestro_tui.plans.marks import mode_in, status_word
from maestro_tui.plans.model import Diagnostic, Task
from maestro_tui.plans.paths import check_paths, find_paths, is_directory

_FILE_LABELS = ("files", "create", "modify", "delete", "test", "scope")
_MARKDOWN = re.compile(r"[\w./-]+\.md\b")
_CODE = re.compile(r"`([^`]+)`")
_ASIDE = re.compile(r"[,(;]|\s[-–—]\s")
_CHECK_LABEL = re.compile(r"gate|verif")
_DEPENDENCY_LABELS = ("depends", "prerequisites", "blocks")


@dataclass(slots=True)
class Facts:
    """What the labels of one piece of work say."""

    files: dict[str, dict[str, None]] = field(default_factory=dict)  # by action; in order, once
    verify: list[str] = field(default_factory=list)
    dependencies: list[tuple[str, str, int]] = field(default_factory=list)  # label, value, line
    forbidden: list[str] = field(default_factory=list)
    requirements: list[str] = field(default_factory=list)
    marker: str = ""
    agent: str = ""
    model: str = ""
    estimate: str = ""
    timeout: str = ""
    status: str = ""
    mode: tuple[str, int] = ("unspecified", 0)
    diagnostics: list[Diagnostic] = field(default_factory=list)

    def names(self, path: str) -> bool:
        """Whether a path is among the files, whatever is done to it."""
        for paths in self.files.values():  # noqa: SIM110 - a generator costs more than the look
            if path in paths:
                return True
        return False

    def all_files(self) -> list[str]:
        """Every path named, whatever is done to it."""
        return list(dict.fromkeys(p for paths in self.files.values() for p in paths))

    def add_file(self, path: str, action: str, line: int, owner: str) -> None:
        """Takes in a file that is stated; a folder or a pattern may be a scope as well."""
        folder = is_directory(path) and action in ("", "scope", "modify", "test")
        kinds = [action or "modify"]
        if folder:
            # A folder with its slash counts as stated; either way all beneath it is the task's.
            kinds = ["modify", "scope"] if path.endswith("/") and action != "scope" else ["scope"]
        elif action == "" and globs.is_glob(path) and path.endswith("**"):
            kinds = ["modify", "scope"]
        problems = check_paths([path], line, owner)
        self.diagnostics += problems
        for kind in kinds:
            self.files.setdefault(kind, {}).setdefault(path)

    def fields(self) -> dict[str, Any]:
        """What they say of a task, by the names of its fields; without the status."""
        return {
            **{kind: tuple(paths) for kind, paths in self.files.items()},
            "verify": tuple(dict.fromkeys(self.verify)) if self.verify else (),
            "marker": self.marker,
            "agent": self.agent,
            "model": self.model,
            "estimate": self.estimate,
            "estimate_s": parse_duration(self.estimate) if self.estimate else 0.0,
            "timeout_s": parse_duration(self.timeout) if self.timeout else 0.0,
            "requirements": tuple(self.requirements),
        }

    def applied(self, task: Task) -> Task:
        """The task with these facts filled in."""
        return replace(task, **self.fields(), status=self.status or task.status)


def gather(blocks: Sequence[Block], owner: str, extra: Sequence[Label] = ()) -> Facts:
    """The facts in these blocks; ``owner`` is how a diagnostic names the piece of work."""
    facts = Facts()
    if not blocks and not extra:
        return facts
    for label in (*labels_in(blocks), *extra):
        handler = _HANDLERS.get(label.name)
        if handler is not None:
            handler(facts, label, owner)
    return facts


def _files(facts: Facts, label: Label, owner: str) -> None:
    default = "" if label.name == "files" else label.name
    entries = [(e.text, e.line) for e in label.entries()]
    for fence in label.fences:
        entries += [(text, fence.line + n) for n, text in enumerate(fence.lines, 1)]
    if label.name == "test" and not label.fences:
        commands = commands_of(label)
        if commands and not any(find_paths(c) and "`" not in c for c in commands if "/" not in c):
            facts.verify += commands
            return
    for text, line in entries:
        first = ""
        for ref in find_paths(text, line):
            if "/" in first and "/" not in ref.path and not is_file(ref.path):
                continue  # "`libs.toml` (add `androidx.window`)": the later word is no file
            first = first or ref.path
            facts.add_file(ref.path, ref.action or default, line, owner)


def _dependencies(facts: Facts, label: Label, owner: str) -> None:
    entries = label.entries()
    if not entries:
        facts.dependencies.append((label.name, "", label.line))
    for entry in entries:
        facts.dependencies.append((label.name, entry.text, entry.line))


def _marker(facts: Facts, label: Label, owner: str) -> None:
    for entry in label.entries():
        found = _MARKDOWN.search(entry.text)
        if found:
            problems = check_paths([found[0]], entry.line, owner)
            facts.diagnostics += problems
            facts.marker = facts.marker or ("" if problems else found[0].removeprefix("./"))
            return
    if "marker" in label.written.lower():
        facts.diagnostics.append(
            Diagnostic(
                "marker-unclear",
                "warning",
                label.line,
                f"{owner}: the completion marker is not a Markdown file name.",
                "Write it as 'Completion: MODELS_COMPLETE.md'.",
            )
        )


def _agent(facts: Facts, label: Label, owner: str) -> None:
    text = label.entries()[0].text if label.entries() else ""
    coded = _CODE.search(text)
    name = clean(coded[1] if coded else _ASIDE.split(text)[0])
    name = name.strip("*_ .").removeprefix("@")
    if name and name.lower() not in ("none", "tbd", "any", "-", "n/a"):
        facts.agent = facts.agent or name


def _verify(facts: Facts, label: Label, owner: str) -> None:
    found = commands_of(label)
    facts.verify += found
    prose = _CHECK_LABEL.search(label.written.lower())
    if not found and prose and label.entries():
        facts.diagnostics.append(
            Diagnostic(
                "verify-not-a-command",
                "info",
                label.line,
                f"{owner}: {clean(label.entries()[0].text)[:80]!r} is not a command, so nothing "
                "will be run for it.",
                "Write the command in backticks, such as 'Verify: `pytest -q`'.",
            )
        )


def _estimate(facts: Facts, label: Label, owner: str) -> None:
    text = clean(label.value)
    if not text:
        return
    if not parse_duration(text) and label.written.lower().startswith("estim"):
        facts.diagnostics.append(
            Diagnostic(
                "estimate-unclear",
                "info",
                label.line,
                f"{owner}: the estimate {text[:60]!r} is not a duration.",
                "Write it as '30 min', '2h' or '1-2 hours'.",
            )
        )
    facts.estimate = facts.estimate or text


def _simple(facts: Facts, label: Label, owner: str) -> None:
    value = clean(label.value).strip("`*_ ")
    if label.name == "model":
        facts.model = facts.model or value
    elif label.name == "timeout":
        facts.timeout = facts.timeout or value
    elif label.name == "status":
        facts.status = status_word(value) if value else ""
    elif label.name == "mode":
        facts.mode = mode_in(value)
    elif label.name == "requirements":
        facts.requirements += [v.strip() for v in value.split(",") if v.strip()]
    elif label.name == "forbidden":
        facts.forbidden += [r.path for e in label.entries() for r in find_paths(e.text)]


_HANDLERS: dict[str, Callable[[Facts, Label, str], Any]] = {
    **dict.fromkeys(_FILE_LABELS, _files),
    **dict.fromkeys(_DEPENDENCY_LABELS, _dependencies),
    **dict.fromkeys(("model", "timeout", "status", "mode", "requirements", "forbidden"), _simple),
    "marker": _marker,
    "agent": _agent,
    "verify": _verify,
    "estimate": _estimate,
}
