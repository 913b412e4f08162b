"""What goes wrong in a run, decided by keyboard in the real program; git and the agents' own books
tell what came of it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.e2e.conftest import Open
from tests.e2e.steps import begun, deliver, leave, say
from tests.engine.scratch import SRC, creates, git, leftovers, maestro, states, status, until
from tests.engine.test_gates import gate

pytestmark = pytest.mark.slow

FAILS = 'echo "no such module"; exit 7'
WHEN_TOLD = f'if grep -q "the word is plover"; then write; done_; else {FAILS}; fi'
WAITS = 'until test -e "$GO"; do sleep 0.05; done; write; done_'

# -- a task fails ----------------------------------------------------------------------------------


def test_retry_with_instructions_that_reach_the_agent(repo: Path, opened: Open) -> None:
    with opened(creates("1", "2"), "2<1", {"1": WHEN_TOLD}) as screen:
        screen.until("no such module", 60)
        screen.until("Blocked until this is answered: 2")
        screen.answer("i", "Abort the run")  # the dialog asks for words now
        say(screen, "the word is plover")
        deliver(screen)
    assert begun(repo) == ["1.1", "1.2", "2.1"]
    assert git(repo, "show", "HEAD:f2.txt") == "text of 2"
    assert leftovers(repo) == []


def test_what_a_skipped_task_blocks_never_starts(repo: Path, opened: Open) -> None:
    with opened(creates("1", "2", "3"), "2<1", {"1": FAILS}) as screen:
        screen.until("Blocked until this is answered: 2", 60)
        screen.answer("s", "Blocked until this is answered")  # asked twice
        screen.until("Not part of it: 1 (skipped), 2 (blocked)", 60)
        deliver(screen, 1)
    assert begun(repo) == ["1.1", "3.1"]
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "f3.txt"]
    assert leftovers(repo) == []


def test_the_task_upstream_is_mended_first(repo: Path, opened: Open) -> None:
    cases = {
        "1": 'if [ "$MAESTRO_ATTEMPT" = 2 ]; then echo right > f1.txt; else echo wrong > f1.txt; '
        "fi; done_",
        "2": f"grep -q right f1.txt || {{ {FAILS}; }}; write; done_",
    }
    with opened(creates("1", "2"), "2<1", cases) as screen:
        screen.until("Fix 1 first", 60)
        screen.answer("u", "Abort the run")
        say(screen, "say right, not wrong")
        deliver(screen)
    assert begun(repo) == ["1.1", "1.2", "2.1", "2.2"]
    assert git(repo, "show", "HEAD:f1.txt") == "right"
    assert leftovers(repo) == []


def test_abort_ends_everything_and_keeps_what_is_merged(repo: Path, opened: Open) -> None:
    tasks = creates("1", "2", "3")
    with opened(tasks, "2<1", {"2": FAILS, "3": WAITS}, "--mode", "streaming") as screen:
        screen.until("no such module", 60)
        screen.answer("A", "no such module")
        leave(screen, 1)
    assert status(repo)["status"] == "aborted"
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "text of 1"
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md"]
    assert leftovers(repo) == []


def test_stray_edits_are_dropped_and_the_rest_is_merged(repo: Path, opened: Open) -> None:
    cases = {"1": "write; echo mine > f2.txt; done_"}
    with opened(creates("1", "2"), "2<1", cases) as screen:
        screen.until("f2.txt   (belongs to 2)", 60)
        screen.answer("d", "Drop the stray edits")
        deliver(screen)
    assert git(repo, "show", "HEAD:f2.txt") == "text of 2"
    assert begun(repo) == ["1.1", "2.1"]
    assert leftovers(repo) == []


# -- a gate fails ----------------------------------------------------------------------------------

RED = gate("! grep broken f*.txt")
BREAKS = 'if grep -q "mend it"; then write; else echo broken > f1.txt; fi; done_'


def test_a_red_gate_sends_the_guilty_task_back_with_instructions(repo: Path, opened: Open) -> None:
    with opened(creates("1", "2", "3"), "3<1", {"1": BREAKS}, extra=RED) as screen:
        screen.until("Send 1 back with instructions", 60)
        screen.until("f1.txt:broken")
        screen.answer("i", "Abort the run")
        say(screen, "mend it")
        deliver(screen)
    assert begun(repo) == ["1.1", "1.2", "2.1", "3.1"]
    assert git(repo, "show", "HEAD:f1.txt") == "text of 1"
    assert leftovers(repo) == []


def test_a_red_gate_is_accepted_and_the_end_says_so(repo: Path, opened: Open) -> None:
    with opened(creates("1", "2"), "2<1", {"1": BREAKS}, extra=RED) as screen:
        for _ in range(3):  # after each wave, and on the tree that is delivered
            screen.until("Accept as it is", 60)
            screen.answer("a", "Accept as it is")
            if (
                screen.either("Accept as it is", "Deliver to main?", seconds=60)
                != "Accept as it is"
            ):
                break
        screen.until("Accepted with a red gate: tests", 60)
        deliver(screen, 1)
    assert git(repo, "show", "HEAD:f1.txt") == "broken"
    assert leftovers(repo) == []


def test_a_red_gate_rolls_the_wave_back_and_it_is_done_again(repo: Path, opened: Open) -> None:
    breaks = 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then echo broken > f2.txt; else write; fi; done_'
    with opened(creates("1", "2"), "2<1", {"2": breaks}, extra=RED) as screen:
        screen.until("Roll back", 60)
        screen.answer("B", "Accept as it is")
        screen.until("Rolled back to the end of wave 1", 60)
        screen.answer("r", "Rolled back to the end of wave 1")
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "2.2"]
    assert git(repo, "show", "refs/maestro/r/rolled-back/1:f2.txt") == "broken"
    assert git(repo, "show", "HEAD:f2.txt") == "text of 2"
    assert leftovers(repo) == []


# -- the user changes course -----------------------------------------------------------------------


def test_back_to_an_earlier_point_and_what_was_dropped_is_rescued(repo: Path, opened: Open) -> None:
    body = 'echo "$MAESTRO_ATTEMPT" > "f$MAESTRO_TASK_ID.txt"; done_'
    cases = dict.fromkeys(("1", "2", "3"), body)
    with opened(creates(*cases), "2<1 3<2", cases) as screen:
        screen.until("Deliver to main?", 60)
        screen.press("\x1b")
        screen.without("Deliver to main?")
        screen.press("Z")
        screen.until("Go back to")
        screen.until("drops 3 Task 3")
        screen.press("j")
        screen.until("drops 2 tasks")
        screen.press("k")
        screen.press("\r")
        screen.until("Sure?")
        screen.press("\r")
        screen.until("To be done again: 3", 60)
        screen.answer("r", "To be done again: 3")
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "3.1", "3.2"]
    assert git(repo, "show", "HEAD:f3.txt") == "2"
    said = maestro("rescue", "r", "--restore", "rolled-back/1", cwd=repo)
    assert said.returncode == 0, said.stderr
    assert git(repo, "show", "rescue/r/rolled-back/1:f3.txt") == "1"
    assert leftovers(repo) == []


def test_one_agent_more_and_one_fewer_while_they_work(repo: Path, go: Path, opened: Open) -> None:
    cases = dict.fromkeys(("1", "2", "3"), WAITS)
    with opened(creates(*cases), "", cases, "--max-parallel", "1") as screen:
        screen.until("agents 1/1", 60)
        until(lambda: begun(repo) == ["1.1"], "the first begins")
        screen.press("+")
        screen.until("agents 2/2", 30)
        until(lambda: begun(repo) == ["1.1", "2.1"], "the second begins")
        screen.press("-")
        screen.until("agents 2/1", 30)
        go.touch()
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "3.1"]
    assert leftovers(repo) == []


def test_a_wave_waits_for_the_one_before_and_says_so(repo: Path, go: Path, opened: Open) -> None:
    with opened(creates("1", "2", "3"), "3<1", {"2": WAITS}) as screen:
        until(lambda: begun(repo) == ["1.1", "2.1"], "the first wave is at work")
        until(lambda: states(repo)["1"] == "merged", "1 is merged")
        screen.press("4")
        screen.until("waits for wave 1", 30)
        screen.press("\x1b")
        assert begun(repo) == ["1.1", "2.1"]
        go.touch()
        deliver(screen)
    assert begun(repo) == ["1.1", "2.1", "3.1"]
    assert leftovers(repo) == []


# -- Maestro slows down ----------------------------------------------------------------------------


def test_many_failures_open_the_breaker_which_closes_again(
    repo: Path, go: Path, opened: Open
) -> None:
    bad = [str(n) for n in range(1, 6)]
    cases = dict.fromkeys(bad, FAILS) | {"6": WAITS, "7": WAITS}
    more = ("--mode", "streaming", "--max-parallel", "7", "--on-failure", "skip")
    with opened(creates(*cases), "", cases, *more) as screen:
        screen.until("slowed: 5 attempts failed within 600 s", 60)
        screen.until("/1, slowed")
        go.touch()
        screen.without("slowed:", 30)
        deliver(screen, 1)
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "f6.txt", "f7.txt"]
    assert leftovers(repo) == []


MEMORY = """
import os, psutil
psutil.cpu_percent = lambda *_: 5.0  # other tests keep the real one busy
_real = psutil.virtual_memory
def _memory():
    found = _real()
    return found._replace(percent=99.0 if os.path.exists(os.environ["FULL"]) else 10.0)
psutil.virtual_memory = _memory
"""


def test_a_full_memory_takes_agents_away_and_gives_them_back(
    repo: Path, go: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, full = repo.parent / "site", repo.parent / "full"
    site.mkdir()
    (site / "sitecustomize.py").write_text(MEMORY)
    full.touch()
    monkeypatch.setenv("FULL", str(full))
    cases = dict.fromkeys(("1", "2"), WAITS)
    env = {"PYTHONPATH": os.pathsep.join((str(site), str(SRC)))}
    with opened(creates(*cases), "", cases, "--max-parallel", "2", env=env) as screen:
        screen.until("slowed: memory is 99 % full", 60)
        screen.until("agents 2/1")
        full.unlink()
        screen.without("slowed:", 60)
        go.touch()
        deliver(screen)
    assert leftovers(repo) == []
