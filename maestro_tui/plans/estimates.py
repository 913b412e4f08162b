"""Time, tokens and cost before anything has run; every figure says what it rests on."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maestro_tui.plans import graphs
from maestro_tui.plans.durations import parse_duration
from maestro_tui.plans.model import Estimate, Task
from maestro_tui.plans.prices import FREE, PriceTable, Tokens, price_table

_SPREAD = 2.0  # what was used before, half and double: one task is not like another


def task_figure(key: str, title: str, agent: str) -> str:
    """The name of what an agent took for one task: ids alone are used again in the next plan."""
    return f"task {key}: {' '.join(title.split()).casefold()} by {agent}"


def agent_figure(agent: str) -> str:
    """The name of what an agent takes for a task; unlike any task's id."""
    return f"agent {agent}"


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier runs took: by task id, task key or agent, the first that is known.

    Instead of plain names, ``seconds`` and ``tokens`` may go by :func:`task_figure` and
    :func:`agent_figure`; ``runs`` is the number of runs behind them.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, float] = field(default_factory=dict)
    agents: Mapping[str, str] = field(default_factory=dict)  # task id -> agent
    prices: PriceTable | None = None
    runs: int = 0

    def _of(self, task: Task, figures: Mapping[str, float]) -> float:
        agent = self.agents.get(task.id, task.agent)
        same = task_figure(task.key, task.title, agent)
        names = (same, task.id, task.key, agent, agent_figure(agent))
        return next((figures[n] for n in names if n and figures.get(n, 0.0) > 0), 0.0)

    def time(self, task: Task, default_s: float) -> tuple[float, str]:
        """Seconds, and whether the plan states them, earlier runs took them, or nobody knows."""
        stated = task.estimate_s or parse_duration(task.estimate)
        if stated > 0:
            return stated, "stated"
        known = self._of(task, self.seconds)
        return (known, "history") if known > 0 else (default_s, "default")

    def usage(self, task: Task, table: PriceTable) -> tuple[Tokens, Tokens, str]:
        """Fewest and most tokens, and what they rest on."""
        known = self._of(task, self.tokens)
        if known > 0:
            low, high = known / _SPREAD, known * _SPREAD
            return table.low.scaled(low), table.high.scaled(high), "history"
        return table.low, table.high, "default"


def seconds_of(
    task: Task, default_s: float, durations: Mapping[str, float] | None = None
) -> tuple[float, str]:
    """How long a task takes and why we think so: stated, history or default."""
    return Known(seconds=durations or {}).time(task, default_s)


def estimate(
    tasks: Sequence[Task],
    needs: Sequence[Mapping[int, object]],
    waves: Sequence[Sequence[int]],
    *,
    mode: str,
    max_parallel: int,
    timed: Sequence[tuple[float, str]],
    critical_s: float,
    known: Known,
    models: Mapping[str, str],
) -> Estimate:
    """The plan's time with so many slots, by simulating the scheduler, and its cost as a band."""
    seconds = [s for s, _ in timed]
    bases = Counter(basis for _, basis in timed)
    slots = max(1, max_parallel)
    wave_s = tuple(makespan([seconds[n] for n in wave], slots) for wave in waves)
    total = sum(wave_s) if mode == "waves" else streaming_time(needs, seconds, slots)
    bill = _Bill(tasks, known, models)
    by_wave = [bill.of(wave) for wave in waves]
    return Estimate(
        total_s=total,
        sequential_s=sum(seconds),
        critical_s=critical_s,
        wave_s=wave_s,
        tokens_low=sum(w.tokens_low for w in by_wave),
        tokens_high=sum(w.tokens_high for w in by_wave),
        cost_low=round(sum(w.cost_low for w in by_wave), 2),
        cost_high=round(sum(w.cost_high for w in by_wave), 2),
        basis=_label(list(bases)),
        stated=bases["stated"],
        history=bases["history"],
        default=bases["default"],
        wave_cost_low=tuple(round(w.cost_low, 2) for w in by_wave),
        wave_cost_high=tuple(round(w.cost_high, 2) for w in by_wave),
        wave_tokens_low=tuple(w.tokens_low for w in by_wave),
        wave_tokens_high=tuple(w.tokens_high for w in by_wave),
        tokens_basis=_label(sorted(bill.bases - {"none"}), "none" if bill.bases else "default"),
        prices=bill.table.date,
        unpriced=tuple(sorted(bill.unpriced)),
        history_runs=known.runs if bases["history"] or "history" in bill.bases else 0,
    )


def _label(bases: Sequence[str], nothing: str = "default") -> str:
    return nothing if not bases else bases[0] if len(bases) == 1 else "mixed"


@dataclass(slots=True)
class _Sum:
    tokens_low: int = 0
    tokens_high: int = 0
    cost_low: float = 0.0
    cost_high: float = 0.0


class _Bill:
    """Adds up tokens and their price; remembers on what the figures rest."""

    def __init__(self, tasks: Sequence[Task], known: Known, models: Mapping[str, str]) -> None:
        self.tasks, self.known, self.models = tasks, known, models
        self.table = known.prices or price_table()
        self.bases: set[str] = set()
        self.unpriced: set[str] = set()

    def of(self, wave: Sequence[int]) -> _Sum:
        """The sum of one wave."""
        out = _Sum()
        for n in wave:
            task = self.tasks[n]
            model = self.models.get(task.id) or task.model
            if model == FREE:
                self.bases.add("none")
                continue
            low, high, basis = self.known.usage(task, self.table)
            cheap, dear = self.table.band(model)
            if model and self.table.price(model) is None:
                self.unpriced.add(model)
            self.bases.add(basis)
            out.tokens_low += low.total
            out.tokens_high += high.total
            out.cost_low += cheap.cost(low)
            out.cost_high += dear.cost(high)
        return out


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
    dependents = graphs.dependents_of(needs)
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
