"""Before an interrupted run goes on: what there is of it, and how it is to go on."""

from __future__ import annotations

from maestro_tui.core.rollback import NoSuchPoint, Point, point_of, preview
from maestro_tui.core.state import ACTIVE, Option, Question, RunState, TaskRun, TaskState
from maestro_tui.core.transitions import can_go_on
from maestro_tui.ui.formatting import plural

_S = TaskState
_OVER = frozenset({_S.MERGED, _S.DONE, _S.EXCLUDED, _S.SKIPPED})
_MOST = 8  # names of each kind that are listed


def resume_question(state: RunState) -> Question:
    """The dialog's content; the screen itself asks it, so its answers are no events."""
    options = [Option("on", "Go on", "r", "what is complete stays; the rest is done")]
    wave = wave_to_restart(state)
    point = restart_point(state)
    if point is not None:
        drops = preview(state, point).drops
        what = f"drops {', '.join(drops)}; all of it is kept" if drops else "its tasks begin anew"
        options.append(Option("restart", f"Restart wave {wave}", "w", what, danger=True))
    options.append(
        Option("abort", "Abort the run", "A", "merged work stays on its branch", danger=True)
    )
    return Question(
        id="resume",
        kind="resume",
        title=f"Go on with run {state.run}?",
        evidence=(
            _names("Complete", [t for t in _tasks(state) if t.state in (_S.MERGED, _S.DONE)]),
            _names("At work when it stopped", [t for t in _tasks(state) if _at_work(t)], how=True),
            _names("Waits for you", [state.tasks[n] for n in _asked(state)]),
            _names("Given up", [t for t in _tasks(state) if t.state is _S.SKIPPED]),
            _names("Not started", [t for t in _tasks(state) if _not_started(state, t)]),
        ),
        options=tuple(options),
        default="on",
    )


def wave_to_restart(state: RunState) -> int:
    """The first wave that is not over; 0 where all are."""
    return min((t.wave for t in state.tasks.values() if t.state not in _OVER), default=0)


def restart_point(state: RunState) -> Point | None:
    """Where the run has to go back to for that; None where nothing of the wave was begun."""
    wave = wave_to_restart(state)
    begun = any(t.attempts for t in state.tasks.values() if t.wave == wave)
    if not wave or not begun:
        return None
    try:
        return point_of(state, f"wave:{wave - 1}")
    except NoSuchPoint:
        return None  # nothing was merged there, or streaming went past its end


def _tasks(state: RunState) -> list[TaskRun]:
    return [t for t in state.tasks.values() if t.state is not _S.EXCLUDED]


def _at_work(task: TaskRun) -> bool:
    stopped = task.attempt is not None and task.attempt.outcome == "stopped"
    return (
        task.state in ACTIVE
        or task.state is _S.QUEUED
        or (stopped and task.state in (_S.WAITING, _S.READY))
    )


def _asked(state: RunState) -> list[str]:
    return list(dict.fromkeys(q.task for q in state.questions.values() if q.task))


def _not_started(state: RunState, task: TaskRun) -> bool:
    waits = task.state in (_S.WAITING, _S.READY, _S.BLOCKED)
    return waits and not _at_work(task) and task.id not in _asked(state)


def _names(word: str, tasks: list[TaskRun], *, how: bool = False) -> str:
    names = [f"{t.id} ({_how(t)})" if how else t.id for t in tasks[:_MOST]]
    more = f" and {len(tasks) - _MOST} more" if len(tasks) > _MOST else ""
    return f"{word}: {', '.join(names) or 'none'}{more}" + (
        f"   ({plural(len(tasks), 'task')})" if len(tasks) > 1 else ""
    )


def _how(task: TaskRun) -> str:
    return "in its session" if can_go_on(task) else "taken up again"
