"""The first state of a run, made from its strategy."""

from __future__ import annotations

from dataclasses import replace

from maestro_tui.core.events import RunCreated
from maestro_tui.core.options import RunOptions
from maestro_tui.core.state import GateRun, RunState, RunStatus, TaskRun, TaskState
from maestro_tui.plans.model import Strategy, from_dict


def open_run(state: RunState, event: RunCreated) -> None:
    """Fill an empty state: tasks with their dependents and ranks, waves, gates."""
    strategy = from_dict(Strategy, event.strategy)
    state.run, state.repo, state.strategy = event.run, event.repo, strategy
    state.options = from_dict(RunOptions, event.options)
    state.created_at = event.at
    state.base_sha = state.head = event.base_sha
    state.base_branch, state.dirty, state.script = event.base_branch, event.dirty, event.script
    state.mode, state.max_parallel = strategy.mode, strategy.max_parallel
    state.waves = [list(w) for w in strategy.waves]
    for position, assignment in enumerate(strategy.assignments):
        task = strategy.plan.task(assignment.task)
        first = TaskState.WAITING
        if assignment.excluded:
            first = TaskState.EXCLUDED
        elif task.status == "done":
            first = TaskState.DONE
        state.tasks[task.id] = TaskRun(
            task=task,
            assignment=assignment,
            state=first,
            after=assignment.after,
            wave=assignment.wave,
            why=assignment.excluded_reason if assignment.excluded else "",
            position=position,
        )
    _link(state)
    _gates(state, strategy)
    state.accepted = state.options.approved
    state.status = RunStatus.RUNNING if state.accepted else RunStatus.REVIEW


def _link(state: RunState) -> None:
    """Dependents and ranks, computed from the last wave backwards."""
    dependents: dict[str, list[str]] = {i: [] for i in state.tasks}
    for task in state.tasks.values():
        task.after = tuple(a for a in task.after if a in state.tasks)
        for other in task.after:
            dependents[other].append(task.id)
    for task_id, names in dependents.items():
        state.tasks[task_id].dependents = tuple(names)
    for wave in reversed(state.waves):
        for task_id in wave:
            task = state.tasks[task_id]
            after = max((state.tasks[d].rank for d in task.dependents), default=0.0)
            task.rank = after + (task.assignment.estimate_s or 1.0)


def _gates(state: RunState, strategy: Strategy) -> None:
    """One gate run for each wave or task it applies to, and one on the final tree."""
    for index, gate in enumerate(strategy.gates, start=1):
        if gate.when == "wave":
            for number in range(1, len(state.waves) + 1):
                if not gate.waves or number in gate.waves:
                    key = f"w{number}-{index}"
                    state.gates[key] = GateRun(key, gate, number)
        if gate.when == "task":
            for task in state.tasks.values():
                if task.wave and (not gate.waves or task.wave in gate.waves):
                    key = f"t{task.task.key}-{index}"
                    own = replace(gate, name=f"{gate.name}, {task.id}")
                    state.gates[key] = GateRun(key, own, task.wave, task.id)
        if gate.when == "final" or not gate.waves:
            state.gates[f"final-{index}"] = GateRun(f"final-{index}", gate, 0)
