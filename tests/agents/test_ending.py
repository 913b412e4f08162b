"""However an attempt is ended, nothing of its agent is left."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from maestro_tui.agents import files, launch, processes
from tests.agents.attempt_folder import AttemptFolder, gone, python, until

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "open('ready', 'w').write('1'); time.sleep(600)"
)
POLITE = (
    "import signal, sys, time\n"
    "def bye(*_): open('bye', 'w').write('1'); sys.exit(0)\n"
    "signal.signal(signal.SIGTERM, bye); open('ready', 'w').write('1'); time.sleep(600)"
)
# Starts a process that has left session and parent, and writes down its pid.
DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {setup}
        open('daemon.tmp', 'w').write(str(os.getpid()))
        os.rename('daemon.tmp', 'daemon')
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists('daemon'):
    time.sleep(0.005)
{then}
"""


def daemon(then: str, setup: str = "pass") -> list[str]:
    return python(DAEMON.format(then=then, setup=setup))


def test_too_long_with_an_agent_that_ignores_it(attempt: AttemptFolder) -> None:
    result = attempt.run(python(STUBBORN), timeout_s=0.3, grace_s=0.3)
    assert (result["ok"], result["reason"], result["signal"]) == (False, "timeout", 9)
    assert "longer than 0.3 s" in result["error"]
    assert gone(attempt.agent)


def test_no_limit_is_no_limit(attempt: AttemptFolder) -> None:
    assert attempt.run(python("import time; time.sleep(0.1)"), timeout_s=0)["ok"]


@pytest.mark.parametrize("how", ["signal", "control", "both", "interrupt"])
def test_an_agent_asked_to_stop_may_clean_up(attempt: AttemptFolder, how: str) -> None:
    runner = attempt.start(python(POLITE))
    until(lambda: (attempt.worktree / "ready").exists())
    if how == "signal":
        os.kill(runner.pid, signal.SIGTERM)
    elif how == "interrupt":
        os.kill(runner.pid, signal.SIGINT)
    elif how == "control":
        files.append_line(str(attempt.path / files.CONTROL), {"cmd": "stop"})
    else:
        launch.stop(attempt.path)
    result = attempt.end()
    assert (result["ok"], result["reason"], result["exit"]) == (False, "stopped", 0)
    assert (attempt.worktree / "bye").exists()


def test_children_have_the_grace_as_well(attempt: AttemptFolder) -> None:
    slow = (
        "def bye(*_): time.sleep(0.2); open('bye', 'w').write('1'); os._exit(0)\n"
        "        signal.signal(signal.SIGTERM, bye)"
    )
    attempt.start(daemon("time.sleep(600)", slow))
    attempt.number("daemon")
    launch.stop(attempt.path)
    assert attempt.end()["reason"] == "stopped"
    assert (attempt.worktree / "bye").exists()


def test_a_stop_before_the_start_starts_nothing(attempt: AttemptFolder) -> None:
    attempt.spec(command=["touch", "started"])
    launch.stop(attempt.path)
    attempt.start()
    result = attempt.end()
    assert (result["ok"], result["reason"]) == (False, "stopped")
    assert not (attempt.worktree / "started").exists()
    assert attempt.events() == []


def test_a_stubborn_tree_is_killed_after_the_grace(attempt: AttemptFolder) -> None:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    attempt.start(daemon(f"{ignore}; time.sleep(600)", ignore), grace_s=0.3)
    pid = attempt.number("daemon")
    begun = time.monotonic()
    launch.stop(attempt.path)
    assert attempt.end()["reason"] == "stopped"
    assert time.monotonic() - begun >= 0.3
    assert gone(pid)
    assert gone(attempt.agent)


def test_what_an_agent_leaves_behind_is_ended_before_the_result(attempt: AttemptFolder) -> None:
    result = attempt.run(daemon("print('done')"))
    assert result["ok"]
    assert gone(attempt.number("daemon"))


def test_a_killed_runner_takes_its_agent_along(attempt: AttemptFolder) -> None:
    runner = attempt.start(daemon("time.sleep(600)", "os.close(1); os.close(2)"))
    agent, escaped = attempt.agent, attempt.number("daemon")
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    until(lambda: gone(agent))
    assert attempt.result is None
    assert not launch.alive(attempt.path)
    assert not gone(escaped)  # it had left, and is for the sweep
    assert launch.sweep(attempt.path) == [escaped]
    until(lambda: gone(escaped))
    assert launch.sweep(attempt.path) == []


def test_a_hangup_is_nothing(attempt: AttemptFolder) -> None:
    runner = attempt.start(python("open('ready', 'w').close(); input()"), prompt="")
    attempt.end()
    assert runner.returncode == 0
    other = AttemptFolder(attempt.path / "other")
    runner = other.start(python(POLITE))
    until(lambda: (other.worktree / "ready").exists())
    os.kill(runner.pid, signal.SIGHUP)
    launch.stop(other.path)
    assert other.end()["reason"] == "stopped"


def test_a_sweep_ends_only_its_own(tmp_path: Path) -> None:
    def stray(folder: str) -> subprocess.Popen[bytes]:
        env = {**os.environ, launch.VARIABLE: str(tmp_path / folder)}
        return subprocess.Popen(python("import time; time.sleep(600)"), env=env)

    mine = [stray("runs/run-1/a/1"), stray("runs/run-1/b/1"), stray("runs/run-1")]
    others = [stray("runs/run-10/a/1"), stray("runs/run-1x"), stray("runs")]
    try:
        until(lambda: len(processes.with_environment(launch.VARIABLE, str(tmp_path / "runs"))) == 6)
        killed = launch.sweep(tmp_path / "runs" / "run-1")
        assert sorted(killed) == sorted(p.pid for p in mine)
        assert [p.wait(10) for p in mine] == [-9, -9, -9]
        assert [p.poll() for p in others] == [None, None, None]
        os.symlink(tmp_path / "runs", tmp_path / "link")
        assert sorted(launch.sweep(tmp_path / "link")) == sorted(p.pid for p in others)
    finally:
        for process in (*mine, *others):
            process.kill()
            process.wait()


def test_a_sweep_spares_itself(tmp_path: Path) -> None:
    code = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from pathlib import Path\n"
        "from maestro_tui.agents import launch\n"
        "print(launch.sweep(Path(sys.argv[2])))"
    )
    root = str(Path(processes.__file__).parents[2])
    env = {**os.environ, launch.VARIABLE: str(tmp_path)}
    argv = python(code, root, str(tmp_path))
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_disk_that_is_full_leaves_no_agent(attempt: AttemptFolder) -> None:
    os.symlink("/dev/full", attempt.path / files.LOG)
    runner = attempt.start(python("import time; print('x', flush=True); time.sleep(600)"))
    runner.wait(20)
    result = attempt.result
    assert result is not None
    assert (result["ok"], result["reason"]) == (False, "crashed")
    assert "No space left" in result["error"]
    assert gone(attempt.agent)


def test_descendants_are_found_without_the_kernels_list() -> None:
    code = "import os, time; os.fork(); os.fork(); time.sleep(600)"
    process = subprocess.Popen(python(code), start_new_session=True)
    try:
        until(lambda: len(processes._descendants_by_scan(process.pid)) == 3)
        listed = processes.descendants(process.pid)
        assert sorted(listed) == sorted(processes._descendants_by_scan(process.pid))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
