"""How long runs take against the shortest they could take, in simulated time.

The real pure machine schedules random graphs (20-200 tasks, log-normal durations, 3, 5 or 10 agents
at once) with estimates that are wrong by up to half; agents are durations, everything else takes no
time. The floor is the larger of the critical path and the work shared evenly by the agents. Prints
the quotient's median and 95th percentile for both modes, and ends with 1 when streaming misses
1.02 and 1.10.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from dataclasses import dataclass

from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core.machine import Machine
from maestro_tui.plans.graphs import levels
from maestro_tui.plans.model import Assignment, Plan, Strategy, Task, to_dict

MEDIAN, P95 = 1.02, 1.10


@dataclass(frozen=True, slots=True)
class Graph:
    """Tasks by number: what each comes after, and how long it really takes."""

    after: tuple[tuple[int, ...], ...]
    seconds: tuple[float, ...]

    @property
    def critical(self) -> float:
        """The longest path."""
        ends: list[float] = []
        for number, before in enumerate(self.after):
            ends.append(self.seconds[number] + max((ends[b] for b in before), default=0.0))
        return max(ends)

    def floor(self, slots: int) -> float:
        """No schedule is shorter than this."""
        return max(self.critical, sum(self.seconds) / slots)


def random_graph(dice: random.Random, spread: float) -> Graph:
    """Up to three dependencies each, from a window behind the task that differs by graph."""
    count = dice.randint(20, 200)
    window = dice.choice([count, count // 2, 20])
    most = dice.choice([1, 2, 3])
    after = []
    for number in range(count):
        earlier = range(max(0, number - window), number)
        wanted = min(len(earlier), dice.randint(0, most))
        after.append(tuple(sorted(dice.sample(earlier, wanted))))
    seconds = tuple(dice.lognormvariate(6.0, spread) for _ in range(count))
    return Graph(tuple(after), seconds)


def strategy_of(graph: Graph, dice: random.Random, mode: str, slots: int) -> Strategy:
    """The graph as a run's strategy, its estimates wrong by up to half."""
    names = [f"t{n}" for n in range(len(graph.after))]
    wave_of = levels([set(before) for before in graph.after])
    waves = [
        [n for n, wave in enumerate(wave_of) if wave == number]
        for number in range(1, max(wave_of) + 1)
    ]
    return Strategy(
        plan=Plan("graph", tasks=tuple(Task(n, n, key=n) for n in names)),
        assignments=tuple(
            Assignment(
                task=name,
                agent="a",
                after=tuple(names[b] for b in graph.after[number]),
                wave=wave_of[number],
                estimate_s=graph.seconds[number] * dice.uniform(0.5, 1.5),
            )
            for number, name in enumerate(names)
        ),
        waves=tuple(tuple(names[n] for n in wave) for wave in waves),
        mode=mode,
        max_parallel=slots,
    )


def makespan(graph: Graph, strategy: Strategy) -> float:
    """Simulated seconds from the first start to the last merge, as the machine decides."""
    machine = Machine()
    seconds = {f"t{n}": s for n, s in enumerate(graph.seconds)}
    ends: list[tuple[float, str]] = []
    now = 0.0
    todo: list[c.Command] = []

    def post(event: e.Event) -> None:
        todo.extend(machine.handle(event))

    options = {"approved": True, "deliver": "none"}
    post(e.RunCreated(at=now, run="r", repo="/r", strategy=to_dict(strategy), options=options,
                      base_sha="b", base_branch="main"))  # fmt: skip
    post(e.EngineStarted(at=now, pid=1, attended=True))
    while todo or ends:
        if not todo:
            now, task = heapq.heappop(ends)
            post(e.AgentEnded(at=now, task=task, attempt=1, ok=True, reason="exited", exit=0))
            continue
        match todo.pop(0):
            case c.CreateWorktree(task, number):
                post(e.WorktreeReady(at=now, task=task, attempt=number, path=f"/{task}",
                                     branch=task, base="b"))  # fmt: skip
            case c.RunAgent(task):
                heapq.heappush(ends, (now + seconds[task], task))
            case c.CheckWork(task, number):
                post(e.WorkChecked(at=now, task=task, attempt=number, checks=(), commit=task))
            case c.Merge(task, number):
                post(e.Merged(at=now, task=task, attempt=number, sha=f"m{task}", previous=""))
            case c.TagWave(wave):
                post(e.WaveTagged(at=now, wave=wave, sha=machine.state.head))
            case c.Finish(outcome):
                post(e.RunEnded(at=now, outcome=outcome))
    assert machine.state.status == "done", machine.state.status
    return now


def measure(graphs: int, seed: int, mode: str) -> list[float]:
    """The quotients of that many random graphs, sorted."""
    found = []
    for number in range(graphs):
        dice = random.Random(f"{seed}-{number}")
        graph = random_graph(dice, (0.3, 0.6, 1.0)[number % 3])
        slots = (3, 5, 10)[number // 3 % 3]
        found.append(makespan(graph, strategy_of(graph, dice, mode, slots)) / graph.floor(slots))
    return sorted(found)


def at(quotients: list[float], share: float) -> float:
    """That percentile."""
    return quotients[min(len(quotients) - 1, int(share * len(quotients)))]


def main() -> int:
    """Both modes; the exit code says whether streaming keeps its promise."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--graphs", type=int, default=45)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    good = True
    for mode in ("streaming", "waves"):
        quotients = measure(options.graphs, options.seed, mode)
        median, p95 = at(quotients, 0.5), at(quotients, 0.95)
        print(f"{mode:9} {options.graphs} graphs: {median:.3f} x the floor at the median, "
              f"{p95:.3f} x at the 95th percentile")  # fmt: skip
        if mode == "streaming":
            good = median <= MEDIAN and p95 <= P95
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
