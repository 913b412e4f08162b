"""What is new in a red gate, compared with the same gate on the base."""

from __future__ import annotations

import re
from dataclasses import dataclass

from maestro_tui.engine.gates.report import Report, plain

# What differs between two runs of the same failing command without meaning anything.
_VARIES = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.,]+Z?|0x[0-9a-fA-F]+|\b[0-9a-f]{7,40}\b|\d+(?:\.\d+)?\s?(?:ms|s|m)\b"
    r"|(?<=:)\d+|\b\d+(?:\.\d+)?%|\bpid \d+"
)
_CANNOT_START = frozenset({126, 127, None})


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run of a gate's command."""

    exit: int | None
    ok: bool
    timed_out: bool = False
    report: Report | None = None
    lines: tuple[str, ...] = ()  # its last lines, for a runner that is not known

    @property
    def telling(self) -> bool:
        """Whether its failures are known by name, all of them."""
        return self.report is not None and bool(self.report.failures) and self.report.named


@dataclass(frozen=True, slots=True)
class Delta:
    """A gate's failures apart: what the run brought, what was there before, what it mended."""

    new: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    blocks: bool = True
    basis: str = "exit code"  # what the comparison rests on


def compare(base: Outcome, now: Outcome) -> Delta:
    """Which failures are new. What cannot be compared blocks: a doubt is no green."""
    fixed = _fixed(base, now)
    if now.ok:
        return Delta(fixed=fixed, blocks=False, basis=_basis(now))
    if now.telling:
        assert now.report is not None
        there = base.report.failures if base.report else frozenset()
        new = tuple(sorted(now.report.failures - there))
        known = tuple(sorted(now.report.failures & there))
        return Delta(new, known, fixed, bool(new), now.report.runner)
    if base.ok or now.timed_out or base.timed_out or now.exit in _CANNOT_START:
        return Delta(basis=_basis(now))
    if base.exit != now.exit:
        return Delta((f"exit {now.exit}, on the base exit {base.exit}",))
    fresh = _unlike(now.lines, base.lines)
    if fresh:
        return Delta(fresh[:20], basis="exit code and output")
    return Delta((), (f"exit {now.exit}",), (), False, "exit code and output")


def _fixed(base: Outcome, now: Outcome) -> tuple[str, ...]:
    """Failures of the base that this run has seen pass (or whose whole gate is green now)."""
    if base.report is None or now.report is None:
        return ()
    gone = base.report.failures - now.report.failures
    return tuple(sorted(gone if now.ok else gone & now.report.passed))


def _basis(outcome: Outcome) -> str:
    return outcome.report.runner if outcome.report else "exit code"


def _unlike(now: tuple[str, ...], base: tuple[str, ...]) -> tuple[str, ...]:
    """Lines of the one output that the other does not have, times and addresses aside."""
    known = {normalise(line) for line in base}
    return tuple(line for line in now if normalise(line) not in known)


def normalise(line: str) -> str:
    """A line without what varies from run to run."""
    return _VARIES.sub("#", plain(line)).strip()


def still_tolerated(base: Outcome, tolerated: frozenset[str] | None) -> Outcome:
    """The base as it counts by now: a failure that has been mended since is new when it returns.

    ``tolerated`` is what the gate was last let through with, None before its first time.
    """
    if tolerated is None:
        return base
    if not tolerated:
        return Outcome(0, True)
    if base.report is None:
        return base
    left = Report(base.report.runner, base.report.failures & tolerated, named=base.report.named)
    return Outcome(base.exit, base.ok, base.timed_out, left, base.lines)


def persistent(first: Outcome, again: Outcome) -> tuple[Outcome, tuple[str, ...]]:
    """What failed both times, as one outcome, and the tests that failed only once: flaky ones."""
    if again.ok:
        names = first.report.failures if first.report else frozenset()
        return again, tuple(sorted(names))
    if not (first.telling and again.telling):
        return again, ()
    assert first.report is not None
    assert again.report is not None
    both = first.report.failures & again.report.failures
    once = first.report.failures ^ again.report.failures
    report = Report(again.report.runner, both, again.report.passed | once, True)
    return (
        Outcome(0 if not both else again.exit, not both, False, report, again.lines),
        tuple(sorted(once)),
    )
