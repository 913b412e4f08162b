"""The terminal as a driver that knows whether it still swallows the last picture.

Textual queues what it writes. Over a slow line the queue fills with pictures nobody wants any more,
and then every key waits for it; so the next picture is made when the last one is out.
"""

from __future__ import annotations

import asyncio
import select
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver


class _Outlet:
    """The terminal as the writing thread sees it; tells when nothing is left to write."""

    def __init__(self, file: IO[str], written: Callable[[int], None]) -> None:
        self._file, self._written = file, written
        self._count = 0
        self.lost = False

    def write(self, text: str) -> None:
        """Take a piece."""
        self._count += 1
        if not self.lost:
            try:
                self._file.write(text)
            except (OSError, ValueError):
                self.lost = True

    def flush(self) -> None:
        """Get it out; a terminal that is gone takes everything."""
        if not self.lost:
            try:
                self._file.flush()
            except (OSError, ValueError):
                self.lost = True
        self._written(self._count)

    def fileno(self) -> int:
        """The terminal's."""
        return self._file.fileno()


def hung_up(fd: int) -> bool:
    """Whether nobody is at the other end any more."""
    poll = select.poll()
    try:
        poll.register(fd, 0)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


class TerminalDriver(LinuxDriver):
    """Writes like Textual's own, and can be asked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._said = self._out = 0  # pieces handed over, and those that are out
        self._outlet = _Outlet(self._file or sys.stderr, self._note)
        self._file = self._outlet  # type: ignore[assignment]  # all that is asked of it
        self._then: Callable[[], object] | None = None

    def write(self, data: str) -> None:
        """Hand a piece over."""
        self._said += 1
        super().write(data)

    @property
    def busy(self) -> bool:
        """Whether something is still to be written."""
        return self._said != self._out

    @property
    def lost(self) -> bool:
        """Whether there is no terminal any more: closed, or hung up."""
        return self._outlet.lost or hung_up(self.fileno)

    def when_free(self, then: Callable[[], object]) -> bool:
        """Have that called once everything is out; False when it is already."""
        loop, context = asyncio.get_running_loop(), copy_context()

        def call() -> None:
            loop.call_soon_threadsafe(then, context=context)

        self._then = call
        if self.busy:
            return True
        self._then = None
        return False

    def _note(self, count: int) -> None:
        """Called by the writing thread."""
        self._out = count
        then, self._then = self._then, None
        if then is not None and not self.busy:
            try:
                then()
            except RuntimeError:  # the program has ended meanwhile
                pass
        elif then is not None:
            self._then = then
