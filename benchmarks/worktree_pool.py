"""A worktree for each task: made afresh and deleted, or taken from the pool and put back.

Uses the engine's own pool on a real repository and bare ``git worktree add``/``remove`` beside it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from engine_per_task import git, make_repo

from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.worktrees import WorktreePool


def fresh(repo: Path, count: int) -> float:
    """Milliseconds for one worktree, there and away again."""
    found = []
    for number in range(count):
        tree = repo.parent / f"fresh-{number}"
        started = time.perf_counter()
        git(repo, "worktree", "add", "-q", "-b", f"fresh-{number}", str(tree))
        (tree / "new.txt").write_text("x\n")
        git(repo, "worktree", "remove", "--force", str(tree))
        found.append((time.perf_counter() - started) * 1000)
    return statistics.median(found)


async def pooled(repo: Path, count: int) -> tuple[float, float]:
    """Milliseconds for the first tree, and for each that is taken again."""
    view = Git(repo / ".git")
    head = await view.resolve("HEAD")
    pool = WorktreePool(view, repo.parent / "trees", "bench")
    found = []
    for number in range(count + 1):
        started = time.perf_counter()
        tree = await pool.acquire(f"pool-{number}", head)
        found.append((time.perf_counter() - started) * 1000)
        (tree / "new.txt").write_text("x\n")
        pool.settled(str(tree))
        pool.keep_only(set())
    await pool.remove_all()
    return found[0], statistics.median(found[1:])


def main() -> None:
    """Both sizes, or those asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", type=int, nargs="*", default=[1000, 20000])
    parser.add_argument("--trees", type=int, default=8)
    options = parser.parse_args()
    for files in options.files:
        folder = Path(tempfile.mkdtemp(prefix="maestro-bench-"))
        try:
            repo = folder / "repo"
            repo.mkdir()
            make_repo(repo, files)
            bare = fresh(repo, options.trees)
            first, again = asyncio.run(pooled(repo, options.trees))
            print(
                f"{files:>6} files: fresh {bare:7.1f} ms, pool: first {first:7.1f} ms, "
                f"again {again:7.1f} ms ({bare / again:.1f} x faster)"
            )
        finally:
            shutil.rmtree(folder)


if __name__ == "__main__":
    main()
