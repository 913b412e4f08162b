"""From an agent's end to its dependent's start: checks, commit, merge, gate, next worktree.

A chain of tasks on a repository of 1,000 files, in waves of one with a gate that takes no time, and
streaming without. The floor is bare git doing the same by hand: add, commit, merge, a fresh
worktree. Ends with 1 when the median is over 300 ms and over the floor.
"""

from __future__ import annotations

import argparse
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from engine_per_task import git, make_repo

LIMIT_MS = 300.0
AGENT = "#!/bin/sh\nmkdir -p out\necho x > out/$MAESTRO_TASK_ID.txt\necho done > $MAESTRO_MARKER\n"


def by_hand(repo: Path, steps: int) -> list[float]:
    """Milliseconds of each step, typed as quickly as a script can."""
    found = []
    tree = repo.parent / "hand-0"
    git(repo, "worktree", "add", "-q", "-b", "hand-0", str(tree))
    for number in range(1, steps + 1):
        (tree / f"hand-{number}.txt").write_text("x\n")
        started = time.perf_counter()
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "task")
        git(repo, "merge", "-q", "--no-ff", "--no-edit", f"hand-{number - 1}")
        tree = repo.parent / f"hand-{number}"
        git(repo, "worktree", "add", "-q", "-b", f"hand-{number}", str(tree))
        found.append((time.perf_counter() - started) * 1000)
    return found


def with_maestro(repo: Path, steps: int, mode: str, gate: bool) -> list[float]:
    """Milliseconds between each agent's end and the next one's start, from the journal."""
    run = f"{mode}-{'gated' if gate else 'bare'}"
    tasks = "".join(
        f'[[task]]\nid = "{n}"\ntitle = "Task {n}"\ncreate = ["out/{n}.txt"]\n'
        for n in range(steps + 1)
    )
    edges = "".join(f'[[edge]]\ntask = "{n}"\nafter = "{n - 1}"\n' for n in range(1, steps + 1))
    gates = '[[gate]]\nname = "nothing"\nrun = "true"\n' if gate else ""
    plan = repo.parent / f"{run}.plan.toml"
    plan.write_text(f'schema = 1\n[plan]\ntitle = "Chain"\n{gates}{tasks}{edges}')
    agent = repo.parent / "agent.sh"
    agent.write_text(AGENT)
    agent.chmod(0o755)
    subprocess.run(
        [sys.executable, "-m", "maestro_tui", "run", str(plan), "--headless", "--yes", "--run-id",
         run, "--agent-command", str(agent), "--mode", mode, "--deliver", "none"],
        cwd=repo, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    db = sqlite3.connect(repo / ".maestro/maestro.db")
    rows = db.execute(
        "SELECT kind, task, at FROM event WHERE run = ? AND kind IN ('AgentEnded', 'AgentStarted')",
        (run,),
    ).fetchall()
    db.close()
    at = {(kind, task): moment for kind, task, moment in rows}
    return [
        (at["AgentStarted", str(n)] - at["AgentEnded", str(n - 1)]) * 1000
        for n in range(1, steps + 1)
    ]


def main() -> int:
    """Print medians; 1 when the gated chain is slower than it may be, and than by hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--steps", type=int, default=10)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="maestro-bench-"))
    try:
        repo = folder / "repo"
        repo.mkdir()
        make_repo(repo, options.files)
        gated = statistics.median(with_maestro(repo, options.steps, "waves", True))
        bare = statistics.median(with_maestro(repo, options.steps, "streaming", False))
        hand = statistics.median(by_hand(repo, options.steps))
    finally:
        shutil.rmtree(folder)
    print(f"by hand, no checks      {hand:7.1f} ms a step")
    print(f"maestro, waves, gated   {gated:7.1f} ms a step, {gated / hand:.2f} x")
    print(f"maestro, streaming      {bare:7.1f} ms a step, {bare / hand:.2f} x")
    return 0 if gated <= max(LIMIT_MS, hand) else 1  # a busy machine slows both


if __name__ == "__main__":
    sys.exit(main())
