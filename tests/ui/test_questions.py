from __future__ import annotations

import pytest
from textual import events

from maestro_tui.config.editor import editor_command
from maestro_tui.core.options import RunOptions
from maestro_tui.ui.dialogs.inbox import InboxDialog
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.editor import inside
from maestro_tui.ui.screens.board import BoardScreen
from tests.ui.runs import FakeSource, failing, midway
from tests.ui.stage import NARROW, board, opened, screen_text, top, until


def gate_failed(lines: int = 40) -> FakeSource:
    source = midway()
    for task in ("1.2", "1.3"):
        source.end(task).check(task).merge(task)
    tail = tuple(f"FAILED tests/test_{n}.py" for n in range(lines))
    return source.gate("w2-1", ok=False, tail=tail, suspects=("1.3",))


def conflicted(**more) -> FakeSource:
    source = midway(**more)
    source.end("1.2").check("1.2").merge("1.2").end("1.3").check("1.3")
    return source.clash("1.3", "app/validate.py", others=("1.2",))


async def test_a_question_shows_evidence_what_is_blocked_and_each_answer_with_its_key():
    async with opened(failing()) as pilot:
        await top(pilot, QuestionDialog)
        text = screen_text(pilot)
        for words in (
            "1.3 failed: exit 1: ImportError",
            "attempt 1 · 3 tasks blocked by it",
            'File "app/validate.py", line 3',
            "Blocked until this is answered: 2.1, 3.1, 3.2",
            "▸  r  Retry",
            "u  Fix 1.1 first",
            "A  Abort the run",
        ):
            assert words in text, words


async def test_one_key_answers():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("r")
        await top(pilot, BoardScreen)
        assert source.calls.decisions == [("fail-1-3-1", "retry", "")]


async def test_enter_takes_the_default_and_arrows_move_it():
    source = gate_failed()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("j", "j", "enter")
        await until(lambda: source.calls.decisions)
        assert source.calls.decisions == [("gate-w2-1-1", "rerun", "")]


async def test_danger_is_asked_twice_and_esc_takes_the_first_press_back():
    source = failing()
    async with opened(source) as pilot:
        dialog = await top(pilot, QuestionDialog)
        await pilot.press("A")
        await until(lambda: "Sure? A or Enter again does it" in screen_text(pilot))
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.screen is dialog
        assert source.calls.decisions == []
        await pilot.press("A", "A")
        await until(lambda: source.calls.decisions)
        assert source.calls.decisions == [("fail-1-3-1", "abort", "")]


async def test_another_key_after_a_dangerous_one_does_not_confirm_it():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("s", "j", "s")
        await pilot.pause()
        assert source.calls.decisions == []


async def test_words_are_typed_sent_with_enter_and_may_have_lines():
    source = failing()
    async with opened(source) as pilot:
        dialog = await top(pilot, QuestionDialog)
        await pilot.press("i")
        await pilot.press("enter")  # nothing typed: not sent
        await pilot.pause()
        assert pilot.app.screen is dialog
        await pilot.press(*"use", "ctrl+j", *"app")
        await pilot.press("enter")
        await until(lambda: source.calls.decisions)
        assert source.calls.decisions == [("fail-1-3-1", "instruct", "use\napp")]


async def test_words_and_enter_in_one_burst_are_sent_whole():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("i")
        for key in (*"use", "ctrl+j", *"app", "enter"):  # as a terminal hands on what is pasted
            pilot.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(lambda: source.calls.decisions)
        assert source.calls.decisions == [("fail-1-3-1", "instruct", "use\napp")]


async def test_esc_leaves_the_typing_then_defers():
    source = failing()
    async with opened(source) as pilot:
        dialog = await top(pilot, QuestionDialog)
        await pilot.press("i", "x", "escape")
        await pilot.pause()
        assert pilot.app.screen is dialog
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        assert source.calls.decisions == []


async def test_a_deferred_question_waits_in_the_inbox_and_does_not_come_back():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        source.report("1.2", "news")
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, BoardScreen)
        assert "1 waiting for you" in screen_text(pilot)
        await pilot.press("i")
        await top(pilot, InboxDialog)
        assert "blocks 3 tasks" in screen_text(pilot)
        await pilot.press("enter")
        await top(pilot, QuestionDialog)
        assert board(pilot).selected == "1.3"  # so that its log is the one behind
        await pilot.press("r")
        await until(lambda: source.calls.decisions)


async def test_questions_come_one_at_a_time():
    source = failing()
    source.ask_permission("1.2", "Bash", "rm -rf build")
    async with opened(source) as pilot:
        first = await top(pilot, QuestionDialog)
        assert first.question.kind == "permission"
        assert sum(isinstance(s, QuestionDialog) for s in pilot.app.screen_stack) == 1
        assert "1 more waiting" in screen_text(pilot)
        await pilot.press("y")
        await until(
            lambda: isinstance(pilot.app.screen, QuestionDialog)
            and pilot.app.screen.question.kind == "failure",
            "the next question",
        )
        assert source.calls.decisions[0][1] == "allow"


