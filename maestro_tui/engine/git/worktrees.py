"""Worktrees as a pool: made once, then recycled, because making one costs what a task should not.

A recycled tree is reset to the wanted commit and cleaned of everything untracked, ignored files
too: nothing of one task may reach the next.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from maestro_tui.engine.git import submodules
from maestro_tui.engine.git.command import Git, GitError

Prepare = Callable[[Git, Path], Awaitable[None]]
MIN_FREE_BYTES = 200 << 20  # refuse to fill the disk to the brim: git and the journal need room

# What a linked worktree needs of git's folder for it; whatever else is there, an agent left.
_GIT_OWN = frozenset({"HEAD", "commondir", "gitdir", "index", "locked", "logs"})


class DiskFull(Exception):
    """There is not enough room for another worktree."""


@asynccontextmanager
async def repository_lock(git: Git) -> AsyncIterator[None]:
    """One process at a time around worktree add, remove and prune: git races with itself there."""
    path = git.common_dir / "maestro-worktrees.lock"
    while True:
        with path.open("w") as handle:
            await asyncio.to_thread(fcntl.flock, handle, fcntl.LOCK_EX)
            if not _same_file(handle.fileno(), path):
                continue  # its last holder removed it while we waited
            try:
                yield
            finally:
                path.unlink(missing_ok=True)  # nothing of ours stays in the user's .git
            return


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


class WorktreePool:
    """The worktrees of one run, beneath ``root``."""

    def __init__(
        self,
        git: Git,
        root: Path,
        run: str,
        *,
        prepare: Prepare | None = None,
        env: Mapping[str, str] | None = None,
        checkout: Path | None = None,
    ) -> None:
        """``prepare`` is called with each tree once it stands at its commit; ``env`` goes to git
        where it fills trees; ``checkout`` is the user's, whose submodules are copied.
        """
        self._git = git
        self.root = root / run
        self._admin: dict[Path, Path] = {}
        self._free: list[Path] = []
        self._busy: set[Path] = set()
        self._filling: set[Path] = set()  # handed out, but not yet in the state
        self._prepare = prepare
        self._env = dict(env or {})
        self._checkout = checkout or git.common_dir.parent
        self.lacking: tuple[str, ...] = ()  # what trees should have had, and what to do
        self._tree_bytes = -1
        self._numbers = 0
        self._adding = asyncio.Lock()

    def adopt(self, busy: Iterable[str]) -> None:
        """After a restart: trees on disk are free unless a task still stands in them."""
        held = {Path(p) for p in busy if p}
        for path in sorted(self.root.glob("agent-*")):
            number = path.name.rpartition("-")[2]
            self._numbers = max(self._numbers, int(number) if number.isdigit() else 0)
            if path in held and self._usable(path):
                self._busy.add(path)
            elif self._usable(path):
                self._free.append(path)

    def _git_dir(self, path: Path) -> Path:
        """git's own folder for that worktree, found by its ``gitdir`` file after a restart."""
        known = self._admin.get(path)
        if known is None:
            wanted = f"{path}/.git"
            for entry in (self._git.common_dir / "worktrees").glob("*/gitdir"):
                if entry.read_text(errors="surrogateescape").strip() == wanted:
                    known = self._admin[path] = entry.parent
                    break
        return known or self._git.common_dir / "worktrees" / ".none"

    def _usable(self, path: Path) -> bool:
        return path.is_dir() and (self._git_dir(path) / "HEAD").exists()

    def view(self, path: Path) -> Git:
        """Git, seen from that worktree; its ``.git`` file is put back when it is missing."""
        git_dir = self._git_dir(path)
        link = path / ".git"
        wanted = f"gitdir: {git_dir}\n"
        try:
            intact = link.is_file() and not link.is_symlink() and link.read_text() == wanted
        except (OSError, UnicodeDecodeError):
            intact = False
        if not intact and path.is_dir():
            if link.is_dir() and not link.is_symlink():
                shutil.rmtree(link)
            else:
                link.unlink(missing_ok=True)
            link.write_text(wanted)
        return self._git.worktree(git_dir, path)

    def peek(self, path: Path) -> Git:
        """Git, seen from that worktree, for looking only: nothing is put back."""
        return self._git.worktree(self._git_dir(path), path)

    async def acquire(self, branch: str, sha: str) -> Path:
        """A clean tree at ``sha`` on the new branch ``branch``."""
        fresh = not self._free
        path = await self._add(sha) if fresh else self._free.pop()
        self._busy.add(path)
        self._filling.add(path)
        try:
            await self.reset(path, branch, sha, clean=not fresh)
        except GitError:
            # A tree an agent left in a state git cannot leave: make a new one instead.
            self._busy.discard(path)
            await self._remove(path)
            path = await self._add(sha)
            self._busy.add(path)
            self._filling.add(path)
            await self.reset(path, branch, sha, clean=False)
        if branch and self._prepare is not None:
            try:
                await self._prepare(self.view(path), path)
            except BaseException:
                self._filling.discard(path)  # nobody will stand in it
                raise
        return path

    def settled(self, path: str) -> None:
        """The state knows now that the tree is in use."""
        self._filling.discard(Path(path))

    async def reset(self, path: Path, branch: str, sha: str, *, clean: bool) -> None:
        """Bring a tree to exactly ``sha``, on ``branch`` (detached when empty)."""
        git = self.view(path)
        self._tidy(path)
        how = ("--ignore-other-worktrees", "-B", branch, sha) if branch else ("--detach", sha)
        await git.run("checkout", "-q", "-f", *how, env=self._env)
        if clean:
            await git.run("clean", "-ffdxq")
        self.lacking = await submodules.fill(
            git, path, self._checkout, self._git.common_dir / "modules"
        )

    def unlock(self, path: Path) -> None:
        """Remove the locks of an agent that was killed in the midst of git; none may be running."""
        for name in ("index.lock", "HEAD.lock"):
            (self._git_dir(path) / name).unlink(missing_ok=True)

    def _tidy(self, path: Path) -> None:
        """Take away what one task's git commands left for the next: locks, a half-done rebase."""
        for entry in self._git_dir(path).iterdir():
            if entry.name in _GIT_OWN:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)

    def keep_only(self, used: set[str]) -> None:
        """Give back every tree that is not in use; the next attempt may have it."""
        for tree in [t for t in self._busy if str(t) not in used and t not in self._filling]:
            self._busy.discard(tree)
            self._free.append(tree)

    async def integration(self, sha: str, name: str = "integration") -> Path:
        """The tree in which gates run, at ``sha``; ignored files (caches) stay.

        "probe" is another one like it, for earlier commits: caches of the one must not mislead the
        other.
        """
        path = self.root / name
        fresh = not self._usable(path)
        if fresh:
            await self._add(sha, path)
        await self.reset(path, "", sha, clean=False)
        await self.view(path).run("clean", "-ffdq")
        if fresh and self._prepare is not None:
            await self._prepare(self.view(path), path)
        return path

    async def _add(self, sha: str, path: Path | None = None) -> Path:
        async with self._adding:
            if path is None:
                self._numbers += 1
                path = self.root / f"agent-{self._numbers:02d}"
            self.root.mkdir(parents=True, exist_ok=True)
            free = shutil.disk_usage(self.root).free
            size = await self._size_of(sha)
            if free < MIN_FREE_BYTES + size:
                raise DiskFull(
                    f"{self.root}: only {free >> 20} MB free, a worktree needs {size >> 20} MB and "
                    f"{MIN_FREE_BYTES >> 20} MB are to stay free; free some "
                    "space (`maestro clean` shows what is safe), then answer retry"
                )
            async with repository_lock(self._git):
                await asyncio.to_thread(self._remove_files, path)
                # Two phases: only the registration needs the lock, the files are filled in later.
                await self._git.run(
                    "worktree", "add", "-q", "--no-checkout", "--detach", str(path), sha
                )
        self._admin.pop(path, None)
        return path

    async def _size_of(self, sha: str) -> int:
        """What a tree at that commit takes on the disk, measured once: trees of a run are alike."""
        if self._tree_bytes < 0:
            listing = await self._git.run("ls-tree", "-r", "-l", sha)
            sizes = (line.split(None, 4)[3] for line in listing.out.splitlines())
            self._tree_bytes = sum(-(-int(s) // 4096) * 4096 for s in sizes if s.isdigit())
        return self._tree_bytes

    async def _remove(self, path: Path) -> None:
        async with repository_lock(self._git):
            await asyncio.to_thread(self._remove_files, path)

    def _remove_files(self, path: Path) -> None:
        admin = self._git_dir(path)
        if admin.is_dir():
            shutil.rmtree(admin, ignore_errors=True)
        self._admin.pop(path, None)
        _delete_tree(path)

    async def remove_free(self) -> None:
        """Delete every tree nobody stands in."""
        while self._free:
            await self._remove(self._free.pop())

    async def remove_all(self) -> None:
        """Delete every tree of the run."""
        paths = {
            *self._free,
            *self._busy,
            *(self.root / name for name in ("integration", "probe", "resolution")),
            *self.root.glob("agent-*"),
        }
        for path in paths:
            await self._remove(path)
        self._free.clear()
        self._busy.clear()
        for folder in (self.root, self.root.parent, self._git.common_dir / "worktrees"):
            try:
                folder.rmdir()
            except OSError:
                pass


def _delete_tree(path: Path) -> None:
    """Delete a tree even when an agent took its write permission away."""

    def unlock(function: object, name: str, _info: object) -> None:
        parent = os.path.dirname(name)
        os.chmod(parent, 0o700)
        if os.path.isdir(name) and not os.path.islink(name):
            os.chmod(name, 0o700)
            shutil.rmtree(name, ignore_errors=True)
        else:
            os.unlink(name)

    if path.is_dir():
        shutil.rmtree(path, onerror=unlock)
