"""Changes are noticed at once, whatever agents call their files."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from maestro_tui.engine.watching import Watcher


async def test_a_name_that_is_no_utf_8_hides_no_later_change(tmp_path: Path) -> None:
    watcher, wake = Watcher(), asyncio.Event()
    watcher.add(tmp_path, wake)
    for name in (b"odd \xff", b"odd \xfe"):
        await noticed(tmp_path, wake, name)
    await noticed(tmp_path, wake, b"DONE.md")
    watcher.remove(tmp_path)
    await watcher.close()


async def noticed(folder: Path, wake: asyncio.Event, name: bytes) -> None:
    """Until the watch is in place, which takes it a moment, nothing can be noticed."""
    wake.clear()
    async with asyncio.timeout(20):
        while not wake.is_set():
            Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_text(f"{os.urandom(4)!r}")
            await asyncio.sleep(0.05)
