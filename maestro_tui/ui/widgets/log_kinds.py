"""What kind of line a log line is, told from its bytes; and a view of a file with only some kinds.

Which lines are an agent's standard error, its runner wrote down. Telling the rest must be cheap
enough for a million lines: a few searches in the line's beginning, no parsing. A line told wrongly
is shown too often or too seldom, never lost: the file has it.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from pathlib import Path

from maestro_tui.agents.log_origins import LogOrigins
from maestro_tui.ui.widgets.log_index import LINE_LIMIT, Growth, LogIndex

# In the order the key goes through them; the first shows everything.
FILTERS = ("", "error", "stderr", "tool", "result", "text")
_BATCH = 20_000  # lines told at once: some ten milliseconds
_HEAD = 400  # bytes of a line that are looked at

_JSON = re.compile(rb'\s*\{\s*"type"\s*:\s*"([a-z_]{1,40})"')
_TOOL = re.compile(rb'"type"\s*:\s*"tool_use"')
_RESULT = re.compile(rb'"type"\s*:\s*"tool_result"')
_BAD = re.compile(rb'"is_error"\s*:\s*true')
# Words tools use for what went wrong, not inside other words ("no errors" is no error).
_TROUBLE = re.compile(
    rb"(?i)(?<![\w-])(?:error|errors|failed|failure|fatal|traceback|exception|panic)(?![\w-])"
    rb"|[A-Z]\w*Error:|\xe2\x9c\x97"
)
_HARMLESS = re.compile(rb"(?i)\b(?:0|no|without) (?:error|failure|failed)")
_CALL = re.compile(rb"\s*\xe2\x96\xb8 ")  # ▸
_ANSWER = re.compile(rb"\s*\xe2\x94\x94 ")  # └


def kind_of(raw: bytes) -> str:
    """text, tool, result or error."""
    event = _JSON.match(raw)
    if event is not None:
        if _BAD.search(raw):
            return "error"
        if event[1] == b"assistant":
            return "tool" if _TOOL.search(raw) else "text"
        return "result" if event[1] == b"result" or _RESULT.search(raw) else "other"
    head = raw[:_HEAD]
    if _TROUBLE.search(head) and not _HARMLESS.search(head):
        return "error"
    if _CALL.match(head):
        return "tool"
    return "result" if _ANSWER.match(head) else "text"


class FilteredIndex(LogIndex):
    """A :class:`LogIndex` in which only lines of one kind count.

    Numbers are those of the kept lines; everything that shows, searches or scrolls is none the
    wiser.
    """

    def __init__(self, path: Path, kind: str) -> None:
        self.kind = kind
        super().__init__(path)

    def _clear(self) -> None:
        super()._clear()
        self._kept: array[int] = array("Q")
        self._origins = LogOrigins(self.path)
        self._told = 0  # lines of the file that were told

    @property
    def file_lines(self) -> int:
        """All lines of the file that are known."""
        return self._known()

    @property
    def line_count(self) -> int:
        """Lines of the kind."""
        return len(self._kept)

    @property
    def behind(self) -> bool:
        """Whether there is more to read or to tell."""
        return super().behind or self._told < self._whole()

    def _whole(self) -> int:
        return self.file_lines - self.partial

    def grow(self, chunks: int = 8) -> Growth:
        """Take in what is new, and tell a batch of it."""
        growth = super().grow(chunks)
        if not self.complete:  # until the beginning is known, lines have no numbers
            return Growth(growth.changed, 0, growth.reset)
        last = min(self._whole(), self._told + _BATCH)
        before = len(self._kept)
        if self.kind == "stderr":
            self._origins.refresh()
            starts, is_error = super().start_of, self._origins.is_error
            self._kept.extend(n for n in range(self._told, last) if is_error(starts(n)))
        else:
            self._keep_by_bytes(last)
        self._told = last
        changed = growth.changed or len(self._kept) > before
        return Growth(changed, 0, growth.reset)

    def _keep_by_bytes(self, last: int) -> None:
        read = super().read_line
        for number in range(self._told, last):
            if kind_of(read(number, LINE_LIMIT)) == self.kind:
                self._kept.append(number)

    def start_of(self, line: int) -> int:
        """The byte a kept line starts at."""
        return super().start_of(self._kept[line])

    def length_of(self, line: int) -> int:
        """Its length."""
        return super().length_of(self._kept[line])

    def line_at(self, offset: int) -> int:
        """The kept line at a byte, or the last one before it."""
        number = super().line_at(offset)
        return max(0, min(len(self._kept), bisect_right(self._kept, number)) - 1)

    def read_line(self, line: int, limit: int = LINE_LIMIT) -> bytes:
        """The bytes of a kept line."""
        if not 0 <= line < len(self._kept):
            return b""
        return super().read_line(self._kept[line], limit)

    def read_lines(self, first: int, last: int) -> list[bytes] | None:
        """Kept lines do not lie together."""
        return None
