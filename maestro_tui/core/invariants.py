"""What must be true after every fact; a test or ``doctor`` asks, and gets the breaches in words."""

from __future__ import annotations

from maestro_tui.core.state import (
    MOVING,
    SATISFIED,
    RunState,
    RunStatus,
    TaskState,
)

_S = TaskState


def validate(state: RunState) -> list[str]:
    """Every broken invariant, as a sentence; an empty list when all is well."""
    wrong: list[str] = []
    for task in state.tasks.values():
        unmet = [d for d in task.after if state.tasks[d].state not in SATISFIED]
        rerun = [d for d in unmet if state.tasks[d].attempts and state.tasks[d].attempts[0].outcome]
        if task.state in MOVING and set(unmet) - set(rerun):
            wrong.append(f"{task.id} is {task.state} though {', '.join(unmet)} is not merged")
        if task.state is _S.MERGED and not task.merged_sha:
            wrong.append(f"{task.id} is merged but has no merge commit")
        if task.state in MOVING and task.attempt is None:
            wrong.append(f"{task.id} is {task.state} without an attempt")
        asked = any(q.task == task.id and q.kind != "gate" for q in state.questions.values())
        back = state.rollback_to is not None or state.rollback_task is not None
        answered = state.stopping or state.ended or back
        if task.state is _S.FAILED and not asked and not answered:
            wrong.append(f"{task.id} failed and nobody is asked about it")
    if state.count(_S.MERGING) > 1:
        wrong.append("two merges at once")
    if sum(1 for g in state.gates.values() if g.state == "running") > 1:
        wrong.append("two gates at once")
    for question in state.questions.values():
        if question.task and question.task not in state.tasks:
            wrong.append(f"question {question.id} is about an unknown task {question.task}")
    if state.status is RunStatus.DONE and any(t.moving for t in state.tasks.values()):
        wrong.append("the run is done while tasks move")
    turned_down = any("agents at once" in text for _, text in state.notices)
    if state.count(_S.PREPARING, _S.RUNNING) > state.max_parallel and not turned_down:
        wrong.append("more agents than slots")
    return wrong
