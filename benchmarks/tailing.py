"""What following logs costs through a real pty: keys, lag, processor, bytes to the terminal.

The real program on a run of ten agents, a log filling the screen: first at rest, then at 100 lines
a second, then ten logs at 10,000 lines a second each. Beside it the floors: the smallest program
there is answering the same keys, and ``tail -f`` of the same log. Run: python
benchmarks/tailing.py [seconds a scene]
"""

from __future__ import annotations

import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crowd import Crowd
from flood import STAMP, line, stamped
from terminal import Terminal, against, p95

FLOOR = """
from textual.app import App
from textual.widgets import Static
class Floor(App):
    count = 0
    def compose(self):
        yield Static("count 0")
    def on_key(self):
        self.count += 1
        self.query_one(Static).update(f"count {self.count}", layout=False)
Floor().run()
"""
BUDGET_KEY_MS, BUDGET_LOADED_KEY_MS = 16.0, 33.0
BUDGET_LAG_MS, BUDGET_CPU, BUDGET_KB, BUDGET_IDLE = 60.0, 15.0, 200.0, 1.0
PRESSES = 60
HISTORY = 400  # lines that are there before
_TOP = 5  # the row a full-screen log begins at


@contextmanager
def writing(logs: list[Path], rate: int) -> Iterator[None]:
    """Somebody writes them meanwhile."""
    if not rate:
        yield
        return
    flood = Path(__file__).with_name("flood.py")
    writer = subprocess.Popen([sys.executable, str(flood), str(rate), *map(str, logs)])
    try:
        yield
    finally:
        writer.kill()
        writer.wait()


def press(terminal: Terminal, keys: str, presses: int = PRESSES) -> list[float]:
    """Press those keys in turn, each at no particular moment; when."""
    chance = random.Random(1)
    moments = []
    for number in range(presses):
        terminal.listen(chance.uniform(0.07, 0.13))
        moments.append(terminal.press(keys[number % len(keys)]))
    terminal.listen(0.4)
    return moments


def answers(terminal: Terminal, row: int, moments: list[float]) -> list[float]:
    """Milliseconds from each key to the picture in which that row is another one."""
    times, waiting, before = [], list(moments), ""
    for at, rows in terminal.pictures():
        if waiting and at > waiting[0]:
            if rows[row] == before:
                continue
            times.append((at - waiting.pop(0)) * 1000)
        before = rows[row]
    return times


def ages(terminal: Terminal, begun: float) -> list[float]:
    """How many milliseconds the newest line shown was behind, every millisecond from then on."""
    found, shown = [], 0.0
    moment = begun
    for at, rows in terminal.pictures():
        while shown and moment < at:
            found.append((moment - shown) * 1000)
            moment += 0.001
        moment = max(moment, at) if not shown else moment
        stamps = [int(m) / 1e6 for m in STAMP.findall("\n".join(rows))]
        if at >= begun and stamps:
            shown = max(stamps)
    return found


def smallest() -> float:
    """The same keys in the smallest program there is: what this machine can do just now."""
    with Terminal([sys.executable, "-c", FLOOR]) as terminal:
        terminal.until(b"count 0")
        terminal.listen(1.0)
        times = answers(terminal, 0, press(terminal, "jk"))
    floor = p95(times)
    print(
        f"smallest program\n  key to paint    {floor:8.1f} ms p95, {statistics.median(times):.1f} median"
    )
    return floor


def plain(log: Path, seconds: float) -> float:
    """``tail -f``: what the terminal gets when nobody chooses."""
    with Terminal(["tail", "-f", str(log)]) as terminal:
        terminal.listen(0.5)
        with writing([log], 10_000):
            kilobytes = terminal.listen(seconds) / seconds / 1000
    print(f"tail -f of one such log\n  to the terminal {kilobytes:8.0f} kB/s")
    return kilobytes


def scene(
    name: str, rate: int, writers: int, seconds: float, floor_key: float, floor_kb: float
) -> None:
    """The program, with so many logs written at that rate."""
    print(name)
    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder:
        with Crowd(Path(folder), 12, 10) as crowd:
            for log in crowd.logs:
                log.write_bytes(stamped(b"".join(line(n) for n in range(HISTORY))))
            with Terminal(crowd.screen) as terminal:
                terminal.until(b"PASSED")
                terminal.press("3")
                terminal.listen(0.5)
                terminal.press("3")
                terminal.listen(1.0)
                with writing(crowd.logs[:writers], rate):
                    terminal.listen(1.0)
                    begun, cpu, kilobytes = time.monotonic(), terminal.cpu(), 0.0
                    for second in range(round(seconds)):
                        if rate:
                            crowd.report(f"Bash pytest {second}")
                        kilobytes += terminal.listen(1.0) / 1000
                    taken = time.monotonic() - begun
                    cpu = 100 * (terminal.cpu() - cpu) / taken
                    shown = len([1 for at, _ in terminal.heard if at > begun])
                    terminal.press("\x1b[5~")
                    terminal.listen(0.3)
                    moments = press(terminal, "jk")
                print(f"  pieces written  {shown / taken:8.1f} a second")
                if rate:
                    late = ages(terminal, begun)
                    late = late[: round(taken * 1000)]
                    print(
                        f"  behind the file {p95(late):8.1f} ms p95, {statistics.median(late):.1f} median; "
                        f"{against(p95(late), BUDGET_LAG_MS)}"
                    )
                print(
                    f"  processor       {cpu:8.1f} %; {against(cpu, BUDGET_CPU if rate else BUDGET_IDLE)}"
                )
                print(
                    f"  to the terminal {kilobytes / taken:8.1f} kB/s; {against(kilobytes / taken, BUDGET_KB, floor_kb)}"
                )
                times = answers(terminal, _TOP, moments)
                budget = BUDGET_LOADED_KEY_MS if rate > 1000 else BUDGET_KEY_MS
                print(
                    f"  key to paint    {p95(times):8.1f} ms p95, {statistics.median(times):.1f} median; "
                    f"{against(p95(times), budget, floor_key)}"
                )
                print(f"  keys answered   {len(times):8} of {len(moments)}")


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 6.0
    print(f"120x40, {seconds:.0f} s each")
    floor_key = smallest()
    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder:
        log = Path(folder, "one.log")
        log.touch()
        floor_kb = plain(log, 2.0)
    scene("at rest", 0, 0, seconds, floor_key, floor_kb)
    scene("one log, 100 lines a second", 100, 1, seconds, floor_key, floor_kb)
    scene("ten logs, 10,000 lines a second each", 10_000, 10, seconds, floor_key, floor_kb)


if __name__ == "__main__":
    main()
