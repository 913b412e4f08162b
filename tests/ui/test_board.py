from __future__ import annotations

import re
from unittest import mock

import pytest
from rich.text import Text

from maestro_tui.core.options import RunOptions
from maestro_tui.ui import painting
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.glyphs import SPINNER_HZ, spinner
from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.dashboards import DashboardScreen
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.screens.help import HelpScreen
from maestro_tui.ui.widgets.log_tabs import LogTabs
from maestro_tui.ui.widgets.plan_tree import PlanTree
from maestro_tui.ui.widgets.wave_board import WaveBoard
from tests.ui.runs import HOSTILE, FakeSource, T, a_strategy, failing, midway
from tests.ui.stage import NARROW, WIDE, board, opened, screen_text, top, until


async def test_a_board_tells_state_progress_agents_and_money():
    async with opened(midway()) as pilot:
        text = screen_text(pilot)
        for words in (
            "Document shop",
            "running",
            "1:14",
            "1/7 merged",
            "agents 2/4",
            "20.1k tokens",
            "$0.12",
            "Foundation",
            "1.2 Models and schemas",
            "Wave 2 running",
            "Write app/models/doc",
            "waits for 1.2 (runni",  # and the rest beside the tree
            "unit tests",
        ):
            assert words in text, words


async def test_news_change_the_cards_without_building_anything_anew():
    source = midway()
    async with opened(source) as pilot:
        tree = board(pilot).query_one(PlanTree)
        nodes = dict(tree._leaves)
        source.end("1.2").check("1.2", files=("app/models/a.py",)).merge("1.2")
        await until(lambda: "2/7 merged" in screen_text(pilot), "progress")
        await until(lambda: "merged 0000000, 1 f" in screen_text(pilot), "the card")
        assert dict(tree._leaves) == nodes


async def test_nothing_is_drawn_while_nothing_happens():
    source = FakeSource(options=RunOptions(approved=False))
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        frames: list[object] = []
        waves = board(pilot).query_one(WaveBoard)
        waves.refresh = lambda *a, **k: frames.append(a)  # type: ignore[method-assign]
        polls = source.polls
        await until(lambda: source.polls > polls + 4, "some polls")
        assert frames == []


async def test_spinners_turn_everywhere_and_nothing_else_is_made_anew():
    source = midway()
    async with opened(source) as pilot:
        screen = board(pilot)
        tree, waves = screen.query_one(PlanTree), screen.query_one(WaveBoard)
        before = screen_text(pilot)
        glyph = spinner(source.now())
        assert before.count(glyph) >= 4, before  # header, tree, card and the selected task
        with (
            mock.patch.object(tree, "render_label", side_effect=AssertionError("a label")),
            mock.patch.object(waves, "_redraw", side_effect=AssertionError("a card")),
        ):
            source.clock += 1 / SPINNER_HZ
            screen.spin()
            await pilot.pause()
            after = screen_text(pilot)
        turned = spinner(source.now())
        assert turned != glyph
        assert after.count(turned) == before.count(glyph), after
        assert glyph not in after


async def test_spinners_stand_still_under_a_dialog():
    """Each step would paint a whole screen there, four times a second."""
    source = midway()
    async with opened(source) as pilot:
        screen = board(pilot)
        with mock.patch.object(screen, "spin") as spin:
            pilot.app._spin()
            assert spin.call_count == 1
            await pilot.press("q")
            await until(lambda: pilot.app.screen is not screen, "the question")
            spin.reset_mock()
            pilot.app._spin()
            assert spin.call_count == 0


async def test_clocks_that_strike_when_the_screens_have_gone_are_not_heard():
    async with opened(midway()) as pilot:
        pass
    assert not pilot.app.screen_stack
    for strikes in (pilot.app._look, pilot.app._spin, pilot.app._second):
        strikes()


async def test_a_textual_that_lacks_what_painting_uses_paints_by_itself(monkeypatch):
    monkeypatch.setattr(painting, "ABLE", False)
    source = midway()
    async with opened(source) as pilot:
        source.clock += 1 / SPINNER_HZ
        board(pilot).spin()
        await until(lambda: screen_text(pilot).count(spinner(source.now())) >= 4, "spinners")
        source.end("1.2").check("1.2", files=("app/models/a.py",)).merge("1.2")
        await until(lambda: "2/7 merged" in screen_text(pilot), "progress")


async def test_the_selection_follows_the_work_until_the_user_chooses():
    source = midway()
    async with opened(source) as pilot:
        assert board(pilot).selected == "1.2"
        source.end("1.2").check("1.2").merge("1.2")
        await until(lambda: board(pilot).selected == "1.3", "the other agent selected")
        await pilot.press("h")
        assert board(pilot).selected == "1.1"
        source.report("1.3", "news")
        await pilot.pause(0.25)
        assert board(pilot).selected == "1.1"


