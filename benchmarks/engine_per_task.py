"""What the engine costs a task, from start to merged, against what a person would type.

Floor, measured in the same run on the same repository: ``worktree add -b``, edit, ``add -A``,
``commit``, ``merge --no-ff``, ``worktree remove``, ``branch -d``, one task after the other.
Prints milliseconds per task and the ratio.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TASKS = 10


def git(repo: Path, *args: str) -> None:
    """A quiet git command."""
    subprocess.run(
        ["git", "-c", "user.name=B", "-c", "user.email=b@b", *args],
        cwd=repo,
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def make_repo(folder: Path, files: int) -> None:
    """A repository with that many small files in a hundred to a folder."""
    for number in range(files):
        path = folder / f"d{number // 100:03}" / f"f{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"file {number}\n" * 20)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")


def naive(repo: Path) -> float:
    """Seconds per task, by hand."""
    started = time.perf_counter()
    for number in range(TASKS):
        tree = repo.parent / f"naive-{number}"
        git(repo, "worktree", "add", "-q", "-b", f"task-{number}", str(tree))
        (tree / f"naive-{number}.txt").write_text("x\n")
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "task")
        git(repo, "merge", "-q", "--no-ff", "--no-edit", f"task-{number}")
        git(repo, "worktree", "remove", str(tree))
        git(repo, "branch", "-d", f"task-{number}")
    return (time.perf_counter() - started) / TASKS


def with_maestro(repo: Path, slots: int) -> float:
    """Seconds per task, whole program included."""
    plan = repo.parent / "bench.plan.toml"
    tasks = "".join(
        f'[[task]]\nid = "{n}"\ntitle = "Task {n}"\ncreate = ["out/{n}.txt"]\n'
        for n in range(TASKS)
    )
    plan.write_text(f'schema = 1\n[plan]\ntitle = "Bench"\n{tasks}')
    agent = repo.parent / "agent.sh"
    agent.write_text(
        "#!/bin/sh\nmkdir -p out\necho x > out/$MAESTRO_TASK_ID.txt\necho done > $MAESTRO_MARKER\n"
    )
    agent.chmod(0o755)
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "maestro_tui", "run", str(plan), "--headless", "--yes",
         "--agent-command", str(agent), "--max-parallel", str(slots), "--mode", "streaming"],
        cwd=repo, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return (time.perf_counter() - started) / TASKS


def main() -> None:
    """Both sizes, or the one asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, nargs="*", default=[1000, 20000])
    parser.add_argument("--slots", type=int, nargs="*", default=[1, 3])
    options = parser.parse_args()
    for files in options.files:
        folder = Path(tempfile.mkdtemp(prefix="maestro-bench-"))
        try:
            repo = folder / "repo"
            repo.mkdir()
            make_repo(repo, files)
            floor = naive(repo)
            print(f"{files:>6} files: by hand {floor * 1000:7.1f} ms a task")
            for slots in options.slots:
                ours = with_maestro(repo, slots)
                print(
                    f"{files:>6} files: maestro, {slots:>2} slots {ours * 1000:7.1f} ms a task, "
                    f"{ours / floor:.2f} x"
                )
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
