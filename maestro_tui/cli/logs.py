"""``maestro logs``: an agent's output, made fit for a terminal, followed on request."""

from __future__ import annotations

import argparse
import sys
import time

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.agents.stream import readable
from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.runs import client
from maestro_tui.cli.selecting import pick
from maestro_tui.core.state import TaskState
from maestro_tui.engine.archive import essence_path

CHUNK = 1 << 16


def logs(arguments: argparse.Namespace) -> int:
    """Print a task's log; with ``-f`` until its agent has ended."""
    found = client(arguments)
    state = found.state
    name = pick(arguments.task, list(state.tasks), "task", "`maestro status` lists them")
    task = state.tasks[name]
    if not task.attempts and not arguments.follow:
        raise Exit(f"{name} has not started yet ({task.state}: {task.why})", FAILED)
    while not task.attempts:
        found.poll()
        if state.ended or not found.engine_alive():
            raise Exit(f"{name} has not started ({task.state}: {task.why})", FAILED)
        time.sleep(0.1)
    number = arguments.attempt or len(task.attempts)
    if number > len(task.attempts):
        raise Exit(f"{name} has had {len(task.attempts)} attempt(s), not {number}")
    path = found.attempt_dir(name, number) / "output.log"
    if state.ended and not path.exists():
        page = essence_path(found.repo, found.run)
        told = f"; {page} tells what was done" if page.exists() else ""
        raise Exit(f"the log of {name} is gone: removed by age or by `maestro clean`{told}", FAILED)
    offset, rest = 0, b""
    while True:
        found.poll()
        attempt = task.attempts[number - 1]
        over = bool(attempt.ended_at or attempt.outcome) or task.state is not TaskState.RUNNING
        if path.exists():
            with path.open("rb") as file:
                file.seek(offset)
                while data := file.read(CHUNK):
                    offset += len(data)
                    rest = _print(rest + data, raw=arguments.raw)
        if not arguments.follow or over or not found.engine_alive():
            _print(rest + b"\n" if rest else b"", raw=arguments.raw)
            return DONE
        time.sleep(0.1)


def _print(data: bytes, *, raw: bool) -> bytes:
    """Write the whole lines; return the unfinished last one."""
    end = len(data) if raw else data.rfind(b"\n") + 1
    out = data[:end]
    if not raw:
        text = "".join(_words(line) for line in out.decode("utf-8", "replace").splitlines(True))
        out = text.encode("utf-8", "replace")
    sys.stdout.buffer.write(out)
    sys.stdout.buffer.flush()
    return data[end:]


def _words(line: str) -> str:
    """A line as a person reads it: an agent's event stream in words, all else made harmless."""
    if not line.startswith("{"):
        return sanitise(line)
    return "".join(f"{part}\n" for part in readable(line.rstrip("\r\n")))
