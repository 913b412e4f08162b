"""What following logs costs through a real pty: bytes to the terminal, processor, keys, lag.

One full pane of coloured lines at 100 lines a second; then ten logs at 10,000 lines a second each,
one of them in view, while keys are pressed. Run: python benchmarks/tailing.py [seconds]
"""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import threading
import time
from fcntl import ioctl
from pathlib import Path

import psutil
import pyte

SCREEN = """
import sys
from pathlib import Path
from maestro_tui.ui.painting import PaintsAtOnce, PaintsChanges
from maestro_tui.ui.themes import install, state_defaults
from maestro_tui.ui.widgets.log_tabs import LogEntry, LogTabs
class Logs(PaintsAtOnce):
    pass
class Tail(PaintsChanges):
    def __init__(self):
        super().__init__()
        install(self, [], None)
        self.tabs = LogTabs()
    def get_theme_variable_defaults(self):
        return state_defaults(self.current_theme)
    def get_default_screen(self):
        return Logs()
    def compose(self):
        yield self.tabs
    def on_mount(self):
        paths = [Path(p) for p in sys.argv[1:]]
        self.tabs.sync([LogEntry(str(n), f"task {n}", "x", p) for n, p in enumerate(paths)])
        self.tabs.show("0")
        self.call_after_refresh(self.tabs.pane.view.focus)
Tail().run()
"""
FLOOR = """
from textual.app import App
from textual.widgets import Static
class Floor(App):
    count = 0
    def compose(self):
        yield Static("0")
    def on_key(self):
        self.count += 1
        self.query_one(Static).update(str(self.count), layout=False)
Floor().run()
"""
COLUMNS, LINES = 120, 40
BUDGET_KB, BUDGET_CPU, BUDGET_KEY_MS, BUDGET_LAG_MS = 200, 15.0, 33.0, 60.0
_STAMP = re.compile(r"@(\d{10,})@")


_WORDS = [b"merge", b"session", b"index", b"parser", b"quota", b"ledger", b"upload", b"retry"]


