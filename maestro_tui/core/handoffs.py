"""Who at work should hear what a task that was just merged delivered.

What waits for a task never runs before it, so these are agents that work beside it: they import
what it writes, write the same places unordered, or began on an earlier version of it.
"""

from __future__ import annotations

from maestro_tui.core.state import INTERACTIVE, RunState, TaskRun, TaskState
from maestro_tui.core.transitions import note

_S = TaskState


def concerned(state: RunState, task: TaskRun) -> list[TaskRun]:
    """Tasks whose agents work now and whose work rests on this one's."""
    names: dict[str, None] = dict.fromkeys(task.dependents)
    for conflict in state.strategy.conflicts if state.strategy is not None else ():
        if conflict.first == task.id:
            names[conflict.second] = None
        elif conflict.second == task.id and conflict.kind != "import":
            names[conflict.first] = None
    found = [state.tasks[name] for name in names if name in state.tasks]
    return [t for t in found if t.state in (_S.PREPARING, _S.RUNNING) and t.attempt is not None]


def announce(state: RunState, task: TaskRun) -> None:
    """Have the agents at work told; those that cannot hear begin their next attempt with it."""
    for other in concerned(state, task):
        attempt = other.attempt
        assert attempt is not None
        if task.id not in other.after and task.id not in other.heard_of:
            other.heard_of = (*other.heard_of, task.id)
        if other.assignment.driver in INTERACTIVE:
            attempt.handoffs = (*attempt.handoffs, task.id)
        elif other.state is _S.RUNNING:
            note(
                state,
                other,
                f"{task.id} was merged; its agent cannot be told now, its next attempt is",
            )
