"""Runs a gate's or a check's command: no needless shell, output to a file, a time-out."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.agents.stream import readable

_SHELL = re.compile(r"[|&;<>()$`\\*?\[\]#~=%{}!\n]")
GRACE_S = 3.0
LOOK_S = 1.0
STOPPED_S = 2.0  # what comes that much too late has been stopped


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended."""

    ok: bool
    exit: int | None
    seconds: float
    tail: tuple[str, ...]
    timed_out: bool = False


def argv_of(command: str) -> list[str]:
    """The arguments of a command line; a shell only when it uses one's syntax."""
    if _SHELL.search(command):
        return ["sh", "-c", command]
    try:
        return shlex.split(command)
    except ValueError:
        return ["sh", "-c", command]


async def run_command(
    command: str, *, cwd: Path, log: Path, timeout_s: float, env: Mapping[str, str]
) -> CommandResult:
    """Run a command to its end in a session of its own; the whole group goes at the time-out."""
    log.parent.mkdir(parents=True, exist_ok=True)
    started = time.monotonic()
    with log.open("wb") as out:
        try:
            process = await asyncio.create_subprocess_exec(
                *argv_of(command),
                cwd=cwd,
                env={**os.environ, **env},
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            text = f"cannot start: {error.strerror}: {argv_of(command)[0]}"
            out.write(text.encode())
            return CommandResult(False, None, 0.0, (text,))
        timed_out = True
        try:
            timed_out = not await _ends_within(process, timeout_s)
        finally:
            await _end_group(process)
    tail = tail_of(log)
    if timed_out:
        tail = (*tail, f"timed out after {timeout_s:.0f} s and was ended")
    code = process.returncode
    ok = code == 0 and not timed_out
    return CommandResult(ok, code, time.monotonic() - started, tail, timed_out)


async def _ends_within(process: asyncio.subprocess.Process, seconds: float) -> bool:
    """Whether it does; time in which the machine was stopped does not count."""
    end = asyncio.ensure_future(process.wait())
    try:
        while seconds > 0:
            before, wait = time.monotonic(), min(LOOK_S, seconds)
            done, _ = await asyncio.wait({end}, timeout=wait)
            if done:
                return True
            passed = time.monotonic() - before
            seconds -= passed if passed < wait + STOPPED_S else wait
        return False
    finally:
        end.cancel()


async def _end_group(process: asyncio.subprocess.Process) -> None:
    """End what is left of the command's group: TERM, a moment of grace, KILL."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.returncode is not None and number is signal.SIGTERM:
            continue
        try:
            os.killpg(process.pid, number)
        except (ProcessLookupError, PermissionError):
            break
        if process.returncode is None:
            try:
                await asyncio.wait_for(process.wait(), GRACE_S)
            except TimeoutError:
                continue


def tail_of(log: Path, lines: int = 15, reach: int = 32 << 10) -> tuple[str, ...]:
    """The last lines of a log, sanitised and clipped for a dialog."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - reach))
            data = file.read()
    except OSError:
        return ()
    text = data.decode("utf-8", "replace")
    kept: deque[str] = deque(maxlen=lines)
    for line in text.splitlines():
        for part in readable(line):
            clean = part.rstrip()
            if clean:
                kept.append(clean[:240])
    return tuple(kept)
