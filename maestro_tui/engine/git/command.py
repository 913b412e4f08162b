"""Runs git, quickly and without surprises: no hooks, prompts, signing or other repositories."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import Mapping, Sequence
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
        return ["git", *_FLAGS, *where, *args]

    async def run(
        self,
        *args: str,
        codes: tuple[int, ...] = (0,),
        stdin: bytes | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Result:
        """Run git; GitError when it exits with anything but ``codes``."""
        process = await asyncio.create_subprocess_exec(
            *self._argv(args),
            cwd=self.tree or self.common_dir,
            env={**self._env, **{os.fsencode(k): os.fsencode(v) for k, v in (env or {}).items()}},
            stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate(stdin)
        code = process.returncode or 0
        if code not in codes:
            raise GitError(args, code, os.fsdecode(err) or os.fsdecode(out))
        return Result(code, out, err)

    async def text(self, *args: str, env: Mapping[str, str] | None = None) -> str:
        """The output of a git command that must succeed."""
        return (await self.run(*args, env=env)).text

    async def resolve(self, ref: str) -> str:
        """The commit a ref names, or "" when there is none."""
        if ref.startswith("refs/"):
            try:
                sha = (self.common_dir / ref).read_text().rstrip("\n")
            except (OSError, UnicodeDecodeError):
                sha = ""
            if _SHA.fullmatch(sha):
                return sha  # as git would read it, without a process; else packed, or not at all
        result = await self.run(
            "rev-parse", "-q", "--verify", f"{ref}^{{commit}}", codes=(0, 1, 128)
        )
        return result.text if result.code == 0 else ""


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
