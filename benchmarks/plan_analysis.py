"""What the analysis of a large plan costs, and how it grows: order, waves, conflicts, drawing.

Every figure stands beside the floor measured in the same run: touching each task, file and
dependency once. Run: python benchmarks/plan_analysis.py [tasks ...]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from maestro_tui.plans.analysis import analyse, transitive_reduction
from maestro_tui.plans.drawing import draw
from maestro_tui.plans.model import Edge, Phase, Plan, Task

T = TypeVar("T")
SIZES = (500, 2000, 10_000)
BUDGET_S = {2000: 1.0, 10_000: 10.0}
PER_PHASE = 100


def timed(action: Callable[[], T]) -> tuple[float, T]:
    """Seconds of processor time, and what came of it."""
    start = time.process_time()
    result = action()
    return time.process_time() - start, result


def files_of(shape: str, number: int, count: int, draw: random.Random) -> tuple[str, ...]:
    """What a task writes."""
    folder = f"src/m{number // 20}"
    own = f"{folder}/f{number}.py"
    return {
        "apart": (own,),
        "shared": (own, f"{folder}/__init__.py"),
        "globs": (own, f"src/m{draw.randrange(count // 20 + 1)}/*.py"),
        "deep globs": (own, f"src/**/f{number}*.py"),
        "one file": ("app.py",),
    }[shape]


def a_plan(shape: str, count: int) -> Plan:
    """Phases of a hundred tasks, three dependencies each."""
    luck = random.Random(count)
    tasks, edges = [], {}
    for n in range(count):
        files = files_of(shape, n, count, luck)
        tasks.append(Task(f"t{n}", f"task {n}", phase=f"p{n // PER_PHASE}", modify=files))
        for m in {luck.randrange(max(0, n - 200), n) for _ in range(3 if n else 0)}:
            edges[n, m] = Edge(f"t{n}", f"t{m}", "label", n)
    phases = tuple(
        Phase(f"p{k}", "phase", after=(f"p{k - 1}",) if k else ())
        for k in range(-(-count // PER_PHASE))
    )
    return Plan("plan", tasks=tuple(tasks), edges=tuple(edges.values()), phases=phases)


def floor(plan: Plan) -> int:
    """Everything touched once."""
    return sum(len(f) for t in plan.tasks for f in t.files) + sum(e.line for e in plan.edges)


def imports(count: int, folder: Path) -> Plan:
    """A repository of as many modules, each importing the one before, owned by as many tasks."""
    (folder / "app").mkdir()
    for n in range(count):
        before = f"from app.m{n - 1} import thing\n" if n else ""
        (folder / "app" / f"m{n}.py").write_text(before + "def thing():\n    return 1\n" * 20)
    tasks = tuple(Task(f"t{n}", "", modify=(f"app/m{n}.py",)) for n in range(count))
    return Plan("plan", tasks=tasks)


def main() -> int:
    """Print a table; 1 when a budget is broken."""
    sizes = [int(word) for word in sys.argv[1:]] or list(SIZES)
    late = []
    print(f"{'shape':<12}{'tasks':>7}{'floor':>9}{'analysis':>10}{'ratio':>8}{'drawing':>9}  pairs")
    for shape in ("apart", "shared", "globs", "deep globs", "one file"):
        for count in sizes:
            plan = a_plan(shape, count)
            base, _ = timed(lambda plan=plan: floor(plan))
            took, found = timed(lambda plan=plan: analyse(plan))
            drawn, _ = timed(lambda f=found: draw(f.waves, transitive_reduction(f.edges)))
            print(
                f"{shape:<12}{count:>7}{base:>8.4f}s{took:>9.2f}s{took / max(base, 1e-5):>7.0f}×"
                f"{drawn:>8.2f}s  {len(found.conflicts)}"
            )
            if took > BUDGET_S.get(count, 1e9):
                late.append(f"{shape}, {count} tasks: {took:.2f} s > {BUDGET_S[count]} s")
    for count in (500, 2000):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            plan = imports(count, folder)
            read, _ = timed(lambda f=folder: [p.read_bytes() for p in f.rglob("*.py")])
            first, found = timed(lambda p=plan, f=folder: analyse(p, repo=f))
            again, _ = timed(lambda p=plan, f=folder: analyse(p, repo=f))
            print(
                f"imports     {count:>7}  reading {read:.2f}s, first {first:.2f}s, again "
                f"{again:.2f}s  {len(found.advisory)} advice"
            )
    print(*late, sep="\n")
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
