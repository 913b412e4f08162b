"""Nothing an agent writes may steer the terminal it is shown on."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.sanitise import sanitise

FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f]")


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("plain", "plain"),
        ("", ""),
        ("tab\tand\nline", "tab\tand\nline"),
        ("通知 ünï 🎼 שלום", "通知 ünï 🎼 שלום"),
        ("a\x1b[31mred\x1b[0m", "ared"),
        ("\x1b[1;38;2;10;20;30mx", "x"),
        ("\x1b[?1049h\x1b[2J\x1b[Hx", "x"),
        ("\x1b[>4;2mx", "x"),
        ("\x1b[ qx", "x"),
        ("\x1b]0;title\x07x", "x"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGk=\x07x", "x"),
        ("\x1b]0;cut off", ""),
        ("\x1bPq#0;1\x1b\\x", "x"),
        ("\x1b^private\x1b\\x", "x"),
        ("\x1b_app\x1b\\x", "x"),
        ("\x1bXsos\x1b\\x", "x"),
        ("\x1b(Bx\x1b=y\x1bcz", "xyz"),
        ("\x9b31mx\x9b0m", "x"),
        ("\x9d0;title\x9cx", "x"),
        ("\x90dcs\x9cx", "x"),
        ("a\x08\x08b\rc\x00d\x7fe\x85f", "abcdef"),
        ("a\u202eb\u202cc\u2066d\u2069e\u200ff", "abcdef"),
        ("\ufeffbom", "bom"),
        ("\x1b", ""),
        ("\x1b\x1b[31mx", "x"),
        ("\x1b[\x1b[31mx", "x"),
    ],
)
def test_control_sequences_go_and_text_stays(raw: str, clean: str) -> None:
    assert sanitise(raw) == clean


pieces = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "\x1b",
            "\x1b[",
            "\x1b]",
            "\x1bP",
            "\x9b",
            "\x9d",
            "\x07",
            "\x1b\\",
            "\x9c",
            "0;",
            "m",
            ";",
        ]
    ),
    st.text(st.characters(max_codepoint=0xA0), max_size=8),
)


@given(st.lists(pieces, max_size=30).map("".join))
def test_nothing_dangerous_is_ever_left(raw: str) -> None:
    clean = sanitise(raw)
    assert FORBIDDEN.search(clean) is None
    assert sanitise(clean) == clean
    assert len(clean) <= len(raw)


@given(st.text(st.characters(codec="utf-8", min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_left_alone(text: str) -> None:
    assert sanitise(text) == text
