"""A pseudo-terminal that writes down what comes and when, and looks at it only afterwards.

Reading a screen takes more of a core than drawing one: done at once it would be the measuring that
is measured.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Iterator, Sequence
from fcntl import ioctl
from pathlib import Path

import psutil
import pyte

COLUMNS, LINES = 120, 40
# Without a byte for so long a picture is whole: the pieces of one follow each other at once.
_PAUSE_S = 0.002
# Sequences the emulator does not know and would print.
_UNKNOWN = (b"\x1b[>1u", b"\x1b[<u", b"\x1b[>0q")


class Terminal:
    """A program on a terminal of its own; ``heard`` is all it said, with the moment it came."""

    def __init__(
        self, argv: Sequence[str], cwd: Path | None = None, size: tuple[int, int] = (COLUMNS, LINES)
    ) -> None:
        self.size = size
        self.heard: list[tuple[float, bytes]] = []
        self.begun = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.environ.pop("NO_COLOR", None)
            if cwd is not None:
                os.chdir(cwd)
            # The size is there before the program looks.
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execvp(argv[0], list(argv))
        self._process = psutil.Process(self.pid)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)

    def listen(self, seconds: float) -> int:
        """Take what comes for so long; how many bytes that was."""
        total, until = 0, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                data = os.read(self.fd, 1 << 17)
                self.heard.append((time.monotonic(), data))
                total += len(data)
        return total

    def until(self, words: bytes, seconds: float = 20.0) -> float:
        """Take what comes until these words do; the moment they came."""
        seen, deadline = b"", time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.fd], [], [], 0.5)[0]:
                data = os.read(self.fd, 1 << 17)
                self.heard.append((time.monotonic(), data))
                seen += data
                if words in seen:
                    return self.heard[-1][0]
        raise SystemExit(f"no {words!r} within {seconds} s: {seen[-2000:]!r}")

    def press(self, keys: str) -> float:
        """Type; the moment before."""
        now = time.monotonic()
        os.write(self.fd, keys.encode())
        return now

    def cpu(self) -> float:
        """Seconds of a core the program has used."""
        used = self._process.cpu_times()
        return used.user + used.system

    def worked(self) -> float:
        """The same, counted in nanoseconds where the system does: for what takes milliseconds."""
        threads = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        counted = [int(thread.read_text().split()[0]) / 1e9 for thread in threads]
        return sum(counted) if counted else self.cpu()

    @property
    def memory(self) -> float:
        """Its resident megabytes."""
        return self._process.memory_info().rss / 1e6

    def pictures(self) -> Iterator[tuple[float, list[str]]]:
        """What the screen showed, and since when; one after the other, from the beginning."""
        screen = pyte.Screen(*self.size)
        stream = pyte.ByteStream(screen)
        for number, (at, data) in enumerate(self.heard):
            for unknown in _UNKNOWN:
                data = data.replace(unknown, b"")
            stream.feed(data)
            after = self.heard[number + 1][0] if number + 1 < len(self.heard) else at + 1
            if after - at >= _PAUSE_S:
                yield at, list(screen.display)


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 are below."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else float("nan")


def against(figure: float, budget: float, floor: float | None = None) -> str:
    """What stands behind a figure: its budget, how it is kept, and how often the floor it is."""
    verdict = "kept" if figure <= budget else "MISSED"
    ratio = f", {figure / floor:.1f} x the floor" if floor else ""
    return f"budget {budget:g}, {verdict}{ratio}"
