"""Tables that list work: rows with an id and a title, and what each row waits for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.file_words import is_file
from maestro_tui.plans.inline_files import table_files
from maestro_tui.plans.labels import Label, label_name
from maestro_tui.plans.paths import PathRef, find_paths

_ID = re.compile(
    r"(phase|task|story|step|id|#|no\.?|nr|issue|ticket|epic|milestone|wave|stream|tarea|tarefa|"
    r"aufgabe|taak|tâche|задача|タスク|任务|任務|작업)( id| ?#| no\.?)?",
    re.I,
)
_TITLE = re.compile(
    r"(title|name|description|summary|task|what|goal|work|scope|item|story|vendor|feature|deliverable|"
    r"aufgabe|tarefa|tarea|tâche|taak|задача|内容|名称|タスク|任务|任務|작업|제목)s?",
    re.I,
)
_AFTER = re.compile(
    r"(depend(s|encies|ency)?( on)?|blocked by|after|prerequisites?|requires|needs|依存.*|依赖|"
    r"의존.*|dépend.*|depend[eê]n.*|abhängig.*|afhankelijk.*|зависим.*|phụ thuộc.*)",
    re.I,
)
_DONE = re.compile(r"(status|state|done|estado|statut|статус|状态|狀態|状態|상태)", re.I)
_NAME = re.compile(
    r"(?:(?:phase|task|step|story|epic)\s*)?#?([A-Z]{0,8}-?\d+(?:\.\d+)*[a-z]?|[A-Z]\d*)$", re.I
)
_LETTERED = re.compile(r"[A-Z]{1,8}-?\d+")
_ASIDE = re.compile(r"\s*[(（][^()（）]*[)）]$")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"[*_`~]")
_SEVERAL = re.compile(r"((?:tasks?\s*)?[A-Z]{0,3}\d+(?:\s*[-–,]\s*[A-Z]{0,3}\d+)+)", re.I)


_WORK = re.compile(
    r"(task|story|step|work ?item|ticket|issue|deliverable|tarea|tarefa|aufgabe|taak|tâche|задача|"
    r"タスク|任务|任務|작업)s?", re.I
)  # fmt: skip
_WRITES = frozenset({"files", "create", "modify", "delete", "test", "scope"})
_FACTS = _WRITES | {"verify", "estimate", "marker"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row that names a piece of work; ``id`` is empty where the table numbers nothing."""

    id: str
    title: str
    after: str
    status: str
    line: int
    cells: tuple[str, ...]
    labels: tuple[Label, ...] = ()  # what its other columns state
    sure: bool = False  # whether the columns alone say that this is work


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a table keeps what."""

    id: int | None
    title: int
    after: int | None
    status: int | None
    facts: tuple[tuple[int, str, str], ...]  # column, name of the label, as written
    sure: bool


def rows_of(block: Block, *, ranges: bool = False) -> list[Row]:
    """The rows of a table of work; nothing when its columns do not say that it is one.

    With ``ranges`` also rows that speak of several tasks, such as "F1-F4".
    """
    if block.kind != "table" or len(block.rows) < 2:
        return []
    columns = _columns(block.rows)
    if columns is None:
        return []
    rows = [(n, tuple(row), [_plain(c) for c in row]) for n, row in enumerate(block.rows[1:], 1)]
    if columns.id is not None and columns.sure:
        first = columns.id
        if not any(first < len(c) and _NAME.fullmatch(c[first]) for _, _, c in rows):
            # "| Task | Files |" with titles under Task: nothing is numbered.
            columns = replace(columns, id=None, title=first)
    found = (_row(columns, raw, cells, block.line + n + 1, ranges) for n, raw, cells in rows)
    return [row for row in found if row is not None]


def _columns(rows: Sequence[Sequence[str]]) -> _Columns | None:
    names = [_plain(c) for c in rows[0]]

    def column(pattern: re.Pattern[str], other: int | None = None) -> int | None:
        return next((n for n, c in enumerate(names) if n != other and pattern.fullmatch(c)), None)

    first, after, status = column(_ID), column(_AFTER), column(_DONE)
    if first is None and not names[0] and _is_lettered(rows):
        first = 0
    if first is None:
        return None
    free = [(n, c) for n, c in enumerate(names) if n not in (first, after, status)]
    facts = [(n, label_name(c) or _holds_files(rows, n), c) for n, c in free]
    facts = [f for f in facts if f[1] in _FACTS and (f[1] not in _WRITES or _files_in(rows, f[0]))]
    taken = {after, status, *(n for n, _, _ in facts)}
    title = column(_TITLE, first)
    if title is None and first + 1 < len(names) and first + 1 not in taken:
        title = first + 1
    named = any(_WORK.fullmatch(names[n]) for n in (first, title) if n is not None)
    sure = named and (after is not None or any(name in _WRITES for _, name, _ in facts))
    if title is None and not sure:
        return None
    title = first if title is None else title
    return _Columns(first, title, after, status, tuple(f for f in facts if f[0] != title), sure)


def _is_lettered(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first column, which has no head, holds ids such as T1."""
    cells = [_ASIDE.sub("", _plain(row[0])) for row in rows[1:21] if row]
    return len(cells) > 1 and all(_LETTERED.fullmatch(c) for c in cells)


def _holds_files(rows: Sequence[Sequence[str]], column: int) -> str:
    """``files`` where every cell of a column begins with a path, however it is headed."""
    cells = [row[column].strip("`* ") for row in rows[1:21] if column < len(row)]
    held = [c for c in cells if "/" in c and is_file(c.split()[0].strip("`"))]
    return "files" if len(held) > 1 and len(held) == len(cells) else ""


def _files_in(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Whether a column holds paths: "Where" may head anything."""
    cells = (row[column] for row in rows[1:21] if column < len(row))
    return any(is_file(ref.path) for cell in cells for ref in find_paths(cell))


def _row(
    columns: _Columns, raw: tuple[str, ...], cells: Sequence[str], line: int, ranges: bool
) -> Row | None:
    def cell(column: int | None) -> str:
        return cells[column] if column is not None and column < len(cells) else ""

    name = _ASIDE.sub("", cell(columns.id))
    found = _NAME.fullmatch(name) or (_SEVERAL.fullmatch(name) if ranges else None)
    title = cell(columns.title)
    if columns.title >= len(cells) or (columns.id is not None and found is None):
        return None
    if columns.id is None and not title:
        return None
    labels = tuple(
        Label(name, written, raw[n].strip(), line)
        for n, name, written in columns.facts
        if n < len(raw) and cells[n].strip("-–— ")
    )
    return Row(
        found[1] if found else "", title, cell(columns.after), cell(columns.status), line, raw,
        labels, columns.sure,
    )  # fmt: skip


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
