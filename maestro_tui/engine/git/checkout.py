"""Moves the user's checkout forward: to the new commit as a whole, or not at all.

git looks for local changes before it writes, but not for room: on a full disk it would leave some
files as they were and others as they are to be.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.advice import FULL
from maestro_tui.engine.git.command import Git, GitError

SPARE = 1 << 20  # bytes that must stay free on each disk that is written to
_SUBMODULE = "160000"


class NoRoom(Exception):
    """The new files do not fit; nothing has been touched."""


@dataclass(frozen=True, slots=True)
class Change:
    """A path that will be another, or no more."""

    path: str
    mode: str
    blob: str
    is_new: bool


async def fast_forward(there: Git, new: str) -> None:
    """Bring checkout and branch to ``new``; GitError when git will not, NoRoom when it cannot."""
    assert there.tree is not None
    changes = await _changes(there, new)
    await _look_for_room(there, there.tree, changes)
    created = [c.path for c in changes if c.is_new and not os.path.lexists(there.tree / c.path)]
    folders = _missing_folders(there.tree, created)
    changed = await _changed_by_the_user(there)
    ours = [c.path for c in changes if not c.is_new and c.path not in changed]
    try:
        await there.run("merge", "--ff-only", "-q", new)
    except GitError:
        if await there.resolve("HEAD") != new:
            await _put_back(there, there.tree, ours, created, folders)
        raise


async def _changes(there: Git, new: str) -> list[Change]:
    listing = await there.run("diff-tree", "-r", "-z", "--no-renames", "HEAD", new)
    fields = os.fsdecode(listing.out).split("\0")
    found = []
    for meta, path in zip(fields[::2], fields[1::2], strict=False):
        _, mode, _, blob, status = meta.split(" ")
        found.append(Change(path, mode, blob, status == "A"))
    return found


async def _look_for_room(there: Git, tree: Path, changes: Iterable[Change]) -> None:
    """By disk, for a checkout may have others mounted in it."""
    files = [c for c in changes if c.mode not in ("000000", _SUBMODULE)]
    if not files:
        return
    names = "".join(f"{c.blob}\n" for c in files).encode()
    said = await there.run("cat-file", "--batch-check=%(objectsize)", stdin=names)
    needed: dict[int, int] = {}
    places: dict[int, Path] = {}
    for change, size in zip(files, said.out.split(), strict=True):
        folder = (tree / change.path).parent
        while not folder.is_dir():
            folder = folder.parent
        device = os.stat(folder).st_dev
        places.setdefault(device, folder)
        needed[device] = needed.get(device, SPARE) + int(size) + 4096
    for device, size_ in needed.items():
        free = shutil.disk_usage(places[device]).free
        if free < size_:
            raise NoRoom(
                f"{FULL}{places[device]}: {free >> 10} KB are free, {size_ >> 10} KB are needed; "
                "nothing was touched"
            )


def _missing_folders(tree: Path, paths: Iterable[str]) -> list[Path]:
    """Folders that will have to be made, the deepest first."""
    found: set[Path] = set()
    for path in paths:
        folder = (tree / path).parent
        while folder not in found and not os.path.lexists(folder):
            found.add(folder)
            folder = folder.parent
    return sorted(found, key=lambda folder: -len(folder.parts))


async def _changed_by_the_user(there: Git) -> set[str]:
    """Tracked files that are not as they were committed: whatever happens, they are not ours."""
    words = ("status", "--porcelain=v1", "-z", "-uno", "--no-renames")
    listing = await there.run(*words, env={"GIT_OPTIONAL_LOCKS": "0"})
    return {entry[3:] for entry in os.fsdecode(listing.out).split("\0") if entry}


async def _put_back(
    there: Git, tree: Path, ours: list[str], created: list[str], folders: list[Path]
) -> None:
    """What git had written before it gave up; first what takes up room."""
    for path in created:
        try:
            (tree / path).unlink(missing_ok=True)
        except OSError:
            continue
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            continue
    if ours:
        names = b"".join(os.fsencode(path) + b"\0" for path in ours)
        await there.run("checkout-index", "-f", "-z", "--stdin", stdin=names, codes=(0, 1, 128))
