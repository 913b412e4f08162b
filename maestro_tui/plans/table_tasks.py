"""Tables that list work: rows with an id and a title, and what each row waits for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.inline_files import table_files
from maestro_tui.plans.paths import PathRef

_ID = re.compile(
    r"(phase|task|story|step|id|#|no\.?|nr|issue|ticket|epic|milestone|wave|stream|tarea|aufgabe|"
    r"タスク|任务|작업)( id| ?#| no\.?)?",
    re.I,
)
_TITLE = re.compile(
    r"(title|name|description|summary|task|what|goal|work|scope|item|story|vendor|feature|deliverable|内容|名称|제목)s?",
    re.I,
)
_AFTER = re.compile(
    r"(depend(s|encies|ency)?( on)?|blocked by|after|prerequisites?|requires|needs|依存.*|依赖|"
    r"의존.*)",
    re.I,
)
_DONE = re.compile(r"(status|state|done)", re.I)
_NAME = re.compile(
    r"(?:(?:phase|task|step|story|epic)\s*)?#?([A-Z]{0,8}-?\d+(?:\.\d+)*[a-z]?|[A-Z]\d*)$", re.I
)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"[*_`~]")
_SEVERAL = re.compile(r"((?:tasks?\s*)?[A-Z]{0,3}\d+(?:\s*[-–,]\s*[A-Z]{0,3}\d+)+)", re.I)


@dataclass(frozen=True, slots=True)
class Row:
    """A row that names a piece of work."""

    id: str
    title: str
    after: str
    status: str
    line: int
    cells: tuple[str, ...]


def rows_of(block: Block, *, ranges: bool = False) -> list[Row]:
    """The rows of a table of work; nothing when its columns do not say that it is one.

    With ``ranges`` also rows that speak of several tasks, such as "F1-F4".
    """
    if block.kind != "table" or len(block.rows) < 2:
        return []
    head = [_plain(c) for c in block.rows[0]]
    first = next((n for n, c in enumerate(head) if _ID.fullmatch(c)), None)
    title = next((n for n, c in enumerate(head) if n != first and _TITLE.fullmatch(c)), None)
    if first is None:
        return []
    if title is None:
        title = first + 1 if first + 1 < len(head) else None
    after = next((n for n, c in enumerate(head) if _AFTER.fullmatch(c)), None)
    status = next((n for n, c in enumerate(head) if _DONE.fullmatch(c)), None)
    out = []
    for offset, row in enumerate(block.rows[1:], 1):
        cells = [_plain(c) for c in row]
        found = _NAME.fullmatch(cells[first]) if first < len(cells) else None
        if found is None and ranges and first < len(cells):
            found = _SEVERAL.fullmatch(cells[first])
        if found is None or title is None or title >= len(cells):
            continue
        out.append(
            Row(
                found[1], cells[title],
                cells[after] if after is not None and after < len(cells) else "",
                cells[status] if status is not None and status < len(cells) else "",
                block.line + offset + 1, tuple(row),
            )
        )  # fmt: skip
    return out


def files_of_rows(block: Block) -> dict[str, list[PathRef]]:
    """The files of each row, by its id, where a table has a column of them."""
    files = table_files(block)
    if not files:
        return {}
    names = {row.line: row.id for row in rows_of(block)}
    out: dict[str, list[PathRef]] = {}
    for ref in files:
        if ref.line in names:
            out.setdefault(names[ref.line], []).append(ref)
    return out


def _plain(cell: str) -> str:
    if "](" in cell:
        cell = _LINK.sub(r"\1", cell)
    return _EMPHASIS.sub("", cell).strip()
