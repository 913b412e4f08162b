"""Further answers to what goes wrong or runs out, by keyboard in the real program."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.conftest import Open
from tests.e2e.steps import begun, deliver, leave, say, step
from tests.engine.scratch import creates, git, leftovers, status

pytestmark = pytest.mark.slow


def test_another_agent_takes_a_task_over(repo: Path, opened: Open) -> None:
    agents = repo / ".claude/agents"
    agents.mkdir(parents=True)
    (agents / "wizard.md").write_text(
        "---\nname: wizard\ndescription: Works by wand.\n---\nUse the wand and nothing else.\n"
    )
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "an agent")
    body = 'grep -q "Use the wand" && { write; done_; } || { echo "no wand"; exit 3; }'
    with opened(creates("1"), "", {"1": body}) as screen:
        screen.until("no wand", 60)
        screen.answer("w", "Abort the run")  # it asks for the name now
        say(screen, "wizrad")
        screen.until("nearest: wizard", 60)
        screen.answer("w", "Abort the run")
        screen.press("wizard\r")
        deliver(screen)
    assert git(repo, "log", "-1", "--format=%an", "HEAD", "--", "f1.txt") == "wizard"
    assert leftovers(repo) == []


def test_stray_edits_become_the_tasks_own_or_are_sent_back(repo: Path, opened: Open) -> None:
    cases = {
        "1": "write; echo more > extra.txt; done_",
        "2": 'write; test "$MAESTRO_ATTEMPT" = 2 || echo more > other.txt; done_',
    }
    with opened(creates("1", "2"), "2<1", cases) as screen:
        screen.until("extra.txt", 60)
        screen.until("Owned: f1.txt")
        screen.answer("e", "Let it keep them")  # asked twice
        screen.until("other.txt", 60)
        screen.answer("r", "Let it keep them")
        deliver(screen)
    names = git(repo, "ls-tree", "--name-only", "HEAD").split()
    assert names == ["README.md", "extra.txt", "f1.txt", "f2.txt"]
    assert begun(repo) == ["1.1", "2.1", "2.2"]
    assert leftovers(repo) == []


def paid(task: str, usd: float) -> str:
    return step(task, "usage", input=1000, output=50, cost_usd=usd)


def test_a_budget_is_warned_of_and_then_asked_about(repo: Path, rehearsed: Open) -> None:
    script = paid("a", 0.6) + step("a", "sleep", seconds=0.1) + paid("b", 0.6)
    with rehearsed(script, "b<a c<b", "--budget", "0.7", names="abc") as screen:
        screen.until("86% of the budget of the run is used: $0.60 of $0.70", 60)
        screen.until("The budget of the run is used up: $1.20 of $0.70", 60)
        screen.until("Most of it: b $0.60, a $0.60")
        screen.answer("\x1b", "Most of it")
        screen.press("6")
        screen.until("you are asked when it is used up")
        screen.press("\x1b")
        screen.without("you are asked when it is used up")
        assert {t["id"]: t["state"] for t in status(repo)["tasks"]}["c"] != "merged"
        screen.press("a")
        screen.until("Most of it")
        screen.answer("r", "Go on without this limit")  # it asks by how much
        say(screen, "+5.0")
        deliver(screen)
    assert git(repo, "show", "HEAD:fc.txt")
    assert status(repo)["budgets"][0]["limit"] == pytest.approx(5.7)
    assert leftovers(repo) == []


def test_an_agent_beyond_its_budget_is_ended_and_the_run_stopped_by_default(
    repo: Path, rehearsed: Open
) -> None:
    script = paid("a", 0.9).replace("[[step]]\n", "[[step]]\nattempt = 1\n")
    script += step("a", "hang").replace("[[step]]\n", "[[step]]\nattempt = 1\n")
    with rehearsed(script, "", "--agent-budget", "0.5") as screen:
        screen.until("The budget of the agent of a is used up", 60)
        screen.answer("\r", "Raise it")  # the safe one is highlighted
        screen.until("Press R to go on", 60)
        screen.press("R")
        screen.until("The budget of the agent of a is used up", 60)
        screen.answer("r", "Stop at a checkpoint")
        screen.until("may stay empty")
        screen.press("\r")
        deliver(screen)
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt", "fb.txt"]
    assert leftovers(repo) == []


def test_what_is_done_is_summed_up_and_left_on_its_branch(repo: Path, opened: Open) -> None:
    before = git(repo, "rev-parse", "HEAD")
    with opened(creates("1", "2"), "2<1", {}) as screen:
        screen.until("2 task(s) merged, 2 file(s) changed.", 60)
        screen.answer("l", "Deliver to main?")
        text = screen.until("Next", 30)
        assert "maestro/r/_integration" in text
        leave(screen, 0)
    assert git(repo, "rev-parse", "HEAD") == before
    assert git(repo, "show", "maestro/r/_integration:f2.txt") == "text of 2"
    assert leftovers(repo) == []
