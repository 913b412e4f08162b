"""What a run may cost: by agent, by wave, in all; what happens near a limit and at it.

Recomputed from the state after every fact about usage, so that no order of events leaves an agent
paused or a limit unnoticed. What an agent reports goes before what the engine estimates of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from maestro_tui.core import budget_questions
from maestro_tui.core.decisions import ask
from maestro_tui.core.state import INTERACTIVE, Answer, Attempt, RunState, TaskRun, TaskState
from maestro_tui.core.transitions import can_go_on, give, notice

_S = TaskState
WARN_AT = 0.8
LEEWAY = 0.25  # of the limit: what a cheaper or slower way on may use before it is asked again
_CENT = 1e-9
PAUSED = "budget"


@dataclass(frozen=True, slots=True)
class Spending:
    """One limit and what is used of it; ``key`` is run, wave:N or agent:TASK."""

    key: str
    limit: float
    reported: float = 0.0
    estimated: float = 0.0
    attempt: int = 0

    @property
    def used(self) -> float:
        """Dollars, reported and estimated."""
        return self.reported + self.estimated

    @property
    def over(self) -> bool:
        """Whether nothing is left."""
        return self.used >= self.limit - _CENT

    @property
    def share(self) -> float:
        """How much of the limit is used; 1 is all of it."""
        return self.used / self.limit if self.limit else 0.0


def money_of(attempts: Iterable[Attempt]) -> tuple[float, float]:
    """Dollars the agents reported, and dollars estimated where they reported none."""
    reported = estimated = 0.0
    for attempt in attempts:
        told = attempt.usage.get("cost_usd")
        if told is not None:
            reported += told
        else:
            estimated += attempt.usage.get("estimated_usd", 0.0)
    return reported, estimated


def limit_of(state: RunState, key: str) -> float:
    """The limit with what it was raised by; 0 where there is none."""
    options = state.options
    kind = key.partition(":")[0]
    base = {"run": options.budget_run, "wave": options.budget_wave, "agent": options.budget_agent}
    first = base[kind]
    if first <= 0:
        return 0.0
    limit = first + state.budget_extra.get(key, 0.0)
    return 0.0 if math.isinf(limit) else limit


def spendings(state: RunState) -> Iterator[Spending]:
    """Every limit that holds now, the widest first."""
    options, tasks = state.options, state.tasks
    limit = limit_of(state, "run")
    if limit:
        every = (a for t in tasks.values() for a in t.attempts)
        yield Spending("run", limit, *money_of(every))
    if options.budget_wave > 0:
        for number, names in enumerate(state.waves, start=1):
            limit = limit_of(state, f"wave:{number}")
            if limit:
                mine = (a for n in names for a in tasks[n].attempts)
                yield Spending(f"wave:{number}", limit, *money_of(mine))
    if options.budget_agent > 0:
        for task in tasks.values():
            attempt = task.attempt
            limit = limit_of(state, f"agent:{task.id}")
            if limit and attempt is not None and _counts(state, task):
                figures = money_of((attempt,))
                yield Spending(f"agent:{task.id}", limit, *figures, attempt.number)


def _counts(state: RunState, task: TaskRun) -> bool:
    """Whether a task's newest attempt can still spend: it works, or goes on after an answer."""
    if task.state is _S.RUNNING:
        return True
    attempt = task.attempt
    stopped = task.state in (_S.WAITING, _S.READY) and attempt is not None
    if not stopped or attempt is None or attempt.outcome != "stopped":
        return False
    key = f"agent:{task.id}"
    return can_go_on(task) or _open(state, key) or _left_at(state, key, attempt.number)


def _left_at(state: RunState, key: str, attempt: int) -> bool:
    """Whether the run was stopped at this very question: then nothing goes on without asking."""
    answers = (
        a.answer
        for a in reversed(state.answers)
        if a.question.kind == "budget" and a.question.subject == key and a.answer
        if a.question.attempt == attempt
    )
    return next(answers, "") == "stop"


def _can_spend(state: RunState, key: str) -> bool:
    """Whether any task of the limit works or may start without a further answer."""
    spends = (_S.WAITING, _S.READY, _S.PREPARING, _S.RUNNING)
    return any(t.state in spends for t in budget_questions.in_scope(state, key))


def _open(state: RunState, key: str) -> bool:
    return any(q.kind == "budget" and q.subject == key for q in state.questions.values())


def holds(state: RunState, task: TaskRun) -> str:
    """The limit whose question keeps this task from starting or going on; empty when none does."""
    keys = ("run", f"wave:{task.wave}", f"agent:{task.id}")
    found = (q.subject for q in state.questions.values() if q.kind == "budget")
    return next((key for key in found if key in keys), "")


def limited(state: RunState) -> bool:
    """Whether there is any limit, or a question about one."""
    options = state.options
    return (
        options.budget_run > 0
        or options.budget_wave > 0
        or options.budget_agent > 0
        or any(q.kind == "budget" for q in state.questions.values())
    )


def review(state: RunState) -> None:
    """Warn, ask, withdraw what is no question any more; pause and let go on."""
    if not limited(state):
        return
    over: set[str] = set()
    for spending in list(spendings(state)):
        if spending.over and not _can_spend(state, spending.key):
            continue  # nothing is left to decide
        if spending.over:
            over.add(spending.key)
            if not state.stopping and not _open(state, spending.key):
                _ask(state, spending)
        elif spending.share >= WARN_AT:
            _warn(state, spending)
    for name, question in list(state.questions.items()):
        if question.kind == "budget" and question.subject not in over:
            del state.questions[name]
            state.answers.append(Answer(question, "", "", "withdrawn", state.now))
    for task in state.tasks.values():
        _hold(state, task)


def _ask(state: RunState, spending: Spending) -> None:
    number = state.budget_asked[spending.key] = state.budget_asked.get(spending.key, 0) + 1
    ask(
        state,
        budget_questions.budget(
            state,
            spending.key,
            number,
            spending.limit,
            spending.reported,
            spending.estimated,
        ),
    )


def _warn(state: RunState, spending: Spending) -> None:
    """Once for each limit and, where it is an agent's, each of its attempts."""
    key = spending.key + (f":{spending.attempt}" if spending.attempt else "")
    if state.budget_warned.get(key) == spending.limit:
        return
    state.budget_warned[key] = spending.limit
    what = budget_questions.scope_words(spending.key)
    guess = ", partly estimated" if spending.estimated else ""
    notice(
        state,
        f"{spending.share:.0%} of the budget of {what} is used: ${spending.used:.2f} of "
        f"${spending.limit:.2f}{guess}",
    )


def _hold(state: RunState, task: TaskRun) -> None:
    """An agent that can be paused is paused, and goes on after the answer; one that cannot is ended
    where the limit is its own, and else finishes: its work would be lost.
    """
    attempt = task.attempt
    if attempt is None or task.state not in (_S.PREPARING, _S.RUNNING):
        return
    why = holds(state, task)
    if not why:
        if state.stopping in ("checkpoint", "abort"):
            return
        if attempt.paused == PAUSED and task.state is _S.RUNNING:
            attempt.paused = ""
            give(attempt, "resume")
        return
    talks = task.assignment.driver in INTERACTIVE
    if task.state is _S.PREPARING or (talks and not state.attended) or why.startswith("agent:"):
        if task.state is _S.RUNNING and talks and state.attended:
            _pause(attempt)
        else:
            attempt.stop = True
    elif talks:
        _pause(attempt)


def _pause(attempt: Attempt) -> None:
    if not attempt.paused:
        give(attempt, "pause")
    attempt.paused = PAUSED
