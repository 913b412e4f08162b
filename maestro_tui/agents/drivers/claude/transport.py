"""The pipes to and from ``claude``, with every line written down before anybody acts on it.

The SDK's own transport leaves the program running when its supervisor is killed, drops a session
on a line longer than a megabyte, and lets output pass that nobody has cleared of secrets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

from maestro_tui.agents.drivers.program import Program, parsed

if TYPE_CHECKING:
    from typing import Any


class PipeTransport:
    """The SDK's ``Transport`` over the pipes of a program of ours."""

    def __init__(
        self,
        start: Callable[[], Program],
        heard: Callable[[bytes, dict[str, Any] | None], None],
    ) -> None:
        self._start, self._heard = start, heard
        self._program: Program | None = None

    async def connect(self) -> None:
        """Start the program."""
        if self._program is None:
            self._program = self._start()

    def is_ready(self) -> bool:
        """Whether it can be written to."""
        return self._program is not None and self._program.open

    async def write(self, data: str) -> None:
        """Hand the program a line; waits while its pipe is full."""
        if self._program is None:
            raise BrokenPipeError("The agent has ended")
        await self._program.write(data.encode("utf-8", "surrogatepass"))

    async def read_messages(self) -> AsyncIterator[dict[str, Any]]:
        """The messages by which the SDK is asked and answered; all others are only ``heard``.

        It would parse them for nothing, and end the session over one of a kind it does not know.
        """
        assert self._program is not None
        while not self._program.ended:
            for line in await self._program.read():
                message = parsed(line)
                self._heard(line, message)
                if message is not None and str(message.get("type")).startswith("control_"):
                    yield message
            await asyncio.sleep(0)  # a flood leaves room for people's requests

    async def end_input(self) -> None:
        """Tell the program that nothing more will come."""
        if self._program is not None:
            await self._program.end_input()

    async def close(self) -> None:
        """Let go of the program; the session sees to its end."""
        await self.end_input()
