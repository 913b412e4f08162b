"""An attempt's folder as the engine would make it, and a way to wait without sleeping blindly."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from maestro_tui.agents import files, launch, processes

T = TypeVar("T")
SECONDS = 20.0


def until(condition: Callable[[], T], seconds: float = SECONDS) -> T:
    """What the condition gives once it is true; fails the test after a deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, "the condition did not come true in time"
        time.sleep(0.005)
    return value


def python(code: str, *arguments: str) -> list[str]:
    """A command that runs this code in an interpreter that starts fast."""
    return [sys.executable, "-I", "-S", "-c", code, *arguments]


def gone(pid: int) -> bool:
    """Whether the process has ended, collected or not."""
    return processes.start_time(pid) == 0.0


class AttemptFolder:
    """One attempt: its spec, its runner, and what came of it."""

    def __init__(self, base: Path) -> None:
        self.path = base / "attempt"
        self.worktree = base / "worktree"
        self.path.mkdir(parents=True)
        self.worktree.mkdir()
        (self.path / "dependencies").mkdir()
        self.runners: list[subprocess.Popen[bytes]] = []

    def spec(self, **changes: Any) -> None:
        """Write the spec; what is not given is as for a small task."""
        prompt = self.path / "prompt.md"
        if not prompt.exists():
            prompt.write_text("Do it.\n")
        spec = {
            "schema": 1, "run": "run-1", "task": "1.2", "key": "1-2-notify", "title": "Notify",
            "attempt": 1, "driver": "command", "agent": "models-schemas", "command": [],
            "steps": [], "worktree": str(self.worktree), "prompt": str(prompt),
            "marker": "NOTIFY_COMPLETE.md", "owned": ["app/*.py", "docs/*.md"], "create": [],
            "dependencies": str(self.path / "dependencies"), "timeout_s": 60.0, "grace_s": 5.0,
            "env": {},
        }  # fmt: skip
        (self.path / files.SPEC).write_text(json.dumps({**spec, **changes}))

    def start(self, command: list[str] | None = None, **changes: Any) -> subprocess.Popen[bytes]:
        """Start a runner; with a command also write the spec."""
        if command is not None:
            self.spec(command=command, **changes)
        runner = launch.launch(self.path)
        self.runners.append(runner)
        return runner

    def rehearse(self, *steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
        """Carry out a script to its end."""
        self.spec(driver="rehearsal", steps=list(steps), **changes)
        self.start()
        return self.end()

    def run(self, command: list[str], **changes: Any) -> dict[str, Any]:
        """Run a command to its end."""
        self.start(command, **changes)
        return self.end()

    def end(self, seconds: float = SECONDS) -> dict[str, Any]:
        """The result, once the runner has ended."""
        code = self.runners[-1].wait(seconds)
        assert code == 0, f"runner ended with {code}: {self.runner_log}"
        result = self.result
        assert result is not None
        return result

    @property
    def result(self) -> dict[str, Any] | None:
        return files.read_json(str(self.path / files.RESULT))

    @property
    def log(self) -> bytes:
        path = self.path / files.LOG
        return path.read_bytes() if path.exists() else b""

    @property
    def runner_log(self) -> str:
        return (self.path / files.RUNNER_LOG).read_text()

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What the runner reported, of one kind or of all."""
        found = files.LineReader(str(self.path / files.EVENTS)).read()
        return [e for e in found if kind in ("", e["kind"])]

    @property
    def agent(self) -> int:
        """The pid of the agent, once it runs."""
        return int(until(lambda: self.events("started"))[0]["pid"])

    def number(self, name: str) -> int:
        """A pid that an agent wrote into a file of the worktree, once it is there."""
        path = self.worktree / name
        return int(until(lambda: path.exists() and path.read_text().strip()))

    def close(self) -> None:
        """Leave nothing running."""
        for runner in self.runners:
            if runner.poll() is None:
                os.kill(runner.pid, signal.SIGKILL)
            runner.wait()
        launch.sweep(self.path)
