"""Attempt folders, real runners and real agents."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from maestro_tui.agents import launch

T = TypeVar("T")
DEADLINE_S = 20.0


def until(condition: Callable[[], T], what: str = "", seconds: float = DEADLINE_S) -> T:
    """Poll until the condition is true; its value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}")
        time.sleep(0.01)


def python(code: str) -> list[str]:
    """A command that runs this code, started fast."""
    return [sys.executable, "-I", "-S", "-c", code]


class Attempt:
    """The folder of one attempt and what happens in it."""

    def __init__(self, root: Path, name: str = "run-1/task/1", **spec: Any) -> None:
        self.path = root / "runs" / name
        self.path.mkdir(parents=True)
        self.worktree = root / "trees" / name.replace("/", "-")
        self.worktree.mkdir(parents=True)
        prompt = self.path / "prompt.md"
        prompt.write_text(spec.pop("prompt_text", "Do it.\n"), encoding="utf-8")
        self.spec: dict[str, Any] = {
            "schema": 1,
            "run": "run-1",
            "task": "1.2",
            "key": "1-2",
            "title": "A title",
            "attempt": 1,
            "driver": "command",
            "agent": "worker",
            "command": ["true"],
            "steps": [],
            "worktree": str(self.worktree),
            "prompt": str(prompt),
            "marker": "DONE.md",
            "owned": ["a.txt", "src/*.py"],
            "create": ["a.txt"],
            "dependencies": str(self.path / "dependencies"),
            "timeout_s": 60.0,
            "grace_s": 0.3,
            "env": {},
            **spec,
        }
        (self.path / "spec.json").write_text(json.dumps(self.spec))
        self.runners: list[subprocess.Popen[bytes]] = []

    def launch(self) -> subprocess.Popen[bytes]:
        """Start a runner."""
        runner = launch.launch(self.path)
        self.runners.append(runner)
        return runner

    def run(self) -> dict[str, Any]:
        """From the start to the result."""
        self.launch()
        return self.result()

    def result(self, seconds: float = DEADLINE_S) -> dict[str, Any]:
        """The result, once the runner is gone."""
        for runner in self.runners:
            runner.wait(seconds)
        path = self.path / "result.json"
        assert path.exists(), self.complaints()
        data: dict[str, Any] = json.loads(path.read_text())
        return data

    def complaints(self) -> str:
        """What the runner said on its own account."""
        path = self.path / "runner.log"
        return path.read_text() if path.exists() else ""

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """The whole lines of the events so far."""
        path = self.path / "events.jsonl"
        if not path.exists():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]
        found = [json.loads(line) for line in lines]
        return [e for e in found if not kind or e["kind"] == kind]

    def log(self) -> bytes:
        """The agent's raw output so far."""
        path = self.path / "output.log"
        return path.read_bytes() if path.exists() else b""

    def wait_for(self, kind: str) -> dict[str, Any]:
        """The first event of that kind."""
        return until(lambda: self.events(kind), f"event {kind}")[0]

    def wait_for_output(self, text: bytes) -> None:
        """Until the agent has said this."""
        until(lambda: text in self.log(), f"output {text!r}")

    def runner_pid(self) -> int:
        """The pid of the runner that took the attempt."""
        return until(lambda: launch.identity(self.path), "runner.json")[0]


@contextmanager
def attempts(root: Path) -> Iterator[Callable[..., Attempt]]:
    """Makes attempts, and leaves no process of theirs behind."""
    made: list[Attempt] = []

    def make(name: str = "", **spec: Any) -> Attempt:
        attempt = Attempt(root, name or f"run-1/task/{len(made) + 1}", **spec)
        made.append(attempt)
        return attempt

    yield make
    for attempt in made:
        for runner in attempt.runners:
            if runner.poll() is None:
                os.kill(runner.pid, signal.SIGKILL)
                runner.wait()
        launch.sweep(attempt.path)


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie has)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in ("Z", "X")
