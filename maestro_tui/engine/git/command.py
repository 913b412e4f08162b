"""Runs git, quickly and without surprises: no hooks, prompts, signing or other repositories."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass
from pathlib import Path

# Maestro's own git calls must not wait for a person, run the user's hooks or start a gc.
_FLAGS = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "commit.gpgSign=false",
    "-c", "core.quotePath=false",
    "-c", "core.fsmonitor=false",
    "-c", "advice.detachedHead=false",
)  # fmt: skip
# Set by hooks and by `git rebase -x`; they would point every call at another repository.
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
            "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS")  # fmt: skip
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
# A full path, no folder to change to, no descriptors to close: only then does ``subprocess`` use
# posix_spawn, which with a thread that waits costs half of what asyncio's own processes do.
_PROGRAM = shutil.which("git") or "git"
_AT_ONCE = ThreadPoolExecutor(16, thread_name_prefix="git")
COMMITTER = {"GIT_COMMITTER_NAME": "Maestro", "GIT_COMMITTER_EMAIL": "maestro@maestro.invalid"}
AUTHOR = {"GIT_AUTHOR_NAME": "Maestro", "GIT_AUTHOR_EMAIL": "maestro@maestro.invalid"}


class GitError(Exception):
    """A git command failed; the message is git's own, with the command before it."""

    def __init__(self, args: Sequence[str], code: int, text: str) -> None:
        self.code = code
        self.text = text.strip()
        super().__init__(f"git {' '.join(args[:4])} failed (exit {code}): {self.text}")


@dataclass(frozen=True, slots=True)
class Result:
    """What a git command printed."""

    code: int
    out: bytes
    err: bytes

    @property
    def text(self) -> str:
        """Standard output, decoded, without the last line end."""
        return os.fsdecode(self.out).rstrip("\n")


def forget_foreign() -> None:
    """Take out of this process's environment what would lead git, also that of agents and gates,
    to another repository.
    """
    for name in _FOREIGN:
        os.environ.pop(name, None)


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a git call."""
    env = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    env.update(COMMITTER)
    env.update(AUTHOR)
    env.update(GIT_TERMINAL_PROMPT="0", GIT_EDITOR="true", LC_ALL="C")
    if extra:
        env.update(extra)
    return env


class Git:
    """Git on one repository, addressed by its git directory so that no discovery can go astray.

    ``worktree`` makes a view for a linked worktree: even when an agent deletes the ``.git`` file
    there, calls stay in that worktree and never reach the checkout around it.
    """

    def __init__(
        self, common_dir: Path, git_dir: Path | None = None, tree: Path | None = None
    ) -> None:
        self.common_dir = common_dir
        self.git_dir = git_dir or common_dir
        self.tree = tree
        # Encoded once: doing so for every call costs more than the rest of starting a process.
        self._env = {os.fsencode(k): os.fsencode(v) for k, v in environment().items()}

    def worktree(self, git_dir: Path, tree: Path) -> Git:
        """The same repository, seen from a linked worktree."""
        view = copy(self)
        view.git_dir, view.tree = git_dir, tree
        return view

    def _argv(self, args: Sequence[str]) -> list[str]:
        where = [f"--git-dir={self.git_dir}"]
        if self.tree is not None:
            where.append(f"--work-tree={self.tree}")
        return [_PROGRAM, "-C", str(self.tree or self.common_dir), *_FLAGS, *where, *args]

    async def run(
        self,
        *args: str,
        codes: tuple[int, ...] = (0,),
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run git; GitError when it exits with anything but ``codes``.

        Who is cancelled meanwhile still waits for its end: half of a checkout helps nobody.
        """
        call = asyncio.get_running_loop().run_in_executor(_AT_ONCE, self._call, args, stdin, env)
        try:
            done = await asyncio.shield(call)
        except asyncio.CancelledError:
            await asyncio.wait([call])
            raise
        if done.code not in codes:
            raise GitError(args, done.code, os.fsdecode(done.err) or os.fsdecode(done.out))
        return done

    def _call(
        self, args: Sequence[str], stdin: bytes | None, env: Mapping[str, str] | None
    ) -> Result:
        more = {os.fsencode(k): os.fsencode(v) for k, v in (env or {}).items()}
        done = subprocess.run(
            self._argv(args),
            env={**self._env, **more},
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            close_fds=False,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    async def text(self, *args: str, env: Mapping[str, str] | None = None) -> str:
        """The output of a git command that must succeed."""
        return (await self.run(*args, env=env)).text

    async def resolve(self, ref: str) -> str:
        """The commit a ref, or HEAD, names, or "" when there is none."""
        sha = self._loose(ref)
        if sha:
            return sha  # as git would read it, without a process; else packed, or not at all
        result = await self.run(
            "rev-parse", "-q", "--verify", f"{ref}^{{commit}}", codes=(0, 1, 128)
        )
        return result.text if result.code == 0 else ""

    def _loose(self, ref: str) -> str:
        """What its own file says."""
        place = self.git_dir if ref == "HEAD" else self.common_dir
        if ref != "HEAD" and not ref.startswith("refs/"):
            return ""
        try:
            said = (place / ref).read_text().rstrip("\n")
        except (OSError, UnicodeDecodeError):
            return ""
        if ref == "HEAD" and said.startswith("ref: refs/heads/"):
            return self._loose(said.removeprefix("ref: "))
        return said if _SHA.fullmatch(said) else ""


def run_sync(args: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """A git call outside the event loop, for the command line's own questions."""
    return subprocess.run(
        ["git", *_FLAGS, *args],
        cwd=cwd,
        env=environment({"GIT_OPTIONAL_LOCKS": "0"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
