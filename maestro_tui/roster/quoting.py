"""Text of others, made safe to show an agent: clipped, cleaned, and fenced as data.

What agents and tools wrote goes into the next agent's prompt. A fence longer than any inside
keeps it one quoted block, so that it cannot pass itself off as a section of the prompt.
"""

from __future__ import annotations

import re

_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_RUNS = {"`": re.compile(r"`+"), "~": re.compile(r"~+")}


def clean(text: str) -> str:
    """The text without terminal escapes, control characters and direction overrides."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _CONTROL.sub("", _ESCAPE.sub("", text))


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, shortened with an ellipsis, for titles and names."""
    flat = " ".join(clean(text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


def fence(text: str, info: str = "text") -> str:
    """The text as one fenced block that nothing inside can close."""
    body = clean(text).rstrip("\n")
    longest = max((len(run) for run in _RUNS["`"].findall(body)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{info}\n{body}\n{marks}"


def code(text: str) -> str:
    """The text as inline code, whatever backticks it holds."""
    flat = one_line(text, 500)
    longest = max((len(run) for run in _RUNS["`"].findall(flat)), default=0)
    marks = "`" * (longest + 1)
    pad = " " if flat.startswith("`") or flat.endswith("`") else ""
    return f"{marks}{pad}{flat}{pad}{marks}"


def clip(text: str, limit: int, *, tail: float = 0.25, where: str = "") -> str:
    """The beginning and the end of a long text, with a line that says how much is missing.

    ``tail`` is the share kept from the end: large for error output, whose last lines matter.
    """
    text = clean(text)
    if len(text) <= limit:
        return text
    end = int(limit * tail)
    head, last = text[: limit - end], text[len(text) - end :]
    if "\n" in head:
        head = head[: head.rindex("\n")]
    if "\n" in last:
        last = last[last.index("\n") + 1 :]
    missing = len(text) - len(head) - len(last)
    note = f"[... {missing:,} characters left out{f'; whole text: {where}' if where else ''} ...]"
    return f"{head}\n{note}\n{last}"
