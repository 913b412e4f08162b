"""Where the code fences of a Markdown document are.

Own code because plans written by language models put fences inside fences of equal length, which
CommonMark closes too early: a heading in the sample would become a task. An opening fence with an
info string inside a fence therefore nests, unless that leaves a fence open at the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from maestro_tui.plans.model import Diagnostic

_FENCE = re.compile(r"^([\s>]*(?:(?:[-*+]|\d{1,9}[.)])\s+)?)(`{3,}|~{3,})\s*([^\r\n]*)$")


@dataclass(frozen=True, slots=True)
class FenceSpan:
    """An outermost fence: 0-based first and last line, both fence lines included."""

    first: int
    last: int
    info: str
    indent: int
    closed: bool = True


def find_fences(lines: Sequence[str]) -> tuple[tuple[FenceSpan, ...], tuple[Diagnostic, ...]]:
    """The outermost fences and what had to be repaired to find them."""
    plain = _scan(lines, nesting=False)
    nested = _scan(lines, nesting=True)
    if nested == plain:
        return plain, _unclosed(plain)
    if nested and not nested[-1].closed and (not plain or plain[-1].closed):
        text = "A code fence opens inside another and is never closed; read as if it did not nest."
        return plain, (_nested(_first_difference(plain, nested), text),)
    text = "A code fence opens inside another of the same length; read as nested."
    return nested, (_nested(_first_difference(plain, nested), text), *_unclosed(nested))


def _scan(lines: Sequence[str], *, nesting: bool) -> tuple[FenceSpan, ...]:
    spans: list[FenceSpan] = []
    stack: list[str] = []
    first, info, indent = 0, "", 0
    for number, line in enumerate(lines):
        if "```" not in line and "~~~" not in line:
            continue
        found = _FENCE.match(line)
        if found is None or (found[2][0] == "`" and "`" in found[3]):
            continue
        marks, rest = found[2], found[3].strip()
        if not stack:
            stack, first, info, indent = [marks], number, rest, len(found[1].expandtabs(4))
            continue
        same = marks[0] == stack[-1][0] and len(marks) >= len(stack[-1])
        if same and not rest and found[1].strip(" \t>") == "":
            stack.pop()
            if not stack:
                spans.append(FenceSpan(first, number, info, indent))
        elif same and rest and nesting:
            stack.append(marks)
    if stack:
        spans.append(FenceSpan(first, len(lines) - 1, info, indent, closed=False))
    return tuple(spans)


def _first_difference(a: Sequence[FenceSpan], b: Sequence[FenceSpan]) -> int:
    other = set(a)
    return next((s.first for s in b if s not in other), 0)


def _nested(line: int, text: str) -> Diagnostic:
    hint = "Give the outer fence one more backtick than the inner ones."
    return Diagnostic("fence-nesting-repaired", "warning", line + 1, text, hint)


def _unclosed(spans: Sequence[FenceSpan]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            "fence-unclosed",
            "warning",
            span.first + 1,
            "This code fence is never closed; everything below it is read as code.",
            "Close it with a line of the same backticks.",
        )
        for span in spans
        if not span.closed
    )
