"""The terminal as a driver that knows whether it still swallows the last picture.

Textual queues what it writes. Over a slow line the queue fills with pictures nobody wants any more,
and then every key waits for it; so the next picture is made when the last one is out.
"""

from __future__ import annotations

import asyncio
import select
import sys
import termios
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import IO, Any

from textual.drivers.linux_driver import LinuxDriver

# A terminal that has taken nothing for so long is not waited for when the program ends.
_PATIENCE_S = 2.0
# Pieces a terminal may owe. A picture is one; Textual stops the whole program at thirty.
_MOST_OWED = 8
# Ends an escape sequence that was cut short.
_CANCEL = "\x18"


class _Outlet:
    """The terminal as the writing thread sees it; tells when nothing is left to write."""

    def __init__(self, file: IO[str], written: Callable[[int], None]) -> None:
        self._file, self._written = file, written
        self._count = 0
        self.lost = False
        self.given_up = False  # what is waiting is thrown away

    def write(self, text: str) -> None:
        """Take a piece."""
        self._count += 1
        if not (self.lost or self.given_up):
            try:
                self._file.write(text)
            except (OSError, ValueError):
                self.lost = True

    def flush(self) -> None:
        """Get it out; a terminal that is gone takes everything."""
        if not (self.lost or self.given_up):
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
        self._ending = False
        self._outlet = _Outlet(self._file or sys.stderr, self._note)
        self._file = self._outlet  # type: ignore[assignment]  # all that is asked of it
        self._then: Callable[[], object] | None = None

    def write(self, data: str) -> None:
        """Hand a piece over; where too many wait it is a title or a bell, which nobody misses."""
        if self._said - self._out >= _MOST_OWED and not self._ending:
            return
        self._said += 1
        super().write(data)

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._ending = False
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def stop_application_mode(self) -> None:
        """Give the terminal back, also one that takes nothing just now."""
        self._unstick()
        self._ending = True
        super().stop_application_mode()

    def close(self) -> None:
        """Let the writing thread end."""
        self._unstick()
        super().close()

    def _unstick(self) -> None:
        """Wait until everything is out, for a moment; then throw away what is not."""
        deadline = time.monotonic() + _PATIENCE_S
        while self.busy and time.monotonic() < deadline:
            time.sleep(0.005)
        if not self.busy or self.lost:
            return
        self._outlet.given_up = True
        deadline = time.monotonic() + _PATIENCE_S
        while self.busy and time.monotonic() < deadline:
            # Frees the thread, which is amid a piece, and makes room for what ends the screen.
            try:
                termios.tcflush(self.fileno, termios.TCOFLUSH)
            except termios.error:
                break
            time.sleep(0.005)
        self._outlet.given_up = False
        if not self.busy:
            self.write(_CANCEL)

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
