from __future__ import annotations

import dataclasses

import pytest

from maestro_tui.core import events as e
from maestro_tui.plans.model import Conflict
from maestro_tui.ui.screens.dashboards import PAGES, DashboardScreen
from maestro_tui.ui.widgets.sheet import Sheet
from tests.ui.pictures import SHIPPED, pictures
from tests.ui.runs import HOSTILE, FakeSource, T, a_strategy, failing, finished, midway
from tests.ui.stage import NARROW, board, opened, screen_text, top, until

KEYS = dict(zip(PAGES, "456789", strict=True))


def clashing():
    pairs = (
        Conflict("1.2", "1.3", "same-file", ("app/base.py",), serialised=True),
        Conflict("2.1", "2.2", "glob-overlap", ("app/*.py",)),
        Conflict("2.1", "3.1", "import", ("app/services/s.py",)),
    )
    return FakeSource(dataclasses.replace(a_strategy(), conflicts=pairs)).work("1.1")


def held_back():
    """A breaker that opened, a machine under pressure, a parked, a paused and a later task."""
    tasks = tuple(T(f"t{n}", f"Task number {n}") for n in range(1, 9))
    strategy = a_strategy(tasks, phases=(), gates=(), max_parallel=8)
    talking = tuple(dataclasses.replace(a, driver="claude") for a in strategy.assignments)
    source = FakeSource(dataclasses.replace(strategy, assignments=talking))
    source.start(*(t.id for t in tasks)).wait(5)
    for n in range(1, 6):
        source.wait(4).end(f"t{n}", ok=False, error="exit 1: no such host")
    source.feed(e.ResourcesChanged(at=source.clock, limit=2, reason="memory is 93 % full"))
    number = source.task("t6").attempt.number
    source.feed(
        e.AgentReported(
            at=source.clock, task="t6", attempt=number, offset=9, parked_until=source.clock + 250
        ),
        e.InstructionGiven(at=source.clock, task="t7", kind="pause", text="", by="user"),
    )
    return source.wait(10)


WORDS = {
    "progress": (failing, "waits for 1.2 (running), 1.3 (failed)"),
    "cost": (midway, "$0.12 reported by the agents"),
    "limits": (held_back, "at most 1 agent"),
    "timeline": (failing, "✗ failed attempt"),
    "graph": (failing, "▶"),
    "conflicts": (clashing, "app/base.py"),
}


@pytest.fixture(autouse=True)
def _same_machine(monkeypatch):
    monkeypatch.setattr(
        "maestro_tui.ui.screens.dashboards.meters",
        lambda folder, pids: (("processor", 0.31, "2 cores"), ("memory", 0.92, "1.2 GB free")),
    )


@pytest.mark.parametrize("page", PAGES)
async def test_picture(page, snapshot):
    make, words = WORDS[page]
    source = make()
    async with opened(source, theme="maestro-dark", theme_specs=SHIPPED) as pilot:
        if source.state.questions:
            await until(lambda: len(pilot.app.screen_stack) > 2, "the dialog")
            await pilot.press("escape")
        await pilot.press(KEYS[page])
        await top(pilot, DashboardScreen)
        await pictures(pilot, snapshot, words)


async def test_every_page_is_one_key_from_the_board_and_from_the_others():
    async with opened(midway()) as pilot:
        for page, key in KEYS.items():
            await pilot.press(key)
            screen = await top(pilot, DashboardScreen)
            assert screen.page == page
        await pilot.press("tab")
        assert screen.page == "progress"
        await pilot.press("3")
        await until(lambda: board(pilot).is_current, "the board")
        await until(lambda: board(pilot).has_class("-on-logs"), "the log")


async def test_the_numbers_of_the_page_and_of_the_header_agree():
    source = failing()
    async with opened(source) as pilot:
        await pilot.press("escape", "4")
        await top(pilot, DashboardScreen)
        text = screen_text(pilot)
        assert text.count("1/7 merged") == 2
        assert text.count("✗ 1 failed") == 2
        assert text.count("⊘ 3 blocked") == 2
        assert "Needs you  1" in text
        assert "Not started  4" in text


