from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from maestro_tui.ui.formatting import bar, clip, clock, count, duration, fit, lines, money, one_line


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m00s"),
        (3599, "59m59s"),
        (3840, "1h04m"),
        (200_000, "2d07h"),
    ],
)
def test_a_duration_stays_short(seconds, words):
    assert duration(seconds) == words
    assert len(words) <= 7


def test_figures():
    assert clock(4027) == "1:07:07"
    assert clock(42) == "0:42"
    assert count(999) == "999"
    assert count(20_100) == "20.1k"
    assert count(999_960) == "1.0M"
    assert money(0.416) == "$0.42"


@given(st.text(max_size=60), st.integers(0, 40))
def test_a_clipped_text_is_never_wider_and_a_fitted_one_exactly_that_wide(text, width):
    plain = one_line(text)
    assert cell_len(clip(plain, width)) <= width
    assert cell_len(fit(plain, width)) == width


def test_an_ellipsis_says_that_something_is_missing():
    assert clip("通知サービス", 7) == "通知サ…"
    assert clip("short", 7) == "short"


def test_untrusted_text_becomes_one_harmless_line():
    assert one_line("a\x1b]0;own\x07\n\tb\x1b[31m\u202ec") == "a bc"
    assert lines("x\ty\x1b[2J\nz") == ["x   y", "z"]


def test_a_bar_is_full_only_when_all_is_done():
    assert bar(99, 100, 10) == "━━━━━━━━━─"
    assert bar(100, 100, 10) == "━" * 10
    assert bar(0, 0, 4) == "    "
