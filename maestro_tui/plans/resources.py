"""What each wave takes while it runs: agents, model slots, worktrees, disk, ports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from maestro_tui.plans.model import Task, WaveNeeds
from maestro_tui.plans.prices import FREE

TIERS = ("fable", "mythos", "opus", "sonnet", "haiku")


def tier_of(model: str) -> str:
    """The pool a model draws from; ``other`` for models of other makers, ``unknown`` for none."""
    words = model.lower()
    if not words:
        return "unknown"
    return next((tier for tier in TIERS if tier in words), "other")


def wave_needs(
    tasks: Sequence[Task],
    waves: Sequence[Sequence[int]],
    models: Mapping[str, str],
    max_parallel: int,
    repo_bytes: int = 0,
    ports_per_agent: int = 0,
) -> tuple[WaveNeeds, ...]:
    """The needs of each wave.

    A worktree stays until its task is merged, and worktrees are used again, so that a wave holds
    as many as it has agents at once. ``slots`` counts the wave's tasks by the pool of their model.
    """
    out = []
    for wave in waves:
        agents = min(len(wave), max(1, max_parallel))
        names = [models.get(tasks[n].id) or tasks[n].model for n in wave]
        tiers = Counter(tier_of(name) for name in names if name != FREE)
        out.append(
            WaveNeeds(
                agents=agents,
                slots=tuple(sorted(tiers.items())),
                worktrees=agents,
                disk_bytes=agents * repo_bytes,
                ports=agents * ports_per_agent,
            )
        )
    return tuple(out)
