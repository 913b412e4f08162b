"""Line numbers of tables and keys in a TOML document, which the standard parser does not keep."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEADER = re.compile(r"^\s*\[(\[)?\s*([\w.\-\"' ]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*(?:=|\.)")
_STRING = re.compile(r'"""|\'\'\'|"(?:\\.|[^"\\])*"|\'[^\']*\'|#.*|[\[\]{}]')


@dataclass(slots=True)
class TomlLines:
    """Where things are: tables by name and number, keys by table, number and key."""

    tables: dict[tuple[str, int], int] = field(default_factory=dict)
    keys: dict[tuple[str, int, str], int] = field(default_factory=dict)

    def table(self, name: str, number: int = 0) -> int:
        """The line of a table's header; 0 when it is written inline."""
        return self.tables.get((name, number), 0)

    def key(self, name: str, number: int, key: str) -> int:
        """The line of a key, else of its table."""
        there = self.table(name, number) if name else self.table(key)
        return self.keys.get((name, number, key), there)


def toml_lines(text: str) -> TomlLines:
    """Scans the document once; strings over several lines and open brackets are skipped."""
    out = TomlLines()
    table, number = "", 0
    count: dict[str, int] = {}
    inside, depth = "", 0
    for line_number, line in enumerate(text.split("\n"), 1):
        if not inside and depth == 0:
            header = _HEADER.match(line)
            if header is not None:
                table = re.sub(r"[\"' ]", "", header[2])
                number = count.get(table, -1) + 1 if header[1] else 0
                count[table] = number
                out.tables.setdefault((table, number), line_number)
                continue
            key = _KEY.match(line)
            if key is not None:
                out.keys.setdefault((table, number, key[1].strip("\"'")), line_number)
        inside, depth = _after(line, inside, depth)
    return out


def _after(line: str, inside: str, depth: int) -> tuple[str, int]:
    """The open multi-line string and bracket depth at the end of a line."""
    at = 0
    while at <= len(line):
        if inside:
            end = line.find(inside, at)
            while end > 0 and inside == '"""' and _escaped(line, end):
                end = line.find(inside, end + 1)
            if end < 0:
                return inside, depth
            at, inside = end + 3, ""
            continue
        found = _STRING.search(line, at)
        if found is None:
            break
        token = found[0]
        if token in ('"""', "'''"):
            inside = token
        elif token.startswith("#"):
            break
        else:
            depth = max(0, depth + (token in "[{") - (token in "]}"))
        at = found.end()
    return inside, depth


def _escaped(line: str, end: int) -> bool:
    before = line[:end]
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1
