"""What ``maestro doctor`` has found, one line each: how bad, about what, and what to do."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

OK, UNUSED, WARNING, ERROR = "ok", "unused", "warning", "error"
_SIGNS = {OK: "✓", UNUSED: "–", WARNING: "!", ERROR: "✗"}
_NAME = 11
_LEAST = 40


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer: level ok, unused (a choice not taken), warning, or error (no run can be)."""

    check: str
    level: str
    detail: str

    def as_json(self) -> dict[str, object]:
        """For scripts; ``ok`` is false where a run cannot be."""
        return {
            "check": self.check,
            "ok": self.level != ERROR,
            "level": self.level,
            "detail": self.detail,
        }


def in_lines(findings: Iterable[Finding], width: int) -> list[str]:
    """The findings for people: nothing cut off, wrapped beside their names."""
    lines = []
    for finding in findings:
        head = f"{_SIGNS[finding.level]} {finding.check:{_NAME}} "
        room = max(_LEAST, width - len(head))
        rows = textwrap.wrap(
            finding.detail, room, break_on_hyphens=False, break_long_words=False
        ) or [""]
        lines += [head + rows[0], *(" " * len(head) + row for row in rows[1:])]
    return lines


def verdict(findings: Iterable[Finding]) -> str:
    """The last line: whether a run can be."""
    levels = [finding.level for finding in findings]
    errors, warnings = levels.count(ERROR), levels.count(WARNING)
    if errors:
        return f"{errors} to mend (✗) before a run, {warnings} to look at (!)."
    if warnings:
        return f"Nothing is broken; {warnings} to look at (!)."
    return "Everything is there for a run."
