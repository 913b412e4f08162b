"""The last step: the run's work into the user's base branch, refusing to overwrite anything."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.advice import explained
from maestro_tui.engine.git.checkout import NoRoom, fast_forward
from maestro_tui.engine.git.command import Git, GitError
from maestro_tui.engine.git.merging import is_ancestor, merge


class Refused(Exception):
    """The base branch was left as it is; the message says why and what to do."""

    def __init__(self, reason: str, paths: tuple[str, ...] = ()) -> None:
        self.paths = paths
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Result:
    """Where the work went."""

    branch: str
    sha: str
    how: str


async def deliver(
    git: Git,
    repo: Path,
    branch: str,
    base: str,
    head: str,
    run: str,
    title: str,
    *,
    last: Callable[[str], Awaitable[str]] | None = None,
) -> Result:
    """Bring ``head`` into ``branch`` (the detached HEAD when empty).

    ``last`` may put one more commit on top of what the branch is to become.

    A branch that is checked out is moved by git's own fast-forward in that checkout, which keeps
    local changes and refuses where it would overwrite them; any other branch by compare-and-swap.
    """
    name = branch or "the detached HEAD"
    if branch:
        target = await git.resolve(f"refs/heads/{branch}")
    else:
        target = await _detached_head(git, repo)
    if branch and not target:
        raise Refused(
            f"the branch {branch} is gone; create it again or leave the work on its branch"
        )
    how = "fast-forward"
    new = head
    if await is_ancestor(git, head, target):
        new, how = target, "already there"
    elif not await is_ancestor(git, target, head):
        merged = await merge(git, target, head, f"Merge maestro run {run}: {title}")
        if merged.conflicts:
            raise Refused(
                f"{name} has moved since the run began and now conflicts; merge by hand with "
                f"`git merge maestro/{run}/_integration`, or answer again after you moved it",
                merged.conflicts,
            )
        new, how = merged.sha, "merge"
    if last is not None:
        new = await last(new)
    if new == target:
        return Result(name, target, how)
    checkout = await _checked_out_at(git, repo, branch)
    if checkout is None:
        await git.run("update-ref", "-m", f"maestro: {run}", f"refs/heads/{branch}", new, target)
    else:
        await _fast_forward(git, checkout, new, name)
    return Result(name, new, how)


async def _detached_head(git: Git, repo: Path) -> str:
    """The commit of the checkout's own HEAD; a branch taken since then is not ours to move."""
    there = Git(git.common_dir, await _git_dir_of(git, repo), repo)
    now = await there.run("symbolic-ref", "-q", "--short", "HEAD", codes=(0, 1))
    if now.code == 0:
        raise Refused(
            f"HEAD was detached when the run began and is on {now.text} now; detach it again "
            "(git checkout --detach) and answer again, or leave the work on its branch"
        )
    return await there.resolve("HEAD")


async def _checked_out_at(git: Git, repo: Path, branch: str) -> Path | None:
    if not branch:
        return repo
    listing = os.fsdecode((await git.run("worktree", "list", "--porcelain", "-z")).out)
    path: Path | None = None
    for field in listing.split("\0"):
        if field.startswith("worktree "):
            path = Path(field[9:])
        elif field == f"branch refs/heads/{branch}":
            return path
    return None


async def _fast_forward(git: Git, checkout: Path, new: str, name: str) -> None:
    there = Git(git.common_dir, await _git_dir_of(git, checkout), checkout)
    try:
        await fast_forward(there, new)
    except NoRoom as error:
        raise Refused(str(error)) from error
    except GitError as error:
        paths = tuple(line.strip() for line in error.text.splitlines() if line.startswith("\t"))
        if paths:
            raise Refused(
                f"{checkout} has local changes to files the run changed too; nothing was "
                "overwritten. Commit or move them, then answer again",
                paths,
            ) from error
        raise Refused(f"git would not move {name} in {checkout}: {explained(error)}") from error


async def _git_dir_of(git: Git, checkout: Path) -> Path:
    link = checkout / ".git"
    if link.is_file():
        return Path(link.read_text().partition(":")[2].strip())
    return git.common_dir
