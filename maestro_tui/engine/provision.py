"""Makes a clean tree fit to work in: files git does not know, the setup command, its own ports."""

from __future__ import annotations

import asyncio
import os
import shutil
import zlib
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.core.state import RunState
from maestro_tui.engine.commands import run_command
from maestro_tui.engine.git.command import Git, run_sync

INCLUDE_FILE = ".worktreeinclude"
MAX_COPIED = 1 << 30  # bytes into one tree; more is a mistake in a pattern
_BLOCKS_PER_RUN, _RUNS = 16, 64


class SetupFailed(Exception):
    """A tree could not be made ready; the message says what was tried and how it ended."""


def ports_of(state: RunState, tree: str) -> dict[str, str]:
    """The block of ports that belongs to a tree, as the environment tells it.

    The same tree always has the same block; runs side by side have blocks of their own.
    """
    options = state.options
    if not options.port_base or not options.ports:
        return {}
    digits = Path(tree).name.rpartition("-")[2]
    number = int(digits) % _BLOCKS_PER_RUN if digits.isdigit() else 0
    run = zlib.crc32(state.run.encode()) % _RUNS
    first = options.port_base + (run * _BLOCKS_PER_RUN + number) * options.ports
    first = min(first, 65_535 - options.ports + 1)
    return {"MAESTRO_PORT": str(first), "MAESTRO_PORTS": f"{first}-{first + options.ports - 1}"}


async def provision(state: RunState, git: Git, tree: Path, log: Path) -> None:
    """Copy what is to be copied, run the setup, put back what it changed of git's files."""
    repo = Path(state.repo)
    await asyncio.to_thread(copy_untracked, repo, tree, state.options.copy)
    if not state.options.setup:
        return
    result = await run_command(
        state.options.setup,
        cwd=tree,
        log=log,
        timeout_s=state.options.setup_timeout_s,
        env={
            **ports_of(state, str(tree)),
            "MAESTRO_RUN_ID": state.run,
            "MAESTRO_ATTEMPT_DIR": str(log.parent),
            "MAESTRO_REPO": str(repo),
        },
    )
    if not result.ok:
        last = "\n".join(result.tail)
        raise SetupFailed(f"setup failed (exit {result.exit}): {state.options.setup}\n{last}")
    # A setup that touches tracked files must not look like the agent's work.
    await git.run("checkout", "-q", "-f", "--", ".", codes=(0, 1))
    await git.run("clean", "-ffdq")


def copy_untracked(repo: Path, tree: Path, patterns: tuple[str, ...]) -> list[str]:
    """Copy files the checkout has and git ignores (``.env``), where a pattern names them.

    Patterns are those of ``.gitignore``: from ``.worktreeinclude`` and the configuration. A file
    git does not ignore is left: it would end up in the agent's commit.
    """
    include = repo / INCLUDE_FILE
    arguments = [f"--exclude={p}" for p in patterns]
    if include.is_file():
        arguments.append(f"--exclude-from={include}")
    if not arguments:
        return []
    listing = run_sync(["ls-files", "-z", "--others", "--ignored", *arguments], repo)
    if listing.returncode:
        raise SetupFailed(f"{INCLUDE_FILE}: {listing.stderr.strip()}")
    wanted = [p for p in listing.stdout.split("\0") if p and not p.startswith(".maestro/")]
    if not wanted:
        return []
    ignored = _ignored(repo, wanted)
    copied, size = [], 0
    for name in wanted:
        source = repo / name
        if name not in ignored or not source.is_file():
            continue
        size += source.stat().st_size
        if size > MAX_COPIED:
            raise SetupFailed(
                f"{INCLUDE_FILE}: more than {MAX_COPIED >> 20} MB to copy, at {sanitise(name)}; "
                "name fewer files, or make them in the setup command"
            )
        if _copy(source, tree, name):
            copied.append(name)
    return copied


def _ignored(repo: Path, names: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(names), 500):
        part = names[start : start + 500]
        paths = (f":(top,literal){name}" for name in part)
        done = run_sync(
            ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--", *paths], repo
        )
        found.update(filter(None, done.stdout.split("\0")))
    return found


def _copy(source: Path, tree: Path, name: str) -> bool:
    """Copy one file, never through a link that leads out of the tree."""
    target = tree / name
    root = tree.resolve()
    parent = target.parent
    while not parent.exists():
        parent = parent.parent
    if not parent.resolve().is_relative_to(root) or target.is_symlink():
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
    os.utime(target)
    return True
