"""What a log of a million lines costs: time to index, memory, a search, a screenful.

Every figure stands beside the floor measured in the same run: reading the same file and doing
nothing with it. Run: python benchmarks/log_pane.py [lines]
"""

from __future__ import annotations

import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from maestro_tui.ui.palette import Palette
from maestro_tui.ui.widgets.log_index import LogIndex
from maestro_tui.ui.widgets.log_search import search
from maestro_tui.ui.widgets.log_text import render

T = TypeVar("T")
ROUNDS = 5
BUDGET_MS, BUDGET_MB = 200, 10  # for a million lines
SCREEN = 60  # lines


def best(action: Callable[[], T]) -> tuple[float, T]:
    """Milliseconds of processor time of the best of a few rounds, and what came of it."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        result = action()
        times.append((time.process_time() - start) * 1000)
    return min(times), result


def read(path: Path) -> int:
    """The floor: every byte once."""
    total = 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(1 << 20):
            total += len(piece)
    return total


def indexed(path: Path) -> LogIndex:
    """The whole file, as the pane does it: end first, then in slices."""
    index = LogIndex(path)
    index.grow()
    while index.behind:
        index.grow()
    return index


def first_screen(path: Path) -> LogIndex:
    """Until the end of the file can be shown."""
    index = LogIndex(path)
    index.grow(1)
    return index


def hits(path: Path, size: int) -> int:
    """Lines with the words that only one in a thousand has."""
    return sum(len(p) for p, _ in search(path, "line 999", 0, size, lambda: False))


def shown(index: LogIndex) -> int:
    """A screenful of text from bytes."""
    colours = Palette({})
    last = index.line_count
    numbers = range(max(0, last - SCREEN), last)
    return sum(len(render(index.read_line(n), index.length_of(n), colours).plain) for n in numbers)


def main() -> None:
    """Print the table."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "output.log")
        with path.open("wb") as file:
            for start in range(0, lines, 1000):
                file.writelines(
                    b"\x1b[32mPASSED\x1b[0m tests/test_models.py::test_round_trip[%06d] in 0.01 s,"
                    b" setup and teardown included, line %d\n" % (n, n % 1000)
                    for n in range(start, min(lines, start + 1000))
                )
        floor, size = best(lambda: read(path))
        end, _ = best(lambda: first_screen(path))
        whole, index = best(lambda: indexed(path))
        tracemalloc.start()
        kept = indexed(path)
        held, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        found, count = best(lambda: hits(path, size))
        screen, _ = best(lambda: shown(index))
        assert index.line_count == kept.line_count == lines
        per = 1_000_000 / lines
        print(f"{lines:,} lines, {size / 1e6:.0f} MB; processor time, best of {ROUNDS}")
        print(f"  read the file (floor)     {floor:8.1f} ms")
        print(f"  end of it can be shown    {end:8.1f} ms")
        print(
            f"  all lines indexed         {whole:8.1f} ms   {whole / floor:5.1f} x floor   "
            f"{whole * per:.0f} ms a million lines, budget {BUDGET_MS}"
        )
        print(
            f"  words searched            {found:8.1f} ms   {found / floor:5.1f} x floor   "
            f"{count:,} hits"
        )
        print(f"  {SCREEN} lines decoded          {screen:8.1f} ms")
        print(
            f"  memory held               {held / 1e6:8.1f} MB   (peak {peak / 1e6:.1f})   "
            f"{held * per / 1e6:.1f} MB a million lines, budget {BUDGET_MB}"
        )


if __name__ == "__main__":
    main()
