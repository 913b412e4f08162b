"""A run that was interrupted, by keyboard in the real program: killed, resumed, seen again."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from pathlib import Path

import pytest

from maestro_tui.engine.archive import essence_path
from tests.e2e.conftest import Open
from tests.e2e.steps import begun, deliver, leave
from tests.e2e.terminal import Terminal
from tests.engine.scratch import (
    cases_agent,
    creates,
    git,
    leftovers,
    maestro,
    processes_of,
    states,
    status,
    until,
    write_plan,
)

pytestmark = pytest.mark.slow

WAITS = 'until test -e "$GO"; do sleep 0.05; done; write; done_'


def kill_engine(repo: Path) -> None:
    """As hard as can be; its agents go on."""
    for pid in processes_of(repo):
        if b"maestro_tui.engine" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    until(lambda: not status(repo)["engine"], "the engine is gone")


def test_a_killed_engine_is_missed_and_its_agents_are_found_again(
    repo: Path, go: Path, opened: Open
) -> None:
    with opened(creates("1", "2"), "2<1", {"1": WAITS}) as screen:
        until(lambda: begun(repo) == ["1.1"], "it works", 60)
        kill_engine(repo)
        screen.until("Press R to resume", 60)
        screen.press("R")
        screen.without("Press R to resume")
        until(lambda: status(repo)["engine"], "an engine works again", 60)
        go.touch()
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1"]  # none was started twice
    assert leftovers(repo) == []


def stopped(repo: Path, go: Path, opened: Open) -> None:
    """1 is merged; 2 was at work when the run was stopped; 3 has not begun."""
    with opened(creates("1", "2", "3"), "2<1 3<2", {"2": WAITS}) as screen:
        until(lambda: begun(repo) == ["1.1", "2.1"], "the second works", 60)
        screen.press("q")
        screen.until("eave")
        screen.press("s")
        screen.end()
    assert status(repo)["status"] == "stopped"


def test_what_is_complete_is_shown_before_it_goes_on(repo: Path, go: Path, opened: Open) -> None:
    stopped(repo, go, opened)
    with Terminal("resume", "r", cwd=repo, columns=80, lines=24) as screen:
        screen.until("Complete: 1")
        screen.until("At work when it stopped: 2")
        screen.until("Not started: 3")
        screen.press("\x1b")  # decides nothing
        screen.without("Not started: 3")
        screen.until("Press R to go on")
        assert not status(repo)["engine"]
        screen.press("q")
        screen.either("Leave", "eave")
        screen.press("l")
        screen.end()
    assert begun(repo) == ["1.1", "2.1"]
    go.touch()
    with Terminal("resume", "r", cwd=repo) as screen:
        screen.until("Not started: 3")
        screen.answer("r", "Not started: 3")
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "2.2", "3.1"]
    assert leftovers(repo) == []


def test_a_wave_is_restarted_and_what_it_had_is_kept(repo: Path, go: Path, opened: Open) -> None:
    stamp = 'echo "$MAESTRO_ATTEMPT" > "f$MAESTRO_TASK_ID.txt"; done_'
    cases = {"1": stamp, "2": stamp, "3": WAITS}
    with opened(creates("1", "2", "3"), "2<1 3<1", cases) as screen:
        until(lambda: begun(repo)[-2:] == ["2.1", "3.1"], "both work", 60)
        until(lambda: states(repo)["2"] == "merged", "2 is merged", 60)
        screen.press("q")
        screen.until("eave")
        screen.press("s")
        screen.end()
    go.touch()
    with Terminal("resume", "r", cwd=repo) as screen:
        screen.until("Restart wave 2")
        screen.until("drops 2; all of it is kept")
        screen.answer("w", "Not started")  # asked twice
        screen.until("Rolled back to the end of wave 1", 60)
        screen.answer("r", "Rolled back to the end of wave 1")
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "2.2", "3.1", "3.2"]
    assert git(repo, "show", "HEAD:f2.txt") == "2"
    assert git(repo, "show", "refs/maestro/r/rolled-back/1:f2.txt") == "1"
    assert leftovers(repo) == []


def test_an_interrupted_run_is_aborted(repo: Path, go: Path, opened: Open) -> None:
    stopped(repo, go, opened)
    with Terminal("resume", "r", cwd=repo) as screen:
        screen.until("Not started: 3")
        screen.answer("A", "Not started: 3")
        leave(screen, 1)
    assert status(repo)["status"] == "aborted"
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "text of 1"
    assert leftovers(repo) == []


def test_a_finished_run_is_played_again_and_a_damaged_journal_is_mended(
    repo: Path, opened: Open
) -> None:
    with opened(creates("1", "2"), "2<1", {}) as screen:
        deliver(screen)
    assert "2 of 2 tasks merged" in essence_path(repo, "r").read_text()
    with Terminal("replay", "r", "--speed", "100", cwd=repo) as screen:
        screen.until("Task 2")
        screen.press("{")
        screen.until("0/2 merged")
        screen.press("}")
        screen.until("2/2 merged")
        screen.press("q")
        assert screen.end() == 0
        assert screen.restored
    journal = repo / ".maestro/maestro.db"
    planned = sqlite3.connect(journal).execute("SELECT task, wave FROM planned_agent ORDER BY task")
    assert planned.fetchall() == [("1", 1), ("2", 2)]
    journal.write_bytes(journal.read_bytes()[:100] + b"\0" * 4000)
    for beside in journal.parent.glob("maestro.db-*"):
        beside.unlink()
    with Terminal("attach", "r", cwd=repo) as screen:
        assert screen.end() != 0
        assert "maestro journal restore" in re.sub(r"\s+", " ", screen.text)
    restored = maestro("journal", "restore", "--yes", cwd=repo)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert states(repo)["1"] == "merged"


def test_a_run_approved_beforehand_starts_at_once(repo: Path) -> None:
    plan = write_plan(repo.parent, creates("1"), "")
    agent = cases_agent(repo.parent, {})
    words = ("run", str(plan), "--yes", "--run-id", "r", "--agent-command", agent)
    with Terminal(*words, cwd=repo) as screen:
        screen.until("Next", 60)
        assert "Go on with run" not in screen.text
        leave(screen, 0)
    assert git(repo, "show", "HEAD:f1.txt")
    assert leftovers(repo) == []
