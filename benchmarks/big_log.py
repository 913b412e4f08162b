"""How soon the end of a long log is seen, and what the log costs while its beginning is read.

The real program on a pty. From the key that chooses a log to the picture with its last line: of a
log of a thousand lines (the floor), of a million, and of a gigabyte; then how long until all lines
are counted, the memory that took, and how keys were answered meanwhile. Run: python
benchmarks/big_log.py [megabytes of the longest]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from crowd import Crowd
from terminal import Terminal, against, p95

OPEN_MS, INDEX_MS, KEY_MS, MEMORY_MB = 200.0, 200.0, 33.0, 10.0  # the budgets
_COUNTED = b" lines "
_LAST = b"the-very-end"


def line(number: int) -> bytes:
    """A line like a test runner's, a little above a hundred bytes."""
    return (
        b"\x1b[32mPASSED\x1b[0m tests/test_models.py::test_round_trip[%07d] in 0.01 s, setup and"
        b" teardown included\n" % number
    )


def write(path: Path, lines: int = 0, megabytes: int = 0) -> int:
    """So many lines, or lines of so many megabytes; how many there are in the end."""
    piece = b"".join(line(n) for n in range(10_000))
    count = lines or (megabytes << 20) // len(piece) * 10_000
    with path.open("wb") as file:
        for start in range(0, count, 10_000):
            file.write(
                piece if count - start >= 10_000 else b"".join(map(line, range(count - start)))
            )
        file.write(_LAST + b" of %d\n" % count)
    return count + 1


def opened(
    terminal: Terminal, lines: int, *, keys: bool = False
) -> tuple[float, float, float, list[float]]:
    """Milliseconds to the last line; then, to count all: seconds of a core, megabytes, keys."""
    terminal.listen(1.0)
    used, memory = terminal.worked(), terminal.memory
    begun = terminal.press("]")
    shown = (terminal.until(_LAST) - begun) * 1000
    answers, counted = [], f"{lines:,}".encode() + _COUNTED
    seen = b"".join(data for at, data in terminal.heard if at >= begun)
    deadline = time.monotonic() + 60
    while counted not in seen and time.monotonic() < deadline:
        if not keys:
            terminal.listen(0.02)
            seen = b"".join(data for at, data in terminal.heard if at >= begun)
            continue
        heard = len(terminal.heard)
        pressed = terminal.press("k")
        while len(terminal.heard) == heard and time.monotonic() < pressed + 2:
            terminal.listen(0.001)
        answers.append((time.monotonic() - pressed) * 1000)
        terminal.listen(0.05)
        seen = b"".join(data for at, data in terminal.heard if at >= begun)
    return shown, terminal.worked() - used, terminal.memory - memory, answers


def main() -> None:
    """Print the table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1024
    with (
        tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder,
        Crowd(Path(folder), 4, 4) as crowd,
    ):
        for log in crowd.logs[:2]:
            write(log, lines=1000)
        million = write(crowd.logs[2], lines=1_000_000)
        longest = write(crowd.logs[3], megabytes=megabytes)
        with Terminal(crowd.screen) as terminal:
            terminal.until(_LAST)
            terminal.press("3")
            floor, little, *_ = opened(terminal, 1001)
            print(f"1,000 lines: end shown (floor) {floor:8.1f} ms after the key")
            shown, core, memory, _ = opened(terminal, million)
            print(f"1,000,000 lines: end shown  {shown:8.1f} ms; {against(shown, OPEN_MS, floor)}")
            index = (core - little) * 1000
            print(f"  lines counted          {index:8.1f} ms of a core; {against(index, INDEX_MS)}")
            print(f"  lines hold             {memory:8.1f} MB; {against(memory, MEMORY_MB)}")
            shown, _, memory, keys = opened(terminal, longest, keys=True)
            print(
                f"{megabytes} MB: end shown     {shown:8.1f} ms; {against(shown, OPEN_MS, floor)}"
            )
            memory /= longest / 1e6
            print(f"  a million lines hold   {memory:8.1f} MB; {against(memory, MEMORY_MB)}")
            if keys:
                slowest = p95(keys)
                told = against(slowest, KEY_MS)
                print(f"  keys while it is read  {slowest:8.1f} ms p95 of {len(keys)}; {told}")


if __name__ == "__main__":
    main()
