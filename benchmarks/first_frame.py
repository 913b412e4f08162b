"""Time to the first frame of ``maestro run`` through a real pty, against a minimal Textual app.

Both are started afresh each time; the frame counts as painted when its text has arrived. Prints the
medians and the ratio (budget: 2.0 x). Also prints the CPU an attached, idle screen uses.
"""

from __future__ import annotations

import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from fcntl import ioctl
from pathlib import Path

import psutil

MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("FIRST-FRAME")
Minimal().run()
"""


def spawn(argv: list[str], cwd: Path) -> tuple[int, int]:
    """A program on a pty of 120x40."""
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(cwd)
        os.environ["TERM"] = "xterm-256color"
        os.execvp(argv[0], argv)
    ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    return pid, fd


def read_until(fd: int, needle: bytes, seconds: float = 20.0) -> float:
    """Seconds until ``needle`` has arrived."""
    started = time.perf_counter()
    seen = b""
    while time.perf_counter() - started < seconds:
        if select.select([fd], [], [], 0.5)[0]:
            seen += os.read(fd, 65536)
            if needle in seen:
                return time.perf_counter() - started
    raise SystemExit(f"no {needle!r} within {seconds} s: {seen[-2000:]!r}")


def end(pid: int, fd: int) -> None:
    """Kill it and let it go."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(fd)


def first_frame(argv: list[str], cwd: Path, needle: bytes) -> float:
    """One start, in seconds."""
    pid, fd = spawn(argv, cwd)
    try:
        return read_until(fd, needle)
    finally:
        end(pid, fd)


def idle_cpu(argv: list[str], cwd: Path, needle: bytes, seconds: float = 6.0) -> float:
    """Share of a core the screen uses while nothing happens, in percent."""
    pid, fd = spawn(argv, cwd)
    try:
        read_until(fd, needle)
        settle = time.perf_counter() + 2.0
        while time.perf_counter() < settle:
            if select.select([fd], [], [], 0.1)[0]:
                os.read(fd, 65536)
        process = psutil.Process(pid)
        before = process.cpu_times()
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            if select.select([fd], [], [], 0.1)[0]:
                os.read(fd, 65536)
        after = process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return 100.0 * used / seconds
    finally:
        end(pid, fd)


def main() -> None:
    """Measure both in turn."""
    from maestro_tui.cli.demo import unpack

    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as name:
        folder = Path(name)
        script = folder / "minimal.py"
        script.write_text(MINIMAL)
        repo = folder / "repo"
        plan = unpack("document-processing", repo)
        minimal = [sys.executable, str(script)]
        ours = [sys.executable, "-m", "maestro_tui", "run", str(plan), "--repo", str(repo)]
        floor, full, sign = [], [], []
        for _ in range(7):
            floor.append(first_frame(minimal, folder, b"FIRST-FRAME"))
            full.append(first_frame(ours, folder, b"Document"))
            sign.append(first_frame(ours, folder, b"Maestro"))
        low, high, first = (statistics.median(times) for times in (floor, full, sign))
        print(f"minimal app: {low * 1000:.0f} ms")
        print(f"maestro run, first sign of life: {first * 1000:.0f} ms, {first / low:.2f} x")
        print(f"maestro run, review drawn: {high * 1000:.0f} ms, {high / low:.2f} x")
        print(f"idle review screen: {idle_cpu(ours, folder, b'Document'):.2f} % of a core")


if __name__ == "__main__":
    main()
