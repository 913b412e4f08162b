from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.widgets import Input

from maestro_tui.ui.widgets.log_index import LogIndex
from maestro_tui.ui.widgets.log_kinds import FILTERS, FilteredIndex, kind_of
from tests.ui.logs import STREAM, LogApp, event, rows_of
from tests.ui.stage import until


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"all is well", "text"),
        (b"0 errors, no failures", "text"),
        (b"ImportError: no module named x", "error"),
        (b"  File x, line 3\nTraceback (most recent call last):", "error"),
        (b"FAILED tests/test_x.py::test_y", "error"),
        ("▸ Bash pytest -q".encode(), "tool"),
        ("  └ 3 passed".encode(), "result"),
        ("  └ ✗ exit 1".encode(), "error"),
        (STREAM[1].encode(), "text"),
        (STREAM[2].encode(), "tool"),
        (STREAM[3].encode(), "result"),
        (STREAM[4].encode(), "error"),
        (b"error_log_path = x", "text"),
    ],
)
def test_a_line_is_told_by_its_bytes(line, kind):
    assert kind_of(line) == kind


@given(st.lists(st.sampled_from(["plain", "Error: x", "▸ Bash ls", "  └ ok", ""]), max_size=60))
@settings(max_examples=40, deadline=None)
def test_a_filtered_file_has_the_lines_of_its_kind_and_no_others(tmp_path_factory, lines):
    path = tmp_path_factory.mktemp("log") / "output.log"
    path.write_text("".join(line + "\n" for line in lines))
    for kind in FILTERS[1:]:
        index = FilteredIndex(path, kind)
        index.grow()
        while index.behind:
            index.grow()
        wanted = [x for x in lines if kind_of(x.encode()) == kind]
        got = [index.read_line(n).decode() for n in range(index.line_count)]
        assert got == wanted
        for n in range(index.line_count):
            assert index.line_at(index.start_of(n)) == n
        index.close()


def test_a_file_that_grows_is_told_further(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"Error: one\nfine\nErr")
    index = FilteredIndex(path, "error")
    index.grow()
    assert index.line_count == 1
    with path.open("ab") as file:
        file.write(b"or: two\n")
    index.grow()
    assert [index.read_line(n) for n in range(index.line_count)] == [b"Error: one", b"Error: two"]
    path.write_bytes(b"Error: anew\n")
    index.grow()
    assert [index.read_line(n) for n in range(index.line_count)] == [b"Error: anew"]


