"""One engine per run: a lock the system itself releases, however the engine ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType


class Held(Exception):
    """Another engine works on this run."""


class RunLock:
    """Exclusive while open; says whose it is."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "engine.lock"
        self._fd = -1

    def __enter__(self) -> RunLock:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            pid = os.pread(self._fd, 32, 0).decode("ascii", "replace").strip()
            os.close(self._fd)
            raise Held(pid) from error
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, str(os.getpid()).encode(), 0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.ftruncate(self._fd, 0)
        os.close(self._fd)


def engine_pid(folder: Path) -> int:
    """The pid of the engine that holds the run's lock; 0 when none does."""
    try:
        fd = os.open(folder / "engine.lock", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return 0
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
        return int(text) if text.isdigit() else -1
    finally:
        os.close(fd)
    return 0
