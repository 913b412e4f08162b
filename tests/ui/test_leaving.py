from __future__ import annotations

import pytest
from textual.screen import ModalScreen

from maestro_tui.core import events as e
from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.dialogs.confirm import ChoiceDialog
from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.summary import SummaryScreen
from tests.ui.runs import failing, finished, midway
from tests.ui.stage import an_app, opened, screen_text, top, until


@pytest.mark.parametrize("key", ["q", "ctrl+q", "ctrl+c"])
async def test_leaving_a_run_under_way_asks_and_esc_stays(key):
    source = midway()
    async with opened(source) as pilot:
        await pilot.press(key)
        await top(pilot, ChoiceDialog)
        text = screen_text(pilot)
        assert "2 agents at work" in text
        assert "l  Leave it running" in text
        assert "s  Stop at a checkpoint" in text
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        assert source.calls.stops == []
        assert pilot.app._exit is False


async def test_left_running_the_run_is_untouched_and_the_code_is_0():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("q", "l")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 0
        assert source.calls.stops == []


async def test_left_with_a_question_open_the_code_is_3():
    async with opened(failing()) as pilot:
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        await pilot.press("q", "l")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 3


async def test_stopping_waits_for_the_checkpoint_and_then_leaves():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("q", "s")
        await until(lambda: source.calls.stops == ["checkpoint"])
        await until(lambda: "stopping" in screen_text(pilot))
        assert not pilot.app._exit
        source.feed(e.StopRequested(at=source.clock, mode="checkpoint"))
        for task in ("1.2", "1.3"):
            source.end(task, ok=False, error="stopped")
        source.feed(e.RunSuspended(at=source.clock, reason="checkpoint asked by user"))
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 3


async def test_a_run_that_is_over_shows_its_summary_and_q_leaves_at_once():
    async with opened(finished()) as pilot:
        await top(pilot, SummaryScreen)
        await pilot.press("q")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 0


async def test_the_summary_tells_what_is_missing_and_what_to_type_next():
    async with opened(finished("failed"), (80, 24)) as pilot:
        await top(pilot, SummaryScreen)
        text = screen_text(pilot)
        for words in (
            "Incomplete",
            "6 of 7",
            "4m57s",
            "1.6 ×",
            "$0.41",
            "given up: 3.2 failed: exit 1: 2 tests failed",
            "maestro/shop-1/_integration",
            "$ git merge maestro/shop-1/_integration",
            "$ maestro retry shop-1 3.2",
        ):
            assert words in text, words
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        await pilot.press("q")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 1


async def test_the_summary_comes_by_itself_when_the_run_ends():
    source = midway()
    async with opened(source) as pilot:
        source.finish("aborted")
        await top(pilot, SummaryScreen)
        assert "Aborted" in screen_text(pilot)
        await pilot.press("q")
        await until(lambda: pilot.app._exit)
        assert pilot.app.return_value == 1


async def test_aborting_asks_first():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("X")
        await top(pilot, ChoiceDialog)
        await pilot.press("enter")  # "no" is the default
        await top(pilot, BoardScreen)
        assert source.calls.stops == []
        await pilot.press("X", "y")
        await until(lambda: source.calls.stops == ["abort"])


async def test_draining_asks_first_too():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("S", "y")
        await until(lambda: source.calls.stops == ["drain"])


class _Review(ModalScreen):
    """A stand-in: y gives a strategy, n none."""

    BINDINGS = [("y", "yes"), ("n", "no")]  # noqa: RUF012

    def action_yes(self) -> None:
        self.dismiss(self.app.strategy)

    def action_no(self) -> None:
        self.dismiss(None)


def reviewed(launch):
    app = MaestroApp(None, review=_Review(), launch=launch)
    app.strategy = midway().state.strategy
    return app


async def test_after_a_yes_in_the_review_the_run_is_launched_and_shown():
    source = midway()
    asked = []

    def launch(strategy):
        asked.append(strategy.plan.title)
        return source

    app = reviewed(launch)
    async with app.run_test() as pilot:
        await top(pilot, _Review)
        await pilot.press("y")
        await top(pilot, BoardScreen)
        assert asked == ["Document shop"]


async def test_after_a_no_nothing_is_launched():
    app = reviewed(lambda strategy: pytest.fail("launched"))
    async with app.run_test() as pilot:
        await top(pilot, _Review)
        await pilot.press("n")
        await until(lambda: app._exit)
    assert app.return_value == 1


async def test_a_launch_that_fails_leaves_with_the_reason():
    def launch(strategy):
        raise OSError("disk full")

    app = reviewed(launch)
    async with app.run_test() as pilot:
        await top(pilot, _Review)
        await pilot.press("y")
        await until(lambda: app._exit)
    assert app.return_value == 1


async def test_without_a_run_the_keys_of_a_run_are_off():
    app = an_app(midway())
    app.source = None
    assert app.check_action("inbox", ()) is False
    assert app.check_action("leave", ()) is True
