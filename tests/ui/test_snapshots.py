"""Pictures of every screen and dialog, each beside words that have to be on it."""

from __future__ import annotations

import pytest

from maestro_tui.core.options import RunOptions
from maestro_tui.ui.dialogs.words import Words
from maestro_tui.ui.replay_app import ReplayApp
from tests.ui.pictures import SHIPPED, pictures
from tests.ui.runs import (
    HOSTILE,
    FakeSource,
    T,
    a_strategy,
    failing,
    finished,
    midway,
    waiting_for_delivery,
)
from tests.ui.stage import WIDE, an_app, screen_text, until
from tests.ui.test_questions import conflicted, gate_failed
from tests.ui.test_replay import Line, a_replay


def stray():
    source = midway()
    return source.end("1.3").check(
        "1.3", "owned", files=("app/validate.py", "README.md"), stray=("README.md",)
    )


def review():
    return FakeSource(options=RunOptions(approved=False))


def over_budget():
    source = FakeSource(options=RunOptions(driver="claude", approved=True, budget_run=1.0))
    return source.start("1.1").wait(5).report("1.1", "Edit app.py", cost_usd=1.2)


def stalled():
    return midway().wait(340)


RUNS = (
    Line("shop-1", "Document shop", "running"),
    Line("before", "Document shop, first try", "failed", merged=5),
    Line("till", "A till for the shop", "done", merged=7),
)


def hostile():
    tasks = (T("x", HOSTILE), T("y", "e\u0301" * 80, ("x",), "p2"))
    return FakeSource(a_strategy(tasks, title=HOSTILE)).start("x").report("x", HOSTILE)


# name: the run, the keys pressed, what must be readable
SCENES = {
    "board": (midway, (), "Wave 2"),
    "tree": (midway, ("1",), "1.3 Validation rules"),
    "zoomed-waves": (midway, ("z",), "Wave 2"),
    "waiting": (failing, ("escape",), "1 waiting for you"),
    "hostile": (hostile, (), "[/x]"),
    "failure": (failing, (), "Retry with instructions"),
    "instructions": (failing, ("i",), "Enter Send"),
    "sure": (failing, ("A",), "Sure?"),
    "gate": (gate_failed, (), "lines more"),
    "conflict": (conflicted, (), "Take the task's side"),
    "stray": (stray, (), "Drop the stray edits"),
    "permission": (lambda: midway().ask_permission("1.2"), (), "Allow once"),
    "deliver": (waiting_for_delivery, (), "Deliver to main?"),
    "review": (review, (), "Yes, run it"),
    "inbox": (failing, ("escape", "i"), "blocks 3 tasks"),
    "quit": (midway, ("q",), "Leave it running"),
    "abort": (midway, ("X",), "Abort this run"),
    "history": (midway, ("H",), "← shown now"),
    "agent": (midway, ("A",), "Start it afresh"),
    "tell": (midway, ("c",), "Tell the agent of 1.2"),
    "retry": (lambda: finished("failed"), ("escape", "1", "G", "r"), "Instructions for the agent"),
    "rollback": (midway, ("Z",), "drops 1.1 Database migration"),
    "drain": (midway, ("S",), "Stop after the running agents?"),
    "budget": (over_budget, (), "used up"),
    "stalled": (stalled, (), "quiet"),
    "help": (midway, ("question_mark",), "Go to the plan tree"),
    "commands": (midway, ("colon", *"gr"), "What depends on what"),
    "jump": (midway, ("at", *"val"), "1.3 Validation rules"),
    "themes": (midway, ("colon", *"theme", "enter", *"paper"), "maestro-paper"),
    "nothing-waits": (midway, ("i",), "Nothing waits for you."),
    "nowhere-to-go-back": (FakeSource, ("Z",), "there is nowhere to go back to"),
    "attempts": (failing, ("escape", "j", "d", "4"), "ImportError"),
    "marker": (failing, ("escape", "j", "d", "5"), "VALIDATION_COMPLETE.md"),
    "detail": (failing, ("escape", "j", "d"), "What happened"),
    "files": (failing, ("escape", "j", "d", "3"), "app/validate.py"),
    "summary": (finished, (), "Done"),
    "summary-failed": (lambda: finished("failed"), (), "Not merged"),
}


@pytest.mark.parametrize("name", SCENES)
async def test_picture(name, snapshot):
    make, keys, words = SCENES[name]
    source = make()
    app = an_app(source, theme="maestro-dark", theme_specs=SHIPPED, history=lambda: RUNS)
    async with app.run_test(size=WIDE) as pilot:
        await until(lambda: len(app.screen_stack) > 1, "the board")
        if source.state.questions or source.state.ended:
            await until(lambda: len(app.screen_stack) > 2, "the dialog or summary")
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        for area in app.screen.query(Words):
            area.cursor_blink = False
        await pictures(pilot, snapshot, words)


async def test_the_picture_of_a_replay(snapshot):
    replay, watch, _ = a_replay()
    app = ReplayApp(replay, monotonic=watch, theme="maestro-dark", theme_specs=SHIPPED)
    async with app.run_test(size=WIDE) as pilot:
        await until(lambda: app.board is not None and app.board.is_current, "the board")
        replay.playing = False
        replay.seek(0.6)
        await until(lambda: "running  1:01" in screen_text(pilot), "that moment")
        await pictures(pilot, snapshot, "❚❚ replay 10×  1:01 of 1:42")
