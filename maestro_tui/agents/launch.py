"""The engine's side of a runner: start it, know it, stop it, answer it, leave nothing of it."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from maestro_tui.agents import files, processes

VARIABLE = "MAESTRO_ATTEMPT_DIR"
_RUNNER = str(Path(__file__).with_name("runner.py"))


def launch(attempt_dir: Path) -> subprocess.Popen[bytes]:
    """Start the attempt's runner in a session of its own; a second one gives way by itself."""
    with (attempt_dir / files.RUNNER_LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", _RUNNER, str(attempt_dir)],
            cwd=attempt_dir,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            start_new_session=True,
        )


def alive(attempt_dir: Path) -> bool:
    """Whether a runner holds the attempt's lock."""
    try:
        fd = os.open(attempt_dir / files.LOCK, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def identity(attempt_dir: Path) -> tuple[int, float] | None:
    """Pid and start time of the runner that took the attempt, dead or alive; None before that."""
    data = files.read_json(str(attempt_dir / files.RUNNER))
    return (int(data["pid"]), float(data["start_time"])) if data else None


def _living(attempt_dir: Path) -> int:
    found = identity(attempt_dir)
    if found and processes.start_time(found[0]) == found[1]:
        return found[0]
    return 0


def stop(attempt_dir: Path) -> None:
    """Ask the runner to end its agent with grace."""
    files.append_line(str(attempt_dir / files.CONTROL), {"cmd": "stop"})
    pid = _living(attempt_dir)
    if pid:
        processes.send([pid], signal.SIGTERM)


def answer(attempt_dir: Path, request: str, allow: bool, text: str) -> None:
    """Answer a permission request of the agent."""
    line = {"cmd": "answer", "id": request, "allow": allow, "text": text}
    files.append_line(str(attempt_dir / files.CONTROL), line)


def kill(attempt_dir: Path) -> None:
    """End the runner at once; its agent dies with it."""
    pid = _living(attempt_dir)
    if pid:
        processes.send([pid], signal.SIGKILL)


def sweep(folder: Path, seconds: float = 3.0) -> list[int]:
    """Kill every process that belongs to an attempt at or beneath ``folder``; their pids."""
    killed: list[int] = []
    deadline = time.monotonic() + seconds
    while True:
        pids = processes.with_environment(VARIABLE, str(folder))
        if not pids or time.monotonic() > deadline:
            return killed
        killed.extend(p for p in pids if p not in killed)
        processes.send(pids, signal.SIGKILL)
        time.sleep(0.01)
