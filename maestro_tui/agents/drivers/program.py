"""An agent's program: tied to its runner, spoken to in lines, and ended for certain.

The protocols' libraries start programs by themselves, and one started that way outlives a killed
runner and spends money unwatched; nor does a line of more than a megabyte pass through them.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING

from maestro_tui.agents.lines import LineSplitter
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.processes import Children, send
from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.spawn import Spawned, spawn_talking

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.secrets import Redactor

CHUNK = 1 << 18
LONGEST = 64 << 20
EXIT_S = 3.0


class Program:
    """One started program and the pipes to and from it; ``status`` is as waitpid gives it."""

    def __init__(self) -> None:
        self._agent: Spawned | None = None
        self._errors = ""
        self._writing = asyncio.Lock()
        self._lines = LineSplitter(LONGEST)
        self.open = False  # it can be written to
        self.ended = False  # its output has
        self.status: int | None = None

    def start(self, argv: list[str], cwd: str, env: dict[str, str], errors: str) -> int:
        """Start it; SpawnError where it cannot be. ``errors`` is the file for its stderr."""
        self._errors = errors
        self._agent = spawn_talking(argv, cwd, env, errors)
        self.open = True
        return self._agent.pid

    async def write(self, data: bytes) -> None:
        """Hand it a line; waits while its pipe is full. ConnectionError where it has ended."""
        rest = memoryview(data)
        async with self._writing:
            while rest:
                if self._agent is None or not self.open:
                    raise BrokenPipeError("The agent has ended")
                try:
                    rest = rest[os.write(self._agent.input, rest) :]
                except BlockingIOError:
                    await _ready(self._agent.input, write=True)

    async def read(self) -> list[bytes]:
        """The next whole lines, perhaps none; ``ended`` says that there are no more."""
        assert self._agent is not None
        try:
            data = os.read(self._agent.output, CHUNK)
        except BlockingIOError:
            await _ready(self._agent.output, write=False)
            return []
        self.ended = not data
        return self._lines.feed(data) if data else self._lines.finish()

    async def end_input(self) -> None:
        """Tell it that nothing more will come."""
        if self.open and self._agent is not None:
            self.open = False
            os.close(self._agent.input)

    def signal(self, number: int, *, alone: bool = False) -> None:
        """Signal it and all it has started, or it alone."""
        if self._agent is None:
            return
        if not alone:
            Children(self._agent.pid).signal(number)
        else:
            send([self._agent.pid], number)

    async def finish(self) -> None:
        """It ends by itself when its input does; else it is told to; the rest is the runner's."""
        await self.end_input()
        if self._agent is None:
            return
        if not await self._gone(EXIT_S):
            self.signal(15)
            await self._gone(EXIT_S)
        os.close(self._agent.output)
        self._agent = None

    async def _gone(self, seconds: float) -> bool:
        assert self._agent is not None
        deadline = time.monotonic() + seconds
        while self.status is None:
            try:
                pid, status = os.waitpid(self._agent.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = self._agent.pid, 0
            if pid:
                self.status = status
            elif time.monotonic() >= deadline:
                return False
            else:
                await asyncio.sleep(0.02)
        return True

    @property
    def code(self) -> int | None:
        """Its exit code, negative for a signal; None where it has not ended."""
        return None if self.status is None else os.waitstatus_to_exitcode(self.status)

    def too_soon(self, who: str, error: str, usage: dict[str, Any], redact: Redactor) -> Outcome:
        """The outcome where it ended before its task did."""
        code = self.code
        said = self._last_words() or error or "it said nothing"
        how = "" if code is None else f" with {'signal' if code < 0 else 'code'} {abs(code)}"
        words = redact.text(f"{who} ended{how} before its task did: {said}")
        reason = "crashed" if (code or 0) < 0 else "exited"
        return Outcome(reason, exit=code or 1, error=words, usage=usage)

    def _last_words(self) -> str:
        """The last line it wrote to stderr."""
        try:
            with open(self._errors, "rb") as file:
                lines = [line for line in file.read()[-8192:].splitlines() if line.strip()]
        except OSError:
            return ""
        return one_line(lines[-1], 300) if lines else ""


def parsed(line: bytes) -> dict[str, Any] | None:
    """The object in a line; None where it holds none."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


async def _ready(fd: int, *, write: bool) -> None:
    """Until the pipe can be read, or written."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def go() -> None:
        if not waiting.done():
            waiting.set_result(None)

    (loop.add_writer if write else loop.add_reader)(fd, go)
    try:
        await waiting
    finally:
        (loop.remove_writer if write else loop.remove_reader)(fd)
