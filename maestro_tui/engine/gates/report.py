"""What a test runner said, by the names of its tests."""

from __future__ import annotations

from dataclasses import dataclass, field

from maestro_tui.agents.sanitise import sanitise

MAX_NAME = 300


@dataclass(frozen=True, slots=True)
class Report:
    """The failures of one run of a gate, by name.

    ``named`` is false when the runner counted more failures than it named: then names alone cannot
    tell what is new.
    """

    runner: str
    failures: frozenset[str] = frozenset()
    passed: frozenset[str] = field(default_factory=frozenset)
    named: bool = True


def plain(text: str) -> str:
    """Output without colours and other control sequences; a carriage return starts a new line."""
    return sanitise(text.replace("\r\n", "\n").replace("\r", "\n"))


def name_of(text: str) -> str:
    """A test's name as it is compared and shown: one line, not too long."""
    return " ".join(text.split())[:MAX_NAME]


def report(runner: str, failures: set[str], passed: set[str], count: int) -> Report:
    """A report; ``count`` is how many failures the runner itself counted."""
    return Report(runner, frozenset(failures), frozenset(passed - failures), len(failures) >= count)
