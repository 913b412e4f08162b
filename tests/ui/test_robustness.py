"""What terminals do to programs: absurd sizes, storms of resizes, floods of news."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from maestro_tui.ui.screens.dashboards import DashboardScreen
from tests.ui.runs import FakeSource, T, a_strategy, failing, finished, midway
from tests.ui.stage import opened, screen_text, top, until

TINY = (20, 5)


@pytest.mark.parametrize("make", [midway, failing, finished])
async def test_every_screen_stands_a_terminal_of_20_by_5(make):
    source = make()
    async with opened(source, TINY) as pilot:
        for key in ("escape", "1", "2", "3", "z", "4", "5", "6", "7", "8", "9", "escape", "d"):
            await pilot.press(key)
            await pilot.pause()
            strips = pilot.app.screen._compositor.render_strips()
            assert len(strips) == TINY[1]
            assert {strip.cell_length for strip in strips} == {TINY[0]}


async def test_a_storm_of_resizes_ends_with_a_whole_screen():
    source = failing()
    async with opened(source) as pilot:
        await pilot.press("escape", "8")
        await top(pilot, DashboardScreen)
        for n in range(40):
            await pilot.resize_terminal(20 + n * 7 % 160, 5 + n * 11 % 50)
            if n % 8 == 0:
                await pilot.press("456789"[n // 8])
        await pilot.resize_terminal(100, 30)
        await pilot.press("4")
        await until(lambda: pilot.app.size == Size(100, 30))
        await until(lambda: "Needs you  1" in screen_text(pilot), "the page")
        strips = pilot.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {100}


@pytest.mark.parametrize("count", [1, 7, 40, 500])
async def test_the_board_of_so_many_tasks_counts_them_all(count):
    tasks = tuple(T(f"t{n}", f"Task {n}", (f"t{n - 9}",) if n >= 9 else ()) for n in range(count))
    source = FakeSource(a_strategy(tasks, phases=(), gates=(), max_parallel=4))
    async with opened(source) as pilot:
        await until(lambda: f"0/{count} merged" in screen_text(pilot), "the count")
        if count == 1:  # its end would be asked about, over the board
            return
        source.work("t0")
        await until(lambda: f"1/{count} merged" in screen_text(pilot), "one more")
        await pilot.press("4")
        await top(pilot, DashboardScreen)
        assert screen_text(pilot).count(f"1/{count} merged") == 2