async def test_selecting_in_the_tree_selects_on_the_board_and_the_other_way():
    async with opened(midway()) as pilot:
        await pilot.press("l", "j")
        assert board(pilot).selected == "2.2"
        tree = board(pilot).query_one(PlanTree)
        assert tree.cursor_node is not None
        assert tree.cursor_node.data.task == "2.2"
        await pilot.press("1", "k")
        await pilot.pause()
        assert board(pilot).selected == "2.1"
        assert board(pilot).query_one(WaveBoard).selected == "2.1"


async def test_keys_go_round_the_panels_and_zoom_one():
    async with opened(midway()) as pilot:
        await pilot.press("1")
        await until(lambda: isinstance(pilot.app.focused, PlanTree), "focus on the tree")
        await pilot.press("tab")
        await until(lambda: isinstance(pilot.app.focused, WaveBoard), "focus on the waves")
        await pilot.press("z")
        await pilot.pause()
        assert not board(pilot).query_one(PlanTree).display
        assert not board(pilot).query_one(LogTabs).display
        await pilot.press("escape")
        await pilot.pause()
        assert board(pilot).query_one(PlanTree).display
        await pilot.press("3")
        log = board(pilot).query_one(LogTabs)
        await until(
            lambda: pilot.app.focused is not None and log in pilot.app.focused.ancestors_with_self,
            "focus on the log",
        )


async def test_going_to_the_log_focuses_the_one_that_is_seen_and_keys_move_it(tmp_path):
    source = midway(folder=tmp_path)
    log = source.attempt_dir("1.2", 1) / "output.log"
    log.parent.mkdir(parents=True)
    log.write_text("a line\n" * 500)
    async with opened(source) as pilot:
        pane = board(pilot).query_one(LogTabs).pane
        await pilot.press("3", "3")
        await until(lambda: pilot.app.focused is pane.view, "focus on the log in view")
        await pilot.press("pageup")
        await until(lambda: not pane.view.following, "scrolling")


async def test_a_narrow_screen_shows_plan_or_waves_and_both_are_one_key_away():
    async with opened(midway(), NARROW) as pilot:
        assert not board(pilot).query_one(PlanTree).display
        await pilot.press("1")
        await pilot.pause()
        assert board(pilot).query_one(PlanTree).display
        assert not board(pilot).query_one(WaveBoard).display
        assert "1.2 Models and schemas" in screen_text(pilot)
        await pilot.press("2")
        await pilot.pause()
        assert board(pilot).query_one(WaveBoard).display


async def test_waves_that_do_not_fit_scroll_with_the_cursor():
    async with opened(midway(), NARROW) as pilot:
        await pilot.press("l", "l", "l", "l")
        await pilot.pause()
        assert board(pilot).selected == "3.2"
        assert "3.2 Tests and monitor" in screen_text(pilot)
        assert "Wave 5" in screen_text(pilot)


async def test_many_tasks_in_a_wave_make_the_cards_flatter_and_scroll():
    tasks = tuple(T(f"t{n}", f"Task number {n}") for n in range(60))
    source = FakeSource(a_strategy(tasks, max_parallel=8))
    async with opened(source, NARROW) as pilot:
        await pilot.press("G")
        await pilot.pause()
        assert board(pilot).selected == "t59"
        assert "t59 Task number 59" in screen_text(pilot)
        assert "Wave 1" in screen_text(pilot)  # its head stays


async def test_concurrency_is_turned_up_and_down_by_one_key():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("plus", "plus", "minus")
        assert source.calls.limits == [5, 6, 5]
        await until(lambda: "agents 2/5" in screen_text(pilot), "the new limit")


async def test_failed_checks_are_named_under_the_board():
    source = midway()
    source.end("1.2").check("1.2", "owned", files=("app/models/a.py",))
    async with opened(source) as pilot:
        await pilot.press("escape")
        await pilot.press("h", "l")
        await until(lambda: "✓ marker" in screen_text(pilot), "ticks")
        assert "✗ owned" in screen_text(pilot)


async def test_without_an_engine_a_banner_says_so_and_r_starts_one(monkeypatch):
    source = midway()
    source.alive = False
    async with opened(source) as pilot:
        app = pilot.app
        for _ in range(4):
            app._second()
        await until(lambda: "No engine is working" in screen_text(pilot), "the banner")
        await pilot.press("R")
        assert source.calls.engines == 1
        await until(lambda: "No engine is working" not in screen_text(pilot), "no banner")


async def test_a_skipped_task_is_retried_with_words():
    source = failing()
    source.decide("fail-1-3-1", "skip")
    async with opened(source) as pilot:
        await pilot.press("j")
        assert board(pilot).selected == "1.3"
        await pilot.press("r")
        await pilot.pause()
        await pilot.press(*"mind", "enter")
        await pilot.pause()
        assert source.calls.retries == [("1.3", "mind")]


async def test_help_lists_every_key_and_closes():
    async with opened(midway()) as pilot:
        await pilot.press("question_mark")
        await until(lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.pause()
        text = screen_text(pilot)
        assert "Zoom" in text
        assert "Go to the plan tree" in text
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is board(pilot))


