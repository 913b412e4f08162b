"""What a run used: the four classes of tokens and the money, by task, by wave and in all.

Money an agent reported and money nobody reported are kept apart: a sum that hides a gap would be
believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from maestro_tui.core.state import Attempt, RunState, TaskRun

CLASSES = ("input", "output", "cache_read", "cache_write")


@dataclass(frozen=True, slots=True)
class Cost:
    """Tokens by class, dollars reported and estimated, and attempts that used tokens but named
    no price.
    """

    input: float = 0.0
    output: float = 0.0
    cache_read: float = 0.0
    cache_write: float = 0.0
    reported: float | None = None
    estimated: float = 0.0  # from tokens and the price table, where nothing was reported
    unpriced: int = 0
    attempts: int = 0

    @property
    def money(self) -> float:
        """Reported and estimated dollars together."""
        return (self.reported or 0.0) + self.estimated

    @property
    def tokens(self) -> float:
        """All classes together."""
        return self.input + self.output + self.cache_read + self.cache_write

    @property
    def known(self) -> bool:
        """Whether anything was told at all."""
        return bool(self.tokens) or self.reported is not None


def of_attempts(attempts: Iterable[Attempt]) -> Cost:
    """The sum over attempts: a failed one costs as much as one that was merged."""
    sums = dict.fromkeys(CLASSES, 0.0)
    reported: float | None = None
    unpriced = count = 0
    estimated = 0.0
    for attempt in attempts:
        count += 1
        for name in CLASSES:
            sums[name] += attempt.usage.get(name) or 0.0
        price = attempt.usage.get("cost_usd")
        if price is not None:
            reported = (reported or 0.0) + price
        elif attempt.usage.get("estimated_usd") is not None:
            estimated += attempt.usage["estimated_usd"]
        elif any(attempt.usage.get(name) for name in CLASSES):
            unpriced += 1
    return Cost(**sums, reported=reported, estimated=estimated, unpriced=unpriced, attempts=count)


def of_tasks(tasks: Iterable[TaskRun]) -> Cost:
    """The sum over tasks, every attempt included."""
    return of_attempts(a for t in tasks for a in t.attempts)


def of_waves(state: RunState) -> list[tuple[int, Cost]]:
    """Each wave's sum, in order."""
    return [
        (number, of_tasks(state.tasks[name] for name in wave))
        for number, wave in enumerate(state.waves, start=1)
    ]


def of_agents(state: RunState) -> list[tuple[str, Cost]]:
    """Each agent's sum, the dearest first."""
    found: dict[str, list[Attempt]] = {}
    for task in state.tasks.values():
        for attempt in task.attempts:
            found.setdefault(attempt.agent, []).append(attempt)
    costs = [(agent, of_attempts(attempts)) for agent, attempts in found.items()]
    return sorted(costs, key=lambda pair: (-pair[1].money, -pair[1].tokens, pair[0]))
