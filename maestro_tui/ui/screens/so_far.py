"""What an attempt has changed: of a running agent its worktree, of an ended one its commit."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from maestro_tui.core.state import Attempt

_MOST = 256 * 1024
_QUIET = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_CONFIG_NOSYSTEM": "1"}


async def diff_so_far(repo: Path, attempt: Attempt) -> str:
    """The diff against where the attempt began, new files first by name; the start of a long one.

    Only looks: no lock is taken, no filter or program of the repository's configuration is run.
    """
    if not attempt.base:
        return ""
    if attempt.commit:
        return await _git(repo, "diff", *_PLAIN, attempt.base, attempt.commit)
    tree = Path(attempt.worktree)
    if not attempt.worktree or not tree.is_dir():
        return ""
    new = await _git(tree, "ls-files", "--others", "--exclude-standard")
    names = "".join(f"new file {name}\n" for name in new.splitlines()[:200])
    return names + await _git(tree, "diff", *_PLAIN, attempt.base)


_PLAIN = ("--no-color", "--no-ext-diff", "--no-textconv", "--stat", "--patch")


async def _git(folder: Path, *args: str) -> str:
    try:
        process = await asyncio.create_subprocess_exec(
            "git",
            "-c",
            "core.fsmonitor=false",
            "-C",
            str(folder),
            *args,
            env={**os.environ, **_QUIET},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return ""
    assert process.stdout is not None
    try:
        parts: list[bytes] = []
        size = 0
        while size < _MOST and (data := await process.stdout.read(_MOST - size)):
            parts.append(data)
            size += len(data)
    finally:
        if process.returncode is None:
            try:
                process.kill()
            except ProcessLookupError:
                pass
        await process.wait()
    return b"".join(parts).decode("utf-8", "replace")
