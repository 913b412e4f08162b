"""How many agents may work at once: what the user allows, less what machine and luck take away.

Each reason to go slower is state of its own, with its words, and is told when it comes and goes.
"""

from __future__ import annotations

from maestro_tui.core.state import ACTIVE, RunState, TaskState
from maestro_tui.core.transitions import notice

BREAKER_FAILURES, BREAKER_S = 5, 600.0
_BREAKER, _RESOURCES = "failures", "resources"


def slots(state: RunState) -> int:
    """Agents at once, as things stand; never less than one."""
    return max(1, min([state.max_parallel, *(limit for limit, _ in state.throttles.values())]))


def slowed_by(state: RunState) -> str:
    """Why it is fewer than the user allows; "" when it is not."""
    reasons = [why for n, why in state.throttles.values() if n < state.max_parallel]
    return "; ".join(reasons)


def attempt_failed(state: RunState) -> None:
    """Many failures in a short time mean something common is wrong: one agent at a time finds out
    at a fifth of the cost.
    """
    state.failures = [at for at in state.failures if at > state.now - BREAKER_S]
    state.failures.append(state.now)
    if len(state.failures) >= BREAKER_FAILURES and _BREAKER not in state.throttles:
        why = f"{len(state.failures)} attempts failed within {BREAKER_S:.0f} s"
        state.throttles[_BREAKER] = (1, why)
        notice(state, f"One agent at a time from now on: {why}")


def attempt_succeeded(state: RunState) -> None:
    """Work that is merged closes the breaker again."""
    if _BREAKER in state.throttles:
        _close(state, "an attempt has succeeded")
    state.failures.clear()


def review(state: RunState) -> None:
    """The breaker closes by itself when nothing has failed for long enough."""
    if _BREAKER in state.throttles and state.now >= breaker_until(state):
        _close(state, f"nothing has failed for {BREAKER_S:.0f} s")
        state.failures.clear()


def breaker_until(state: RunState) -> float:
    """When the breaker closes by itself; 0 when it is not open."""
    if _BREAKER not in state.throttles:
        return 0.0
    return (state.failures[-1] if state.failures else state.now) + BREAKER_S


def _close(state: RunState, why: str) -> None:
    del state.throttles[_BREAKER]
    notice(state, f"Up to {slots(state)} agents at once again: {why}")


def resources_changed(state: RunState, limit: int, reason: str) -> None:
    """The machine is under pressure (``limit`` agents at most), or no longer (0)."""
    before = slots(state)
    if limit > 0:
        state.throttles[_RESOURCES] = (limit, reason)
    else:
        state.throttles.pop(_RESOURCES, None)
    now = slots(state)
    if now != before:
        word = "One agent" if now == 1 else f"Up to {now} agents"
        notice(state, f"{word} at a time from now on: {reason}")


def deadline(state: RunState) -> float | None:
    """When time alone lets more agents start."""
    if _BREAKER not in state.throttles or not state.count(*ACTIVE):
        return None
    waits = any(t.state is TaskState.READY for t in state.tasks.values())
    return breaker_until(state) if waits else None
