"""The messages to and from an agent's program, sorted before the library sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from maestro_tui.agents.drivers.program import Program, parsed

if TYPE_CHECKING:
    from typing import Any


class AgentProcess(Program):
    """A ``Transport`` of the library over the pipes of a program of ours."""

    def __init__(
        self, plain: Callable[[bytes], None], notice: Callable[[dict[str, Any]], None]
    ) -> None:
        """``plain`` gets what is no message, ``notice`` the session's updates, which the library
        would only validate, and drop where it does not know their kind.
        """
        super().__init__()
        self._plain, self._notice = plain, notice
        self._messages: list[dict[str, Any]] = []

    async def send(self, message: dict[str, Any]) -> None:
        """Hand the program a message."""
        line = json.dumps(message, ensure_ascii=False) + "\n"
        await self.write(line.encode("utf-8", "replace"))

    async def receive(self) -> dict[str, Any] | None:
        """The next message for the library; None at the end of the output."""
        while not self._messages:
            if self.ended:
                return None
            for line in await self.read():
                self._take(line)
            await asyncio.sleep(0)  # a flood leaves room for people's requests
        return self._messages.pop(0)

    def _take(self, line: bytes) -> None:
        message = parsed(line)
        if message is None:
            if line.strip():
                self._plain(line)
        elif message.get("method") == "session/update" and "id" not in message:
            self._notice(message)
        elif "method" in message or "id" in message:
            self._messages.append(message)

    async def close(self) -> None:
        """The library's word for the end of the input."""
        await self.end_input()
