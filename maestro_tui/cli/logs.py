"""``maestro logs``: an agent's output, made fit for a terminal, followed on request."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from maestro_tui.agents.log_origins import ERROR_MARK, LogOrigins
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
    printer = _Printer(path, raw=arguments.raw, only=arguments.only)
    offset = 0
    while True:
        found.poll()
        attempt = task.attempts[number - 1]
        over = bool(attempt.ended_at or attempt.outcome) or task.state is not TaskState.RUNNING
        if path.exists():
            with path.open("rb") as file:
                file.seek(offset)
                while data := file.read(CHUNK):
                    offset += len(data)
                    printer.take(data)
        if not arguments.follow or over or not found.engine_alive():
            printer.finish()
            return DONE
        time.sleep(0.1)


class _Printer:
    """Writes a log on, whole line by whole line; raw, as it comes."""

    def __init__(self, path: Path, *, raw: bool, only: str) -> None:
        self._raw, self._only = raw, only
        self._origins = LogOrigins(path)
        self._mark = "" if raw or only or not sys.stdout.isatty() else ERROR_MARK
        self._rest, self._at = b"", 0  # the unfinished last line, and where it begins

    def take(self, data: bytes) -> None:
        """The next bytes of the file."""
        self._origins.refresh()  # what it says of these bytes was written before them
        data = self._rest + data
        end = len(data) if self._raw and not self._only else data.rfind(b"\n") + 1
        sys.stdout.buffer.write(self._chosen(data[:end]))
        sys.stdout.buffer.flush()
        self._rest = data[end:]
        self._at += end

    def finish(self) -> None:
        """The last line, where it has no end."""
        if self._rest:
            self.take(b"\n")

    def _chosen(self, data: bytes) -> bytes:
        """Those lines that are wanted, as they are wanted."""
        if not self._origins:
            if self._only == "stderr":
                return b""
            return data if self._raw else _readable(data)
        if self._raw and not self._only:
            return data
        found, at = [], self._at
        for line in _lines(data):
            errors = self._origins.is_error(at)
            at += len(line)
            if self._only and errors is not (self._only == "stderr"):
                continue
            words = line if self._raw else _readable(line, plain=errors)
            found.append(self._mark.encode() + words if errors else words)
        return b"".join(found)


def _lines(data: bytes) -> list[bytes]:
    return [line + b"\n" for line in data[:-1].split(b"\n")] if data else []


def _readable(data: bytes, *, plain: bool = False) -> bytes:
    """Lines as a person reads them; ``plain`` ones are of no event stream."""
    lines = data.decode("utf-8", "replace").splitlines(True)
    text = "".join(sanitise(line) if plain else _words(line) for line in lines)
    return text.encode("utf-8", "replace")


def _words(line: str) -> str:
    """A line as a person reads it: an agent's event stream in words, all else made harmless."""
    if not line.startswith("{"):
        return sanitise(line)
    return "".join(f"{part}\n" for part in readable(line.rstrip("\r\n")))
