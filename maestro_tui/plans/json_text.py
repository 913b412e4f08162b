"""JSON with the place of every value, which the standard parser does not keep.

The standard parser judges whether the text is JSON, and says why not; one pass over its tokens
then finds where things are. Linear, without recursion, for documents of many megabytes.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from maestro_tui.plans.data import Node
from maestro_tui.plans.model import Diagnostic

_TOKEN = re.compile(r'[ \t\n\r]*(?:("(?:[^"\\]++|\\.)*+")|([{}\[\],:])|(-?[\w.+-]+))', re.DOTALL)
_WORDS = {"true": True, "false": False, "null": None}
_DIGITS = 4000  # of a longer number Python refuses to make an integer


@dataclass(frozen=True, slots=True)
class JsonText:
    """A parsed document; ``repeated`` are the keys that one object holds twice, with lines."""

    root: Node
    repeated: tuple[tuple[str, int], ...] = ()


@dataclass(slots=True)
class _Open:
    """An object or list that is not closed yet."""

    node: Node
    key: str | None = None
    keys: set[str] = field(default_factory=set)


@lru_cache(maxsize=1)
def json_of(text: str) -> JsonText | Diagnostic:
    """The document, or the one error that stops it from being read. Several formats ask for it."""
    return parse_json(text)


def parse_json(text: str, first_line: int = 1) -> JsonText | Diagnostic:
    """The values with their places; ``first_line`` is the number of the text's first line."""
    problem = _judge(text, first_line)
    return problem or _located(text, first_line)


def _judge(text: str, first_line: int) -> Diagnostic | None:
    if text.lstrip()[:1] not in ("{", "["):
        return _syntax(first_line, "it does not start with { or [")
    try:
        json.loads(text, strict=False, parse_int=_nothing, parse_float=_nothing)
    except json.JSONDecodeError as error:
        return _syntax(error.lineno + first_line - 1, f"{error.msg}, column {error.colno}")
    except RecursionError:
        return _syntax(first_line, "it is nested too deeply")
    return None


def _nothing(_: str) -> int:
    return 0


def _syntax(line: int, why: str) -> Diagnostic:
    hint = "Correct this line; a stray comma or a leftover of a merge is the usual cause."
    return Diagnostic("json-syntax", "error", line, f"Not valid JSON: {why}.", hint)


def line_finder(text: str, first_line: int = 1) -> Callable[[int], int]:
    """A function from an offset to its line; every kind of line ending counts as one."""
    starts = [m.end() for m in re.finditer(r"\r\n|\r|\n", text)]
    return lambda offset: bisect_right(starts, offset) + first_line


def _located(text: str, first_line: int) -> JsonText:
    line_of = line_finder(text, first_line)
    top: list[Node] = []
    stack: list[_Open] = []
    repeated: list[tuple[str, int]] = []
    for found in _TOKEN.finditer(text):
        start, end = found.start(found.lastindex or 0), found.end()
        token = text[start:end]
        if token in ("}", "]"):
            stack.pop().node.end = end
        elif token in (",", ":"):
            continue
        else:
            node = Node(_value(token), start, end, line_of(start))
            holder = stack[-1] if stack else None
            if holder is None:
                top.append(node)
            elif isinstance(holder.node.value, list):
                holder.node.value.append(node)
            elif holder.key is None:
                holder.key = str(node.value)
                continue
            else:
                _put(holder, node, repeated)
            if token in ("{", "["):
                stack.append(_Open(node))
    return JsonText(top[0], tuple(repeated))


def _put(holder: _Open, node: Node, repeated: list[tuple[str, int]]) -> None:
    """The last of two equal keys wins, as every JSON reader does it; it is reported."""
    key, holder.key = holder.key or "", None
    if key in holder.keys:
        repeated.append((key, node.line))
    holder.keys.add(key)
    holder.node.value[key] = node


def _value(token: str) -> Any:
    if token == "{":
        return {}
    if token == "[":
        return []
    if token[0] == '"':
        return _string(token)
    if token in _WORDS:
        return _WORDS[token]
    if re.fullmatch(r"-?\d+", token):
        return int(token) if len(token) < _DIGITS else token[:40] + "…"
    try:
        return float(token)
    except ValueError:
        return token


def _string(token: str) -> str:
    if "\\" not in token:
        return token[1:-1]
    value = json.loads(token, strict=False)
    return str(value).encode("utf-8", "replace").decode("utf-8")


def repeated_keys(found: JsonText) -> list[Diagnostic]:
    """A warning for keys that stand twice in one object, of which only the last counts."""
    return [
        Diagnostic(
            "duplicate-key",
            "warning",
            line,
            f"The key {key[:60]!r} stands twice in one object; this last one counts.",
            "Remove one of the two.",
        )
        for key, line in found.repeated[:20]
    ]
