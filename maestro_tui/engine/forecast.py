"""Sees conflicts coming: merges what running agents have so far, in memory, with what is merged and
with each other, so that a person learns of a conflict while it arises and not at its merge.

Nothing here moves a ref or touches a tree; a snapshot is a commit nobody refers to. Also what an
agent has not committed yet counts, read through a copy of its index.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

from maestro_tui.core.events import ConflictsForeseen, Event
from maestro_tui.core.state import ACTIVE, RunState, TaskRun, TaskState
from maestro_tui.engine.git.command import Git, GitError
from maestro_tui.engine.git.commits import changed
from maestro_tui.engine.git.merging import conflicting_paths
from maestro_tui.engine.git.worktrees import WorktreePool

LEAST_S, MOST_S = 2.0, 60.0
SHARE = 20.0  # it may take one part in that many of the time
MOST_PATHS = 20
_WATCHED = ACTIVE | {TaskState.QUEUED}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What an attempt has so far: a commit, and the paths that differ from its base."""

    task: str
    commit: str
    paths: frozenset[str]


class Forecast:
    """Looks every few seconds while agents work; posts only what has changed."""

    def __init__(
        self, state: RunState, git: Git, pool: WorktreePool, post: Callable[[Event], None]
    ) -> None:
        self._state, self._git, self._pool, self._post = state, git, pool, post
        self._trees: dict[str, tuple[str, str, Snapshot]] = {}  # task: HEAD, tree, snapshot
        self._known: dict[tuple[str, str], tuple[str, ...]] = {}  # pair of commits: paths

    async def watch(self) -> None:
        """Until cancelled."""
        pause = LEAST_S
        while True:
            await asyncio.sleep(pause)
            started = time.monotonic()
            try:
                found = await self.look()
            except (GitError, OSError):
                pause = MOST_S  # an agent is just rewriting its tree, or the disk is full
                continue
            if _plain(found) != _plain(self._state.foreseen):
                self._post(ConflictsForeseen(at=time.time(), conflicts=found))
            pause = min(MOST_S, max(LEAST_S, SHARE * (time.monotonic() - started)))

    async def look(self) -> tuple[dict[str, object], ...]:
        """The conflicts there would be if everything were merged as it is now."""
        state = self._state
        if state.stopping or state.ended:
            return ()
        snapshots = []
        for task in state.tasks.values():
            if task.state in _WATCHED and task.attempt is not None and task.attempt.worktree:
                snapshot = await self._snapshot(task)
                if snapshot is not None and snapshot.paths:
                    snapshots.append(snapshot)
        found: list[dict[str, object]] = []
        for one in snapshots:
            found += await self._with_merged(one)
        for one, other in combinations(snapshots, 2):
            if not _apart(one.paths, other.paths) and not self._ordered(one.task, other.task):
                paths = await self._conflicts(one.commit, other.commit)
                if paths:
                    found.append({"task": one.task, "other": other.task, "paths": paths})
        return tuple(found)

    async def _snapshot(self, task: TaskRun) -> Snapshot | None:
        attempt = task.attempt
        assert attempt is not None
        if task.state is TaskState.QUEUED:
            commit = attempt.merge_commit or attempt.commit
            return Snapshot(task.id, commit, frozenset(attempt.files))
        git = self._pool.peek(Path(attempt.worktree))
        try:
            head = await git.resolve("HEAD")
            tree = await self._tree(git, task.assignment.marker)
        except (GitError, OSError):
            return None  # in the midst of being made, or of a command of the agent's
        known = self._trees.get(task.id)
        if known is not None and known[:2] == (head, tree):
            return known[2]
        commit = await git.text("commit-tree", tree, "-p", head, "-m", "snapshot")
        paths = await changed(git, attempt.base, commit)
        snapshot = Snapshot(task.id, commit, frozenset(paths))
        self._trees[task.id] = (head, tree, snapshot)
        return snapshot

    async def _tree(self, git: Git, marker: str) -> str:
        """The worktree's files as a tree; its own index stays as it is."""
        copy = git.git_dir / "maestro-forecast-index"
        env = {"GIT_INDEX_FILE": str(copy)}
        try:
            await asyncio.to_thread(shutil.copyfile, git.git_dir / "index", copy)
            paths = (".", f":(top,exclude,literal){marker}") if marker else (".",)
            await git.run("add", "-A", "--", *paths, env=env)
            return await git.text("write-tree", env=env)
        finally:
            for leftover in (copy, copy.with_name(copy.name + ".lock")):
                leftover.unlink(missing_ok=True)

    async def _with_merged(self, one: Snapshot) -> list[dict[str, object]]:
        """Against the integration head, when others have been merged since the attempt began."""
        state = self._state
        attempt = state.tasks[one.task].attempt
        assert attempt is not None
        if state.head == attempt.base or not state.merges:
            return []
        theirs = frozenset(await changed(self._git, attempt.base, state.head))
        if _apart(one.paths, theirs):
            return []
        paths = await self._conflicts(state.head, one.commit)
        if not paths:
            return []
        authors = [
            t.id
            for t in state.tasks.values()
            if t.merged_sha and t.id != one.task and t.attempt and set(t.attempt.files) & set(paths)
        ]
        return [{"task": one.task, "other": authors[-1] if authors else "", "paths": paths}]

    def _ordered(self, one: str, other: str) -> bool:
        """Whether one waits for the other: then it will be told what the other did."""
        return one in self._state.tasks[other].after or other in self._state.tasks[one].after

    async def _conflicts(self, ours: str, theirs: str) -> tuple[str, ...]:
        known = self._known.get((ours, theirs))
        if known is None:
            if len(self._known) > 5000:
                self._known.clear()
            found = await conflicting_paths(self._git, ours, theirs)
            known = self._known[ours, theirs] = found[:MOST_PATHS]
        return known


def _apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets of paths cannot conflict: none in common, none beneath one of the other's,
    none that differ only in case.
    """
    if not one or not other:
        return True
    small, large = sorted(({p.casefold() for p in one}, {p.casefold() for p in other}), key=len)
    folders = {os.path.dirname(p) for p in large}
    for path in small:
        if path in large or path in folders:
            return False
        parent = os.path.dirname(path)
        while parent:
            if parent in large:
                return False
            parent = os.path.dirname(parent)
    return not any(f.startswith(tuple(p + "/" for p in small)) for f in folders)


def _plain(conflicts: object) -> list[tuple[str, str, tuple[str, ...]]]:
    """Conflicts in a form that compares equal after a journey through the journal."""
    assert isinstance(conflicts, tuple)
    return sorted((str(c["task"]), str(c["other"]), tuple(c["paths"])) for c in conflicts)
