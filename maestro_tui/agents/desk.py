"""Where an agent's questions wait for their answers: permission, choice of words, plan.

The operator answers through control.jsonl. Whatever remembers "always" is the engine's business:
it answers at once what a rule, a policy or an earlier answer covers, and writes that down.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.context import Context


INTERRUPTED = "Interrupted"  # the tool of the question what an interrupted agent is to do
GO_ON = "You were paused and go on. Take up your task where you left it."


class Answer:
    """What came back: yes or no, and the words that go with it."""

    def __init__(self, allow: bool, text: str) -> None:
        self.allow, self.text = allow, text


class Desk:
    """The open questions of one attempt."""

    def __init__(self, context: Context, asked_before: int = 0) -> None:
        self._context = context
        self._open: dict[str, asyncio.Future[Answer]] = {}
        self.resumed = asyncio.Event()  # not set while the agent is paused
        self.resumed.set()
        self.by_pause = False  # the interrupt that is on its way comes of a pause
        self._number = (
            asked_before  # by an earlier runner, whose answers must not be taken for ours
        )

    @property
    def waiting(self) -> bool:
        """Whether the agent waits for a person."""
        return bool(self._open) or not self.resumed.is_set()

    async def ask(self, tool: str, detail: str, **more: Any) -> Answer:
        """Put a question before the operator and wait as long as it takes; see ``Context.ask``.

        What a paused agent is to do, its operator has said already: wait.
        """
        if tool == INTERRUPTED and (self.by_pause or not self.resumed.is_set()):
            self.by_pause = False
            await self.resumed.wait()
            return Answer(True, GO_ON)
        self._number += 1
        request = f"p{self._number}"
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._open[request] = future
        self._context.ask(request, tool, detail, **more)
        try:
            return await future
        finally:
            self._open.pop(request, None)
            if future.cancelled() or not future.done():
                self._context.withdraw(request)

    def take(self, item: dict[str, Any]) -> None:
        """An answer from control.jsonl."""
        future = self._open.get(str(item.get("id")))
        if future is not None and not future.done():
            future.set_result(Answer(item.get("allow") is True, str(item.get("text") or "")))
