"""Prompt files: one file, one task, named one by one by the user."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from maestro_tui.plans.document import Document, load
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.facts import gather
from maestro_tui.plans.keys import clean, prompt_task_id, slug, with_keys
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Diagnostic, Edge, Plan, Task
from maestro_tui.plans.refs import Resolver, Target

_FINISHED = re.compile(r"(?<![\w-])(IMPLEMENTED|COMPLETED)(?![\w-])")
_STATUS_LINE = re.compile(
    r"^[\s>*_#-]*status[*_]*\s*:\s*[*_]*\s*\W*(implemented|completed)\b", re.IGNORECASE
)
_NOT_YET = re.compile(r"\b(not( yet)?|to be|partially|un)[ -]?(implemented|completed)\b", re.I)


def finished_mark(document: Document) -> tuple[int, str] | None:
    """The line that marks a prompt file as IMPLEMENTED or COMPLETED, and the word.

    Only a heading, a status line or the frontmatter counts: the word in a sentence means nothing.
    """
    for key in ("status", "state"):
        value = document.frontmatter.get(key, "").strip()
        if value.upper() in ("IMPLEMENTED", "COMPLETED"):
            line = _line_of(document, f"{key}:")
            return line, value.upper()
    for section in document.tree.walk():
        found = _FINISHED.search(section.title)
        if found and not _NOT_YET.search(section.title):
            return section.line, found[1]
    for block in document.tree.all_blocks():
        if block.kind in ("text", "item", "quote"):
            status = _STATUS_LINE.match(block.text)
            if status and not _NOT_YET.search(block.text):
                return block.line, status[1].upper()
    return None


def _line_of(document: Document, start: str) -> int:
    lines = document.lines[: document.frontmatter_end]
    return next((n for n, line in enumerate(lines, 1) if line.lower().startswith(start)), 1)


def prompt_plan(document: Document, task_id: str = "") -> Plan:
    """The plan of one prompt file; a finished one is a done task."""
    title = _title(document)
    task, problems, dependencies = _task(
        document, task_id or slug(document.name) or "prompt", title
    )
    done = finished_mark(document)
    if done is not None:
        task = replace(task, status="done")
    if not document.text.strip():
        problems.append(_empty(document))
        return Plan(title, format="prompt", diagnostics=tuple(problems))
    problems += [
        Diagnostic(
            "dependency-note",
            "info",
            line,
            f"{value[:120]!r} is not followed: this plan has only one task.",
            "Name the other prompt files beside this one: maestro run a.md b.md",
        )
        for value, line in dependencies
        if value
    ]
    return Plan(title, format="prompt", tasks=with_keys([task]), diagnostics=tuple(problems))


def read_prompt_files(
    paths: Sequence[Path | str],
    *,
    now: datetime | None = None,
    token: Callable[[], str] | None = None,
) -> Plan:
    """One plan of several prompt files, one task each; only the files named are read.

    Files marked IMPLEMENTED or COMPLETED are left out and reported. ``now`` and ``token`` (four
    hex digits) make the ids; they are parameters so that a test can fix them.
    """
    if not paths:
        raise PlanError("No prompt file named. Write: maestro run first.md second.md")
    clock = now or datetime.now()
    fresh = token or (lambda: os.urandom(2).hex())
    documents = [load(path) for path in paths]
    tasks: list[Task] = []
    problems: list[Diagnostic] = []
    waiting: list[tuple[Task, list[tuple[str, int]]]] = []
    seen: set[str] = set()
    for document in documents:
        if _resolved(document.path) in seen:
            problems.append(_skipped(document, 0, "it is named twice", "prompt-repeated"))
            continue
        seen.add(_resolved(document.path))
        problems += [_prefixed(document, d) for d in document.diagnostics]
        done = finished_mark(document)
        if done is not None:
            why = f"it is marked {done[1]} on line {done[0]}"
            problems.append(_skipped(document, done[0], why, "prompt-finished"))
            continue
        if not document.text.strip():
            problems.append(_empty(document))
            continue
        task_id = prompt_task_id(clock, fresh, {t.id for t in tasks})
        task, found, dependencies = _task(document, task_id, _title(document))
        problems += [_prefixed(document, d) for d in found]
        tasks.append(task)
        waiting.append((task, dependencies))
    return Plan(
        title=tasks[0].title if len(tasks) == 1 else f"{len(tasks)} prompt files",
        id=f"prompts-{clock:%Y%m%d-%H%M%S}",
        source=documents[0].path if len(documents) == 1 else "",
        source_sha256=documents[0].sha256 if len(documents) == 1 else "",
        format="prompt",
        reason="the files were named one by one",
        tasks=with_keys(tasks),
        edges=tuple(_edges(waiting, problems)),
        diagnostics=tuple(problems) if tasks else (*problems, _nothing(len(documents))),
    )


def _edges(
    waiting: Sequence[tuple[Task, list[tuple[str, int]]]], problems: list[Diagnostic]
) -> list[Edge]:
    """Dependencies between the files named, by file name, stem or title."""
    out = []
    targets = {}
    for task, _ in waiting:
        name = Path(task.prompt).name
        targets[task.id] = Target("task", name, task.title, (task.id,))
    stems = [Target("task", Path(t.prompt).stem, "", (t.id,)) for t, _ in waiting]
    resolver = Resolver([*targets.values(), *stems])
    for task, values in waiting:
        for value, line in values:
            names = re.sub(r"[\w./-]*/", "", value)
            found = resolver.resolve(names, line, targets[task.id], strict=False)
            out += [Edge(task.id, after, "label", line) for after in found.ids]
            problems += found.diagnostics
    return list({(e.task, e.after): e for e in out}.values())


def _task(
    document: Document, task_id: str, title: str
) -> tuple[Task, list[Diagnostic], list[tuple[str, int]]]:
    blocks = list(document.tree.all_blocks())
    facts = gather(blocks, document.name or "The prompt")
    front = document.frontmatter
    start = document.frontmatter_end
    task = Task(
        id=task_id,
        title=title,
        line=1,
        kind="prompt",
        prompt=document.path,
        body=(f"1-{len(document.lines)}",),
        text="\n".join(document.lines[start:]).strip(),
    )
    task = replace(facts.applied(task), status="pending")
    agent = clean(front.get("agent", ""))
    task = replace(
        task, agent=agent or task.agent, model=clean(front.get("model", "")) or task.model
    )
    dependencies = [(value, line) for name, value, line in facts.dependencies if name == "depends"]
    return task, [*document.markdown_diagnostics, *facts.diagnostics], dependencies


def _title(document: Document) -> str:
    named = clean(document.frontmatter.get("title", ""))
    heading = next((s.title for s in document.tree.walk() if s.level), "")
    first = next((b.text for b in document.tree.all_blocks() if b.kind == "text"), "")
    return named or bare(heading) or clean(first)[:80] or document.name or "Prompt"


def _resolved(path: str) -> str:
    return str(Path(path).resolve())


def _prefixed(document: Document, found: Diagnostic) -> Diagnostic:
    return replace(found, text=f"{document.path}: {found.text}")


def _skipped(document: Document, line: int, why: str, code: str) -> Diagnostic:
    hint = "Remove the mark to run it again." if line else "Name each file once."
    return Diagnostic(code, "info", line, f"{document.path}: skipped, {why}.", hint)


def _empty(document: Document) -> Diagnostic:
    text = f"{document.path}: the file is empty, so there is nothing to do."
    return Diagnostic("prompt-empty", "error", 0, text, "Write the task into it.")


def _nothing(count: int) -> Diagnostic:
    return Diagnostic(
        "no-tasks",
        "error",
        0,
        f"None of the {count} files named is a prompt that is still to be done.",
        "Name at least one file that is not marked IMPLEMENTED or COMPLETED.",
    )
