"""From a plan to a strategy: who does what, in which wave, held to which gates."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from maestro_tui.plans.analysis import DEFAULT_TASK_S, Analysis, analyse
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.estimates import Known
from maestro_tui.plans.expansion import expand, runs
from maestro_tui.plans.model import Assignment, Edge, Gate, Plan, Stage, Strategy, Task
from maestro_tui.plans.prices import FREE
from maestro_tui.plans.staging import stage_of, why_later

Assign = Callable[[Task], Assignment]
ORDERS = ("convention", "strict", "explicit")  # what counts where the plan says nothing


@dataclass(frozen=True, slots=True)
class _Facts:
    """What the analysis rests on besides the plan."""

    repo: Path | None
    repo_bytes: int
    default_task_s: float
    known: Known


def draft(
    plan: Plan,
    *,
    assign: Assign,
    mode: str = "waves",
    max_parallel: int = 10,
    repo: Path | None = None,
    default_task_s: float = DEFAULT_TASK_S,
    durations: Mapping[str, float] | None = None,
    known: Known | None = None,
    repo_bytes: int = 0,
    large_plan_files: int = 0,
) -> Strategy:
    """The first proposal for a plan, as the review shows it.

    ``assign`` chooses agent, marker, files and driver of one task; order, waves and times are
    worked out here, because they depend on all tasks together. ``known`` is what earlier runs
    took; a plan of more than ``large_plan_files`` files (0: any) is launched in stages.
    """
    chosen = [_complete(task, assign(task)) for task in plan.tasks if runs(task)]
    stage = stage_of(plan, large_plan_files)
    if stage is not None:
        why, later = why_later(stage), set(stage.later)
        chosen = [
            replace(a, excluded=True, excluded_reason=why) if a.task in later else a for a in chosen
        ]
    return _assemble(
        plan,
        _unique_markers(chosen),
        gates=gates_of(plan),
        mode=mode,
        max_parallel=max_parallel,
        facts=_Facts(repo, repo_bytes, default_task_s, known or Known(durations or {})),
        stage=stage,
    )


def gates_of(plan: Plan) -> tuple[Gate, ...]:
    """The plan's gates, and its verify commands as gates after every wave."""
    out = list(plan.gates)
    names = {gate.name for gate in out}
    known = {gate.run for gate in out}
    for command in plan.verify:
        if command in known:
            continue
        known.add(command)
        base = name = " ".join(command.split())[:40].strip() or "verify"
        count = 1
        while name in names:
            count += 1
            name = f"{base} ({count})"
        names.add(name)
        out.append(Gate(name=name, run=command))
    return tuple(out)


def _complete(task: Task, given: Assignment) -> Assignment:
    """The assignment with the task's own words where the choice left something open."""
    return replace(
        given,
        task=task.id,
        agent=given.agent or task.agent,
        model=given.model or task.model,
        marker=task.marker or given.marker,
        owned=given.owned or task.files,
        verify=given.verify or task.verify,
        timeout_s=task.timeout_s or given.timeout_s,
    )


def _unique_markers(assignments: Sequence[Assignment]) -> tuple[Assignment, ...]:
    """One marker file for each task: two tasks sharing one could never be told apart."""
    taken: set[str] = set()
    out = []
    for assignment in assignments:
        marker = assignment.marker
        if not marker or marker.lower() in taken:
            base = re.sub(r"[^A-Za-z0-9]+", "_", assignment.task).strip("_").upper() or "TASK"
            marker, count = f"{base}_COMPLETE.md", 1
            while marker.lower() in taken:
                count += 1
                marker = f"{base}_{count}_COMPLETE.md"
        taken.add(marker.lower())
        out.append(replace(assignment, marker=marker))
    return tuple(out)


