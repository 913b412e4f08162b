"""``maestro clean``: what finished runs left on the disk, and why the rest stays."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from git import Head, Repo

from maestro_tui.cli.exits import DONE
from maestro_tui.cli.repository import repository
from maestro_tui.cli.selecting import sessions
from maestro_tui.config.paths import run_dir, worktrees_root
from maestro_tui.core.state import ENDED, RunStatus
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.lock import engine_pid
from maestro_tui.engine.occupancy import worktrees_in_use


def clean(arguments: argparse.Namespace) -> int:
    """Show, or with ``--yes`` remove, the leftovers of delivered runs."""
    repo = repository(arguments.repo)
    git = Repo(repo)
    removed = 0
    for session in sessions(repo):
        folder = run_dir(repo, session.run)
        trees = worktrees_root(repo) / session.run
        why = _why_kept(session.status, folder)
        if why:
            print(f"kept     {session.run}: {why}")
            for line in _trees_kept(repo, session.run, trees):
                print(f"         {line}")
            continue
        places = [p for p in (folder, trees) if p.exists()]
        branches, unmerged = _branches(git, session.run)
        for branch in unmerged:
            print(f"kept     {branch.name}: holds commits that HEAD does not have")
        if not places and not branches:
            continue
        for place in places:
            print(f"{'removed ' if arguments.yes else 'would go'} {place}  ({_size(place)})")
            if arguments.yes:
                shutil.rmtree(place, ignore_errors=True)
        for branch in branches:
            print(f"{'removed ' if arguments.yes else 'would go'} branch {branch.name}  (merged)")
            if arguments.yes:
                git.delete_head(branch, force=True)
        removed += 1
    if arguments.yes:
        git.git.worktree("prune")
    elif removed:
        print(
            "Nothing was removed; --yes does it. Journal, refs/maestro and .maestro/essence stay."
        )
    else:
        print("Nothing to remove.")
    return DONE


def _why_kept(status: str, folder: Path) -> str:
    if engine_pid(folder):
        return "its engine is at work"
    if status not in ENDED:
        return f"it is {status} and can be resumed"
    if status == RunStatus.FAILED:
        return "it failed; logs of failed runs are kept (maestro retry takes it up again)"
    return ""


def _trees_kept(repo: Path, run: str, trees: Path) -> list[str]:
    """What each worktree of a run that goes on is kept for."""
    if not trees.is_dir():
        return []
    found = RunClient(repo, run)
    try:
        tasks = {t.attempt.worktree: t for t in found.state.tasks.values() if t.attempt is not None}
        lines = []
        for tree in sorted(p for p in trees.iterdir() if p.is_dir()):
            task = tasks.get(str(tree))
            if task is not None and str(tree) in worktrees_in_use(found.state):
                why = f"{task.id} is {task.state} in it"
            elif tree.name.startswith("agent-"):
                why = "free, for the next agent"
            else:
                why = "gates run there"
            lines.append(f"{tree} ({_size(tree)}): {why}")
        return lines
    finally:
        found.close()


def _branches(repo: Repo, run: str) -> tuple[list[Head], list[Head]]:
    """The run's branches: those contained in HEAD, and those that hold something more."""
    merged: list[Head] = []
    unmerged: list[Head] = []
    for head in repo.heads:
        if head.name.startswith(f"maestro/{run}/"):
            contained = repo.is_ancestor(head.commit, repo.head.commit)
            (merged if contained else unmerged).append(head)
    return merged, unmerged


def _size(path: Path) -> str:
    total = sum(f.stat().st_size for f in path.rglob("*") if f.is_file() and not f.is_symlink())
    return f"{total / 1e6:.1f} MB"
