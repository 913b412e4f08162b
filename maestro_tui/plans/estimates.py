"""Time, tokens and cost before anything has run; every figure says what it rests on."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence

from maestro_tui.plans import graphs
from maestro_tui.plans.durations import parse_duration
from maestro_tui.plans.model import Estimate, Task

# What one agent uses for one task of ordinary size, from small fix to long feature, and what a
# thousand tokens then cost with caching. Wide on purpose: history replaces it.
TOKENS_LOW, TOKENS_HIGH = 40_000, 400_000
USD_PER_1000_LOW, USD_PER_1000_HIGH = 0.001, 0.006


def seconds_of(
    task: Task, default_s: float, durations: Mapping[str, float] | None = None
) -> tuple[float, str]:
    """How long a task takes and why we think so: stated, history or default."""
    stated = task.estimate_s or parse_duration(task.estimate)
    if stated > 0:
        return stated, "stated"
    known = (durations or {}).get(task.id, 0.0)
    return (known, "history") if known > 0 else (default_s, "default")


def estimate(
    tasks: Sequence[Task],
    needs: Sequence[Mapping[int, object]],
    waves: Sequence[Sequence[int]],
    *,
    mode: str,
    max_parallel: int,
    default_s: float,
    durations: Mapping[str, float] | None = None,
) -> Estimate:
    """The plan's time with so many slots, by simulating the scheduler."""
    timed = [seconds_of(task, default_s, durations) for task in tasks]
    seconds = [s for s, _ in timed]
    bases = {basis for _, basis in timed}
    slots = max(1, max_parallel)
    wave_s = tuple(makespan([seconds[n] for n in wave], slots) for wave in waves)
    total = sum(wave_s) if mode == "waves" else streaming_time(needs, seconds, slots)
    low, high = TOKENS_LOW * len(tasks), TOKENS_HIGH * len(tasks)
    return Estimate(
        total_s=total,
        sequential_s=sum(seconds),
        critical_s=graphs.longest_path([set(n) for n in needs], seconds)[1],
        wave_s=wave_s,
        tokens_low=low,
        tokens_high=high,
        cost_low=round(low / 1000 * USD_PER_1000_LOW, 2),
        cost_high=round(high / 1000 * USD_PER_1000_HIGH, 2),
        basis=bases.pop() if len(bases) == 1 else ("mixed" if bases else "default"),
    )


def makespan(seconds: Sequence[float], slots: int) -> float:
    """The end of the last of several independent jobs, each started in the first free slot."""
    ends: list[float] = []
    for length in seconds:
        start = heapq.heappop(ends) if len(ends) >= slots else 0.0
        heapq.heappush(ends, start + length)
    return max(ends, default=0.0)


def streaming_time(
    needs: Sequence[Mapping[int, object]], seconds: Sequence[float], slots: int
) -> float:
    """The end of the last job when each starts as soon as its own needs are met."""
    left = [len(n) for n in needs]
    dependents = graphs.dependents_of([set(n) for n in needs])
    ready = [n for n, count in enumerate(left) if count == 0]
    running: list[tuple[float, int]] = []
    now = 0.0
    while ready or running:
        while ready and len(running) < slots:
            node = heapq.heappop(ready)
            heapq.heappush(running, (now + seconds[node], node))
        now, ended = heapq.heappop(running)
        for other in dependents[ended]:
            left[other] -= 1
            if left[other] == 0:
                heapq.heappush(ready, other)
    return now
