"""Notices files the moment they appear: markers in worktrees, results in attempt folders.

Each folder is watched by itself, never recursively (a tree of 50,000 files would use up the
system's watches); a slow poll in whoever waits stands behind it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

PAUSE_S = 0.1  # after a change that could not be told; there may be many more of them


class Watcher:
    """Wakes an event when something changes directly inside a folder."""

    def __init__(self) -> None:
        self._wakes: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()
        self._stop = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def add(self, folder: Path, wake: asyncio.Event) -> None:
        """Watch a folder from now on."""
        self._wakes[str(folder)] = wake
        self._restart()

    def remove(self, folder: Path) -> None:
        """Stop watching it."""
        if self._wakes.pop(str(folder), None) is not None:
            self._restart()

    def _restart(self) -> None:
        self._stop.set()
        self._changed.set()
        if self._task is None and not self._closed:
            self._task = asyncio.create_task(self._run())

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
            folders = [f for f in self._wakes if Path(f).is_dir()]
            if not folders:
                await self._changed.wait()
                continue
            self._stop = asyncio.Event()
            try:
                async for changes in awatch(
                    *folders, recursive=False, step=10, debounce=50, stop_event=self._stop,
                    watch_filter=None,
                ):  # fmt: skip
                    for _, path in changes:
                        wake = self._wakes.get(str(Path(path).parent))
                        if wake is not None:
                            wake.set()
            except OSError:
                # The system's watches are used up; the poll behind still notices.
                await self._changed.wait()
            except Exception:
                # A name that is no UTF-8, which watchfiles cannot tell: somebody may be concerned.
                for wake in self._wakes.values():
                    wake.set()
                await asyncio.sleep(PAUSE_S)