async def test_the_cursor_goes_over_tasks_only_and_stays_where_it_is_on_news():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("4")
        screen = await top(pilot, DashboardScreen)
        sheet = screen.query_one(Sheet)
        await pilot.press("G")
        last = sheet.cursor
        assert last == "1.1"
        source.report("1.2", "Bash: make")
        await until(lambda: "Bash: make" in screen_text(pilot), "news")
        assert sheet.cursor == last
        await pilot.press("g")
        assert sheet.cursor == "1.2"


async def test_a_late_agent_and_a_stalled_one_stand_out():
    source = midway().wait(400)
    async with opened(source) as pilot:
        await pilot.press("6")
        await top(pilot, DashboardScreen)
        await until(lambda: "stalled: no event for" in screen_text(pilot), "the stall")


async def test_limits_tell_what_holds_the_run_back_why_and_what_ends_it():
    async with opened(held_back()) as pilot:
        await pilot.press("escape", "6")
        await top(pilot, DashboardScreen)
        text = screen_text(pilot)
        for words in (
            "of 1 used (you allow 8)",
            "breaker",
            "5 attempts failed within 600 s · closes with a merge or in 9m50s",
            "machine",
            "at most 2 agents: memory is 93 % full · eases when there is room again",
            "parked by a limit of the service · goes on in 4m00s",
            "paused by you · A lets it go on",
        ):
            assert words in text, words


async def test_limits_say_so_when_nothing_is_held_back():
    async with opened(midway()) as pilot:
        await pilot.press("6")
        await top(pilot, DashboardScreen)
        assert "nothing: every free slot is filled" in screen_text(pilot)


async def test_a_page_begins_on_the_task_that_was_selected():
    async with opened(midway()) as pilot:
        await pilot.press("7")
        screen = await top(pilot, DashboardScreen)
        assert screen.query_one(Sheet).cursor == board(pilot).selected == "1.2"


async def test_time_can_be_zoomed_and_panned():
    async with opened(finished()) as pilot:
        await pilot.press("escape", "7")
        screen = await top(pilot, DashboardScreen)
        sheet = screen.query_one(Sheet)
        before = sheet.virtual_size.width
        await pilot.press("z", "z")
        assert sheet.virtual_size.width > 2 * before
        await pilot.press("l", "l")
        assert sheet.scroll_offset.x == 16
        assert "1.1 Database" in screen_text(pilot)  # names stay


async def test_hostile_names_and_many_tasks_keep_the_columns():
    tasks = (
        T("x" * 10_000, HOSTILE),
        *(T(f"t{n}", "n" * 300, ("x" * 10_000,)) for n in range(500)),
    )
    source = FakeSource(a_strategy(tasks, title=HOSTILE))
    async with opened(source, NARROW) as pilot:
        for key in KEYS.values():
            await pilot.press(key)
            screen = await top(pilot, DashboardScreen)
            await pilot.pause()
            for strip in screen._compositor.render_strips():
                assert strip.cell_length == NARROW[0]
                assert "\x1b" not in strip.text


async def test_pages_are_drawn_with_the_terminals_own_colours_too():
    async with opened(failing(), theme="ansi-dark") as pilot:
        await pilot.press("escape", "8")
        await top(pilot, DashboardScreen)
        assert "▶" in screen_text(pilot)


async def test_a_task_is_found_by_a_few_letters_from_anywhere():
    async with opened(midway()) as pilot:
        await pilot.press("slash")
        await until(lambda: pilot.app.screen.is_modal, "the finder")
        await pilot.press(*"upl")
        await until(lambda: "2.2 Upload pipeline" in screen_text(pilot), "the hit")
        await pilot.pause(0.3)
        await pilot.press("enter")
        await until(lambda: board(pilot).is_current, "the board")
        await until(lambda: board(pilot).selected == "2.2", "the task")
