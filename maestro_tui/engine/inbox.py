"""What has happened and is not yet written down: facts from all sides, taken up in one go."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from maestro_tui.core.events import Event
from maestro_tui.engine.clock import Clock

Batch = list[tuple[Event, int]]


class Inbox:
    """Facts in the order they came, each with the number of the request it stems from, or 0."""

    def __init__(self) -> None:
        self._batch: Batch = []
        self._news = asyncio.Event()
        self.clock = Clock()

    @property
    def empty(self) -> bool:
        """Whether everything has been taken up."""
        return not self._batch

    def put(self, event: Event, request: int) -> None:
        """Add a fact, dated so that no clock set back goes behind what is written down."""
        lag = self.clock.lag
        self._batch.append((replace(event, at=event.at + lag) if lag else event, request))
        self._news.set()

    async def take(self, seconds: float) -> Batch:
        """All there is; waits at most so long for the first."""
        if not self._batch:
            self._news.clear()
            alarm = asyncio.get_running_loop().call_later(seconds, self._news.set)
            await self._news.wait()
            alarm.cancel()
        else:
            await asyncio.sleep(0)  # also under a flood the others have their turn
        batch, self._batch = self._batch, []
        return batch
