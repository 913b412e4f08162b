"""Pictures of every screen and dialog, each beside a word that has to be on it."""

from __future__ import annotations

import pytest

from maestro_tui.core.options import RunOptions
from maestro_tui.ui.dialogs.words import Words
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
from tests.ui.stage import NARROW, WIDE, an_app, screen_text, until
from tests.ui.test_questions import conflicted, gate_failed


def stray():
    source = midway()
    return source.end("1.3").check(
        "1.3", "owned", files=("app/validate.py", "README.md"), stray=("README.md",)
    )


def review():
    return FakeSource(options=RunOptions(approved=False))


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
    "help": (midway, ("question_mark",), "Go to the plan tree"),
    "detail": (failing, ("escape", "j", "d"), "What happened"),
    "files": (failing, ("escape", "j", "d", "3"), "app/validate.py"),
    "summary": (finished, (), "Done"),
    "summary-failed": (lambda: finished("failed"), (), "Not merged"),
}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["120x40", "80x24"])
@pytest.mark.parametrize("name", SCENES)
def test_picture(name, size, snap_compare):
    make, keys, words = SCENES[name]
    source = make()
    asks = bool(source.state.questions)
    seen = []

    async def play(pilot):
        board_up = "asked" if asks else "merged"
        await until(lambda: len(pilot.app.screen_stack) > 1, board_up)
        if asks or source.state.ended:
            await until(lambda: len(pilot.app.screen_stack) > 2, "the dialog or summary")
        await pilot.pause()
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        for area in pilot.app.screen.query(Words):
            area.cursor_blink = False
        await until(lambda: words in screen_text(pilot), words)
        await pilot.pause()
        seen.append(words)

    assert snap_compare(an_app(source), terminal_size=size, run_before=play)
    assert seen == [words]