async def test_the_palette_finds_the_actions():
    async with opened(midway()) as pilot:
        titles = {c.title for c in pilot.app.get_system_commands(pilot.app.screen)}
        assert {"Theme", "Zoom", "Drain", "Inbox", "Quit"} <= titles
        await pilot.press("colon")
        await pilot.pause()
        await pilot.press(*"details", "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen), "the palette's choice")


@pytest.mark.parametrize("size", [WIDE, NARROW, (60, 16), (200, 60)])
async def test_hostile_text_is_shown_as_text_at_any_size(size):
    tasks = (
        T("x", HOSTILE, phase="p1", agent="[bold]agent[/]"),
        T("y", "e\u0301" * 200, ("x",), "p2"),
    )
    source = FakeSource(a_strategy(tasks, title=HOSTILE))
    source.start("x").report("x", HOSTILE)
    async with opened(source, size) as pilot:
        await until(lambda: "[/x]" in screen_text(pilot), "brackets as brackets")
        for key in ("1", "d", "3", "escape", "i", "escape", "2"):
            await pilot.press(key)
            await pilot.pause()
            text = screen_text(pilot)
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "owned\x07" not in text


async def test_a_changed_keymap_replaces_the_keys_everywhere():
    async with opened(midway(), keymap={"board.zoom": ("f5",)}) as pilot:
        await pilot.press("z")
        assert not board(pilot).has_class("-zoom")
        await pilot.press("f5")
        assert board(pilot).has_class("-zoom")
        assert "F5 Zoom" in screen_text(pilot) or "f5 Zoom" in screen_text(pilot)


@pytest.mark.parametrize("width", range(80, 200, 7))
async def test_only_whole_waves_are_shown_and_the_edges_say_how_many_there_are_more(width):
    async with opened(midway(), (width, 40)) as pilot:
        await pilot.press("2", "z")
        await pilot.pause()
        waves = board(pilot).query_one(WaveBoard)
        for _ in range(6):
            first = waves.render_line(0).text
            shown = re.findall(r"Wave (\d)|(Final tree)", first)
            before = re.match(r"‹(\d) ", first)
            after = re.search(r"(\d)›", first)
            hidden = (int(before[1]) if before else 0) + (int(after[1]) if after else 0)
            assert len(shown) + hidden == 6  # five waves and the final tree
            columns = {i for i, cell in enumerate(waves.render_line(1).text) if cell == "▌"}
            assert len(columns) <= len(shown)
            await pilot.press("l")
            await pilot.pause()


async def test_an_agent_that_waits_looks_so_everywhere():
    source = midway()
    source.task("1.2").attempt.paused = "user"
    source.task("1.3").attempt.parked_until = source.clock + 90
    async with opened(source) as pilot:
        text = screen_text(pilot)
        assert "‖ 1.2" in text
        assert "paused by you" in text
        assert "◷ 1.3" in text
        assert "waits for a limit" in text
        await pilot.press("4")
        await top(pilot, DashboardScreen)
        assert "‖ 1.2" in screen_text(pilot)


async def test_a_folded_phase_tells_that_somebody_in_it_asks():
    source = midway()
    source.ask_permission("1.2")
    async with opened(source) as pilot:
        await until(lambda: len(pilot.app.screen_stack) > 2, "the question")
        await pilot.press("escape", "1", "g", "enter")
        await pilot.pause()
        (line,) = [x for x in screen_text(pilot).splitlines() if "▸ Foundation" in x]
        assert "?" in line.split("1/3")[0]


async def test_later_means_that_every_question_waits_in_the_inbox():
    source = midway()
    source.ask_permission("1.2")
    source.ask_permission("1.3")
    async with opened(source) as pilot:
        await until(lambda: len(pilot.app.screen_stack) > 2, "the first question")
        await pilot.press("escape")
        await until(lambda: board(pilot).is_current, "the board")
        polls = source.polls
        await until(lambda: source.polls > polls + 4, "some polls")
        assert board(pilot).is_current
        assert "2 waiting for you" in screen_text(pilot)
        source.ask_permission("1.2", "Write")
        await until(lambda: len(pilot.app.screen_stack) > 2, "a new question")


@pytest.mark.parametrize("key", ["d", "s"])
async def test_every_screen_over_the_board_tells_that_somebody_waits(key):
    source = midway()
    async with opened(source) as pilot:
        await pilot.press(key)
        await until(lambda: len(pilot.app.screen_stack) == 3, "the screen")
        source.ask_permission("1.2")
        await until(lambda: len(pilot.app.screen_stack) == 4, "the question")
        await pilot.press("escape")
        await until(lambda: "1 waiting for you" in screen_text(pilot), "the badge")


async def test_a_long_head_leaves_room_for_the_sign_of_more_waves():
    async with opened(midway(), (80, 24)) as pilot:
        await pilot.press("2", "z")
        await pilot.pause()
        waves = board(pilot).query_one(WaveBoard)
        long = Text(" Wave 3 incomplete 0/2 ".ljust(waves._width))
        with mock.patch("maestro_tui.ui.widgets.wave_board.head_line", return_value=long):
            assert re.search(r"\d›", waves.render_line(0).text)
