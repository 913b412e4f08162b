"""What an agent wrote to its standard error is marked in its log, and can be looked at alone."""

from __future__ import annotations

from pathlib import Path

from maestro_tui.agents.context import Context
from maestro_tui.agents.log_origins import ERROR_MARK
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.log_kinds import FilteredIndex
from tests.ui.logs import LogApp, rows_of
from tests.ui.stage import until

LONG = "warning: " + "something is not as it should be " * 4


def a_log(folder: Path) -> Path:
    context = Context(str(folder))
    context.log(b"building\n")
    context.log(b"\x1b[33mwarning\x1b[0m: old\n" + LONG.encode() + b"\n", True)
    context.log("fertig: ü\n".encode())
    return folder / "output.log"


async def test_lines_of_standard_error_bear_a_mark_in_every_row(tmp_path: Path) -> None:
    app = LogApp(a_log(tmp_path))
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 4)
        rows = [row.rstrip() for row in rows_of(view)]
        assert rows[:2] == ["building", "▌warning: old"]
        assert rows[2] == "▌" + LONG[:58]
        assert rows[3] == "fertig: ü"
        assert "▌stderr" in app.pane.status
        mark = next(iter(view.render_line(1)))
        failed = palette(app).style("state-failed").color
        assert (mark.text, mark.style.color) == (ERROR_MARK, failed)
        await pilot.press("w")
        await until(lambda: rows_of(view)[4].startswith("▌"), "its last row")
        rows = [row.rstrip() for row in rows_of(view)]
        assert [row[:1] for row in rows[:6]] == ["b", "▌", "▌", "▌", "▌", "f"]
        assert all(len(row) <= 59 for row in rows)
        assert view.chosen_lines()[1] == "warning: old"  # the mark is no part of it
        await pilot.press("T")
        await until(lambda: ":" in rows_of(view)[1][:4], "the times")
        assert rows_of(view)[1].startswith("▌")


async def test_a_found_line_keeps_its_mark(tmp_path: Path) -> None:
    app = LogApp(a_log(tmp_path))
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 4)
        await pilot.press("slash", *"old", "enter")
        await until(lambda: view.found is not None, "the hit")
        assert rows_of(view)[1].startswith("▌warning: old")


async def test_marks_come_with_the_lines_they_are_for(tmp_path: Path) -> None:
    context = Context(str(tmp_path))
    context.log(b"one\n")
    app = LogApp(tmp_path / "output.log")
    async with app.run_test(size=(60, 20)):
        view = app.pane.view
        await until(lambda: view.line_count == 1)
        assert "stderr" not in app.pane.status
        for n in range(2, 12):
            context.log(b"line %d\n" % n, n % 2 == 0)
            await until(lambda n=n: view.line_count == n)
            assert rows_of(view)[n - 1].startswith("▌" if n % 2 == 0 else "line"), n


async def test_standard_error_alone(tmp_path: Path) -> None:
    app = LogApp(a_log(tmp_path))
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.pane.view
        await until(lambda: view.line_count == 4)
        await pilot.press("e", "e")
        await until(lambda: view.line_count == 2, "two lines")
        assert "only stderr" in app.pane.status
        assert rows_of(view)[0].startswith("▌warning: old")


def test_an_index_of_standard_error_grows_with_the_log(tmp_path: Path) -> None:
    context = Context(str(tmp_path))
    context.log(b"out\n")
    index = FilteredIndex(tmp_path / "output.log", "stderr")
    index.grow()
    assert index.line_count == 0
    context.log(b"bad\nworse", True)
    index.grow()
    assert [index.read_line(n) for n in range(index.line_count)] == [b"bad"]
    context.log(b" yet\n", True)
    context.log(b"out\n")
    index.grow()
    assert [index.read_line(n) for n in range(index.line_count)] == [b"bad", b"worse yet"]
    index.close()


async def test_a_replay_shows_no_mark_before_its_line(tmp_path: Path) -> None:
    log = a_log(tmp_path)
    app = LogApp(None)
    async with app.run_test(size=(60, 20)):
        shown = [len(b"building\n")]
        app.pane.open(log, "1.2", until=lambda: shown[0])
        view = app.pane.view
        await until(lambda: view.line_count == 1)
        assert rows_of(view)[0].startswith("building")
        shown[0] = log.stat().st_size
        await until(lambda: view.line_count == 4)
        assert rows_of(view)[1].startswith("▌")