def _assemble(
    plan: Plan,
    assignments: Sequence[Assignment],
    *,
    gates: tuple[Gate, ...],
    mode: str,
    max_parallel: int,
    facts: _Facts,
    stage: Stage | None,
) -> Strategy:
    if max_parallel < 1:
        raise PlanError(f"max_parallel is {max_parallel}; write 1 or more.")
    known = replace(facts.known, agents={a.task: a.agent for a in assignments})
    result = analyse(
        plan,
        repo=facts.repo,
        repo_bytes=facts.repo_bytes,
        mode=mode,
        max_parallel=max_parallel,
        default_task_s=facts.default_task_s,
        exclude={a.task for a in assignments if a.excluded},
        owned={a.task: a.owned for a in assignments},
        known=known,
        models={a.task: FREE if a.driver == "rehearsal" else a.model for a in assignments},
    )
    return Strategy(
        plan=plan,
        assignments=_placed(plan, assignments, result, facts.default_task_s, known),
        edges=result.edges,
        waves=result.waves,
        conflicts=result.conflicts,
        critical_path=result.critical_path,
        estimate=result.estimate,
        gates=gates,
        mode=mode,
        max_parallel=max_parallel,
        advisory=result.advisory,
        needs=result.needs,
        stage=stage,
    )


def _placed(
    plan: Plan,
    assignments: Sequence[Assignment],
    result: Analysis,
    default_task_s: float,
    known: Known,
) -> tuple[Assignment, ...]:
    tasks = {task.id: task for task in plan.tasks}
    wave = {task: n for n, names in enumerate(result.waves, 1) for task in names}
    after = result.after()
    timed = {a.task: known.time(tasks[a.task], default_task_s) for a in assignments}
    return tuple(
        replace(
            a,
            wave=wave.get(a.task, 0),
            after=after.get(a.task, ()),
            estimate_s=timed[a.task][0],
            estimate_basis=timed[a.task][1],
        )
        for a in assignments
    )


def revise(
    strategy: Strategy,
    *,
    agent: Mapping[str, str] | None = None,
    model: Mapping[str, str] | None = None,
    exclude: Collection[str] = (),
    include: Collection[str] = (),
    after_add: Collection[tuple[str, str]] = (),
    after_remove: Collection[tuple[str, str]] = (),
    files: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    gates: Sequence[Gate] | None = None,
    max_parallel: int | None = None,
    mode: str | None = None,
    order: str | None = None,
    assign: Assign | None = None,
    default_task_s: float = DEFAULT_TASK_S,
    durations: Mapping[str, float] | None = None,
    known: Known | None = None,
    repo: Path | None = None,
    repo_bytes: int = 0,
    whole: bool = False,
) -> Strategy:
    """The strategy with the user's changes, analysed again; the given one is left as it is.

    ``assign`` looks an agent chosen by name up again, so that its text, driver and marker follow;
    without it only the name changes. ``whole`` takes the later stages of a very large plan in;
    ``repo``, ``known`` and the like are as in :func:`draft`. Raises PlanError when a change cannot
    be carried out.
    """
    agent, model, files = agent or {}, model or {}, files or {}
    if whole:
        include = {*include, *(a.task for a in strategy.assignments if a.excluded_reason)}
    named = {*agent, *model, *files, *exclude, *include}
    named |= {name for pair in (*after_add, *after_remove) for name in pair}
    _check_names(strategy, named)
    plan = _with_agents(strategy.plan, agent, model)
    plan = _with_files(plan, files)
    plan = _with_edges(strategy, plan, after_add, after_remove)
    if order is not None:
        if order not in ORDERS:
            raise PlanError(f"order is {order!r}; write {', '.join(ORDERS)}.")
        plan = replace(plan, order=order)
    assignments = [
        _revised(plan, old, agent, model, files, exclude, include, assign)
        for old in strategy.assignments
    ]
    _check_excluded(plan, assignments)
    return _assemble(
        plan,
        _unique_markers(assignments),
        gates=strategy.gates if gates is None else tuple(gates),
        mode=mode or strategy.mode,
        max_parallel=strategy.max_parallel if max_parallel is None else max_parallel,
        facts=_Facts(repo, repo_bytes, default_task_s, known or Known(durations or {})),
        stage=None if whole else strategy.stage,
    )


def _check_names(strategy: Strategy, names: Collection[str]) -> None:
    known = [a.task for a in strategy.assignments]
    for name in sorted(names):
        if name not in known:
            raise PlanError(f"No task {name!r} in this strategy. Known: {', '.join(known)}.")


def _with_agents(plan: Plan, agent: Mapping[str, str], model: Mapping[str, str]) -> Plan:
    return replace(
        plan,
        tasks=tuple(
            replace(t, agent=agent.get(t.id, t.agent), model=model.get(t.id, t.model))
            for t in plan.tasks
        ),
    )


