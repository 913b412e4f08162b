"""Submodules in worktrees: git leaves their folders empty there, and would ask the network.

Each is filled from the copy the user's repository has, sharing its objects; what it has not is left
empty and said. What an agent commits in one goes back into that copy, under a ref.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.git.command import Git, GitError, run_sync

GITLINK = "160000"


@dataclass(frozen=True, slots=True)
class Submodule:
    """One that a tree's ``.gitmodules`` names and its index points to."""

    name: str
    path: str
    sha: str


async def listed(git: Git, tree: Path) -> list[Submodule]:
    """Those of a tree; nothing is run where there are none."""
    if not (tree / ".gitmodules").is_file():
        return []
    result = await git.run(
        "config", "-f", str(tree / ".gitmodules"), "-z", "--get-regexp", r"^submodule\..*\.path$",
        codes=(0, 1),
    )  # fmt: skip
    names = {}
    for entry in filter(None, os.fsdecode(result.out).split("\0")):
        key, _, path = entry.partition("\n")
        names[path.rstrip("/")] = key.removeprefix("submodule.").removesuffix(".path")
    listing = os.fsdecode((await git.run("ls-files", "-s", "-z")).out).split("\0")
    found = []
    for meta, path in (line.split("\t", 1) for line in listing if line.startswith(GITLINK)):
        if path in names and not _leads_out(tree, path, names[path]):
            found.append(Submodule(names[path], path, meta.split(" ")[1]))
    return found


def _leads_out(tree: Path, path: str, name: str) -> bool:
    """Whether a name would reach outside of the tree or of git's folder for submodules."""
    if ".." in Path(name).parts or Path(name).is_absolute():
        return True
    return not (tree / path).parent.resolve().is_relative_to(tree.resolve())


async def fill(git: Git, tree: Path, checkout: Path, modules: Path) -> tuple[str, ...]:
    """Bring every submodule of a tree to its commit; what could not be, and what to do.

    ``checkout`` and ``modules`` are where the user's own copies may be.
    """
    missing: list[str] = []
    for one in await listed(git, tree):
        source = source_of(one, checkout, modules)
        if source is None:
            missing.append(
                f"the submodule {one.path} is empty in the worktrees: your checkout has no copy of "
                f"it; `git submodule update --init {one.path}` makes one"
            )
            continue
        try:
            inner = await _at_its_commit(one, tree / one.path, source)
        except GitError:
            await asyncio.to_thread(_empty, tree / one.path)  # half of it would look like a change
            missing.append(
                f"the submodule {one.path} is empty in the worktrees: your checkout's copy of it "
                f"has no {one.sha[:10]}; `git -C {one.path} fetch` may bring it"
            )
            continue
        below = await fill(inner, tree / one.path, checkout / one.path, source / "modules")
        missing += below
    return tuple(missing)


def source_of(one: Submodule, checkout: Path, modules: Path) -> Path | None:
    """The git directory of the user's copy."""
    for place in (modules / one.name, checkout / one.path / ".git"):
        if (place / "HEAD").is_file():
            return place
    return None


async def _at_its_commit(one: Submodule, folder: Path, source: Path) -> Git:
    inner = Git(folder / ".git", folder / ".git", folder)
    if (folder / ".git" / "HEAD").is_file():
        try:
            await _reset(inner, one.sha)
            return inner
        except GitError:
            pass  # whatever an agent has made of it, a fresh one will do
    if folder.is_symlink():
        folder.unlink()
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    words = ["clone", "-q", "--shared", "--no-checkout", str(source), str(folder)]
    done = await asyncio.to_thread(run_sync, words, source)
    if done.returncode:
        raise GitError(words, done.returncode, done.stderr)
    await _reset(inner, one.sha)
    return inner


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(exist_ok=True)


async def _reset(inner: Git, sha: str) -> None:
    await inner.run("checkout", "-q", "-f", "--detach", sha)
    await inner.run("clean", "-ffdxq")


async def keep(git: Git, tree: Path, paths: tuple[str, ...], ref: str) -> None:
    """Bring what an agent committed in submodules to the user's copies of them, as ``ref``."""
    for one in await listed(git, tree):
        inner = tree / one.path
        if one.path not in paths or not (inner / ".git").exists():
            continue
        modules = git.common_dir / "modules" / one.name
        there = Git(modules) if (modules / "HEAD").is_file() else Git(git.common_dir)
        await there.run("fetch", "-q", "--no-tags", str(inner), f"+{one.sha}:{ref}")
