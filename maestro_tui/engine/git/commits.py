"""What an agent left, as a commit: under the agent's name, without the marker, nothing lost."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.git import nested, submodules
from maestro_tui.engine.git.command import Git

# What git itself writes where there is no commit yet, and no branch.
UNBORN, DETACHED = "(initial)", "(detached)"


@dataclass(frozen=True, slots=True)
class Work:
    """An attempt's result in git."""

    commit: str
    files: tuple[str, ...]
    problem: str = ""  # why it cannot be taken, when it cannot


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a worktree: its commit, whether it is dirty, paths in conflict, repositories in
    it that git knows nothing of.
    """

    head: str
    branch: str
    dirty: bool
    unmerged: tuple[str, ...]
    nested: tuple[str, ...] = ()
    changed_inside: tuple[str, ...] = ()  # submodules with changes that are not committed there


async def status(git: Git) -> Status:
    """Look at a worktree without changing it."""
    result = await git.run("status", "--porcelain=v2", "--branch", "-uall", "-z")
    head = branch = ""
    dirty = False
    unmerged, inner, inside = [], [], []
    fields = iter(os.fsdecode(result.out).split("\0"))
    for item in fields:
        if item.startswith("# branch.oid "):
            head = item[13:]
        elif item.startswith("# branch.head "):
            branch = item[14:]
        elif item.startswith("u "):
            dirty = True
            unmerged.append(item.split(" ", 10)[10])
        elif item.startswith("2 "):
            dirty = True
            next(fields, None)  # the old name of a rename
        elif item[:2] in ("1 ", "? "):
            dirty = True
            if item.startswith("1 ") and item[5] == "S" and item[7:9] != "..":
                inside.append(item.split(" ", 8)[8])
            if item.startswith("? ") and item.endswith("/"):  # of other folders, the files are told
                inner.append(item[2:-1])
    return Status(head, branch, dirty, tuple(unmerged), tuple(inner), tuple(inside))


def author(agent: str) -> dict[str, str]:
    """The author of what an agent wrote."""
    name = agent or "agent"
    mail = "".join(c if c.isalnum() or c in "-_." else "-" for c in name)
    return {"GIT_AUTHOR_NAME": name, "GIT_AUTHOR_EMAIL": f"{mail}@maestro.invalid"}


async def commit_work(
    git: Git, *, base: str, branch: str, marker: str, agent: str, message: str, keep_ref: str
) -> Work:
    """Commit what is uncommitted, take the marker out, tell which files differ from ``base``."""
    now = await status(git)
    if now.unmerged:
        return Work("", (), "unmerged files: " + ", ".join(now.unmerged[:5]))
    if now.nested:
        return Work("", (), nested.why_not(now.nested))
    if now.changed_inside:
        path = now.changed_inside[0]
        return Work("", (), f"{path} is a submodule with changes that are not committed in it; "
                            f"commit them there (git -C {path} commit) or undo them")  # fmt: skip
    head = now.head
    if head == UNBORN:
        return Work("", (), "the branch no longer contains the commit it started from")
    if now.branch != branch:
        if now.branch != DETACHED:
            # The agent went to a branch of its own, or of the user's: that one is not ours to move.
            await git.run("update-ref", "--no-deref", "HEAD", head)
        await _keep_left_behind(git, branch, head, f"{keep_ref}-left")
    if now.dirty:
        await _commit_all(git, marker, agent, message)
    # Side by side, after the last thing that changes any of it.
    standing, head, modes = await asyncio.gather(
        _stands_on(git, base, now.head),
        git.resolve("HEAD"),
        _changed_modes(git, base, "HEAD"),
    )
    files = tuple(modes)
    if not standing or not head:
        return Work("", (), "the branch no longer contains the commit it started from")
    new = [p for p, (old, mode) in modes.items() if mode == submodules.GITLINK and old != mode]
    inner = await nested.strangers(git, head, new)
    if inner:
        return Work("", (), nested.why_not(inner))
    moved = tuple(p for p, (_, mode) in modes.items() if mode == submodules.GITLINK)
    if moved:
        assert git.tree is not None
        await submodules.keep(git, git.tree, moved, keep_ref)
    if marker in files:
        await _restore(git, base, (marker,))
        await _commit_index(git, agent, "Leave the completion marker out")
        head = await git.resolve("HEAD")
        files = tuple(f for f in files if f != marker)
    await git.run(
        "update-ref", "--stdin",
        stdin=f"update refs/heads/{branch} {head}\nupdate {keep_ref} {head}\n".encode(),
    )  # fmt: skip
    return Work(head, files)


async def _keep_left_behind(git: Git, branch: str, head: str, ref: str) -> None:
    """What an agent committed to its branch before it left it for another, unless that has it."""
    tip = await git.resolve(f"refs/heads/{branch}")
    if tip and not await _stands_on(git, tip, head):
        await git.run("update-ref", ref, tip)


async def _stands_on(git: Git, base: str, head: str) -> bool:
    """Whether an agent that moved HEAD itself has kept the commit it started from."""
    if head == base:
        return True
    found = await git.run("merge-base", "--is-ancestor", base, head, codes=(0, 1))
    return found.code == 0


async def changed(git: Git, base: str, head: str) -> tuple[str, ...]:
    """Every path that differs between two commits; a rename counts as both its names."""
    return tuple(await _changed_modes(git, base, head))


async def _changed_modes(git: Git, base: str, head: str) -> dict[str, tuple[str, str]]:
    """By path, its mode before and after; zeros where it is not there."""
    if base == head:
        return {}
    result = await git.run("diff-tree", "-r", "-z", "--no-renames", base, head)
    fields = os.fsdecode(result.out).split("\0")
    found = {}
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        old, new = meta[1:].split(" ")[:2]
        found[path] = (old, new)
    return found


async def drop_paths(git: Git, base: str, paths: tuple[str, ...], agent: str) -> None:
    """Undo an agent's changes to these paths, as a commit on top of its work."""
    await _restore(git, base, paths)
    await _commit_index(git, agent, "Drop edits outside the task's files")


