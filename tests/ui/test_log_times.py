"""When lines came: shown before them, gone to, and absent where nobody wrote it down."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from maestro_tui.agents.context import Context
from maestro_tui.ui.widgets.log_times import LogTimes
from tests.ui.logs import LogApp, rows_of
from tests.ui.stage import until

NOON = datetime(2026, 3, 4, 12, 0, 0).timestamp()


def marked_log(tmp_path: Path) -> Path:
    """A hundred lines, ten at a time, a minute apart."""
    log = tmp_path / "output.log"
    log.write_bytes(b"".join(b"line %03d\n" % n for n in range(100)))
    marks = b"".join(b"%d %.3f\n" % (90 * n, NOON + 60 * n) for n in range(10))
    (tmp_path / "output.marks").write_bytes(marks + b"900 17")  # the last is being written
    return log


async def test_times_stand_before_lines_and_go_again(tmp_path: Path) -> None:
    app = LogApp(marked_log(tmp_path))
    async with app.run_test(size=(60, 20)) as pilot:
        view = app.pane.view
        await until(lambda: "line 099" in rows_of(view)[-1])
        await pilot.press("T")
        await until(lambda: rows_of(view)[-1].startswith("12:09:00 line 099"))
        assert view.chosen_lines()[-1] == "line 099"
        await pilot.press("w")
        await until(lambda: rows_of(view)[-1].startswith("12:09:00 line 099"))
        await pilot.press("T")
        await until(lambda: rows_of(view)[-1].startswith("line 099"))


async def test_going_to_a_time(tmp_path: Path) -> None:
    app = LogApp(marked_log(tmp_path))
    async with app.run_test(size=(60, 20)):
        view = app.pane.view
        await until(lambda: view.line_count == 100)
        assert view.go_to("12:03")
        await until(lambda: rows_of(view)[0].startswith("line 030"))
        assert view.go_to("12:01:30")
        await until(lambda: rows_of(view)[0].startswith("line 020"))
        assert not view.go_to("25:00")


async def test_a_log_without_marks_says_so(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_bytes(b"one\n")
    app = LogApp(log)
    async with app.run_test(size=(60, 20), notifications=True) as pilot:
        await until(lambda: app.pane.view.line_count == 1)
        await pilot.press("T")
        await pilot.pause()
        assert app.pane.view.times is None
        assert [n.message for n in app._notifications] == [
            "It was not written down when these lines came"
        ]


def test_a_time_before_midnight_is_that_of_the_evening_before(tmp_path: Path) -> None:
    late = datetime(2026, 3, 4, 23, 50).timestamp()
    marks = b"".join(b"%d %.3f\n" % (10 * n, late + 300 * n) for n in range(6))
    (tmp_path / "output.marks").write_bytes(marks)
    times = LogTimes(tmp_path / "output.log")
    assert times.place_of("23:55") == 10
    assert times.place_of("0:05") == 30
    assert times.at(5) == late


def test_the_runner_marks_what_comes_and_not_every_piece_of_it(tmp_path: Path) -> None:
    context = Context(str(tmp_path))
    for _ in range(500):
        context.log(b"x\n")
    marks = (tmp_path / "output.marks").read_bytes().splitlines()
    assert marks[0].startswith(b"0 ")
    assert len(marks) < 100
    assert (tmp_path / "output.log").read_bytes() == b"x\n" * 500
