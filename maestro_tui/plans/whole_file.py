"""A document that is one piece of work as a whole: a story, a prompt, a plan without parts."""

from __future__ import annotations

import re
from dataclasses import replace

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.commands import commands_said, is_check
from maestro_tui.plans.document import Document
from maestro_tui.plans.facts import gather
from maestro_tui.plans.file_words import is_bare, is_file
from maestro_tui.plans.inline_files import inline_files, leading_file, table_files
from maestro_tui.plans.keys import clean, slug, with_keys
from maestro_tui.plans.marks import bare, status_word
from maestro_tui.plans.model import Diagnostic, Plan, Task
from maestro_tui.plans.paths import PathRef, find_paths
from maestro_tui.plans.sections import class_of_title

_ID = re.compile(
    r"(?:story|task|issue|epic)?\s*#?([A-Z]{0,6}-?\d+(?:\.\d+)*)\s*[:.—–-]+\s*(.+)$", re.IGNORECASE
)
_LIVES = re.compile(r"\b(lives?|goes|belongs|located|implemented) (in|at|under)\b", re.IGNORECASE)


def whole_file(document: Document, kind: str) -> Plan:
    """A plan of one task; ``kind`` says in the diagnostics what the document was taken for."""
    title = next((bare(s.title) for s in document.tree.walk() if s.level), "") or document.name
    front = document.frontmatter
    found = _ID.match(title)
    name = clean(front.get("id", "")) or (found[1] if found else slug(document.name) or "1")
    words = (
        clean(front.get("title", ""))
        or clean(front.get("name", ""))
        or (found[2] if found else title)
    )
    facts = gather(list(document.tree.all_blocks()), words)
    for ref in _files(document):
        kept = facts.files.setdefault(ref.action or "modify", {})
        if not is_bare(ref.path) and not facts.names(ref.path):
            kept[ref.path] = None
    status = status_word(front.get("status", "") or facts.status or "")
    task = Task(
        id=name, title=words, line=1, kind="prompt", body=(f"1-{len(document.lines)}",),
        text="\n".join(document.lines[document.frontmatter_end :]).strip(),
    )  # fmt: skip
    task = replace(
        facts.applied(task), status=status, verify=tuple(_checks(document, facts.verify))
    )
    notes = [
        Diagnostic(
            "dependency-note", "info", line,
            f"{value[:120]!r} lies outside this document, so no order follows from it.",
            "Put the work into one plan, or run that document first.",
        )
        for label, value, line in facts.dependencies
        if label == "depends" and value and not re.fullmatch(r"\W*(none|n/?a)\W*", value, re.I)
    ]  # fmt: skip
    remark = Diagnostic(
        "whole-file", "info", 1, f"The {kind} lists no parts, so it is read as one task.",
        "Write '### Task 1: title' headings to have it done by several agents.",
    )  # fmt: skip
    return Plan(
        title,
        id=document.name,
        tasks=with_keys([task]),
        diagnostics=(*facts.diagnostics, *notes, remark),
    )


def _files(document: Document) -> list[PathRef]:
    """Files of sections about files, and of sentences that say where the work lies."""
    out: list[PathRef] = []
    for section in document.tree.walk():
        kind = class_of_title(section.title) if section.level > 1 else ""
        listed = kind == "files" or re.search(r"deliverable|target|affected", section.title, re.I)
        if kind in ("negative", "log", "criteria") and not listed:
            continue
        for block in section.blocks:
            if listed and block.kind == "table":
                out += table_files(block)
            elif listed and block.kind == "item":
                lead = leading_file(block.text, block.line)
                out += [lead] if lead else _paths_in(block)[:1]
            elif block.kind in ("item", "text") and kind != "files":
                out += _spoken_of(block)
    return out


def _paths_in(block: Block) -> list[PathRef]:
    return [r for r in find_paths(block.text, block.line) if is_file(r.path)]


def _spoken_of(block: Block) -> list[PathRef]:
    """``The parser lives in `src/a.py` and `src/b.py` ``, else what a verb says is written."""
    if not _LIVES.search(block.text):
        return inline_files(block.text, block.line)
    listed = re.sub(r"\band\b", ", in", block.text)
    return [*_paths_in(block), *inline_files(listed, block.line, "modify")]


def _checks(document: Document, stated: list[str]) -> list[str]:
    out = list(stated)
    for section in document.tree.walk():
        if class_of_title(section.title) != "verification" and not re.search(
            r"\btests?\b", section.title, re.I
        ):
            continue
        for block in section.blocks:
            if block.kind in ("item", "text"):
                out += [c for c in commands_said(block.text) if is_check(c)]
    return list(dict.fromkeys(out))
