"""What people say to a task's agent: words, a pause, another model, an end; who hears it."""

from __future__ import annotations

from maestro_tui.core import events as e
from maestro_tui.core.state import INTERACTIVE, MODELLED, Attempt, RunState, TaskRun, TaskState
from maestro_tui.core.transitions import give, notice

_S = TaskState
_NOBODY = frozenset({_S.MERGED, _S.DONE, _S.EXCLUDED})
_WAITS = ("pause", "resume", "no-waiting", "interrupt")


def given(state: RunState, event: e.InstructionGiven) -> None:
    """To the agent at work where it can be told; else its next attempt begins with it."""
    task = state.tasks.get(event.task)
    if task is None:
        return
    attempt = task.attempt
    works = attempt is not None and task.state is _S.RUNNING
    if event.kind in ("stop", "restart"):
        _end(state, task, event)
        return
    if event.kind == "model" and task.state not in _NOBODY:
        _model(state, task, event.text)
        return
    if works and attempt is not None and _hears(task, attempt, event):
        _tell(state, task, attempt, event)
    elif event.kind == "message" and task.state not in _NOBODY:
        task.next_instructions = "\n\n".join(x for x in (task.next_instructions, event.text) if x)
        notice(state, f"{task.id} cannot be told now: its next attempt begins with these words")
    elif works and event.kind in _WAITS:
        notice(
            state,
            f"{task.id}: an agent of the driver {task.assignment.driver} does not hear "
            f"“{event.kind}” while it works; it can be stopped or restarted",
        )
    else:
        notice(state, f"{task.id} is {task.state}: nobody hears “{event.text or event.kind}”")


def _hears(task: TaskRun, attempt: Attempt, event: e.InstructionGiven) -> bool:
    """Also an agent that cannot be talked to is woken from its wait for a limit."""
    woken = bool(attempt.parked_until) and event.kind in ("resume", "no-waiting")
    return task.assignment.driver in INTERACTIVE or woken


def _tell(state: RunState, task: TaskRun, attempt: Attempt, event: e.InstructionGiven) -> None:
    """Words wake a paused agent, unless it is a budget that holds it: then they wait, too."""
    if event.kind == "pause":
        if attempt.paused:
            return
        attempt.paused = "user"
    elif event.kind in ("resume", "no-waiting", "message") and attempt.paused == "user":
        attempt.paused = ""
        if event.kind == "message":
            give(attempt, "message", event.text)
            give(attempt, "resume")
            return
    elif event.kind == "resume" and attempt.paused:
        notice(state, f"{task.id} is paused by its budget: answer that question first")
        return
    give(attempt, event.kind, event.text)


def _model(state: RunState, task: TaskRun, model: str) -> None:
    """From the next turn on where the driver can; from the next attempt on in any case."""
    if task.assignment.driver not in MODELLED:
        notice(state, f"{task.id}: the driver {task.assignment.driver} takes no model")
        return
    task.model = model
    attempt = task.attempt
    if attempt is not None and task.state is _S.RUNNING and task.assignment.driver in INTERACTIVE:
        give(attempt, "model", model)
    else:
        notice(state, f"{task.id}: its next attempt begins with the model {model}")


def _end(state: RunState, task: TaskRun, event: e.InstructionGiven) -> None:
    """This agent alone is ended; after a stop its user is asked, after a restart it begins anew."""
    attempt = task.attempt
    if attempt is None or task.state not in (_S.PREPARING, _S.RUNNING):
        notice(state, f"{task.id} is {task.state}: there is no agent to {event.kind}")
        return
    attempt.stop = True
    attempt.ending = "restart" if event.kind == "restart" else "held"
    attempt.afresh = event.kind == "restart"
    if event.text:
        task.next_instructions = "\n\n".join(x for x in (task.next_instructions, event.text) if x)
