"""Checks TOML tables against a small schema: unknown keys, wrong types, values outside a set.

Shared by the canonical plan and the rehearsal script; each problem carries line and nearest key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from maestro_tui.plans.expansion import nearest
from maestro_tui.plans.model import Diagnostic
from maestro_tui.plans.toml_lines import TomlLines, toml_lines

_NAMES: dict[str, tuple[str, str]] = {
    "str": ("a string", 'Write it in quotes: {key} = "..."'),
    "int": ("a whole number", "Write it without quotes: {key} = 1"),
    "float": ("a number", "Write it without quotes: {key} = 1.5"),
    "bool": ("true or false", "Write it without quotes: {key} = true"),
    "strs": ("a list of strings", 'Write it in brackets: {key} = ["..."]'),
    "ints": ("a list of whole numbers", "Write it in brackets: {key} = [1, 2]"),
    "int-or-ints": ("a whole number or a list of them", "Write {key} = 1 or {key} = [1, 2]"),
    "table": ("a table", "Write it as [{key}]"),
    "tables": ("a list of tables", "Write each as [[{key}]]"),
    "any": ("a value", ""),
}


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": lambda v: isinstance(v, str),
    "int": lambda v: _whole(v) and v >= 0,
    "float": lambda v: _whole(v) or (isinstance(v, float) and v == v and abs(v) < 1e15),
    "bool": lambda v: isinstance(v, bool),
    "strs": lambda v: isinstance(v, list) and all(isinstance(i, str) for i in v),
    "ints": lambda v: isinstance(v, list) and all(_whole(i) for i in v),
    "int-or-ints": lambda v: _whole(v) or (isinstance(v, list) and all(_whole(i) for i in v)),
    "table": lambda v: isinstance(v, dict),
    "tables": lambda v: isinstance(v, list) and all(isinstance(i, dict) for i in v),
    "any": lambda v: True,
}

Spec = Mapping[str, str]  # key -> type name, or "a|b|c" for one of these words


@dataclass(slots=True)
class TomlText:
    """A parsed TOML document that can say where each key is and collects what is wrong."""

    data: dict[str, Any]
    lines: TomlLines
    problems: list[Diagnostic] = field(default_factory=list)

    def error(self, code: str, line: int, text: str, hint: str = "") -> None:
        """Adds an error."""
        self.problems.append(Diagnostic(code, "error", line, text, hint))

    def tables(self, name: str, spec: Spec, hints: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        """The checked values of every ``[[name]]``, each with its line under ``""``."""
        given = self.data.get(name, [])
        if not isinstance(given, list):
            return
        for number, table in enumerate(given):
            if isinstance(table, dict):
                yield self.checked(name, number, table, spec, hints)

    def checked(
        self, name: str, number: int, table: dict[str, Any], spec: Spec, hints: Mapping[str, str]
    ) -> dict[str, Any]:
        """The table without the keys that are unknown or wrong, which are reported."""
        out: dict[str, Any] = {"": self.lines.table(name, number)}
        where = f"[[{name}]]" if name and name != "plan" else (f"[{name}]" if name else "the file")
        for key, value in table.items():
            line = self.lines.key(name, number, key)
            kind = spec.get(key)
            if kind is None:
                near = nearest(key, spec)
                hint = hints.get(key) or (f"Did you mean {near!r}? " if near else "")
                hint = hint if key in hints else f"{hint}Known: {', '.join(spec)}."
                self.error("unknown-key", line, f"{where} has no key {key!r}.", hint)
            elif "|" in kind:
                if value in kind.split("|"):
                    out[key] = value
                else:
                    words = kind.replace("|", ", ")
                    near = nearest(value, kind.split("|")) if isinstance(value, str) else ""
                    hint = (f"Did you mean {near!r}? " if near else "") + f"Write one of: {words}."
                    self.error("wrong-value", line, f"{where} {key} is {value!r}"[:200] + ".", hint)
            elif _CHECKS[kind](value):
                out[key] = value
            else:
                what, hint = _NAMES[kind]
                text = f"{where} {key} is not {what}."
                self.error("wrong-type", line, text, hint.format(key=key))
        return out


_PARTS = 64  # of a dotted key; reading takes the square of them
_PART = r"(?:[\w-]++|\"[^\"\n]*+\"|'[^'\n]*+')[ \t]*+"
_LONG_KEY = re.compile(rf"(?<![\w-])(?:{_PART}\.[ \t]*+){{{_PARTS}}}")


def _long_key(text: str) -> int:
    """The first line with a key of more parts than anybody writes; 0 when there is none."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") >= _PARTS and _LONG_KEY.search(line):
            return number
    return 0


def parse_toml(text: str) -> TomlText | Diagnostic:
    """The document, or the one syntax error that stops it from being read."""
    if line := _long_key(text):
        why = f"Not readable TOML: a key of more than {_PARTS} parts."
        return Diagnostic("toml-syntax", "error", line, why, "Write a shorter key.")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        line = _line_of(str(error), text)
        return Diagnostic(
            "toml-syntax", "error", line, f"Not valid TOML: {error}.", "Correct this line."
        )
    except (ValueError, RecursionError, OverflowError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return Diagnostic("toml-syntax", "error", 0, f"Not readable TOML: {why[:200]}.")
    return TomlText(data, toml_lines(text))


def _line_of(message: str, text: str) -> int:
    _, _, tail = message.rpartition("at line ")
    digits = tail.split(",")[0]
    return int(digits) if digits.isdigit() else text.count("\n") + 1
