from __future__ import annotations

from pathlib import Path

from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.detail import DetailScreen
from tests.ui.runs import failing, midway
from tests.ui.stage import board, opened, screen_text, top, until


def written(tmp_path: Path):
    """A run whose task 1.3 has a prompt, a completion document, and a failed attempt."""
    source = failing(folder=tmp_path)
    folder = source.attempt_dir("1.3", 1)
    (folder / "marker").mkdir(parents=True)
    (folder / "prompt.md").write_text("# Task 1.3\nWrite \x1b[31mrules\x1b[0m [/x]\n")
    (folder / "marker" / "VALIDATION_COMPLETE.md").write_text("# Done\n- app/validate.py\n")
    return source


async def test_the_pages_tell_story_prompt_files_attempts_and_marker(tmp_path):
    async with opened(written(tmp_path)) as pilot:
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        await pilot.press("j", "enter")
        await top(pilot, DetailScreen)
        assert "exit 1: ImportError" in screen_text(pilot)
        assert "waits for a free agent" in screen_text(pilot)
        assert "Write the validation rules." in screen_text(pilot)
        pages = {
            "2": ("# Task 1.3", "Write rules [/x]"),
            "3": ("app/validate.py", "○ marker"),
            "4": ("Attempt 1 — failed", "maestro/shop-1/1-3-1", "exited, exit 1"),
            "5": ("# Done", "- app/validate.py"),
        }
        for key, expected in pages.items():
            await pilot.press(key)
            await pilot.pause()
            for words in expected:
                assert words in screen_text(pilot), (key, words)
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        assert board(pilot).selected == "1.3"


async def test_pages_follow_the_run():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("d")
        await top(pilot, DetailScreen)
        assert "its work is being checked" not in screen_text(pilot)
        source.end("1.2")
        await until(lambda: "its work is being checked" in screen_text(pilot))


async def test_one_can_walk_from_task_to_task_and_comes_back_to_the_last():
    async with opened(midway()) as pilot:
        await pilot.press("d")
        await top(pilot, DetailScreen)
        await pilot.press("n", "n")
        await pilot.pause()
        assert "2.1 Service layer" in screen_text(pilot)
        await pilot.press("N", "escape")
        await top(pilot, BoardScreen)
        assert board(pilot).selected == "1.3"


async def test_a_marker_that_is_a_link_is_not_read(tmp_path):
    source = written(tmp_path)
    marker = source.attempt_dir("1.3", 1) / "marker" / "VALIDATION_COMPLETE.md"
    marker.unlink()
    secret = tmp_path / "secret"
    secret.write_text("password")
    marker.symlink_to(secret)
    async with opened(source) as pilot:
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        await pilot.press("j", "d")
        await top(pilot, DetailScreen)
        await pilot.press("5")
        await until(lambda: "has not written it yet" in screen_text(pilot))
        assert "password" not in screen_text(pilot)


async def test_one_key_talks_to_a_running_agent_from_any_screen():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("c")
        await until(lambda: pilot.app.screen.is_modal, "a place to type")
        await pilot.press(*"use x", "enter")
        await until(lambda: source.calls.told == [("1.2", "use x", "message")], "the words")
        await pilot.press("d", "c")
        await until(lambda: pilot.app.screen.is_modal, "and from the details")
        await pilot.press("escape", "escape", "4", "c")
        await until(lambda: pilot.app.screen.is_modal, "and from the figures")


async def test_nobody_is_talked_to_who_does_not_run():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("h", "c")
        await until(lambda: bool(pilot.app._notifications), "a word of explanation")
        assert not pilot.app.screen.is_modal
        assert source.calls.told == []
