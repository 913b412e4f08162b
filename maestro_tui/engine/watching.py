"""Notices files the moment they appear: markers in worktrees, results in attempt folders.

Each folder is watched by itself, never recursively (a tree of 50,000 files would use up the
system's watches); a slow poll in whoever waits stands behind it.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

PAUSE_S = 0.1  # after a change that could not be told; there may be many more of them


class Watcher:
    """Wakes an event when something changes directly inside a folder."""

    def __init__(self) -> None:
        self._wakes: dict[str, asyncio.Event] = {}
        self._watched: dict[str, tuple[int, int]] = {}  # with what the folder was then
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, folder: Path, wake: asyncio.Event) -> None:
        """Watch a folder from now on."""
        name = str(folder)
        self._wakes[name] = wake
        if self._watched.get(name) == (_identity(name) or (0, 0)):
            return  # recycled: to begin anew costs more than to have watched it meanwhile
        self._stop.set()
        self._changed.set()
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

    def remove(self, folder: Path) -> None:
        """Wake nobody for it any more."""
        self._wakes.pop(str(folder), None)

    async def close(self) -> None:
        """Stop everything."""
        self._closed = True
        self._wakes.clear()
        self._stop.set()
        self._changed.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        from watchfiles import awatch

        while not self._closed:
            self._changed.clear()
            found = {name: _identity(name) for name in (*self._watched, *self._wakes)}
            self._watched = {name: one for name, one in found.items() if one is not None}
            if not self._watched:
                await self._changed.wait()
                continue
            self._stop = asyncio.Event()
            try:
                async for changes in awatch(
                    *self._watched, recursive=False, step=10, debounce=50, stop_event=self._stop,
                    watch_filter=None,
                ):  # fmt: skip
                    for _, path in changes:
                        wake = self._wakes.get(str(Path(path).parent))
                        if wake is not None:
                            wake.set()
            except OSError:
                # The system's watches are used up; the poll behind still notices.
                self._watched = {}
                await self._changed.wait()
            except Exception:
                # A name that is no UTF-8, which watchfiles cannot tell: somebody may be concerned.
                for wake in self._wakes.values():
                    wake.set()
                await asyncio.sleep(PAUSE_S)


def _identity(folder: str) -> tuple[int, int] | None:
    """Which folder it is: one made anew under the same name is another."""
    try:
        found = os.stat(folder)
    except OSError:
        return None
    return found.st_dev, found.st_ino
