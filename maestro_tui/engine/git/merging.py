"""Merges in memory: trees are merged without a checkout, refs move by compare-and-swap."""

from __future__ import annotations

import os
from dataclasses import dataclass

from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.conflict_kinds import real_path


@dataclass(frozen=True, slots=True)
class MergeResult:
    """Either the merge commit, or the paths on which both sides differ."""

    sha: str
    conflicts: tuple[str, ...] = ()
    messages: str = ""


def integration_ref(run: str) -> str:
    """The branch on which a run's work comes together; no task key begins with "_"."""
    return f"refs/heads/maestro/{run}/_integration"


def attempt_branch(run: str, key: str, attempt: int) -> str:
    """The branch of one attempt."""
    return f"maestro/{run}/{key}/a{attempt}"


def keep_ref(run: str, key: str, attempt: int) -> str:
    """Where an attempt's commits stay reachable whatever becomes of its branch."""
    return f"refs/maestro/{run}/attempt/{key}/a{attempt}"


async def merge(git: Git, head: str, commit: str, message: str, *, base: str = "") -> MergeResult:
    """Merge ``commit`` into ``head`` without touching any tree; no ref moves here.

    ``base`` is the commit the attempt started from: when that is still the head, the merged tree
    is the attempt's own and need not be computed.
    """
    if base == head:
        tree = f"{commit}^{{tree}}"
    else:
        result = await git.run(
            "merge-tree", "--write-tree", "--name-only", "-z", head, commit, codes=(0, 1)
        )
        parts = os.fsdecode(result.out).split("\0")
        tree = parts[0].strip()
        if result.code:
            end = parts.index("", 1) if "" in parts[1:] else len(parts)
            paths = tuple(dict.fromkeys(parts[1:end]))
            return MergeResult("", paths, " ".join(parts[end + 1 :])[:2000])
    sha = await git.text("commit-tree", tree, "-p", head, "-p", commit, "-m", message)
    return MergeResult(sha)


async def conflicting_paths(git: Git, ours: str, theirs: str) -> tuple[str, ...]:
    """The paths on which a merge of two commits would conflict; nothing is merged."""
    result = await git.run(
        "merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", ours, theirs,
        codes=(0, 1),
    )  # fmt: skip
    if not result.code:
        return ()
    names = os.fsdecode(result.out).split("\0")[1:]
    return tuple(dict.fromkeys(real_path(name) for name in names if name))


def remove_stale_locks(git: Git, run: str) -> None:
    """Locks a killed git left on this run's own refs; nobody else writes those."""
    integration = git.common_dir / f"{integration_ref(run)}.lock"
    for lock in (integration, *(git.common_dir / "refs" / "maestro" / run).rglob("*.lock")):
        lock.unlink(missing_ok=True)


async def swap_ref(git: Git, ref: str, new: str, old: str) -> None:
    """Move a ref from exactly ``old`` to ``new``; GitError when somebody moved it meanwhile."""
    await git.run("update-ref", ref, new, old)


async def is_ancestor(git: Git, commit: str, of: str) -> bool:
    """Whether ``commit`` is contained in ``of``."""
    return (await git.run("merge-base", "--is-ancestor", commit, of, codes=(0, 1))).code == 0


async def start_merge_in_tree(git: Git, branch: str) -> None:
    """Merge the integration head into a task's worktree, leaving the conflict on disk."""
    await git.run("merge", "--no-commit", "--no-ff", "-q", branch, codes=(0, 1))
