"""Tabs of logs: one in view, four as tiles, and nothing lost in between."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from maestro_tui.ui.widgets.log_tabs import LogEntry, LogTabs
from tests.ui.logs import LogApp, rows_of
from tests.ui.pictures import pictures
from tests.ui.stage import WIDE, screen_text, until


def entries(folder: Path, *live: str, count: int = 6) -> list[LogEntry]:
    """Logs of forty lines; those named still grow."""
    found = []
    for n in range(1, count + 1):
        task = f"1.{n}"
        path = folder / f"{task}.log"
        if not path.exists():
            path.write_text("".join(f"{task} says {line}\n" for line in range(40)))
        alive = task in live
        found.append(LogEntry(task, f"{task} Task", "●" if alive else "✓", path, alive))
    return found


def shown(tabs: LogTabs) -> list[str]:
    """The tasks whose panes are in view, in their order."""
    panes = {id(p): t for t, p in tabs._panes.items()}
    return [panes[id(w)] for w in tabs.query_one("#panes").children if id(w) in panes and w.display]


async def says(pilot: Pilot[Any], words: str) -> None:
    await until(lambda: words in screen_text(pilot), words)


async def test_without_logs_it_says_what_will_be_here() -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await says(pilot, "The logs of agents appear here")
        assert app.tabs.pane.view.focusable


async def test_one_is_in_view_and_brackets_go_round(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.tabs.sync(entries(tmp_path, "1.2"))
        await says(pilot, "1.2 says 39")
        app.tabs.pane.view.focus()
        await pilot.press("right_square_bracket")
        await says(pilot, "1.3 says 39")
        assert shown(app.tabs) == ["1.3"]
        await until(lambda: app.tabs.pane.view.has_focus, "the focus goes along")
        for _ in range(3):
            await pilot.press("left_square_bracket")
            await until(lambda: app.tabs.pane.view.has_focus, "the focus goes along")
        await says(pilot, "1.6 says 39")


async def test_a_place_is_kept_while_another_log_is_read(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.tabs.sync(entries(tmp_path))
        app.tabs.show("1.1")
        await says(pilot, "1.1 says 39")
        app.tabs.pane.view.focus()
        await pilot.press("g")
        app.tabs.show("1.2")
        await says(pilot, "1.2 says 39")
        app.tabs.show("1.1")
        await says(pilot, "1.1 says 0")


async def test_a_task_without_log_shows_one_as_soon_as_there_is_one(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        every = entries(tmp_path)
        app.tabs.sync(every[:2])
        app.tabs.show("1.1")
        await says(pilot, "1.1 says 39")
        late = LogEntry("1.3", "1.3 Task", "●", tmp_path / "late.log")
        app.tabs.sync([*every[:2], late])
        app.tabs.show("1.3")
        await says(pilot, "no output yet")
        (tmp_path / "late.log").write_text("at last\n")
        await says(pilot, "at last")


async def test_a_new_attempt_replaces_the_file(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.tabs.sync(entries(tmp_path, count=1))
        await says(pilot, "1.1 says 39")
        (tmp_path / "2.log").write_text("second attempt\n")
        app.tabs.sync([LogEntry("1.1", "1.1 Task", "●", tmp_path / "2.log")])
        await says(pilot, "second attempt")


async def test_tiles_show_the_current_and_the_live_ones_in_order(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(120, 40)) as pilot:
        app.tabs.sync(entries(tmp_path, "1.2", "1.4", "1.5"))
        app.tabs.show("1.6")
        await says(pilot, "1.6 says 39")
        app.tabs.pane.view.focus()
        await pilot.press("t")
        await says(pilot, "1.2 says 39")
        assert shown(app.tabs) == ["1.2", "1.4", "1.5", "1.6"]
        await pilot.press("left_square_bracket")
        assert app.tabs.current == "1.5"
        await until(lambda: app.tabs.pane.view.has_focus, "the focus goes along")
        app.tabs.sync(entries(tmp_path, "1.1", "1.4", "1.5"))
        await says(pilot, "1.1 says 39")
        assert shown(app.tabs) == ["1.1", "1.4", "1.5", "1.6"]
        await pilot.press("t")
        assert shown(app.tabs) == ["1.5"]


async def test_a_click_on_a_tab_or_a_tile_chooses_it(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(120, 40)) as pilot:
        app.tabs.sync(entries(tmp_path, "1.1", "1.2"))
        await says(pilot, "1.2 says 39")
        await pilot.click(app.tabs, offset=(4, 0))
        await says(pilot, "1.1 says 39")
        app.tabs.action_grid()
        await says(pilot, "1.2 says 39")
        await pilot.click(app.tabs._panes["1.2"].view)
        await until(lambda: app.tabs.current == "1.2", "the tile is the current one")


async def test_many_tabs_keep_the_current_one_in_view(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(40, 12)) as pilot:
        app.tabs.sync(entries(tmp_path, count=30))
        for task in ("1.1", "1.15", "1.30"):
            app.tabs.show(task)
            await says(pilot, f"{task} says 39")
            strip = screen_text(pilot).splitlines()[0]
            assert f" {task} " in strip + " "
            assert ("‹" in strip, "›" in strip) == (task != "1.1", task != "1.30")
        assert len(app.tabs._panes) <= 12


async def test_no_log_is_read_but_those_in_view(tmp_path: Path) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=(80, 24)) as pilot:
        app.tabs.sync(entries(tmp_path))
        app.tabs.show("1.1")
        await says(pilot, "1.1 says 39")
        app.tabs.show("1.2")
        await says(pilot, "1.2 says 39")
        hidden = app.tabs._panes["1.1"].view
        with (tmp_path / "1.1.log").open("a") as file:
            file.write("more\n")
        hidden.flush()
        assert hidden.line_count == 40
        assert "more" not in "".join(rows_of(hidden))


@pytest.mark.parametrize("keys", [(), ("t",)], ids=["one", "tiles"])
async def test_picture(tmp_path: Path, keys: tuple[str, ...], snapshot: Any) -> None:
    app = LogApp(tabs=True)
    async with app.run_test(size=WIDE) as pilot:
        app.tabs.sync(entries(tmp_path, "1.1", "1.2", "1.4"))
        await says(pilot, "1.4 says 39")
        app.tabs.pane.view.focus()
        await pilot.press(*keys)
        if keys:
            await says(pilot, "1.2 says 39")
        await pictures(pilot, snapshot, "1.4 says 39")
        assert app.tabs.current == "1.4"
