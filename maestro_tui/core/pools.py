"""How many agents may use a kind of model at once, whatever the number of agents.

A service grants much less of its strong models than of its quick ones: with ten agents on the
strongest, all run into its limit together and none gets on.
"""

from __future__ import annotations

from collections import Counter

from maestro_tui.core.state import ACTIVE, RunState, TaskRun


def model_of(state: RunState, task: TaskRun) -> str:
    """The model a task's agent uses, or would: what the user chose last counts first."""
    settings = str(state.options.agents.get("model") or "")
    return task.model or task.assignment.model or settings


def pool_of(state: RunState, task: TaskRun) -> str:
    """The pool that model belongs to, by its name: "opus" of "claude-opus-5"; "" for none."""
    model = model_of(state, task).lower()
    return next((name for name in state.options.pools if name in model), "") if model else ""


def used(state: RunState) -> Counter[str]:
    """For each pool the agents that use it now."""
    active = (pool_of(state, t) for t in state.tasks.values() if t.state in ACTIVE)
    return Counter(pool for pool in active if pool)


def full(state: RunState, pool: str, taken: Counter[str]) -> str:
    """Why no further agent may join a pool; "" when one may."""
    limit = state.options.pools.get(pool, 0)
    if not limit or taken[pool] < limit:
        return ""
    return f"waits for one of {limit} {pool} slots" if limit > 1 else f"waits for the {pool} slot"
