"""What an engine costs while much goes on: 100 tasks, ten agents at once, 10,000 lines a second.

The engine's own processor time (git, the runners and the agents are processes of their own) against
the time it took; beside it what ``cat`` needs merely to read the same bytes. The agents keep to the
clock and make up for what they were late, so that the lines come whatever else the machine does; an
agent talks a little faster than its share, for the time in which its place is empty. Ends with 1
when the engine takes more than 15 % of a core, a task is missing, or too few lines came.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine_per_task import make_repo

from maestro_tui.cli.main import build_parser
from maestro_tui.cli.opening import open_run
from maestro_tui.core.state import TaskState
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.create import create_run

LIMIT = 15.0  # percent of a core
TICKS = os.sysconf("SC_CLK_TCK")
LINE = "the agent says something of the usual length about what it is doing just now {:06}\n"
BEAT_S = 0.1
EMPTY = 1.5  # between two agents in one place: start, check, merge
AGENT = """\
#!{python} -IS
import os, time
block, end = open({block!r}, "rb").read(), time.monotonic() + {seconds}
beat = time.monotonic()
while beat < end:
    os.write(1, block)
    beat += {beat}
    time.sleep(max(0.0, beat - time.monotonic()))
task = os.environ["MAESTRO_TASK_ID"]
open("out-" + task + ".txt", "w").write("x\\n")
open(os.environ["MAESTRO_MARKER"], "w").write("done\\n")
"""


def own_seconds(pid: int) -> float:
    """Processor time of that process alone, in user and in system mode; 0 when it is gone."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def cat(logs: list[Path]) -> float:
    """Processor seconds of reading them all."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["cat", *map(str, logs)], stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def prepare(folder: Path, options: argparse.Namespace) -> RunClient:
    """A repository, the tasks, the agents that talk; the run, ready to go."""
    repo = folder / "repo"
    repo.mkdir()
    make_repo(repo, 1000)
    tasks = "".join(
        f'[[task]]\nid = "{n}"\ntitle = "Task {n}"\ncreate = ["out-{n}.txt"]\n'
        for n in range(options.tasks)
    )
    plan = folder / "load.plan.toml"
    plan.write_text(f'schema = 1\n[plan]\ntitle = "Load"\n{tasks}')
    block = folder / "block"
    lines = round(options.lines / options.agents * BEAT_S * EMPTY)
    block.write_text("".join(LINE.format(n) for n in range(lines)))
    agent = folder / "agent.py"
    text = AGENT.format(
        python=sys.executable, block=str(block), seconds=options.seconds, beat=BEAT_S
    )
    agent.write_text(text)
    agent.chmod(0o755)
    words = ["run", str(plan), "--repo", str(repo), "--agent-command", str(agent), "--yes",
             "--mode", "streaming", "--max-parallel", str(options.agents)]  # fmt: skip
    opening = open_run(build_parser().parse_args(words))
    run = create_run(opening.base, opening.strategy, opening.options, script=opening.script)
    return RunClient(repo, run)


def main() -> int:
    """One run to its end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=100)
    parser.add_argument("--agents", type=int, default=10)
    parser.add_argument("--lines", type=int, default=10_000, help="a second, of all agents")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each agent")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="maestro-bench-"))
    try:
        client = prepare(folder, options)
        started = time.monotonic()
        client.start_engine()
        used, pid = 0.0, 0
        while not client.state.ended:
            client.poll()
            pid = client.state.engine_pid or pid
            used = max(used, own_seconds(pid)) if pid else 0.0
            time.sleep(0.05)
        wall = time.monotonic() - started
        merged = client.state.count(TaskState.MERGED)
        logs = sorted((client.repo / ".maestro/runs" / client.run).glob("*/1/output.log"))
        size = sum(log.stat().st_size for log in logs)
        lines = size / len(LINE.format(0))
        floor = cat(logs)
        while client.engine_alive():
            time.sleep(0.05)
        client.close()
    finally:
        shutil.rmtree(folder)
    share = 100 * used / wall
    print(f"{merged} tasks merged in {wall:.1f} s, {lines / wall:,.0f} lines a second")
    print(f"engine: {used:.2f} s of processor time, {share:.1f} % of a core, "
          f"{1000 * used / max(1, merged):.1f} ms a task")  # fmt: skip
    print(f"cat of the same {size / 1e6:.0f} MB: {floor:.3f} s, engine {used / floor:.1f} x")
    enough = lines / wall >= options.lines
    return 0 if share <= LIMIT and merged == options.tasks and enough else 1


if __name__ == "__main__":
    sys.exit(main())
