"""One agent under its user's hand, by keyboard; budgets in header, card and dialog."""

from __future__ import annotations

import dataclasses

from maestro_tui.core import events as e
from maestro_tui.core.options import RunOptions
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.widgets.cards import task_words
from tests.engine.scratch import git, make_repo
from tests.ui.runs import FakeSource, a_strategy
from tests.ui.stage import opened, screen_text, top, until


def at_work(driver: str = "claude", **options: object) -> FakeSource:
    strategy = a_strategy()
    strategy = dataclasses.replace(
        strategy,
        assignments=tuple(dataclasses.replace(a, driver=driver) for a in strategy.assignments),
    )
    source = FakeSource(strategy, options=RunOptions(driver=driver, approved=True, **options))  # type: ignore[arg-type]
    return source.start("1.1")


async def test_one_key_opens_what_can_be_done_with_an_agent():
    source = at_work()
    async with opened(source) as pilot:
        await pilot.press("A")
        await top(pilot, QuestionDialog)
        for words in (
            "Tell it something",
            "Pause it",
            "Another model",
            "Stop it",
            "Start it afresh",
        ):
            assert words in screen_text(pilot)
        await pilot.press("p")
        await until(lambda: source.calls.told == [("1.1", "", "pause")], "the pause")
        await top(pilot, BoardScreen)
        await pilot.press("A")
        await top(pilot, QuestionDialog)
        await pilot.press("m", *"haiku", "enter")
        await until(lambda: source.calls.told[-1] == ("1.1", "haiku", "model"), "the model")


async def test_to_start_it_afresh_is_asked_twice():
    source = at_work()
    async with opened(source) as pilot:
        await pilot.press("A")
        await top(pilot, QuestionDialog)
        await pilot.press("r")
        await pilot.pause()
        assert source.calls.told == []
        await pilot.press("r", *"again", "enter")
        await until(lambda: source.calls.told == [("1.1", "again", "restart")], "the restart")


async def test_an_agent_that_hears_nothing_says_so():
    source = at_work("command")
    async with opened(source) as pilot:
        await pilot.press("c")
        await until(lambda: "hears nothing while it works" in screen_text(pilot))
        await pilot.press("escape", "A")
        await top(pilot, QuestionDialog)
        assert "Pause it" not in screen_text(pilot)
        assert "Words for its next attempt" in screen_text(pilot)


async def test_a_wait_for_a_limit_counts_down_and_can_be_cut_short():
    source = at_work()
    source.feed(
        e.AgentReported(
            at=source.clock, task="1.1", attempt=1, offset=1, parked_until=source.clock + 125,
            session="5f-1", model="claude-opus-5-5",
        )
    )  # fmt: skip
    words = "waits for a limit, goes on in 2m05s"
    assert task_words(source.task("1.1"), source.clock) == words
    assert task_words(source.task("1.1"), source.clock + 5).endswith("2m00s")
    async with opened(source) as pilot:
        assert "goes on in 2m" in screen_text(pilot)
        await pilot.press("A")
        await top(pilot, QuestionDialog)
        assert "Do not wait" in screen_text(pilot)
        await pilot.press("g")
        await until(lambda: source.calls.told == [("1.1", "", "resume")], "go on")


async def test_a_budget_is_in_the_header_and_its_question_is_answered_by_keyboard():
    source = at_work(budget_run=2.0)
    async with opened(source) as pilot:
        source.report("1.1", "thinks", input=1000, cost_usd=1.0)
        await until(lambda: "$1.00 of $2.00 (50%)" in screen_text(pilot))
        source.report("1.1", "thinks", input=1000, cost_usd=2.0)
        await top(pilot, QuestionDialog)
        assert "The budget of the run is used up" in screen_text(pilot)
        assert "paused: its budget" in task_words(source.task("1.1"), source.clock)
        source.wait(10)
        pilot.app.screen._deaf_until = 0.0
        await pilot.press("r", *"3", "enter")
        await until(lambda: ("budget-run-1", "raise", "3") in source.calls.decisions, "answered")
        await until(lambda: "$2.00 of $5.00" in screen_text(pilot))


async def test_the_details_have_the_session_to_copy_and_the_diff_so_far(tmp_path):
    repo = make_repo(tmp_path / "repo", {"old.txt": "one\n"})
    source = at_work()
    source.feed(
        e.AgentReported(
            at=source.clock, task="1.1", attempt=1, offset=1, session="5f-1",
            usage={"input": 1200.0, "estimated_usd": 0.25},
        )
    )  # fmt: skip
    attempt = source.task("1.1").attempt
    assert attempt is not None
    attempt.worktree, attempt.base = str(repo), git(repo, "rev-parse", "HEAD")
    (repo / "old.txt").write_text("two\n")
    (repo / "new.txt").write_text("x\n")
    async with opened(source, size=(140, 40)) as pilot:
        await pilot.press("d")
        await top(pilot, DetailScreen)
        await pilot.press("4")
        await until(lambda: "5f-1" in screen_text(pilot))
        assert "about $0.25, from its tokens" in screen_text(pilot)
        copied: list[str] = []
        pilot.app.copy_to_clipboard = copied.append  # type: ignore[method-assign]
        await pilot.press("y")
        await until(lambda: bool(copied), "the copy")
        assert copied == [f"cd {repo} && claude --resume 5f-1"]
        await pilot.press("6")
        await until(lambda: "+two" in screen_text(pilot), "the diff")
        assert "new file new.txt" in screen_text(pilot)
        assert "-one" in screen_text(pilot)
