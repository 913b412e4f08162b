"""What agents print cannot act on a terminal."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.sanitise import one_line, sanitise


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain ü 漢 🙂", "plain ü 漢 🙂"),
        ("tab\tand\nline", "tab\tand\nline"),
        ("\x1b[31;1mred\x1b[0m", "red"),
        ("\x1b[?25l\x1b[2J\x1b[10;20Hx", "x"),
        ("\x1b[38:2:1:2:3mx", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;http://e.org\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0;2\x1b\\x", "x"),
        ("\x1b_app\x1b\\\x1b^pm\x1b\\\x1bXsos\x1b\\x", "x"),
        ("\x9b31mx\x9d0;t\x9cy\x90d\x9cz", "xyz"),
        ("\x1b(Bx\x1b7y\x1bcz", "xyz"),
        ("\x1b]52;c;unclosed\nnext line", "\nnext line"),
        ("\x1b[31", ""),
        ("\x1b\x1b[31mx", "x"),
        ("a\x00b\x08c\x7fd\re", "abcde"),
        ("\x85\x84x", "x"),
        ("ab\u202etxt.exe\u202c\u2066\u2069", "abtxt.exe"),
        ("a\u2028b", "a\nb"),
        ("a\ud800b", "ab"),
        ("\ufeffx", "x"),
        ("", ""),
    ],
)
def test_sanitise(text: str, expected: str) -> None:
    assert sanitise(text) == expected


BAD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
NASTY = st.text(st.sampled_from("\x1b\x9b\x9d\x90\x07\\[]PX^_0;m?(B\n\tax\u202e\x00"))


@given(NASTY | st.text())
def test_nothing_bad_is_left_and_twice_is_once(text: str) -> None:
    clean = sanitise(text)
    assert not BAD.search(clean)
    assert sanitise(clean) == clean


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_clean_text_is_left_alone(text: str) -> None:
    assert sanitise(text) is text


def test_long_strings_are_no_trap() -> None:
    assert sanitise("\x1b]" * 50_000 + "\x1b[" * 50_000) == ""


def test_a_line_is_its_last_state() -> None:
    assert one_line(b"10 %\r50 %\r\x1b[1m100 %\x1b[0m\r\n", 50) == "100 %"
    assert one_line(b"x" * 10_000, 50) == "x" * 50
    assert one_line(b"\xff", 50) == "\ufffd"
