"""kill -9 of everything, at random moments, many times: nothing is lost, nothing is doubled."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

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

KILLS = 54  # in all: three seeds, three kinds of victims


def processes(repo: Path, kind: str) -> list[int]:
    """Pids of the run's engines or runners."""
    needle = {"engine": b"resume", "runner": b"runner.py"}[kind]
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                command = Path(f"/proc/{name}/cmdline").read_bytes()
                cwd = os.readlink(f"/proc/{name}/cwd")
            except OSError:
                continue
            if needle in command and cwd.startswith(str(repo)):
                found.append(int(name))
    return found


def kill(pids: list[int]) -> int:
    done = 0
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
            done += 1
        except ProcessLookupError:
            pass
    return done


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_run_survives_any_number_of_kills(tmp_path: Path, seed: int) -> None:
    repo = make_repo(tmp_path / "a repo")
    plan = six_tasks(tmp_path, 'verify = ["test -f README.md"]')
    agent = make_agent(tmp_path)
    starts = tmp_path / "starts"
    starts.write_text("")
    env = {"STARTS": str(starts), "AGENT_SLEEP": "1.5"}
    dice = random.Random(seed)
    # Made, but not begun: without --yes the run waits for its review.
    first = maestro(
        "run", str(plan), "--headless", "--agent-command", f"'{agent}'", "--run-id", "k",
        cwd=repo, env=env,
    )  # fmt: skip
    assert first.returncode == 3, first.stderr
    before = git(repo, "rev-parse", "HEAD")
    kills = 0
    while kills < KILLS // 3:
        engine = subprocess.Popen(
            [PYTHON, "-m", "maestro_tui", "resume", "k", "--headless", "--yes"],
            cwd=repo,
            env=environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + dice.uniform(0.15, 0.6)
        while time.monotonic() < deadline and engine.poll() is None:
            time.sleep(0.01)
        victims = dice.choice(["engine", "engine", "runner", "both"])
        if engine.poll() is not None:
            break
        if victims in ("runner", "both"):
            runners = processes(repo, "runner")
            kills += kill(runners[: dice.randint(1, 3)])
        if victims in ("engine", "both"):
            kills += kill([engine.pid])
        else:
            kills += kill([engine.pid]) if dice.random() < 0.5 else 0
            if engine.poll() is None:
                engine.terminate()
        engine.wait(30)
    last = maestro("resume", "k", "--headless", "--yes", cwd=repo, env=env)
    ended = status(repo, "k")
    assert ended["status"] == "done", (last.stdout, last.stderr, ended)
    listing = git(repo, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert listing == ["README.md", *(f"f{n}.txt" for n in range(1, 7))]
    for number in range(1, 7):
        assert git(repo, "show", f"HEAD:f{number}.txt") == f"text of {number}"
    begun = starts.read_text().split()
    assert len(begun) == len(set(begun)), "an attempt was started twice"
    merged = [t for t in ended["tasks"] if t["merged"]]
    assert len(merged) == 6
    merges = git(repo, "log", "--merges", "--format=%s", f"{before}..HEAD").splitlines()
    assert len(merges) == 6, "finished work was merged again"
    assert leftovers(repo) == []
    assert kills >= KILLS // 3, kills
