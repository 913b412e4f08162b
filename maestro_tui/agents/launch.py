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
_RUNNER = str(Path(__file__).resolve().with_name("runner.py"))


def launch(attempt_dir: Path) -> subprocess.Popen[bytes]:
    """Start the attempt's runner in a session of its own; a second one gives way by itself."""
    with (attempt_dir / files.RUNNER_LOG).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", _RUNNER, str(attempt_dir.absolute())],
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
    try:
        return (int(data["pid"]), float(data["start_time"])) if data else None
    except (KeyError, TypeError, ValueError):
        return None


def _signal(attempt_dir: Path, number: int) -> None:
    """Signal the runner if it is still the process it was; a pid alone may be another's now."""
    found = identity(attempt_dir)
    if found and found[0] > 1 and processes.start_time(found[0]) == found[1]:
        processes.send([found[0]], number)


def stop(attempt_dir: Path) -> None:
    """Ask the runner to end its agent with grace."""
    files.append_line(str(attempt_dir / files.CONTROL), {"cmd": "stop"})
    _signal(attempt_dir, signal.SIGTERM)


def answer(attempt_dir: Path, request: str, allow: bool, text: str) -> None:
    """Answer a permission request of the agent."""
    line = {"cmd": "answer", "id": request, "allow": allow, "text": text}
    files.append_line(str(attempt_dir / files.CONTROL), line)
    _signal(attempt_dir, signal.SIGUSR1)  # so that the runner looks at once


def tell(attempt_dir: Path, number: int | str, kind: str, text: str) -> None:
    """Say something to a running agent: ``kind`` as in ``drivers.session``.

    ``number`` lets a runner that takes the attempt up again know what was said already.
    """
    line = {"cmd": kind, "n": number, "text": text}
    files.append_line(str(attempt_dir / files.CONTROL), line)
    _signal(attempt_dir, signal.SIGUSR1)


def kill(attempt_dir: Path) -> None:
    """End the runner at once; its agent dies with it. What that had started is ``sweep``'s."""
    _signal(attempt_dir, signal.SIGKILL)


def sweep(prefix_dir: Path, seconds: float = 3.0) -> list[int]:
    """Kill every process that belongs to an attempt at or beneath ``prefix_dir``; their pids."""
    prefix = os.path.realpath(prefix_dir)
    killed: dict[int, None] = {}
    deadline = time.monotonic() + seconds
    pause = 0.001
    while pids := processes.with_environment(VARIABLE, prefix):  # they may fork while we look
        for pid in pids:
            if processes.kill_marked(pid, VARIABLE, prefix):
                killed[pid] = None
        if time.monotonic() > deadline:
            break
        time.sleep(pause)
        pause = min(pause * 2, 0.05)
    return list(killed)
