"""Very large plans are carried out in stages: the first phase, a look at its result, the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from maestro_tui.plans import graphs
from maestro_tui.plans.conflicts import written
from maestro_tui.plans.expansion import expand
from maestro_tui.plans.model import Plan, Stage, Task

LARGE_PLAN_FILES = 100


def files_of(plan: Plan) -> int:
    """How many files and globs the plan writes, what is done already included.

    Counted for the whole plan, so that it goes on in stages when little of it is left.
    """
    counted = (t for t in plan.tasks if t.status not in ("cancelled", "deferred"))
    return len({pattern for task in counted for pattern in written(task)})


def stage_of(plan: Plan, limit: int = LARGE_PLAN_FILES) -> Stage | None:
    """The stage to launch now; None when the plan is small enough or in its last stage.

    ``limit`` is the largest plan launched whole, 0 for all. A stage takes along what its tasks
    wait for. Raises PlanError for a plan whose order cannot be worked out.
    """
    files = files_of(plan)
    if not limit or files <= limit:
        return None
    expanded = expand(plan)
    if not expanded.tasks:
        return None
    phases = _phases(plan)
    left = list(dict.fromkeys(t.phase for t in expanded.tasks))
    if len(left) > 1:
        order = graphs.topological_order(expanded.needs)
        phase = expanded.tasks[order[0]].phase
        chosen = _with_needs(
            [n for n, t in enumerate(expanded.tasks) if t.phase == phase], expanded.needs
        )
        number, of = phases.index(phase) + 1, len(phases)
        title = next((f"{p.id}: {p.title}" for p in plan.phases if p.id == phase), phase)
        title = title or "the tasks outside of the phases"
    else:
        level = graphs.levels(expanded.needs)
        chosen = _up_to(expanded.tasks, [n for n, wave in enumerate(level) if wave == 1], limit)
        number, of, title = 1, 0, f"the first {len(chosen)} tasks"
    later = tuple(t.id for n, t in enumerate(expanded.tasks) if n not in chosen)
    if not later:
        return None
    tasks = tuple(expanded.tasks[n].id for n in sorted(chosen))
    return Stage(title, number, of, tasks, later, files, limit)


def why_later(stage: Stage) -> str:
    """Why a task of a later stage is left out, for the task itself."""
    return f"a later stage: {stage.title} is launched first, and looked at before the rest"


def in_words(stage: Stage) -> str:
    """The stage for people: what is launched, what waits, and how to go on."""
    name = f"stage {stage.number} of {stage.of}, {stage.title}" if stage.of else stage.title
    return (
        f"{stage.files} files are more than {stage.limit}: only {name} "
        f"({len(stage.tasks)} tasks) is launched; {len(stage.later)} tasks wait for the next run"
    )


def _phases(plan: Plan) -> list[str]:
    """The phases that hold tasks, in the order of the document."""
    with_tasks = dict.fromkeys(t.phase for t in plan.tasks)
    known = [p.id for p in plan.phases if p.id in with_tasks]
    return [*known, *(name for name in with_tasks if name not in known)]


def _with_needs(start: Sequence[int], needs: Sequence[Mapping[int, object]]) -> set[int]:
    chosen = set(start)
    todo = list(start)
    while todo:
        for other in needs[todo.pop()]:
            if other not in chosen:
                chosen.add(other)
                todo.append(other)
    return chosen


def _up_to(tasks: Sequence[Task], free: Sequence[int], limit: int) -> set[int]:
    """As many of the tasks that wait for nobody as write no more files than the limit."""
    chosen: set[int] = set()
    files: set[str] = set()
    for n in free:
        files |= set(written(tasks[n]))
        if chosen and len(files) > limit:
            break
        chosen.add(n)
    return chosen