async def test_a_question_answered_elsewhere_closes_its_dialog():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        source.decide("fail-1-3-1", "retry")
        await top(pilot, BoardScreen)
        assert any("answered elsewhere" in n.message for n in pilot.app._notifications)


async def test_after_a_question_answered_elsewhere_the_next_one_comes():
    source = failing()
    async with opened(source) as pilot:
        first = (await top(pilot, QuestionDialog)).question.id
        source.ask_permission("1.2", detail="make docs")
        source.decide(first, "retry")
        await until(lambda: "make docs" in screen_text(pilot), "the next question")


async def test_an_answer_that_came_second_says_so():
    source = failing()
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        source.decide = lambda *a: False  # type: ignore[method-assign]
        await pilot.press("r")
        await top(pilot, BoardScreen)
        assert any("first" in n.message for n in pilot.app._notifications)


async def test_an_answer_the_engine_has_not_read_yet_is_not_asked_again():
    source = failing()
    source.obeys = False
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        await pilot.press("r")
        await top(pilot, BoardScreen)
        source.report("1.2", "news")
        await pilot.pause(0.3)
        assert isinstance(pilot.app.screen, BoardScreen)
        assert "waiting for you" not in screen_text(pilot)


async def test_a_key_meant_for_the_board_does_not_answer_what_just_popped_up():
    source = midway()
    clock = [100.0]
    async with opened(source) as pilot:
        pilot.app._monotonic = lambda: clock[0]
        source.ask_permission("1.2")
        await top(pilot, QuestionDialog)
        await pilot.press("y")
        await pilot.pause()
        assert source.calls.decisions == []
        clock[0] += 1.0
        await pilot.press("y")
        await until(lambda: source.calls.decisions)


async def test_long_evidence_is_clipped_and_scrolls():
    async with opened(gate_failed(), NARROW) as pilot:
        await top(pilot, QuestionDialog)
        await until(lambda: "lines more · PgDn" in screen_text(pilot))
        assert "Most likely: 1.3" not in screen_text(pilot)
        for _ in range(8):
            await pilot.press("pagedown")
        await until(lambda: "Most likely: 1.3" in screen_text(pilot))
        assert "A  Abort the run" in screen_text(pilot)


async def test_conflicts_offer_the_editor_and_only_for_files_in_the_worktree(tmp_path):
    async with opened(conflicted()) as pilot:
        await top(pilot, QuestionDialog)
        assert "E Editor" in screen_text(pilot)
        await pilot.press("E")
        await until(lambda: [n for n in pilot.app._notifications if "conflicted file" in n.message])
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "a.py").write_text("x")
    (tmp_path / "secret").write_text("x")
    (tmp_path / "tree" / "link").symlink_to(tmp_path / "secret")
    found = inside(tmp_path / "tree", ("a.py", "../secret", "link", "none", "/etc/passwd"))
    assert [p.rsplit("/", 1)[1] for p in found] == ["a.py"]


async def test_a_terminal_that_cannot_be_lent_says_where_to_edit(tmp_path):
    source = conflicted()
    tree = tmp_path / "app"
    tree.mkdir()
    (tree / "validate.py").write_text("<<<<<<<\n")
    async with opened(source) as pilot:
        dialog = await top(pilot, QuestionDialog)
        object.__setattr__(dialog.question, "subject", str(tmp_path))
        await pilot.press("E")
        await until(
            lambda: [n for n in pilot.app._notifications if "cannot be lent" in n.message],
            "a word about the editor",
        )


@pytest.mark.parametrize(
    ("environment", "command"),
    [
        ({"EDITOR": "nano -w", "VISUAL": "code --wait"}, ["code", "--wait"]),
        ({"EDITOR": "nano -w"}, ["nano", "-w"]),
        ({"EDITOR": "'unclosed"}, ["vi"]),
        ({}, ["vi"]),
    ],
)
def test_the_editor_is_the_users(monkeypatch, environment, command):
    for name in ("EDITOR", "VISUAL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert editor_command() == command


async def test_the_review_of_an_unapproved_run_uses_the_same_dialog():
    source = FakeSource(options=RunOptions(approved=False))
    async with opened(source) as pilot:
        await top(pilot, QuestionDialog)
        assert "7 tasks in 5 waves?" in screen_text(pilot)
        await pilot.press("y")
        await until(lambda: source.calls.decisions == [("review", "yes", "")])


async def test_an_empty_inbox_says_so():
    async with opened(midway()) as pilot:
        await pilot.press("i")
        await top(pilot, InboxDialog)
        assert "Nothing waits for you." in screen_text(pilot)
        await pilot.press("escape")
        await top(pilot, BoardScreen)
