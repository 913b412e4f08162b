"""Calling the user: only when they look elsewhere, and in the terminal's title."""

from __future__ import annotations

from textual.events import AppBlur, AppFocus

from maestro_tui.ui.alert import title_words
from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.questions import AWAY_S
from tests.ui.runs import HOSTILE, FakeSource, T, a_strategy, failing, finished, midway
from tests.ui.stage import opened, top, until


def test_the_title_says_what_one_looks_for_in_a_row_of_tabs():
    assert title_words(failing().state, 1) == "? 1 waiting · 1/7 · Document shop"
    assert title_words(midway().state, 0) == "● running · 1/7 · Document shop"
    assert title_words(finished().state, 0) == "✓ done · 7/7 · Document shop"
    hostile = FakeSource(a_strategy((T("1", "x"),), title=HOSTILE))
    assert "\x1b" not in title_words(hostile.state, 0)
    assert "\x07" not in title_words(hostile.state, 0)


async def test_a_user_who_is_here_is_not_called_and_one_who_is_away_is():
    said: list[str] = []
    watch = [100.0]
    source = midway()
    app = MaestroApp(
        source,
        now=source.now,
        monotonic=lambda: watch[0],
        alert=lambda app, words: said.append(words),
    )
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.board is not None and app.board.is_current)
        await pilot.press("j")
        assert not app.away
        source.ask_permission("1.2")
        await top(pilot, QuestionDialog)
        assert said == []
        await pilot.press("escape")
        watch[0] += AWAY_S
        assert app.away
        source.ask_permission("1.3")
        await until(lambda: len(said) == 1, "a call")
        assert "1.3" in said[0]


async def test_another_window_means_away_at_once():
    async with opened(midway()) as pilot:
        app = pilot.app
        app._monotonic = lambda: 0.0
        app._touched_at = 0.0
        assert not app.away
        app.post_message(AppBlur())
        await until(lambda: app.away)
        app.post_message(AppFocus())
        await until(lambda: not app.away)