def coloured(number: int) -> bytes:
    """A line as a test runner prints it, unlike the one above, with the moment it was written."""
    now = time.monotonic_ns() // 1000
    one, other = _WORDS[number % 8], _WORDS[number // 8 % 8]
    more = b" and %s" % _WORDS[number // 64 % 8] * (number % 4)
    return (
        b"@%d@ \x1b[32mPASSED\x1b[0m tests/test_%s.py::\x1b[1mtest_%s_round_trip\x1b[0m[%06d]"
        b" \x1b[36min 0.01 s\x1b[0m%s\n" % (now, one, other, number, more)
    )


class Writer(threading.Thread):
    """Appends lines to files at a rate until told to stop."""

    def __init__(self, paths: list[Path], rate: int) -> None:
        super().__init__(daemon=True)
        self.paths, self.rate, self.stop = paths, rate, threading.Event()

    def run(self) -> None:
        """Twenty batches a second, or line by line when slow."""
        batch = max(1, self.rate // 20)
        files = [path.open("ab", buffering=0) for path in self.paths]
        number = 0
        while not self.stop.wait(batch / self.rate):
            for file in files:
                file.write(b"".join(coloured(number + n) for n in range(batch)))
            number += batch


def start(paths: list[Path], program: str = SCREEN) -> tuple[int, int]:
    """The screen on a pty."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        os.execv(sys.executable, [sys.executable, "-c", program, *map(str, paths)])
    ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    return pid, fd


class Terminal:
    """The screen's other side: it shows what comes, and how old the newest shown line is."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.screen = pyte.Screen(COLUMNS, LINES)
        self.stream = pyte.ByteStream(self.screen)

    def drain(self, seconds: float) -> tuple[int, list[float]]:
        """Bytes that came, and the age of the newest line after each picture, in ms."""
        total, ages, came, fresh = 0, [], 0, False
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.fd], [], [], min(left, 0.004))[0]:
                data = os.read(self.fd, 1 << 17)
                came, fresh = time.monotonic_ns() // 1000, True
                total += len(data)
                self.stream.feed(data)
            elif fresh:  # a pause: the picture is whole
                stamps = [int(m) for m in _STAMP.findall("".join(self.screen.display))]
                if stamps:
                    ages.append((came - max(stamps)) / 1000)
                fresh = False
        return total, ages


def measure(terminal: Terminal, pid: int, seconds: float) -> tuple[float, float, list[float]]:
    """Kilobytes a second, percent of a core, ages."""
    process = psutil.Process(pid)
    before = process.cpu_times()
    total, ages = terminal.drain(seconds)
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    return total / seconds / 1000, 100 * used / seconds, ages


def keys(terminal: Terminal, presses: int) -> list[float]:
    """Milliseconds from a key to the first byte that answers it; the pane is scrolled and still."""
    times = []
    for number in range(presses):
        fd = terminal.fd
        terminal.drain(0.12)
        begun = time.monotonic()
        os.write(fd, b"k" if number % 2 else b"j")
        if select.select([fd], [], [], 1.0)[0]:
            times.append((time.monotonic() - begun) * 1000)
            terminal.stream.feed(os.read(fd, 1 << 17))
    return times


def p95(values: list[float]) -> float:
    """The value that 95 of 100 are below."""
    return statistics.quantiles(values, n=20)[-1] if len(values) > 1 else float("nan")


def scene(name: str, count: int, rate: int, seconds: float, *, pressing: bool) -> None:
    """One row of the table."""
    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder:
        paths = [Path(folder, f"{n}.log") for n in range(count)]
        for path in paths:
            path.write_bytes(b"".join(coloured(n) for n in range(200)))
        pid, fd = start(paths)
        writer = Writer(paths, rate)
        try:
            terminal = Terminal(fd)
            terminal.drain(2.0)
            if rate:
                writer.start()
            terminal.drain(1.0)
            kilobytes, cpu, ages = measure(terminal, pid, seconds)
            print(f"{name}")
            frame = 10 * cpu * seconds / max(1, len(ages))
            print(
                f"  pictures        {len(ages) / seconds:8.1f} a second, {frame:.1f} ms of a core"
            )
            print(f"  to the terminal {kilobytes:8.0f} kB/s   budget {BUDGET_KB}")
            print(f"  processor       {cpu:8.1f} %      budget {BUDGET_CPU}")
            ages = ages or [0.0, 0.0]
            late = f"p95, budget {BUDGET_LAG_MS:.0f} ({statistics.median(ages):.0f} median)"
            print(f"  behind the file {p95(ages):8.0f} ms     {late}")
            if pressing:
                os.write(fd, b"\x1b[5~")
                times = keys(terminal, 60)
                print(
                    f"  key to paint    {p95(times):8.1f} ms     p95, budget {BUDGET_KEY_MS};"
                    f" {statistics.median(times):.1f} median"
                )
        finally:
            writer.stop.set()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(fd)


def least() -> None:
    """The same keys in the smallest program there is: what this machine can do just now."""
    pid, fd = start([], FLOOR)
    try:
        terminal = Terminal(fd)
        terminal.drain(2.0)
        times = keys(terminal, 40)
        print(
            f"smallest program\n  key to paint    {p95(times):8.1f} ms     p95;"
            f" {statistics.median(times):.1f} median"
        )
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(fd)


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    print(f"{COLUMNS}x{LINES}, {seconds:.0f} s each")
    least()
    scene("one log, unchanged", 1, 0, seconds, pressing=True)
    scene("one log, 100 coloured lines a second", 1, 100, seconds, pressing=True)
    scene("ten logs, 10,000 lines a second each", 10, 10_000, seconds, pressing=True)


if __name__ == "__main__":
    main()
