"""The main job on the screen, by keyboard, in a real terminal."""

from __future__ import annotations

import io
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from tests.e2e.terminal import Terminal
from tests.engine.scratch import (
    PYTHON,
    environment,
    git,
    leftovers,
    maestro,
    make_agent,
    make_repo,
    six_tasks,
    status,
)

SLOW_AGENT = """\
#!/bin/sh
echo "task $MAESTRO_TASK_ID at work"
sleep "${1:-0.3}"
echo "text" > "f$MAESTRO_TASK_ID.txt"
echo "# done" > "$MAESTRO_MARKER"
"""


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Path]:
    folder = make_repo(tmp_path / "repo")
    yield folder
    if (folder / ".maestro").exists():  # a test that failed must not leave its engine behind
        maestro("stop", "--abort", cwd=folder)


def start(repo: Path, seconds: str = "0.3", *, columns: int = 120, lines: int = 40) -> Terminal:
    plan = six_tasks(repo.parent)
    agent = make_agent(repo.parent, SLOW_AGENT)
    return Terminal(
        "run", str(plan), "--run-id", "e2e", "--agent-command", f"{agent} {seconds}",
        cwd=repo, columns=columns, lines=lines,
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_a_plan_is_reviewed_run_and_delivered_by_keyboard(
    repo: Path, columns: int, lines: int
) -> None:
    before = git(repo, "rev-parse", "HEAD")
    with start(repo, columns=columns, lines=lines) as screen:
        screen.until("Task 5")
        assert not (repo / ".maestro").exists(), "something was created before the yes"
        screen.press("y")
        screen.until("Deliver to main?")
        assert git(repo, "rev-parse", "HEAD") == before, "delivered before the answer"
        screen.answer("m", "Deliver to main?")
        screen.until("6 of 6")
        screen.press("q")
        assert screen.end() == 0
        assert screen.restored
    names = git(repo, "ls-tree", "--name-only", "HEAD").split()
    assert names == ["README.md", *(f"f{n}.txt" for n in range(1, 7))]
    assert leftovers(repo) == []


@pytest.mark.slow
def test_no_in_the_review_creates_nothing(repo: Path) -> None:
    with start(repo) as screen:
        screen.until("Task 5")
        screen.press("n")
        assert screen.end() == 1
        assert screen.restored
    assert not (repo / ".maestro").exists()
    assert git(repo, "branch", "--list").split() == ["*", "main"]


@pytest.mark.slow
def test_the_run_goes_on_without_the_screen_and_two_screens_see_it(repo: Path) -> None:
    with start(repo, "1.0") as screen:
        screen.until("Task 5")
        screen.press("y")
        screen.until("running")
        screen.press("q")
        screen.until("eave")
        screen.press("l")
        screen.end()
        assert screen.restored
    with Terminal("attach", cwd=repo) as one, Terminal("attach", cwd=repo) as two:
        one.until("Deliver to main?")
        two.until("Deliver to main?")
        two.answer("m", "Deliver to main?")
        two.until("6 of 6")
        one.until("6 of 6")
        for screen in (one, two):
            screen.press("q")
            assert screen.end() == 0
    assert leftovers(repo) == []


@pytest.mark.slow
def test_stop_at_a_checkpoint_leaves_nothing_and_resume_completes(repo: Path) -> None:
    with start(repo, "1.5") as screen:
        screen.until("Task 5")
        screen.press("y")
        screen.until("running")
        screen.press("q")
        screen.until("eave")
        screen.press("s")
        screen.end()
        assert screen.restored
    assert status(repo)["status"] == "stopped"
    assert [left for left in leftovers(repo) if left.startswith("process")] == []
    done = maestro("resume", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert leftovers(repo) == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_the_screen_may_die_and_the_run_does_not(repo: Path, number: signal.Signals) -> None:
    with start(repo, "0.5") as screen:
        screen.until("Task 5")
        screen.press("y")
        screen.until("running")
        screen.signal(number)
        screen.end()
        if number is not signal.SIGKILL:
            assert screen.restored
    deadline = time.monotonic() + 30
    while not status(repo)["questions"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [q["kind"] for q in status(repo)["questions"]] == ["deliver"]
    assert maestro("decide", "e2e", "deliver", "merge", cwd=repo).returncode == 0
    while leftovers(repo) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert status(repo)["status"] == "done"
    assert leftovers(repo) == []


@pytest.mark.slow
def test_a_broken_plan_leaves_the_terminal_as_it_was(repo: Path) -> None:
    plan = repo.parent / "loop.plan.toml"
    plan.write_text(
        'schema = 1\n[plan]\ntitle = "Loop"\n[[task]]\nid = "a"\ntitle = "A"\n[[task]]\nid = "b"\n'
        'title = "B"\n[[edge]]\ntask = "a"\nafter = "b"\n[[edge]]\ntask = "b"\nafter = "a"\n'
    )
    with Terminal("run", str(plan), "--driver", "rehearsal", cwd=repo) as screen:
        assert screen.end() == 2
        assert screen.restored
        assert "a -> b" in screen.text or "b -> a" in screen.text
    assert not (repo / ".maestro").exists()


# What the program changes of a terminal: its other screen, the mouse, pasting, and its cursor.
_MODES = (b"1049", b"1000", b"1006", b"2004", b"25")


def _modes(heard: bytes) -> dict[bytes, bool]:
    """What was last said of each, up to the shell's own prompt: whether it is the program's."""
    heard = heard.partition(b"Stopped")[0]
    found = {}
    for mode in _MODES:
        on, off = heard.rfind(b"\x1b[?%sh" % mode), heard.rfind(b"\x1b[?%sl" % mode)
        assert max(on, off) >= 0, mode
        found[mode] = (on > off) != (mode == b"25")
    return found


@pytest.mark.slow
def test_ctrl_z_goes_to_the_shell_and_fg_comes_back_whole(repo: Path) -> None:
    """In a shell with job control: a program without one cannot be stopped by its terminal."""
    env = environment({"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none", "PS1": "$ "})
    shell = pexpect.spawn(
        "bash", ["--norc", "-i"], cwd=str(repo), env=env, dimensions=(40, 120), timeout=30
    )  # type: ignore[arg-type]
    plan = six_tasks(repo.parent)
    try:
        shell.sendline(f"{PYTHON} -m maestro_tui run {plan} --agent-command true")
        shell.expect("Task 5")
        heard = shell.logfile_read = io.BytesIO()
        shell.send("\x1a")
        shell.expect("Stopped")
        assert _modes(heard.getvalue()) == dict.fromkeys(_MODES, False)
        shell.sendline("echo back at home")
        shell.expect("back at home")
        heard = shell.logfile_read = io.BytesIO()
        shell.sendline("fg")
        shell.expect("Task 5")
        assert _modes(heard.getvalue()) == dict.fromkeys(_MODES, True)
        shell.send("n")
        shell.expect(r"\$ ")
    finally:
        shell.close(force=True)
