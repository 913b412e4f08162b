"""A log on the screen: what is shown, what is followed, what can never get through."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from textual.pilot import Pilot

from maestro_tui.ui.widgets.log_view import LogView
from tests.ui.logs import HOSTILE, STREAM, LogApp, rows_of

UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


async def until(pilot: Pilot[Any], holds: Callable[[], bool], seconds: float = 5.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "never came true"
        await pilot.pause(0.02)


def segments(view: LogView) -> list[Segment]:
    return [s for y in range(view.size.height) for s in view.render_line(y)]


def write(path: Path, count: int, start: int = 1) -> None:
    with path.open("ab") as file:
        file.write(b"".join(b"line %d\n" % n for n in range(start, start + count)))


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "output.log"
    write(path, 500)
    return path


async def test_the_end_is_shown_and_followed(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        write(log, 3, 501)
        await until(pilot, lambda: "line 503" in rows_of(view)[-1])
        assert view.following
        assert app.pane.status.startswith("following · 503 lines")


@pytest.mark.parametrize("back", ["G", "end", "f"])
async def test_scrolling_up_stops_following_until_asked(log: Path, back: str) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        await pilot.press("pageup")
        assert not view.following
        top = rows_of(view)[0]
        write(log, 50, 501)
        await until(pilot, lambda: view.line_count == 550)
        assert rows_of(view)[0] == top
        assert re.match(r"scrolled \d+ lines up — G to follow", app.pane.status)
        await pilot.press(back)
        await until(pilot, lambda: "line 550" in rows_of(view)[-1])
        assert view.following


async def test_scrolling_down_to_the_end_follows_again(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        await pilot.press("k", "k")
        assert not view.following
        await pilot.press("j", "j")
        assert view.following


async def test_follow_key_stops_at_the_end_too(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        await pilot.press("f")
        assert not view.following
        write(log, 1, 501)
        await until(pilot, lambda: view.line_count == 501)
        assert "line 500" in rows_of(view)[-1]


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("width", [20, 80])
async def test_nothing_an_agent_writes_reaches_the_terminal_raw(
    tmp_path: Path, wrap: bool, width: int
) -> None:
    log = tmp_path / "output.log"
    log.write_bytes(HOSTILE + b"\n" + "\n".join(STREAM).encode())
    app = LogApp(log)
    async with app.run_test(size=(width, 40)) as pilot:
        view = app.pane.view
        if wrap:
            await pilot.press("w")
        await until(pilot, lambda: view.line_count > 10)
        for segment in segments(view):
            assert not UNSAFE.search(segment.text), repr(segment.text)
            assert segment.style is not None
            assert not segment.style.conceal
            assert not segment.style.blink
            assert segment.style.link is None
        for y in range(view.size.height):
            strip = view.render_line(y)
            inner = view.scrollable_content_region.width
            assert strip.cell_length == inner
            assert sum(cell_len(s.text) for s in strip) == inner


async def test_what_is_left_is_readable(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_bytes(HOSTILE)
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count > 10)
        rows = [row.rstrip() for row in rows_of(view)]
        assert rows[0] == "titlelink"
        assert rows[1].startswith("gone red")
        assert "�� not utf-8 �(" in rows[3]
        assert rows[4] == "[bold red]markup[/] [/x]"
        assert "שלום עולם 通知サービス" in rows[5]
        assert rows[6].startswith("◌\u0301leading")
        assert rows[7] == "100%"
        assert rows[9] == "col     umn     通      end"
        red = [s for s in view.render_line(1) if "red" in s.text]
        assert red[0].style is not None
        assert red[0].style.color is not None


async def test_event_streams_read_as_sentences(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("\n".join(STREAM))
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == len(STREAM))
        rows = [row.rstrip() for row in rows_of(view)[: len(STREAM)]]
        assert rows == [
            "· system",
            "I look at the tests first. ⏎ Then I fix them.",
            "▸ Bash pytest -q",
            "  └ 2 passed in 0.1s",
            "  └ ✗ No such file",
            "evil red",
            "✓ done All done",
        ]
        await pilot.press("w")
        assert "Then I fix them." in [row.rstrip() for row in rows_of(view)]


async def test_a_line_of_a_megabyte_is_cut_and_says_so(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_bytes(b"before\n" + b"x" * 1_000_000 + b"\nafter\n")
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 3)
        assert len(view.text(1).plain) < 10_000
        assert "1.0 MB line" in view.text(1).plain
        await pilot.press("w")
        rows = rows_of(view)
        assert "after" in rows[-1]
        await pilot.press("g")
        assert "before" in rows_of(view)[0]
        assert len(view.line(1).rows) <= view.size.height


async def test_wrapped_every_line_can_be_scrolled_to(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("\n".join(f"start{n} " + "word " * (n * 7 % 60) for n in range(60)) + "\n")
    app = LogApp(log)
    async with app.run_test(size=(40, 12)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 60)
        await pilot.press("w")
        await until(pilot, lambda: any("start59" in r for r in rows_of(view)))
        assert view.following
        await pilot.press("g")
        seen: set[str] = set()
        for _ in range(80):
            seen |= set(re.findall(r"start\d+", " ".join(rows_of(view))))
            await pilot.press("pagedown")
        assert seen == {f"start{n}" for n in range(60)}
        assert view.following


async def test_panning_shows_what_the_edge_cuts_off(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("".join(f"{n:04}" for n in range(100)) + "\n")
    app = LogApp(log)
    async with app.run_test(size=(40, 10)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 1)
        assert rows_of(view)[0].startswith("0000")
        await pilot.press("right", "l")
        assert rows_of(view)[0].startswith("0004")
        assert "from column 17" in app.pane.status
        await pilot.press("0")
        assert rows_of(view)[0].startswith("0000")


async def test_a_file_that_shrinks_is_read_anew(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 500)
        await pilot.press("pageup")
        log.write_bytes(b"new\n")
        await until(pilot, lambda: view.line_count == 1)
        assert rows_of(view)[0].startswith("new")
        assert view.following


async def test_a_hidden_pane_reads_nothing(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 500)
        app.pane.display = False
        await pilot.pause()
        write(log, 5, 501)
        view.flush()
        assert view.line_count == 500
        app.pane.display = True
        await until(pilot, lambda: view.line_count == 505)


async def test_what_is_told_while_words_are_typed_is_whole_afterwards(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "line 500" in rows_of(app.pane.view)[-1])
        await pilot.press("slash")
        app.pane.view.find("line 4")
        await until(pilot, lambda: "…" not in app.pane.status and "111" in app.pane.status)
        app.pane._tell()
        await pilot.press("escape")
        line = app.pane.query_one(".status").render_line(0).text
        assert line.strip().endswith(app.pane.status), line


async def test_search_counts_jumps_and_marks(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: view.line_count == 500)
        await pilot.press("g", "slash", *"LINE 4", "enter")
        await until(pilot, lambda: view.hits is not None and not view.hits.running)
        assert "“LINE 4” not found" in app.pane.status
        await pilot.press("slash", *["backspace"] * 6, *"line 4", "enter")
        await until(pilot, lambda: "1 of 111" in app.pane.status)
        assert view.found is not None
        assert view.index is not None
        assert view.index.line_at(view.found) == 3
        await pilot.press("n")
        assert "2 of 111" in app.pane.status
        assert any("line 40" in row for row in rows_of(view))
        await pilot.press("N", "N")
        assert "111 of 111" in app.pane.status
        write(log, 1, 4)
        await until(pilot, lambda: "of 112" in app.pane.status)
        await pilot.press("escape")
        assert view.hits is None


async def test_copy_takes_the_found_line_else_what_is_in_view(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        await pilot.press("y")
        assert app.clipboard.splitlines()[-1] == "line 500"
        assert len(app.clipboard.splitlines()) == view.size.height
        await pilot.press("slash", *"line 77", "enter")
        await until(pilot, lambda: view.found is not None)
        await pilot.press("y")
        assert app.clipboard == "line 77"


async def test_a_long_file_shows_its_end_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maestro_tui.ui.widgets.log_index.TAIL", 4096)
    monkeypatch.setattr("maestro_tui.ui.widgets.log_index.CHUNK", 4096)
    log = tmp_path / "output.log"
    write(log, 20_000)
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 20000" in rows_of(view)[-1])
        await pilot.press("pageup")
        top = rows_of(view)[0]
        await until(pilot, lambda: view.line_count == 20_000)
        await pilot.pause()
        assert rows_of(view)[0] == top


async def test_another_theme_repaints(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(pilot, lambda: "line 500" in rows_of(view)[-1])
        before = view.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        after = view.render_line(0)
        assert before.text == after.text
        assert list(before) != list(after)


async def test_without_a_terminal_to_lend_the_pager_says_so(log: Path) -> None:
    app = LogApp(log)
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: app.pane.view.line_count == 500)
        await pilot.press("o")
        await app.workers.wait_for_complete()
        assert any("cannot be lent" in n.message for n in app._notifications)


def test_looks_like_this(tmp_path: Path, snap_compare: Any) -> None:
    log = tmp_path / "output.log"
    log.write_bytes("\n".join(STREAM).encode() + b"\n" + HOSTILE)
    assert snap_compare(LogApp(log), terminal_size=(80, 24), press=["k"])
