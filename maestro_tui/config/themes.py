"""Theme files: TOML in, checked colours out, without needing a screen library.

A theme somebody wrote with a slip in it is skipped with a sentence that says where; it never
keeps the program from starting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maestro_tui.config.toml_lines import TomlError, line_of, nearest, parse_file

REQUIRED = ("primary", "foreground", "background", "success", "warning", "error")
COLOURS = (*REQUIRED, "secondary", "accent", "surface", "panel", "boost")

# The states a task can show; a theme that leaves one out gets the screen's own default.
STATES = frozenset(
    {"waiting", "ready", "preparing", "running", "checking", "queued", "merging", "conflicted"}
    | {"merged", "failed", "blocked", "skipped", "excluded", "done", "asking", "stopped"}
)

_TOP = ("name", "dark", "ansi", "colors", "variables")
# The terminal's own sixteen colours, in a theme that says ansi = true.
_ANSI = re.compile(
    r"ansi_(?:default|(?:bright_)?(?:black|red|green|yellow|blue|magenta|cyan|white))"
)
_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_SHADE = re.compile(_HEX.pattern + r"(?: \d{1,3}%)?")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]{0,59}")
_VARIABLE_VALUE = re.compile(r"[\w#$%., ()-]{1,80}")


@dataclass(frozen=True, slots=True)
class ThemeSpec:
    """A theme: its name, whether it is dark, its colours and the variables styles use."""

    name: str
    dark: bool
    colours: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    source: str = ""
    ansi: bool = False  # the terminal's own colours


class _Bad(Exception):
    """One thing wrong with a theme, and the line it is on."""


def load_themes(dirs: Iterable[Path]) -> tuple[list[ThemeSpec], list[str]]:
    """The themes of all folders (later folders win on a name) and what was wrong with the rest."""
    themes: dict[str, ThemeSpec] = {}
    problems: list[str] = []
    for folder in dirs:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else []:
            try:
                theme = _load(path)
            except _Bad as bad:
                problems.append(str(bad))
            except OSError as error:
                problems.append(f"{path}: cannot be read: {error.strerror}; theme skipped")
            else:
                themes[theme.name] = theme
    return list(themes.values()), problems


def _load(path: Path) -> ThemeSpec:
    try:
        data, text = parse_file(path)
    except TomlError as error:
        raise _Bad(f"{path}:{error.line}: {error.text}; theme skipped") from error

    def bad(line: int, what: str) -> _Bad:
        return _Bad(f"{path}:{line}: {what}; theme skipped")

    for key in data:
        if key not in _TOP:
            raise bad(line_of(text, "", key), f'unknown key "{key}", {nearest(key, _TOP)}')
    name, dark = data.get("name"), data.get("dark", True)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise bad(line_of(text, "", "name"), "name must be lower-case letters, digits and -")
    if not isinstance(dark, bool):
        raise bad(line_of(text, "", "dark"), "dark must be true or false")
    ansi = data.get("ansi", False)
    if not isinstance(ansi, bool):
        raise bad(line_of(text, "", "ansi"), "ansi must be true or false")
    colour, wanted = (_ANSI, "ansi_red and the like") if ansi else (_HEX, "#rrggbb")
    colours = _table(data, "colors", text, bad)
    for key, value in colours.items():
        line = line_of(text, "colors", key)
        if key not in COLOURS:
            raise bad(line, f'unknown colour "{key}", {nearest(key, COLOURS)}')
        if not colour.fullmatch(value):
            raise bad(line, f'{key} = "{value[:40]}" is not a colour, write {wanted}')
    missing = [key for key in REQUIRED if key not in colours]
    if missing:
        raise bad(line_of(text, "colors"), f"[colors] lacks {', '.join(missing)}")
    variables = _table(data, "variables", text, bad)
    for key, value in variables.items():
        problem = _variable_problem(key, value, ansi=ansi)
        if problem:
            raise bad(line_of(text, "variables", key), problem)
    return ThemeSpec(name, dark, colours, variables, str(path), ansi)


def _variable_problem(key: str, value: str, *, ansi: bool = False) -> str:
    if not _VARIABLE.fullmatch(key):
        return f'"{key[:40]}" is not a variable name, write lower-case letters, digits and -'
    if key.startswith("state-"):
        state = key.removeprefix("state-")
        if state not in STATES:
            return f'unknown state "{state}", {nearest(state, STATES)}'
        is_colour = (_ANSI if ansi else _HEX).fullmatch(value) is not None
    else:
        # Other variables may be any style value; one that starts as a colour must be one.
        is_colour = not value.startswith("#") or _SHADE.fullmatch(value) is not None
    if not is_colour:
        wanted = "ansi_red and the like" if ansi else "#rrggbb"
        return f'{key} = "{value[:40]}" is not a colour, write {wanted}'
    if not _VARIABLE_VALUE.fullmatch(value):
        return f'{key} = "{value[:40]}" cannot be used as a style value'
    return ""


def _table(data: dict[str, Any], key: str, text: str, bad: Any) -> dict[str, str]:
    table = data.get(key, {})
    if not isinstance(table, dict):
        raise bad(line_of(text, "", key), f"{key} must be a section, write [{key}]")
    for name, value in table.items():
        if not isinstance(value, str):
            raise bad(line_of(text, key, name), f"{name} must be text in quotes")
    return table
