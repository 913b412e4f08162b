"""The pipes to and from ``claude``, with every line written down before anybody acts on it.

The SDK's own transport leaves the program running when its supervisor is killed, drops a session
on a line longer than a megabyte, and lets output pass that nobody has cleared of secrets.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from maestro_tui.agents.lines import LineSplitter
from maestro_tui.agents.spawn import Spawned, spawn_talking

if TYPE_CHECKING:
    from typing import Any

CHUNK = 1 << 18
LONGEST = 64 << 20
EXIT_S = 3.0


class PipeTransport:
    """The SDK's ``Transport``: starts the program tied to this process, and carries lines."""

    def __init__(
        self,
        start: Callable[[], Spawned],
        heard: Callable[[bytes, dict[str, Any] | None], None],
    ) -> None:
        self._start, self._heard = start, heard
        self._agent: Spawned | None = None
        self._writing = asyncio.Lock()
        self._open = False

    async def connect(self) -> None:
        """Start the program."""
        if self._agent is None:
            self._agent = self._start()
            self._open = True

    def is_ready(self) -> bool:
        """Whether it can be written to."""
        return self._open

    async def write(self, data: str) -> None:
        """Hand the program a line; waits while its pipe is full."""
        rest = memoryview(data.encode("utf-8", "surrogatepass"))
        async with self._writing:
            while rest:
                if self._agent is None or not self._open:
                    raise BrokenPipeError("The agent has ended")
                try:
                    rest = rest[os.write(self._agent.input, rest) :]
                except BlockingIOError:
                    await _ready(self._agent.input, write=True)

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        """The messages by which the SDK is asked and answered; all others are only ``heard``.

        It would parse them for nothing, and end the session over one of a kind it does not know.
        """
        assert self._agent is not None
        lines = LineSplitter(LONGEST)
        while True:
            try:
                data = os.read(self._agent.output, CHUNK)
            except BlockingIOError:
                await _ready(self._agent.output, write=False)
                continue
            whole = lines.feed(data) if data else lines.finish()
            for line in whole:
                message = _parsed(line)
                self._heard(line, message)
                if message is not None and str(message.get("type")).startswith("control_"):
                    yield message
            if not data:
                return
            await asyncio.sleep(0)  # a flood leaves room for people's requests

    async def end_input(self) -> None:
        """Tell the program that nothing more will come."""
        if self._open and self._agent is not None:
            self._open = False
            os.close(self._agent.input)

    async def close(self) -> None:
        """Let go of the program; the session sees to its end."""
        await self.end_input()


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


__all__ = ["PipeTransport", "spawn_talking"]
