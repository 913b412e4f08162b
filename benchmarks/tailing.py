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
from dataclasses import dataclass
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
BUDGET_LAG_MS, BUDGET_CPU, BUDGET_KB = 60.0, 15.0, 200.0
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


def ages(terminal: Terminal, begun: float, until: float) -> list[float]:
    """How many milliseconds the newest line shown was behind, each millisecond between two."""
    found: list[float] = []
    shown, moment = 0.0, begun
    for at, rows in terminal.pictures():
        while shown and moment < min(at, until):
            found.append((moment - shown) * 1000)
            moment += 0.001
        stamps = [int(m) / 1e6 for m in STAMP.findall("\n".join(rows))]
        shown = max(stamps, default=shown)
    return found


def smallest() -> float:
    """The same keys in the smallest program there is: what this machine can do just now."""
    with Terminal([sys.executable, "-c", FLOOR]) as terminal:
        terminal.until(b"count 0")
        terminal.listen(1.0)
        times = answers(terminal, 0, press(terminal, "jk"))
    floor = p95(times)
    print("smallest program (floor)")
    print(f"  key to paint    {floor:8.1f} ms p95, {statistics.median(times):.1f} median")
    return floor


def plain(seconds: float) -> float:
    """``tail -f``: what the terminal gets when nobody chooses."""
    with tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder:
        log = Path(folder, "one.log")
        log.touch()
        with Terminal(["tail", "-f", str(log)]) as terminal:
            terminal.listen(0.5)
            with writing([log], 10_000):
                kilobytes = terminal.listen(seconds) / seconds / 1000
    print("tail -f of one log of 10,000 lines a second (floor)")
    print(f"  to the terminal {kilobytes:8.0f} kB/s")
    return kilobytes


@dataclass(frozen=True)
class Scene:
    """So many logs, each written at that rate."""

    name: str
    logs: int
    rate: int
    core: float
    key_ms: float


def scenes() -> list[Scene]:
    """From agents that are silent to a flood."""
    return [
        Scene("ten agents that say nothing", 0, 0, BUDGET_CPU, BUDGET_KEY_MS),
        Scene("one log, 100 lines a second", 1, 100, BUDGET_CPU, BUDGET_LOADED_KEY_MS),
        Scene("ten logs, 10,000 lines a second each", 10, 10_000, BUDGET_CPU, BUDGET_LOADED_KEY_MS),
    ]


def measured(scene: Scene, crowd: Crowd, seconds: float, floors: tuple[float, float]) -> None:
    """One part of the table, from a program that is opened and closed."""
    with Terminal(crowd.screen) as terminal:
        terminal.until(b"PASSED")
        for key in "33":  # to the log, and it alone
            terminal.press(key)
            terminal.listen(0.6)
        with writing(crowd.logs[: scene.logs], scene.rate):
            terminal.listen(1.5)
            begun, cpu, taken = time.monotonic(), terminal.cpu(), 0
            for second in range(round(seconds)):
                if scene.rate:
                    crowd.report(f"Bash pytest {second}")
                taken += terminal.listen(1.0)
            until = time.monotonic()
            cpu = 100 * (terminal.cpu() - cpu) / (until - begun)
            terminal.press("\x1b[5~")
            terminal.listen(0.3)
            moments = press(terminal, "jk")
    kilobytes = taken / (until - begun) / 1000
    if scene.rate:
        late = ages(terminal, begun, until)
        told = f"p95, {statistics.median(late):.1f} median; {against(p95(late), BUDGET_LAG_MS)}"
        print(f"  behind the file {p95(late):8.1f} ms {told}")
    times = answers(terminal, _TOP, moments)
    print(f"  processor       {cpu:8.1f} %; {against(cpu, scene.core)}")
    print(f"  to the terminal {kilobytes:8.1f} kB/s; {against(kilobytes, BUDGET_KB, floors[1])}")
    told = f"p95, {statistics.median(times):.1f} median; "
    told += against(p95(times), scene.key_ms, floors[0])
    print(f"  key to paint    {p95(times):8.1f} ms {told}")
    print(f"  keys answered   {len(times):8} of {len(moments)}")


def main() -> None:
    """Print the table."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    print(f"120x40, {seconds:.0f} s each")
    floors = smallest(), plain(2.0)
    for scene in scenes():
        print(scene.name)
        with (
            tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder,
            Crowd(Path(folder), 12, 10) as crowd,
        ):
            for log in crowd.logs:
                log.write_bytes(stamped(b"".join(line(n) for n in range(HISTORY))))
            measured(scene, crowd, seconds, floors)


if __name__ == "__main__":
    main()
