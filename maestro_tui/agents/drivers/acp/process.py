"""The messages to and from an agent's program, sorted before the library sees them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

from maestro_tui.agents.drivers.program import Program, parsed
from maestro_tui.agents.sanitise import one_line

if TYPE_CHECKING:
    from typing import Any


KINDS = ("allow_once", "allow_always", "reject_once", "reject_always")


class AgentProcess(Program):
    """A ``Transport`` of the library over the pipes of a program of ours."""

    def __init__(
        self, plain: Callable[[bytes], None], notice: Callable[[dict[str, Any]], None]
    ) -> None:
        """``plain`` gets what is no message, ``notice`` what the agent says unasked: the session's
        updates, which the library would only validate, and drop where it does not know their kind,
        and its requests, which it gets as well.
        """
        super().__init__()
        self._plain, self._notice = plain, notice
        self._messages: list[dict[str, Any]] = []
        self.last_plain = ""  # of what is no message: a usage text, perhaps

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
                self.last_plain = one_line(line, 300)
                self._plain(line)
        elif message.get("method") == "session/update" and "id" not in message:
            self._notice(message)
        elif "method" in message or "id" in message:
            if "method" in message:
                self._notice(message)
            self._messages.append(_known_options(message))

    async def over(self, every_s: float) -> None:
        """Until its output has ended."""
        while not self.ended:
            await asyncio.sleep(every_s)

    async def close(self) -> None:
        """The library's word for the end of the input."""
        await self.end_input()


def _known_options(message: dict[str, Any]) -> dict[str, Any]:
    """Without answers of a kind nobody knows: what they allow cannot be told, and one of them would
    make the library refuse the whole question.
    """
    params = message.get("params")
    if message.get("method") != "session/request_permission" or not isinstance(params, dict):
        return message
    given = params.get("options")
    known = [o for o in given if isinstance(o, dict) and o.get("kind") in KINDS] if isinstance(
        given, list) else []  # fmt: skip
    return {**message, "params": {**params, "options": known}}
