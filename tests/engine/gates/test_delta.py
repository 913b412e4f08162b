"""What is new in a red gate: by name, by exit code, never by wishful thinking."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.engine.gates.delta import (
    Outcome,
    compare,
    normalise,
    persistent,
    still_tolerated,
)
from maestro_tui.engine.gates.report import Report


def red(*names: str, passed: tuple[str, ...] = (), exit_code: int = 1) -> Outcome:
    report = Report("pytest", frozenset(names), frozenset(passed))
    return Outcome(exit_code, False, report=report)


def mute(exit_code: int | None, *lines: str) -> Outcome:
    return Outcome(exit_code, exit_code == 0, lines=lines)


names = st.sets(st.sampled_from("abcdef")).map(lambda s: tuple(sorted(s)))


@given(base=names, now=names)
def test_new_known_and_fixed_are_told_apart(base: tuple[str, ...], now: tuple[str, ...]) -> None:
    everything = tuple("abcdef")
    found = compare(red(*base), red(*now, passed=tuple(n for n in everything if n not in now)))
    if now:
        assert set(found.new) == set(now) - set(base)
        assert set(found.known) == set(now) & set(base)
        assert set(found.fixed) == set(base) - set(now)
        assert found.blocks == bool(set(now) - set(base))


def test_a_test_that_no_longer_runs_is_not_fixed() -> None:
    assert compare(red("a", "b"), red("b")).fixed == ()


def test_a_test_file_the_base_does_not_have_is_new() -> None:
    nothing = Outcome(4, False, report=Report("pytest", named=False))
    found = compare(nothing, red("t.py::test_x"))
    assert found.blocks
    assert found.new == ("t.py::test_x",)


def test_the_same_unknown_failure_does_not_block() -> None:
    base = mute(2, "checking 12 files in 0.31s", "style: bad indent in old.c:12")
    assert not compare(base, mute(2, "checking 12 files in 0.4s", base.lines[1])).blocks
    other = compare(base, mute(2, "style: bad indent in new.c:3"))
    assert other.blocks
    assert other.new == ("style: bad indent in new.c:3",)


def test_what_cannot_be_compared_blocks() -> None:
    assert compare(mute(0), mute(1)).blocks
    assert compare(mute(1), mute(2)).blocks
    assert compare(mute(None), mute(None)).blocks  # it could not even start
    assert compare(mute(127), mute(127)).blocks
    assert compare(Outcome(None, False, timed_out=True), mute(1)).blocks
    assert compare(mute(1), Outcome(1, False, timed_out=True)).blocks


def test_what_was_mended_in_the_run_may_not_break_again() -> None:
    base = red("a", "b")
    assert compare(still_tolerated(base, None), red("a")).blocks is False
    assert compare(still_tolerated(base, frozenset({"b"})), red("a", "b")).new == ("a",)
    assert compare(still_tolerated(base, frozenset()), red("a")).blocks
    assert compare(still_tolerated(mute(1), frozenset()), mute(1)).blocks


def test_only_what_fails_twice_fails() -> None:
    outcome, flaky = persistent(red("a", "b"), red("b", "c"))
    assert outcome.report is not None
    assert outcome.report.failures == {"b"}
    assert flaky == ("a", "c")
    assert not outcome.ok
    outcome, flaky = persistent(red("a"), red("c"))
    assert outcome.ok
    outcome, flaky = persistent(red("a"), Outcome(0, True))
    assert outcome.ok
    assert flaky == ("a",)
    assert not persistent(mute(1), mute(1))[0].ok


def test_times_addresses_and_line_numbers_do_not_tell_lines_apart() -> None:
    assert normalise("a.c:12: bad at 0x7ff1 (0.31s)") == normalise("a.c:99: bad at 0xaa (12 ms)")
    assert normalise("2 files are bad") != normalise("3 files are bad")
