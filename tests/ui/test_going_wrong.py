"""What a run shows and offers when it goes wrong: red gates, ways back, brakes, forecasts."""

from __future__ import annotations

import pytest

from maestro_tui.core import events as e
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.dialogs.rollback import RollbackDialog
from maestro_tui.ui.screens.board import BoardScreen
from tests.ui.runs import FakeSource, T, a_strategy, midway
from tests.ui.stage import NARROW, WIDE, opened, screen_text, top, until
from tests.ui.test_questions import gate_failed


@pytest.mark.parametrize(
    ("keys", "answer"),
    [
        (("r",), ("retry", "")),
        (("i", *"mind", "enter"), ("instruct", "mind")),
        (("g",), ("rerun", "")),
        (("b", "b"), ("rollback", "")),
        (("a", "a"), ("accept", "")),
    ],
)
async def test_a_red_gate_is_answered_by_keyboard(keys, answer):
    source = gate_failed()
    async with opened(source) as pilot:
        dialog = await top(pilot, QuestionDialog)
        keyed = {o.key: o.hotkey for o in dialog.question.options}
        pressed = [keyed["rollback"] if k == "b" and answer[0] == "rollback" else k for k in keys]
        await pilot.press(*pressed)
        await until(lambda: source.calls.decisions)
    assert source.calls.decisions == [("gate-w2-1-1", *answer)]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_going_back_is_previewed_and_asked_for_twice(size):
    source = midway()
    source.end("1.2").check("1.2").merge("1.2")
    async with opened(source, size) as pilot:
        await pilot.press("Z")
        await top(pilot, RollbackDialog)
        await until(lambda: "the end of wave 1" in screen_text(pilot))
        text = screen_text(pilot)
        assert "drops 1 task" in text
        assert "keeps 1.1 Database migration" in text
        assert "drops 1.2 Models and schemas" in text
        assert "stops 1.3 Validation rules" in text
        await pilot.press("enter")
        await until(lambda: "Sure? Enter again does it" in screen_text(pilot))
        await pilot.press("escape", "down", "down")
        await until(lambda: "drops 1.1 Database migration" in screen_text(pilot))
        assert source.calls.rollbacks == []
        await pilot.press("enter", "enter")
        await top(pilot, BoardScreen)
    assert source.calls.rollbacks == ["base"]


async def test_there_is_nowhere_to_go_back_to_before_anything_is_merged():
    source = FakeSource()
    async with opened(source) as pilot:
        await pilot.press("Z")
        await top(pilot, RollbackDialog)
        await until(lambda: "nowhere to go back to" in screen_text(pilot))
        await pilot.press("enter", "escape")
        await top(pilot, BoardScreen)
    assert source.calls.rollbacks == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_an_open_breaker_and_its_end_are_seen(size):
    tasks = tuple(T(str(n), f"Task {n}") for n in range(1, 8))
    source = FakeSource(a_strategy(tasks, phases=(), gates=(), max_parallel=6))
    async with opened(source, size) as pilot:
        for name in "12345":
            source.start(name).end(name, ok=False, error="exit 1")
        await until(lambda: "slowed: 5" in screen_text(pilot))
        assert "/1" in screen_text(pilot)
        source.start("6").end("6").check("6").merge("6")
        await until(lambda: "slowed" not in screen_text(pilot))


async def test_a_conflict_is_seen_on_the_board_while_agents_work():
    source = midway()
    async with opened(source) as pilot:
        found = ({"task": "1.3", "other": "1.2", "paths": ("app/shared.py",)},)
        source.feed(e.ConflictsForeseen(at=source.clock, conflicts=found))
        await until(lambda: "≠" in screen_text(pilot), "the forecast")
        assert "1.2" in source.task("1.3").foreseen
        source.feed(e.ConflictsForeseen(at=source.clock, conflicts=()))
        await until(lambda: "≠" not in screen_text(pilot), "its end")
