"""The question at a budget's limit, and what each answer to it does."""

from __future__ import annotations

import math

from maestro_tui.core.options import RunOptions
from maestro_tui.core.state import (
    INTERACTIVE,
    MODELLED,
    Option,
    Question,
    RunState,
    TaskRun,
    TaskState,
)
from maestro_tui.core.transitions import give, notice

_S = TaskState
THROTTLE = "budget"
_OVER = frozenset({_S.MERGED, _S.DONE, _S.EXCLUDED, _S.SKIPPED})


def scope_words(key: str) -> str:
    """What a limit is about, for people."""
    kind, _, name = key.partition(":")
    return {"run": "the run", "wave": f"wave {name}", "agent": f"the agent of {name}"}[kind]


def budget_lines(options: RunOptions) -> tuple[str, ...]:
    """What may be spent, as a line; none where there is no limit."""
    named = (
        ("the run", options.budget_run),
        ("each wave", options.budget_wave),
        ("each agent", options.budget_agent),
    )
    limits = [f"${usd:.2f} for {what}" for what, usd in named if usd > 0]
    then = {"ask": "asked at a limit", "stop": "stops at a limit"}
    how = then.get(options.on_budget, "goes on beyond it")
    return (f"Budget: {', '.join(limits)}; {how}.",) if limits else ()


def step_of(state: RunState, key: str, share: float) -> float:
    """That share of the limit as it was first set."""
    options = state.options
    kind = key.partition(":")[0]
    base = {"run": options.budget_run, "wave": options.budget_wave, "agent": options.budget_agent}
    return base[kind] * share


def budget(
    state: RunState, key: str, number: int, limit: float, reported: float, estimated: float
) -> Question:
    """A limit is used up: raise it, or go on in a cheaper way, or stop?"""
    kind, _, name = key.partition(":")
    task = state.tasks[name] if kind == "agent" else None
    what = scope_words(key)
    raised = step_of(state, key, 0.5)
    leeway = step_of(state, key, 0.25)
    options = [
        Option("raise", "Raise it", "r", f"by how many dollars; empty: ${raised:.2f}", "optional")
    ]
    if any(t.assignment.driver in MODELLED for t in in_scope(state, key)):
        model = state.options.budget_model
        options.append(
            Option(
                "cheaper",
                "A cheaper model",
                "c",
                f"the rest with another model; empty: {model}; asked again ${leeway:.2f} later",
                "optional",
            )
        )
    if kind != "agent":
        options.append(
            Option("sequential", "One after another", "o", f"asked again ${leeway:.2f} later")
        )
    options += [
        Option("stop", "Stop at a checkpoint", "s", "nothing is lost; resume asks again"),
        Option("continue", "Go on without this limit", "w", "it is not asked again", danger=True),
    ]
    return Question(
        id=f"budget-{key.replace(':', '-') if task is None else f'agent-{task.task.key}'}-{number}",
        kind="budget",
        title=f"The budget of {what} is used up: ${reported + estimated:.2f} of ${limit:.2f}",
        evidence=(
            *_figures(reported, estimated),
            "No further agent starts. Agents that can be paused are paused.",
            *_dearest(state, key),
        ),
        options=tuple(options),
        task=task.id if task is not None else "",
        attempt=task.attempt.number if task is not None and task.attempt else 0,
        subject=key,
        asked_at=state.now,
        default="stop",
    )


def _figures(reported: float, estimated: float) -> tuple[str, ...]:
    lines = []
    if reported:
        lines.append(f"${reported:.2f} reported by the agents")
    if estimated:
        lines.append(f"${estimated:.2f} estimated from their tokens and the price table")
    return tuple(lines)


def in_scope(state: RunState, key: str) -> list[TaskRun]:
    """The tasks of a limit that are not over."""
    kind, _, name = key.partition(":")
    return [
        t
        for t in state.tasks.values()
        if t.state not in _OVER
        and (kind == "run" or (kind == "wave" and t.wave == int(name)) or t.id == name)
    ]


def _dearest(state: RunState, key: str) -> tuple[str, ...]:
    """Where most of it went."""
    kind, _, name = key.partition(":")
    sums: list[tuple[float, str]] = []
    for task in state.tasks.values():
        if kind == "run" or (kind == "wave" and task.wave == int(name)):
            used = sum(
                a.usage.get("cost_usd", a.usage.get("estimated_usd", 0.0)) for a in task.attempts
            )
            sums.append((used, task.id))
    top = [(used, task) for used, task in sorted(sums, reverse=True)[:4] if used > 0]
    return ("Most of it: " + ", ".join(f"{t} ${u:.2f}" for u, t in top),) if top else ()


def answered(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    """More money, a cheaper way, or a stop; what is still over is asked again by itself."""
    key = question.subject
    what = scope_words(key)
    if answer == "stop":
        state.stopping, state.stop_reason = "checkpoint", f"the budget of {what} is used up"
    elif answer == "continue":
        state.budget_extra[key] = math.inf
        notice(state, f"The budget of {what} holds no longer ({by})")
    elif answer == "raise":
        _raise(state, key, text)
    elif answer == "cheaper":
        _cheaper(state, key, text.strip() or state.options.budget_model)
    elif answer == "sequential":
        state.throttles[THROTTLE] = (1, f"the budget of {what} is used up")
        _allow(state, key, 0.25)


def _raise(state: RunState, key: str, text: str) -> None:
    words = text.strip().removeprefix("+").removeprefix("$").strip()
    try:
        amount = float(words) if words else step_of(state, key, 0.5)
    except ValueError:
        amount = 0.0
    if not 0 < amount < math.inf:  # false for "nan", too
        notice(state, f"“{text.strip()}” is no amount of dollars; the budget is as it was")
        return
    state.budget_extra[key] = state.budget_extra.get(key, 0.0) + amount
    notice(state, f"The budget of {scope_words(key)} is raised by ${amount:.2f}")


def _cheaper(state: RunState, key: str, model: str) -> None:
    """The rest goes on with that model: agents at work from their next turn on."""
    for task in in_scope(state, key):
        if task.assignment.driver not in MODELLED:
            continue
        task.model = model
        attempt = task.attempt
        works = task.state is _S.RUNNING and task.assignment.driver in INTERACTIVE
        if attempt is not None and works:
            give(attempt, "model", model)
    _allow(state, key, 0.25)
    notice(state, f"{scope_words(key).capitalize()} goes on with {model}")


def _allow(state: RunState, key: str, share: float) -> None:
    """So much beyond what is used now, before it is asked again."""
    step = step_of(state, key, share)
    used = _used(state, key)
    first = step_of(state, key, 1.0)
    state.budget_extra[key] = max(state.budget_extra.get(key, 0.0), used - first) + step


def _used(state: RunState, key: str) -> float:
    kind, _, name = key.partition(":")
    if kind == "agent":
        attempt = state.tasks[name].attempt
        attempts = [attempt] if attempt is not None else []
    else:
        attempts = [
            a
            for t in state.tasks.values()
            if kind == "run" or t.wave == int(name)
            for a in t.attempts
        ]
    return sum(a.usage.get("cost_usd", a.usage.get("estimated_usd", 0.0)) for a in attempts)
