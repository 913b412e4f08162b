"""The agent's process: tied to its runner, spoken to in lines, and ended for certain.

The library's own transport starts the program itself, and a program started that way would outlive
a killed runner and spend money unwatched.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from maestro_tui.agents.lines import LineSplitter
from maestro_tui.agents.processes import Children
from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.spawn import Spawned, spawn_talking

if TYPE_CHECKING:
    from typing import Any

CHUNK = 1 << 18
LONGEST = 64 << 20
EXIT_S = 3.0


class AgentProcess:
    """A ``Transport`` of the library over the pipes of a program of ours."""

    def __init__(
        self, plain: Callable[[bytes], None], notice: Callable[[dict[str, Any]], None]
    ) -> None:
        """``plain`` gets what is no message, ``notice`` the session's updates, which the library
        would only validate, and drop where it does not know their kind.
        """
        self._plain, self._notice = plain, notice
        self._agent: Spawned | None = None
        self._errors = ""
        self._writing = asyncio.Lock()
        self._messages: list[dict[str, Any]] = []
        self._lines = LineSplitter(LONGEST)
        self._open = False
        self.ended = False  # its output has
        self.status: int | None = None

    def start(self, argv: list[str], cwd: str, env: dict[str, str], errors: str) -> int:
        """Start the program; SpawnError where it cannot be."""
        self._errors = errors
        self._agent = spawn_talking(argv, cwd, env, errors)
        self._open = True
        return self._agent.pid

    async def send(self, message: dict[str, Any]) -> None:
        """Hand the program a message; waits while its pipe is full."""
        line = json.dumps(message, ensure_ascii=False) + "\n"
        rest = memoryview(line.encode("utf-8", "replace"))
        async with self._writing:
            while rest:
                if self._agent is None or not self._open:
                    raise ConnectionError("The agent has ended")
                try:
                    rest = rest[os.write(self._agent.input, rest) :]
                except BlockingIOError:
                    await _ready(self._agent.input, write=True)
                except BrokenPipeError as error:
                    raise ConnectionError("The agent has closed its input") from error

    async def receive(self) -> dict[str, Any] | None:
        """The next message for the library; None at the end of the output."""
        while not self._messages:
            if self.ended:
                return None
            await self._read()
        return self._messages.pop(0)

    async def _read(self) -> None:
        assert self._agent is not None
        try:
            data = os.read(self._agent.output, CHUNK)
        except BlockingIOError:
            await _ready(self._agent.output, write=False)
            return
        for line in self._lines.feed(data) if data else self._lines.finish():
            self._take(line)
        self.ended = not data
        await asyncio.sleep(0)  # a flood leaves room for people's requests

    def _take(self, line: bytes) -> None:
        message = _parsed(line)
        if message is None:
            if line.strip():
                self._plain(line)
        elif message.get("method") == "session/update" and "id" not in message:
            self._notice(message)
        elif "method" in message or "id" in message:
            self._messages.append(message)

    async def close(self) -> None:
        """Tell the program that nothing more will come."""
        if self._open and self._agent is not None:
            self._open = False
            os.close(self._agent.input)

    def signal(self, number: int) -> None:
        """Signal the program and all it has started."""
        if self._agent is not None:
            Children(self._agent.pid).signal(number)

    async def finish(self) -> None:
        """It ends by itself when its input does; else it is told to; the rest is the runner's."""
        await self.close()
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

    def last_words(self) -> str:
        """The last line it wrote to stderr."""
        try:
            with open(self._errors, "rb") as file:
                lines = [line for line in file.read()[-8192:].splitlines() if line.strip()]
        except OSError:
            return ""
        return one_line(lines[-1], 300) if lines else ""


def _parsed(line: bytes) -> dict[str, Any] | None:
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