async def preserve(git: Git, ref: str, agent: str, message: str) -> str:
    """Keep whatever is in a worktree under ``ref``, branch and files untouched; the commit."""
    now = await status(git)
    head = now.head
    unborn = head == UNBORN
    inner = (
        *now.nested,
        *now.changed_inside,
        *(() if unborn else await nested.committed(git, head)),
    )
    if now.dirty or unborn or inner:
        index = Path(git.git_dir) / "maestro-index"
        env = {**author(agent), "GIT_INDEX_FILE": str(index)}
        parent = () if unborn else ("-p", head)
        try:
            await git.run("read-tree", "--empty" if unborn else head, env=env)
            await git.run("add", "-A", "--", ".", *(f":(top,exclude,literal){p}" for p in inner),
                          env=env, codes=(0, 1))  # fmt: skip
            await nested.keep(git, inner, env, ref)
            tree = await git.text("write-tree", env=env)
            head = await git.text("commit-tree", tree, *parent, "-m", message, env=env)
        finally:
            index.unlink(missing_ok=True)
    await git.run("update-ref", ref, head)
    return head


async def _commit_all(git: Git, marker: str, agent: str, message: str) -> None:
    """Commit everything but the marker; nothing when the marker was all there was."""
    await git.run("add", "-A", "--", ".", f":(top,exclude,literal){marker}")
    await _commit_index(git, agent, message)


async def _commit_index(git: Git, agent: str, message: str) -> None:
    await git.run("commit", "-q", "--no-verify", "-m", message, env=author(agent), codes=(0, 1))


async def _restore(git: Git, base: str, paths: tuple[str, ...]) -> None:
    """Set paths, in index and tree, to what they are in ``base``; absent there means deleted."""
    listing = await git.run("ls-tree", "-r", "-z", "--name-only", base, "--", *paths)
    there = {os.fsdecode(p) for p in listing.out.split(b"\0") if p}
    old = [p for p in paths if p in there]
    new = [p for p in paths if p not in there]
    literal = [f":(top,literal){p}" for p in old]
    if old:
        await git.run("checkout", "-q", base, "--", *literal)
    if new:
        literal = [f":(top,literal){p}" for p in new]
        await git.run("rm", "-q", "-f", "--cached", "--ignore-unmatch", "--", *literal)
        for path in new:
            if git.tree is not None:
                (git.tree / path).unlink(missing_ok=True)
