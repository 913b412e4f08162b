"""What a change of one task costs among thousands, and what the board costs that stands still.

The real program on a pty. A task is started, and the processor time of the moment after it is set
against a moment in which nothing happens. The floor is the same change in a run of ten tasks: what
it takes to hear of it and to paint it. Run: python benchmarks/board.py [changes]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

from crowd import Crowd
from terminal import Terminal, against

BUDGETS = {500: 2.0, 2000: 1.0}  # milliseconds of a core for each task more of what a change takes
BUDGET_IDLE, BUDGET_WORK = 1.0, 2.0  # percent of a core
FEW = 100  # a screenful
WAVE = 50  # tasks in each
_MOMENT_S = 0.25
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static("FIRST-FRAME")
Minimal().run()
"""


def changes(tasks: int, count: int) -> float:
    """Milliseconds of a core that the start of one task takes in a run of so many."""
    with (
        tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder,
        Crowd(Path(folder), tasks, 1, wave=WAVE) as crowd,
        Terminal(crowd.screen) as terminal,
    ):
        terminal.until(b"A crowd")
        terminal.listen(2.0)
        taken = []
        for number in range(count):
            begun = terminal.worked()
            terminal.listen(_MOMENT_S)
            quiet = terminal.worked() - begun
            begun = terminal.worked()
            crowd.start(f"t{1 + number % (tasks - 1)}")
            terminal.listen(_MOMENT_S)
            taken.append(terminal.worked() - begun - quiet)
        return statistics.median(taken) * 1000


def share(argv: list[str], sign: bytes, seconds: float) -> float:
    """Percent of a core of a program that is left alone."""
    with Terminal(argv) as terminal:
        terminal.until(sign)
        terminal.listen(3.0)
        begun, cpu = time.monotonic(), terminal.worked()
        terminal.listen(seconds)
        return 100 * (terminal.worked() - cpu) / (time.monotonic() - begun)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    floor = changes(FEW, count)
    print(f"one task of {FEW} starts (floor)  {floor:7.2f} ms of a core, everything included")
    for tasks, budget in BUDGETS.items():
        taken = changes(tasks, count)
        more = taken - floor
        print(
            f"one task of {tasks:,} starts       {taken:7.2f} ms, {taken / floor:.1f} x the floor"
        )
        print(f"  for there being so many     {more:7.2f} ms; {against(more, budget)}")
    nothing = share([sys.executable, "-c", MINIMAL], b"FIRST-FRAME", 5.0)
    print(f"smallest program at rest (floor) {nothing:5.2f} % of a core")
    for working, budget, told in (
        (0, BUDGET_IDLE, "a run in which nothing moves"),
        (10, BUDGET_WORK, "ten silent agents at work   "),
    ):
        with (
            tempfile.TemporaryDirectory(prefix="maestro-bench-") as folder,
            Crowd(Path(folder), 40, working) as crowd,
        ):
            if not working:
                crowd.end()
            used = share(crowd.screen, b"A crowd", 6.0)
        print(f"{told}  {used:7.2f} %; {against(used, budget, max(nothing, 0.01))}")


if __name__ == "__main__":
    main()
