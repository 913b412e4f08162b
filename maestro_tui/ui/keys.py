"""Keys: how people write them, and whether a configured keymap can work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual.keys import Keys

from maestro_tui.config.toml_lines import nearest
from maestro_tui.ui.actions import ACTIONS, Action

_WRITTEN = {
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "colon": ":",
    "at": "@",
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "comma": ",",
    "full_stop": ".",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "number_sign": "#",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "slash": "/",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def shown_keys(action: Action, keymap: Mapping[str, str] | None = None) -> str:
    """The keys of an action as people write them."""
    keys = (keymap or {}).get(action.id, action.keys).split(",")
    return " ".join(written(key) for key in keys)


def written(key: str) -> str:
    """A key as people write it: ^p, Esc, ↓."""
    *modifiers, name = key.split("+")
    short = {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(short.get(m, m) for m in modifiers) + _WRITTEN.get(name, name)


def keymap_problems(keymap: Mapping[str, Iterable[str]]) -> list[str]:
    """What is wrong with a configured keymap; Textual itself takes anything silently."""
    known = {a.id: a for a in ACTIONS}
    problems = []
    taken: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        for key in keymap.get(action.id, action.keys.split(",")):
            other = taken.setdefault((action.where, key), action.id)
            if other != action.id:
                problems.append(f"key {key}: both {other} and {action.id}; change one of them")
    for name, keys in keymap.items():
        if name not in known:
            problems.append(f"no action is called {name!r}, {nearest(name, known)}")
        for key in keys:
            if not is_key(key):
                *_, last = key.split("+")
                problems.append(f"{name}: no key is called {key!r}, {nearest(last, _NAMED)}")
    return problems


def is_key(key: str) -> bool:
    """Whether Textual can ever send this key."""
    *modifiers, name = key.split("+") if key != "+" else [key]
    if any(m not in ("ctrl", "shift", "alt", "super") for m in modifiers):
        return False
    return len(name) == 1 or name in _NAMED


_SYMBOLS = """
    question_mark plus minus equals_sign colon semicolon comma full_stop slash backslash space tab
    underscore asterisk exclamation_mark at number_sign dollar_sign percent_sign circumflex_accent
    ampersand left_parenthesis right_parenthesis apostrophe quotation_mark less_than_sign
    greater_than_sign vertical_line tilde grave_accent left_square_bracket right_square_bracket
    left_curly_bracket right_curly_bracket
"""
_NAMED = frozenset(k.value for k in Keys) | frozenset(_SYMBOLS.split())
