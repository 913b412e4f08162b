"""TOML files, read so that every complaint can name its line and the nearest valid name.

``tomllib`` gives values without positions; a configuration error without a line number is a
search the user has to do.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_SECTION = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*("[^"]*"|'[^']*'|[\w-]+(?:\s*\.\s*[\w-]+)*)\s*=""")
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


class TomlError(Exception):
    """A file that is no TOML; carries the message and the line."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.text = text
        self.line = line


def parse_file(path: Path) -> tuple[dict[str, Any], str]:
    """The file's data and its text; TomlError says where it is not TOML, OSError passes."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TomlError("is not UTF-8 text", 1) from error
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as error:
        match = _AT_LINE.search(str(error))
        line = int(match[1]) if match else text.count("\n") + 1
        raise TomlError(_AT_LINE.sub("", str(error)).strip().rstrip("."), line) from error


def line_of(text: str, section: str, key: str = "") -> int:
    """The line where a key of a section stands, or the section itself; 1 when not found."""
    wanted = f"{section}.{key}" if section and key else section or key
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        header = _SECTION.match(line)
        if header:
            current = _plain(header[1])
            if current == wanted:
                return number
            continue
        match = _KEY.match(line)
        if match:
            full = f"{current}.{_plain(match[1])}" if current else _plain(match[1])
            if full == wanted or full.startswith(wanted + "."):
                return number
    return line_of(text, section) if key and section else 1


def _plain(name: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in name.split("."))


def nearest(name: str, valid: Iterable[str]) -> str:
    """A hint with the closest valid name, else all of them."""
    names = sorted(valid)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f'did you mean "{close[0]}"?'
    return f"valid: {', '.join(names)}"
