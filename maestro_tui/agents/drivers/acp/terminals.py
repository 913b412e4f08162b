"""Commands an agent has its client run: processes of ours, ended with the session at the latest."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from maestro_tui.agents.processes import send_group
from maestro_tui.agents.spawn import Spawned, spawn

if TYPE_CHECKING:
    from collections.abc import Mapping

CHUNK = 1 << 16
MOST_BYTES = 1 << 20
MOST_AT_ONCE = 64
POLL_S = 0.03


class Terminal:
    """One command with its output so far."""

    def __init__(self, process: Spawned, limit: int) -> None:
        self._process, self._limit = process, max(1, min(limit, MOST_BYTES))
        self._output = bytearray()
        self.truncated = False
        self.status: int | None = None
        self._ended = asyncio.Event()
        self._open = True
        asyncio.get_running_loop().add_reader(process.output, self._read)
        self._watch = asyncio.create_task(self._until_it_ends())

    @property
    def output(self) -> str:
        """Its output, the end of it where it is long."""
        return self._output.decode("utf-8", "replace")

    def _read(self) -> None:
        try:
            data = os.read(self._process.output, CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._stop_reading()
            return
        self._output += data
        if len(self._output) > self._limit:
            del self._output[: len(self._output) - self._limit]
            self.truncated = True

    def _stop_reading(self) -> None:
        if self._open:
            self._open = False
            asyncio.get_running_loop().remove_reader(self._process.output)
            os.close(self._process.output)

    async def _until_it_ends(self) -> None:
        while self.status is None:
            try:
                pid, status = os.waitpid(self._process.pid, os.WNOHANG)
            except ChildProcessError:
                pid, status = self._process.pid, 0
            if pid:
                self.status = status
            else:
                await asyncio.sleep(POLL_S)
        for _ in range(10):  # what is still in the pipe; a child of it may hold that open
            if not self._open:
                break
            self._read()
            await asyncio.sleep(0)
        self._ended.set()

    async def wait(self) -> tuple[int | None, str | None]:
        """Its exit code, or the name of the signal it died of."""
        await self._ended.wait()
        return self.ending()

    def ending(self) -> tuple[int | None, str | None]:
        """As ``wait``, for one that has ended."""
        assert self.status is not None
        if os.WIFSIGNALED(self.status):
            return None, signal.Signals(os.WTERMSIG(self.status)).name
        return os.waitstatus_to_exitcode(self.status), None

    def kill(self) -> None:
        """End it and what it started in its group."""
        if self.status is None:
            send_group(self._process.pid, signal.SIGKILL)

    def release(self) -> None:
        """End it and forget its output."""
        self.kill()
        self._stop_reading()


class Terminals:
    """The commands of one session."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self._open: dict[str, Terminal] = {}
        self._number = 0

    @property
    def running(self) -> bool:
        """Whether one of them is at work."""
        return any(terminal.status is None for terminal in self._open.values())

    def start(self, argv: list[str], cwd: str, env: Mapping[str, str], limit: int) -> str:
        """Run a command; its name. SpawnError where it cannot be started."""
        if len(self._open) >= MOST_AT_ONCE:
            self._open.pop(next(iter(self._open))).release()
        process = spawn(argv, cwd, {**self._environment, **env}, "")
        self._number += 1
        name = f"t{self._number}"
        self._open[name] = Terminal(process, limit)
        return name

    def find(self, name: str) -> Terminal:
        """The command of that name; LookupError where there is none."""
        return self._open[name]

    def release(self, name: str) -> None:
        """Forget a command; it ends."""
        terminal = self._open.pop(name, None)
        if terminal is not None:
            terminal.release()

    def close(self) -> None:
        """End all of them."""
        for name in list(self._open):
            self.release(name)
