"""What a roll-back changes, once asked for and once done."""

from __future__ import annotations

from collections.abc import Callable

from maestro_tui.core import events as e
from maestro_tui.core import run_questions
from maestro_tui.core.decisions import ask, give_back, start_rollback
from maestro_tui.core.rollback import NoSuchPoint, point_of
from maestro_tui.core.run_facts import reopen
from maestro_tui.core.state import Answer, RunState, TaskState
from maestro_tui.core.transitions import notice, try_again

_S = TaskState


def _rolled_back(state: RunState, event: e.RolledBack) -> None:
    if event.wave < 0:
        if state.rollback_task is None or state.rollback_to is not None:
            return
        _back_at_a_task(state, event)
        return
    if state.rollback_to is None:
        return
    if event.wave <= state.rollback_to:  # else an answer meanwhile wants it further back
        state.rollback_to = None
    state.rollback_task, state.held_tasks = None, ()
    state.held_after = event.wave
    for number in [n for n in state.wave_tags if n > event.wave]:
        del state.wave_tags[number]
    for run in state.gates.values():
        if run.wave == 0 or run.wave > event.wave:
            run.state = "pending"
    _withdraw_gates(state)
    give_back(state, event.wave, _drop_merges(state, event))
    if state.rollback_to is None:
        ask(state, run_questions.rolled_back(state, event.wave, event.kept))


def _back_at_a_task(state: RunState, event: e.RolledBack) -> None:
    """Right after one merge: what came later is done again, whichever wave it belongs to."""
    state.rollback_task = None
    gone = {sha for sha, _ in state.merges}
    dropped = _drop_merges(state, event)
    gone -= {sha for sha, _ in state.merges}
    touched = {state.tasks[name].wave for name in dropped}
    for number in [n for n, sha in state.wave_tags.items() if sha in gone or n in touched]:
        del state.wave_tags[number]
    for run in state.gates.values():
        if run.wave == 0 or run.wave in touched:
            run.state = "pending"
    _withdraw_gates(state)
    for task in state.tasks.values():
        built_on = task.attempt is not None and task.attempt.base in gone
        waits = task.state in (_S.FAILED, _S.CONFLICTED)
        if (task.state is _S.MERGED and task.id in dropped) or (waits and built_on):
            try_again(state, task, "rolled back")
    state.held_tasks = tuple(t for t in state.tasks if t in dropped)
    ask(state, run_questions.rolled_back(state, -1, event.kept, event.task))


def _drop_merges(state: RunState, event: e.RolledBack) -> set[str]:
    """Set the head back; the tasks whose merges are behind it no longer."""
    state.head = event.sha
    state.rollbacks += 1
    state.tolerated.clear()
    for task in state.tasks.values():  # what was stopped may build on what is dropped
        if task.attempt is not None and task.state not in (_S.PREPARING, _S.RUNNING):
            task.attempt.afresh = True
    commits = [sha for sha, _ in state.merges]
    cut = commits.index(event.sha) + 1 if event.sha in commits else 0
    dropped = {task for _, task in state.merges[cut:]}
    del state.merges[cut:]
    return dropped


def _withdraw_gates(state: RunState) -> None:
    """What was asked about gates is about a tree that is no more."""
    for key in [k for k, q in state.questions.items() if q.kind == "gate"]:
        run = state.gates.get(state.questions[key].subject)
        if run is not None and run.state == "failed":
            run.state = "pending"
        del state.questions[key]


def _rollback_requested(state: RunState, event: e.RollbackRequested) -> None:
    """Taken up when there is such a point; a delivered run stays as it is."""
    if state.delivered is not None or not state.accepted:
        notice(state, f"Rolling back to {event.to} came too late and was not done")
        return
    try:
        point = point_of(state, event.to)
    except NoSuchPoint as error:
        notice(state, f"Not rolled back: {error}")
        return
    if state.ended:
        reopen(state)
    close_open = [k for k, q in state.questions.items() if q.kind in ("rolledback", "deliver")]
    for key in close_open:
        question = state.questions.pop(key)
        state.answers.append(Answer(question, "", "", "withdrawn", state.now))
        state.delivery += question.kind == "deliver"
    if point.wave >= 0:
        start_rollback(state, point.wave)
    else:
        state.rollback_task = (point.task, point.sha)
    notice(state, f"Rolls back to {event.to}, asked by {event.by}")


HANDLERS: dict[type[e.Event], Callable[..., None]] = {
    e.RolledBack: _rolled_back,
    e.RollbackRequested: _rollback_requested,
}
