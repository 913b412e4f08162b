"""Repositories an agent made inside its worktree: git would take nothing of them but a pointer.

Such work is not merged, since nobody else could check it out; but it is kept, files and commits.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from maestro_tui.engine.git.command import Git, GitError
from maestro_tui.engine.git.submodules import GITLINK


def why_not(paths: tuple[str, ...]) -> str:
    """The problem in a sentence that says what to do."""
    return (
        f"{paths[0]} is a git repository of its own, whose files git does not merge; "
        f"remove {paths[0]}/.git, or make it a submodule (git submodule add)"
    )


async def strangers(git: Git, commit: str, pointers: Iterable[str]) -> tuple[str, ...]:
    """Those of a commit's pointers into repositories that belong to no submodule."""
    found = tuple(pointers)
    known = await submodules(git, commit) if found else set()
    return tuple(p for p in found if p not in known)


async def committed(git: Git, head: str) -> tuple[str, ...]:
    """Repositories in the worktree that an agent has committed as mere pointers."""
    listing = os.fsdecode((await git.run("ls-tree", "-r", "-z", head)).out).split("\0")
    found = [line.partition("\t")[2] for line in listing if line.startswith(GITLINK)]
    tree = git.tree
    assert tree is not None
    return await strangers(git, head, (p for p in found if (tree / p / ".git").exists()))


async def submodules(git: Git, commit: str) -> set[str]:
    """The paths ``.gitmodules`` names at that commit."""
    result = await git.run(
        "config", "--blob", f"{commit}:.gitmodules", "-z", "--get-regexp", r"^submodule\..*\.path$",
        codes=(0, 1, 128),
    )  # fmt: skip
    entries = os.fsdecode(result.out).split("\0")
    return {entry.partition("\n")[2] for entry in entries if entry}


async def keep(git: Git, found: tuple[str, ...], index: dict[str, str], ref: str) -> None:
    """Put the files of these repositories into the index, and their commits under ``ref``."""
    assert git.tree is not None
    for number, path in enumerate(found, start=1):
        inner = git.tree / path
        tree = await _files(git, inner, Path(index["GIT_INDEX_FILE"]))
        await git.run("rm", "-q", "--cached", "--ignore-unmatch", "--", f":(top,literal){path}",
                      env=index)  # fmt: skip
        await git.run("read-tree", f"--prefix={path}/", tree, env=index)
        try:
            await git.run("fetch", "-q", "--no-tags", str(inner), f"+HEAD:{ref}-inner-{number}")
        except GitError:
            pass  # it has no commit


async def _files(git: Git, inner: Path, index: Path) -> str:
    """The files of a folder as a tree of the outer repository; its own ``.git`` is none of them."""
    own = index.with_name(index.name + "-inner")
    env = {"GIT_INDEX_FILE": str(own)}
    view = git.worktree(git.git_dir, inner)
    try:
        await view.run("add", "-A", env=env, codes=(0, 1))
        return await view.text("write-tree", env=env)
    finally:
        own.unlink(missing_ok=True)
