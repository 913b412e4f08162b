"""The conflict screen by keyboard: what it shows, what keys decide, what it refuses to send."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.core import events as e
from maestro_tui.core.conflicts import FileChoice, read_choices, resolve_text
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.dialogs.text_input import TextInputDialog
from maestro_tui.ui.screens import conflict as screen_module
from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.conflict import ConflictScreen
from maestro_tui.ui.screens.conflict_draft import Draft, Place, marked
from tests.ui.conflicts import hostile_conflict, in_conflict, three_files
from tests.ui.pictures import pictures
from tests.ui.stage import NARROW, WIDE, opened, screen_text, top, until

QUESTION = "conflict-1-3-1"


@asynccontextmanager
async def at_conflict(source, size=WIDE):
    """The screen, opened from its question with its key."""
    async with opened(source, size) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("f")
        screen = await top(pilot, ConflictScreen)
        await until(lambda: screen.draft is not None, "the conflict was read")
        await pilot.pause()
        yield pilot


def decided(source) -> tuple[str, dict]:
    ((question, answer, text),) = source.calls.decisions
    assert question == QUESTION
    return answer, json.loads(text) if text.startswith("{") else text


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_it_shows_files_sides_and_who_wrote_what_and_why(size):
    async with at_conflict(in_conflict(), size) as pilot:
        text = screen_text(pilot)
        for words in (
            "0 of 4 places decided",
            "app/validate.py",
            "old.py",
            "logo.png",
            "place 1 of 2",
            "1.2 Models and schemas — Write the models",
            "1.3 Validation rules — Write the validation",
            "LIMIT = 5",
            "+ LIMIT = 10",
            "+ LIMIT = 20",
            "+ BURST = 3",
            "import re",
        ):
            assert words in text, (words, text)
        beside = [r for r in text.splitlines() if "LIMIT = 5" in r and "LIMIT = 20" in r]
        assert bool(beside) == (size == WIDE)


async def test_sides_can_be_put_below_each_other_where_they_are_cut():
    async with at_conflict(in_conflict()) as pilot:
        await pilot.press("z")
        await pilot.pause()
        rows = screen_text(pilot).splitlines()
        assert not [r for r in rows if "LIMIT = 5" in r and "LIMIT = 20" in r]
        assert [r for r in rows if "LIMIT = 20" in r]


async def test_every_place_is_decided_by_key_and_merged_with_enter():
    source = in_conflict()
    async with at_conflict(source) as pilot:
        await pilot.press("t")
        await until(lambda: "1 of 4 places decided" in screen_text(pilot))
        assert "place 2 of 2" in screen_text(pilot)
        await pilot.press("enter")  # not yet
        await pilot.pause()
        assert source.calls.decisions == []
        assert "3 still to decide" in screen_text(pilot)
        await pilot.press("b", "d", "o")
        await until(lambda: "4 of 4 places decided" in screen_text(pilot))
        await pilot.press("enter")
        await top(pilot, BoardScreen)
    answer, choices = decided(source)
    assert answer == "resolve"
    assert choices == {
        "app/validate.py": ["theirs", "both"], "old.py": "delete", "logo.png": "ours"
    }  # fmt: skip


async def test_an_answer_a_place_cannot_have_is_no_key_there():
    async with at_conflict(in_conflict()) as pilot:
        await pilot.press("tab", "tab")
        await until(lambda: "▸ · logo.png" in screen_text(pilot) or "logo.png  binary" in
                    screen_text(pilot))  # fmt: skip
        await pilot.press("b", "e")  # lines of a picture
        await pilot.pause()
        assert "0 of 4 places decided" in screen_text(pilot)
        await pilot.press("B")
        await until(lambda: "1 of 4 places decided" in screen_text(pilot))


async def test_whole_files_and_undo():
    source = in_conflict()
    async with at_conflict(source) as pilot:
        await pilot.press("O")
        await until(lambda: "2 of 4 places decided" in screen_text(pilot))
        await pilot.press("shift+tab", "k", "u")
        screen = pilot.app.screen
        await pilot.press("tab")
        assert screen.draft.decided() <= 2
        screen._go(Place(0, 2))
        await pilot.press("u")
        await until(lambda: "1 of 4 places decided" in screen_text(pilot))
        assert screen.draft.choices["app/validate.py"] == FileChoice(hunks={1: "ours"})


async def test_the_result_is_shown_before_it_is_merged():
    async with at_conflict(in_conflict()) as pilot:
        await pilot.press("t", "k", "v")
        await until(lambda: "what would be merged" in screen_text(pilot))
        text = screen_text(pilot)
        assert "LIMIT = 20\nBURST = 3" in "\n".join(
            row[36:].strip().rstrip("▁ ") for row in text.splitlines()
        )
        assert "LIMIT = 10" not in text
        assert "<<<<<<< ours, merged" in text  # the second place is open
        await pilot.press("v")
        await until(lambda: "place 1 of 2" in screen_text(pilot))


async def test_a_place_is_edited_and_markers_are_not_taken(monkeypatch):
    source = in_conflict()
    handed, answers = [], ["<<<<<<< ours\n", "LIMIT = 15\n"]

    async def edit(_app, text, name):
        handed.append((text, name))
        return answers.pop(0)

    monkeypatch.setattr(screen_module, "edit_text", edit)
    async with at_conflict(source) as pilot:
        await pilot.press("e")
        await until(lambda: "Conflict markers are still in it" in screen_text(pilot))
        assert "0 of 4 places decided" in screen_text(pilot)
        await pilot.press("e")
        await until(lambda: "1 of 4 places decided" in screen_text(pilot))
        await pilot.press("b", "d", "t", "enter")
        await top(pilot, BoardScreen)
    text, name = handed[0]
    assert name == "app/validate.py"
    for part in ("<<<<<<< ours", "LIMIT = 10", "||||||| base", "LIMIT = 5", "=======",
                 "LIMIT = 20", ">>>>>>> theirs, 1.3"):  # fmt: skip
        assert part in text
    assert decided(source)[1]["app/validate.py"] == [{"text": "LIMIT = 15\n"}, "both"]


async def test_it_is_sent_back_with_words_or_without():
    for typed, expected in (("", ("retry", "")), ("mind 1.2", ("instruct", "mind 1.2"))):
        source = in_conflict()
        async with at_conflict(source) as pilot:
            await pilot.press("r")
            await top(pilot, TextInputDialog)
            await pilot.press(*("space" if c == " " else "full_stop" if c == "." else c
                                for c in typed))  # fmt: skip
            await pilot.press("enter")
            await top(pilot, BoardScreen)
        assert source.calls.decisions == [(QUESTION, *expected)]


async def test_skipping_is_asked_again_and_esc_goes_back_to_the_question():
    source = in_conflict()
    async with at_conflict(source) as pilot:
        await pilot.press("s")
        await until(lambda: "what depends on it is blocked" in screen_text(pilot))
        await pilot.press("n")
        await top(pilot, ConflictScreen)
        await pilot.press("escape")
        await top(pilot, QuestionDialog)
        assert source.calls.decisions == []
        await pilot.press("f")
        await top(pilot, ConflictScreen)
        await pilot.press("s")
        await until(lambda: "what depends on it is blocked" in screen_text(pilot))
        await pilot.press("y")
        await top(pilot, BoardScreen)
    assert source.calls.decisions == [(QUESTION, "skip", "")]


async def test_what_was_refused_comes_back_with_its_reason_and_its_choices():
    source = in_conflict()
    async with at_conflict(source) as pilot:
        await pilot.press("t", "b", "d", "o", "enter")
        await top(pilot, BoardScreen)
        attempt = source.task("1.3").attempt
        source.feed(
            e.ResolutionRefused(
                at=source.clock, task="1.3", attempt=attempt.number,
                reason="gate lines fails on it and not without it",
            )
        )  # fmt: skip
        await top(pilot, QuestionDialog)
        await pilot.press("f")
        screen = await top(pilot, ConflictScreen)
        await until(lambda: screen.draft is not None)
        await until(lambda: "Refused: gate lines fails on it" in screen_text(pilot))
        assert "4 of 4 places decided" in screen_text(pilot)


async def test_it_closes_when_somebody_else_has_answered():
    source = in_conflict()
    async with at_conflict(source) as pilot:
        source.decide(QUESTION, "theirs")
        await top(pilot, BoardScreen)


async def test_a_conflict_that_cannot_be_read_says_so_and_leads_back():
    source = in_conflict()
    source.conflicts.clear()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("f")
        await top(pilot, ConflictScreen)
        await until(lambda: "It cannot be read: there is no conflict of 1.3" in screen_text(pilot))
        await pilot.press("t", "enter", "escape")
        await top(pilot, QuestionDialog)
    assert source.calls.decisions == []


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_hostile_text_stays_text(size):
    async with at_conflict(hostile_conflict(), size) as pilot:
        text = screen_text(pilot)
        assert "[/x]" in text
        assert "\x1b" not in text
        assert "\u202e" not in text
        await pilot.press("v", "t")
        await until(lambda: "[bold]x[/]" in screen_text(pilot))


PICTURES = {
    "open": (in_conflict, (), "0 of 4 places decided"),
    "halfway": (in_conflict, ("t",), "place 2 of 2"),
    "result": (in_conflict, ("t", "v"), "what would be merged"),
    "hostile": (hostile_conflict, (), "[/x]"),
}


@pytest.mark.parametrize("name", PICTURES)
async def test_picture(name, snapshot):
    make, keys, words = PICTURES[name]
    async with opened(make()) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("f")
        screen = await top(pilot, ConflictScreen)
        await until(lambda: screen.draft is not None)
        for key in keys:
            await pilot.press(key)
        await pictures(pilot, snapshot, words)


@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(("ours", "theirs", "both", "base",
                "delete", "worktree", "=new\n", "clear", "file"))), max_size=25))  # fmt: skip
def test_any_order_of_decisions_counts_right_and_what_is_complete_can_be_built(steps):
    draft = Draft(three_files())
    for at, answer in steps:
        place = draft.places[at]
        if answer == "clear":
            draft.clear(place)
            assert not draft.answer(place)
        elif answer == "file":
            draft.decide_file(place.file, "theirs")
        elif draft.may(place, answer) or (place.hunk and answer.startswith("=")):
            draft.decide(place, answer)
            assert draft.answer(place) == answer
        assert 0 <= draft.decided() <= len(draft.places)
    text = json.dumps({})
    assert read_choices(text) == {} if not draft.choices else True
    if draft.complete:
        file = draft.conflict.files[0]
        choice = draft.choices[file.path]
        if choice.whole not in ("delete", "worktree"):
            assert not marked(resolve_text(file, choice))
            assert resolve_text(file, choice) == draft.result(0)
