"""A board on a made-up run whose logs a test writes: ``python -m tests.e2e.flooded FOLDER``."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.start import run_screen
from tests.ui.runs import HOSTILE, FakeSource, T, a_strategy

LONG = "notify 通知 e\u0301 " * 900  # some ten thousand characters


def source(folder: Path) -> FakeSource:
    """Three agents at work; names as no plan should have them."""
    tasks = (
        T("1.1", "Plain task"),
        T("1.2", HOSTILE),
        T("1.3", LONG),
        T("1.4", "A\u200b\u200dzero \u0301width שלום 🏳️‍🌈 👨‍👩‍👧"),
    )
    made = FakeSource(a_strategy(tasks, phases=(), gates=()), folder=folder)
    made.clock = time.time()
    made.start("1.1", "1.2", "1.3", "1.4")
    made.report("1.2", HOSTILE).report("1.3", LONG)
    return made


def log(folder: Path, task: str = "1.1") -> Path:
    """Where that task's log is to be written."""
    path = source(folder).attempt_dir(task, 1) / "output.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


if __name__ == "__main__":
    sys.exit(int(str(asyncio.run(run_screen(MaestroApp(source(Path(sys.argv[1]))))))))