def _with_files(plan: Plan, files: Mapping[str, Mapping[str, Sequence[str]]]) -> Plan:
    kinds = ("create", "modify", "delete", "test", "scope")
    tasks = []
    for task in plan.tasks:
        change = files.get(task.id)
        for kind in change or ():
            if kind not in kinds:
                raise PlanError(f"Files of {task.id}: {kind!r} is not one of {', '.join(kinds)}.")
        if change:
            values = {kind: tuple(paths) for kind, paths in change.items()}
            task = replace(task, **values)  # type: ignore[arg-type]
        tasks.append(task)
    return replace(plan, tasks=tuple(tasks))


def _with_edges(
    strategy: Strategy,
    plan: Plan,
    add: Collection[tuple[str, str]],
    remove: Collection[tuple[str, str]],
) -> Plan:
    for task, after in remove:
        plan = _without(strategy, plan, task, after)
    have = {(e.task, e.after) for e in plan.edges}
    new = [Edge(t, a, "user") for t, a in dict.fromkeys(add) if (t, a) not in have]
    return replace(plan, edges=(*plan.edges, *new))


def _without(strategy: Strategy, plan: Plan, task: str, after: str) -> Plan:
    """The plan without that order; a phase edge that says it is spelt out for the other tasks."""
    stated = next((e for e in strategy.edges if (e.task, e.after) == (task, after)), None)
    if stated is not None and stated.source == "file-conflict":
        raise PlanError(
            f"{task} waits for {after} because both write the same files; "
            "give one of them other files first."
        )
    phase_of = {t.id: t.phase for t in plan.tasks}
    phases = tuple(replace(p, after=()) for p in plan.phases)
    implied = [Edge(p.id, a, "label", p.line) for p in plan.phases for a in p.after]
    members: dict[str, list[str]] = {}
    for t in plan.tasks:
        members.setdefault(t.phase, []).append(t.id)
    kept: list[Edge] = []
    found = False
    for edge in (*plan.edges, *implied):
        left = [edge.task] if edge.task in phase_of else members.get(edge.task, [])
        right = [edge.after] if edge.after in phase_of else members.get(edge.after, [])
        if task in left and after in right:
            found = True
            pairs = [(a, b) for a in left for b in right if (a, b) != (task, after)]
            kept += [replace(edge, task=a, after=b) for a, b in pairs]
        else:
            kept.append(edge)
    if not found:
        raise PlanError(f"{task} does not wait for {after} by any dependency that can be removed.")
    return replace(plan, edges=tuple(kept), phases=phases)


def _revised(
    plan: Plan,
    old: Assignment,
    agent: Mapping[str, str],
    model: Mapping[str, str],
    files: Mapping[str, Mapping[str, Sequence[str]]],
    exclude: Collection[str],
    include: Collection[str],
    assign: Assign | None,
) -> Assignment:
    new = old
    task = plan.task(old.task)
    if old.task in agent:
        if assign is not None:
            kept = {"excluded": old.excluded, "excluded_reason": old.excluded_reason}
            new = replace(_complete(task, assign(task)), **kept)  # type: ignore[arg-type]
        new = replace(new, agent=agent[old.task], agent_reason="chosen by you", runner_up="")
    if old.task in model:
        new = replace(new, model=model[old.task])
    if old.task in files:
        new = replace(new, owned=task.files)
    if old.task in exclude:
        new = replace(new, excluded=True, excluded_reason="")
    elif old.task in include:
        new = replace(new, excluded=False, excluded_reason="")
    return new


def _check_excluded(plan: Plan, assignments: Sequence[Assignment]) -> None:
    """No task that will run may need one that will not."""
    out = {a.task for a in assignments if a.excluded}
    if not out:
        return
    expanded = expand(plan)
    waiting: dict[str, list[str]] = {}
    for needs in expanded.needs:
        for edge in needs.values():
            if edge.after in out and edge.task not in out:
                waiting.setdefault(edge.after, []).append(edge.task)
    if waiting:
        said = "; ".join(f"{name} is needed by {', '.join(w)}" for name, w in waiting.items())
        raise PlanError(
            f"A task cannot be left out while others need it: {said}. "
            "Exclude those too, include it, or remove the dependency first."
        )
