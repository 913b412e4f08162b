"""Painting only what changes shows what painting everything shows."""

from __future__ import annotations

import pyte
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.strip import Strip

from maestro_tui.ui.painting import ABLE, missing
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.pen import runs
from maestro_tui.ui.picture import Picture
from maestro_tui.ui.widgets.log_ansi import Looks, ansi_segments
from maestro_tui.ui.widgets.log_text import render

WIDTH, HEIGHT = 24, 3
BASE = Style.parse("#c0c0c0 on #101010")
SYSTEM = ColorSystem.TRUECOLOR
CONSOLE = Console(color_system="truecolor", force_terminal=True, width=WIDTH)

styles = st.builds(
    lambda color, back, bold, under: Style(
        color=color, bgcolor=back, bold=bold or None, underline=under or None
    ),
    st.sampled_from([None, "#ff0000", "#00ff00", "color(4)"]),
    st.sampled_from([None, "#000080"]),
    st.booleans(),
    st.booleans(),
)
texts = st.text(alphabet="ab 日é1", min_size=1, max_size=9)
strips = st.lists(st.tuples(texts, styles), max_size=5).map(
    lambda parts: Strip([Segment(t, BASE + s) for t, s in parts]).crop_extend(0, WIDTH, BASE)
)
pictures = st.lists(st.lists(strips, min_size=HEIGHT, max_size=HEIGHT), min_size=1, max_size=4)


def cells(screen: pyte.Screen) -> list[list[object]]:
    return [[screen.buffer[y][x] for x in range(WIDTH)] for y in range(HEIGHT)]


def shown(pictures: list[list[Strip]], *, afresh: bool) -> list[list[object]]:
    """What a terminal shows after those pictures."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream, picture = pyte.Stream(screen), Picture()
    for rows in pictures[-1:] if afresh else pictures:
        stream.feed(
            picture.paint(iter([(y, 0, r) for y, r in enumerate(rows)]), SYSTEM, whole=False)
        )
    return cells(screen)


@given(pictures)
@settings(max_examples=60, deadline=None)
def test_a_terminal_shows_the_last_picture_whatever_came_before(
    pictures: list[list[Strip]],
) -> None:
    assert shown(pictures, afresh=False) == shown(pictures, afresh=True)


@given(strips)
@settings(max_examples=60, deadline=None)
def test_colours_said_once_are_the_colours_said_every_time(strip: Strip) -> None:
    ours, theirs = pyte.Screen(WIDTH, HEIGHT), pyte.Screen(WIDTH, HEIGHT)
    pyte.Stream(ours).feed(Picture().paint(iter([(0, 0, strip)]), SYSTEM, whole=False))
    pyte.Stream(theirs).feed(strip.render(CONSOLE))
    assert cells(ours) == cells(theirs)


def test_nothing_is_written_for_a_picture_that_is_there_already() -> None:
    row = Strip([Segment("the same", BASE)])
    picture = Picture()
    assert "the same" in picture.paint(iter([(0, 0, row)]), SYSTEM, whole=False)
    assert (
        picture.paint(iter([(0, 0, Strip([Segment("the same", BASE)]))]), SYSTEM, whole=False) == ""
    )
    picture.forget()
    assert "the same" in picture.paint(iter([(0, 0, row)]), SYSTEM, whole=False)


def test_only_the_middle_that_differs_is_written() -> None:
    old, new = (Strip([Segment(f"count {n} of 90", BASE)]) for n in (17, 28))
    assert list(runs(list(old), list(new))) == [(6, 8, [Segment("28", BASE)])]
    picture = Picture()
    picture.paint(iter([(0, 4, old)]), SYSTEM, whole=False)
    again = picture.paint(iter([(0, 4, new)]), SYSTEM, whole=False)
    assert again.startswith("\x1b[1;11H")
    assert "28" in again
    assert "count" not in again


def pieces(strip: Strip) -> list[Segment]:
    return [s for s in strip.simplify() if s.text]


codes = st.lists(
    st.sampled_from(["0", "1", "31", "38;5;9", "48;2;1;2;3", "8", "5", "22", "39", ""]), max_size=4
)
coloured = st.lists(
    st.one_of(
        st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), max_size=8),
        codes.map(lambda c: f"\x1b[{';'.join(c)}m"),
    ),
    max_size=8,
).map("".join)


@given(coloured)
@settings(max_examples=150, deadline=None)
def test_the_quick_way_reads_a_coloured_line_as_the_careful_one(line: str) -> None:
    raw = line.encode()
    quick = ansi_segments(raw, Looks(BASE))
    assert quick is not None
    text: Text = render(raw, len(raw), Palette({}))
    careful = Strip(text.render(CONSOLE, end="")).apply_style(BASE)
    assert pieces(Strip(quick)) == pieces(careful)


@given(st.binary(max_size=60))
@settings(max_examples=150, deadline=None)
def test_the_quick_way_leaves_what_is_not_plain_to_the_careful_one(raw: bytes) -> None:
    quick = ansi_segments(raw, Looks(BASE))
    assert quick is None or all(s.text.isascii() and s.text.isprintable() for s in quick)


def test_all_that_is_used_of_textual_without_a_promise_is_there() -> None:
    """Otherwise everything is left to Textual: it works, and costs several times as much."""
    assert missing() == []
    assert ABLE


def test_pieces_that_are_there_already_are_stepped_over_with_their_colours() -> None:
    green = BASE + Style(color="#00ff00")
    old, new = ([Segment(w, BASE), Segment(" PASSED ", green), Segment("x", BASE)] for w in "12")
    assert list(runs(old, new)) == [(0, 1, [Segment("2", BASE)])]
