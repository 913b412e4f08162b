"""What a plan says outside its tasks: the list of all files, gates, files nobody may touch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.commands import checks_in_fence, commands_in_text
from maestro_tui.plans.document import Document
from maestro_tui.plans.facts import gather
from maestro_tui.plans.file_words import is_file
from maestro_tui.plans.inline_files import table_files
from maestro_tui.plans.marks import bare, status_word
from maestro_tui.plans.model import Diagnostic
from maestro_tui.plans.paths import PathRef, find_paths
from maestro_tui.plans.rehearsal_text import is_rehearsal
from maestro_tui.plans.sections import class_of_title
from maestro_tui.plans.table_tasks import files_of_rows, rows_of

_CREATE = re.compile(r"\b(new|creat|add)|新規|作成|新建|创建|생성", re.IGNORECASE)
_DELETE = re.compile(r"\b(delet|remov)|削除|删除|삭제", re.IGNORECASE)


@dataclass(slots=True)
class Whole:
    """Facts of the document as a whole. ``known``: each file listed, with what is done to it."""

    known: dict[str, str] = field(default_factory=dict)
    verify: list[str] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)
    files: dict[str, list[PathRef]] = field(default_factory=dict)  # by id, from tables
    statuses: dict[str, str] = field(default_factory=dict)  # by id, from tables of progress
    diagnostics: list[Diagnostic] = field(default_factory=list)


def document_facts(document: Document, tasks: Sequence[Candidate]) -> Whole:
    """The facts of every section in which no task stands."""
    out = Whole()
    inside: set[int] = set()
    for task in tasks:
        inside.update(range(task.line, task.end + 1))
    for section in document.tree.walk():
        if section.line in inside:
            continue
        for block in section.blocks:
            if block.kind == "table":
                _statuses(block, out)
                for name, refs in files_of_rows(block).items():
                    out.files.setdefault(name, []).extend(refs)
        kind = class_of_title(section.title) if section.level > 1 else ""
        if kind == "negative":
            _forbidden(section, out)
        elif kind == "files" and not _under_negative(section):
            _files(section, out)
        elif kind == "verification":
            _checks(section, out)
    return out


def _statuses(block: Block, out: Whole) -> None:
    """The status of each task in a table that follows the work: it is kept after the boxes are."""
    for row in rows_of(block):
        status = status_word(row.status)
        if row.id and status != "pending":
            out.statuses.setdefault(row.id, status)


def _under_negative(section: Section) -> bool:
    return any(class_of_title(a.title) == "negative" for a in section.ancestors() if a.level > 1)


def _forbidden(section: Section, out: Whole) -> None:
    for block in section.all_blocks():
        if block.kind == "item":
            out.forbidden += [r.path for r in find_paths(block.text) if is_file(r.path)]


def _files(section: Section, out: Whole) -> None:
    facts = gather(list(section.all_blocks()), "The plan")
    for action in ("create", "modify", "delete", "test"):
        for path in facts.files.get(action, ()):
            out.known.setdefault(path, action)
    action = (
        "create"
        if _CREATE.search(section.title)
        else "delete"
        if _DELETE.search(bare(section.title))
        else "modify"
    )
    refs: list[PathRef] = []
    for block in section.all_blocks():
        if block.kind == "table":
            refs += table_files(block)
        elif block.kind == "item":
            refs += [r for r in find_paths(block.text, block.line) if is_file(r.path)][:1]
    for ref in refs:
        out.known.setdefault(ref.path, ref.action or action)


def _checks(section: Section, out: Whole) -> None:
    for block in section.all_blocks():
        if block.kind == "fence" and not is_rehearsal(block.info):
            out.verify += checks_in_fence(block.info, block.lines)
        elif block.kind in ("item", "text") and "`" in block.text:
            out.verify += commands_in_text(block.text)
