"""What a waiting engine costs: CPU and memory of a detached engine whose run waits for an answer.

The floor is a bare Python process with an idle asyncio loop, measured in the same run. Budgets: 1 %
of a core, 80 MB.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from maestro_tui.cli.demo import unpack
from maestro_tui.cli.main import build_parser
from maestro_tui.cli.opening import open_run
from maestro_tui.core.state import TaskState
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.create import create_run

SECONDS = 8.0
BARE = "import asyncio\nasyncio.run(asyncio.sleep(60))"


def watch(pid: int) -> tuple[float, float]:
    """CPU in percent of a core, and resident megabytes, over some seconds."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    time.sleep(SECONDS)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return 100.0 * used / SECONDS, process.memory_info().rss / 1e6


def main() -> None:
    """An engine at rest, beside a bare loop."""
    bare = subprocess.Popen([sys.executable, "-c", BARE])
    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as name:
        repo = Path(name) / "repo"
        plan = unpack("trouble", repo)
        words = ["run", str(plan), "--repo", str(repo), "--driver", "rehearsal"]
        opening = open_run(build_parser().parse_args([*words, "--yes"]))
        run = create_run(opening.base, opening.strategy, opening.options, script=opening.script)
        client = RunClient(repo, run)
        client.start_engine()
        while len(client.state.questions) < 3 or client.state.count(TaskState.RUNNING) > 1:
            client.poll()
            time.sleep(0.1)
        cpu, memory = watch(client.state.engine_pid)
        floor_cpu, floor_memory = watch(bare.pid)
        print(f"bare loop:      {floor_cpu:.2f} % of a core, {floor_memory:.0f} MB")
        print(
            f"waiting engine: {cpu:.2f} % of a core, {memory:.0f} MB, {memory / floor_memory:.1f} x"
        )
        client.stop("abort")
        while client.engine_alive():
            time.sleep(0.1)
    bare.kill()


if __name__ == "__main__":
    main()
