"""The files of an attempt's folder, as runner and engine share them."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:  # a runner starts for every attempt: what only types need is not imported
    from typing import Any

SPEC = "spec.json"
EVENTS = "events.jsonl"
LOG = "output.log"
MARKS = "output.marks"
ORIGINS = "output.streams"
CONTROL = "control.jsonl"
RESULT = "result.json"
RUNNER = "runner.json"
RUNNER_LOG = "runner.log"
LOCK = "run.lock"


def read_json(path: str) -> dict[str, Any] | None:
    """The object in a file, or None when it is not there or not whole."""
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read())
    except (OSError, ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def write_json(path: str, data: dict[str, Any]) -> None:
    """All of it or nothing, also across a power cut."""
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(json.dumps(data, separators=(",", ":")).encode())
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    folder = os.open(os.path.dirname(path) or ".", os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)  # the new name is on the disk too
    finally:
        os.close(folder)


def write_all(fd: int, data: bytes) -> None:
    """Every byte, also where the kernel takes only a part at a time."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def open_append(path: str) -> int:
    """A descriptor that can only add to the file, and is not handed to children."""
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)


def json_line(data: dict[str, Any]) -> bytes:
    """An object as one line of a JSON-lines file."""
    return (
        json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
        + b"\n"
    )


def append_line(path: str, data: dict[str, Any]) -> None:
    """One line in one write, so that readers see it whole."""
    fd = open_append(path)
    try:
        write_all(fd, json_line(data))
    finally:
        os.close(fd)


class LineReader:
    """Reads the new whole lines of a growing JSON-lines file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[dict[str, Any]]:
        """The objects appended since the last call; lines that are none are passed over."""
        try:
            if os.stat(self._path).st_size <= self._offset:
                return []
            with open(self._path, "rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        end = data.rfind(b"\n") + 1
        self._offset += end
        found = []
        for line in data[:end].split(b"\n"):
            try:
                item = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(item, dict):
                found.append(item)
        return found
