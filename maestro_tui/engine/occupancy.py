"""Which worktrees a run still needs; all others may be given to the next task, or deleted."""

from __future__ import annotations

from maestro_tui.core.state import RunState, TaskRun, TaskState
from maestro_tui.core.transitions import can_go_on


def worktrees_in_use(state: RunState) -> set[str]:
    """Trees a task still stands in; a failed one keeps its tree while its stray edits are asked."""
    held: set[str] = set()
    for task in state.tasks.values():
        held.update(a.worktree for a in task.attempts if a.unkept)
        attempt = task.attempt
        if attempt is None or not attempt.worktree:
            continue
        undecided = task.state is TaskState.FAILED and not attempt.outcome
        if undecided or task.state in _NEED_TREE or _goes_on(task):
            held.add(attempt.worktree)
    return held


def _goes_on(task: TaskRun) -> bool:
    """Whether its stopped agent comes back to this tree."""
    waits = (TaskState.WAITING, TaskState.READY, TaskState.BLOCKED, TaskState.FAILED)
    return task.state in waits and can_go_on(task)


_NEED_TREE = frozenset(
    {TaskState.PREPARING, TaskState.RUNNING, TaskState.CHECKING, TaskState.CONFLICTED}
)