async def test_one_key_goes_through_the_kinds_and_keeps_the_place(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_text("".join(f"line {n}\n" if n % 50 else f"Error: {n}\n" for n in range(2000)))
    app = LogApp(path)
    async with app.run_test(size=(80, 20)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 2000)
        await pilot.press("number_sign", *"1020", "enter")
        await until(lambda: rows_of(view)[0].startswith("line 1019"), "the line")
        await pilot.press("e")
        await until(lambda: view.line_count == 40, "only errors")
        assert "only errors" in app.pane.status
        await until(lambda: rows_of(view)[0].startswith("Error: 1000"), "the place")
        assert not view.following
        for _ in FILTERS[1:]:
            await pilot.press("e")
        await until(lambda: view.line_count == 2000, "everything again")


async def test_search_counts_within_what_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_text("Error: apple\napple pie\nError: pear\n" * 10)
    app = LogApp(path)
    async with app.run_test(size=(80, 20)) as pilot:
        await until(lambda: app.pane.view.line_count == 30)
        await pilot.press("e")
        await until(lambda: app.pane.view.line_count == 20)
        await pilot.press("slash", *"pear", "enter")
        await until(lambda: app.pane.view.hits is not None and len(app.pane.view.hits) == 10)


@pytest.mark.parametrize(
    ("typed", "first"), [("1", "n 0 "), ("50%", "n 499 "), ("+30", "n 30 "), ("9999", "n 98")]
)
async def test_going_to_a_line(tmp_path: Path, typed: str, first: str) -> None:
    path = tmp_path / "output.log"
    path.write_text("".join(f"n {n} \n" for n in range(1000)))
    app = LogApp(path)
    async with app.run_test(size=(80, 20)) as pilot:
        await until(lambda: app.pane.view.line_count == 1000)
        await pilot.press("g", "number_sign", *typed, "enter")
        await until(lambda: rows_of(app.pane.view)[0].startswith(first), first)


async def test_going_nowhere_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_text("x\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 20), notifications=True) as pilot:
        await pilot.press("number_sign", *"soon", "enter")
        await until(lambda: any("50%" in n.message for n in app._notifications))
        assert app.focused is not None
        assert not isinstance(app.focused, Input)


LONG = "\n".join(f"row {n} of the result" for n in range(40))


async def test_tool_calls_are_folded_to_a_line_and_unfold(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    call = {"command": "pytest -q", "note": "\x1b]0;evil\x07[/x]"}
    lines = [
        event("assistant", {"type": "tool_use", "name": "Bash", "input": call}),
        event("user", {"type": "tool_result", "content": "first row\nsecond row\nthird row"}),
    ]
    path.write_text("\n".join(lines) + "\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 2)
        await pilot.press("w")
        await until(lambda: "first row  +2 lines" in "\n".join(rows_of(view)), "folded")
        assert "second row" not in "\n".join(rows_of(view))
        await pilot.press("x")
        await until(lambda: "second row" in "\n".join(rows_of(view)), "unfolded")
        text = "\n".join(rows_of(view))
        assert "command: pytest -q" in text
        assert "note: [/x]" in text
        assert "\x1b" not in text
        await pilot.press("x")
        await until(lambda: "second row" not in "\n".join(rows_of(view)), "folded again")


async def test_a_result_higher_than_the_view_says_so(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_text(event("user", {"type": "tool_result", "content": LONG}) + "\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 12)) as pilot:
        await until(lambda: app.pane.view.line_count == 1)
        await pilot.press("x")
        await until(lambda: "rows more; o opens" in "\n".join(rows_of(app.pane.view)))


async def test_messages_are_laid_out_as_markdown_on_demand(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    said = "# Plan\n\n- **first** step\n- [a link](http://evil)\n\x1b[31mred"
    path.write_text(event("assistant", {"type": "text", "text": said}) + "\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 20)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 1)
        await pilot.press("m")
        await until(lambda: "• first step" in "\n".join(rows_of(view)), "a list")
        text = "\n".join(rows_of(view))
        assert "**" not in text
        assert "\x1b" not in text
        spans = [s for y in range(view.size.height) for s in view.render_line(y)]
        assert all(not (s.style and s.style.link) for s in spans)
        await pilot.press("m")
        await until(lambda: "**first**" in "\n".join(rows_of(view)), "as written")


def test_telling_a_million_lines_stays_cheap(tmp_path: Path) -> None:
    """No absolute time: against reading the same lines and doing nothing with them."""
    import time

    path = tmp_path / "output.log"
    path.write_text("PASSED tests/test_models.py::test_round_trip in 0.01 s\n" * 50_000)
    index = LogIndex(path)
    index.grow()
    start = time.process_time()
    lines = [index.read_line(n) for n in range(index.line_count)]
    floor = time.process_time() - start
    start = time.process_time()
    for line in lines:
        kind_of(line)
    assert time.process_time() - start < 12 * floor + 0.05
    assert len(lines) == 50_000


async def test_a_result_of_several_lines_is_folded_to_its_first_and_unfolds(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    said = "\nAll is done.\nTests pass: \x1b[31m12"
    lines = [
        json.dumps({"type": "result", "result": said, "is_error": False}),
        json.dumps({"type": "result", "result": "a\nb\nc", "is_error": True}),
    ]
    path.write_text("\n".join(lines) + "\n")
    app = LogApp(path)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 2)
        rows = [row.rstrip() for row in rows_of(view)]
        assert rows[:2] == ["✓ done All is done.  +1 line", "✗ failed a  +2 lines"]
        await pilot.press("x")
        await until(lambda: "Tests pass" in "\n".join(rows_of(view)), "unfolded")
        rows = [row.rstrip() for row in rows_of(view)]
        assert rows[:5] == ["✓ done All is done.", "Tests pass: 12", "✗ failed a", "b", "c"]
        await pilot.press("x")
        await until(lambda: rows_of(view)[0].rstrip().endswith("+1 line"), "folded again")
