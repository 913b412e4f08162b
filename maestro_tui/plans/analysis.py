"""What a plan implies: which tasks may run together, which may not, and how long it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from maestro_tui.plans import conflicts, graphs
from maestro_tui.plans.advice import Advice, advice
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.estimates import Known, estimate
from maestro_tui.plans.expansion import chain, expand, stated_edges, where
from maestro_tui.plans.misplaced import misplaced
from maestro_tui.plans.model import (
    Conflict,
    Diagnostic,
    Edge,
    Estimate,
    Plan,
    Task,
    WaveNeeds,
)
from maestro_tui.plans.resources import wave_needs

DEFAULT_TASK_S = 600.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """The result of :func:`analyse`: only tasks that will run, only edges between them."""

    edges: tuple[Edge, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    critical_path: tuple[str, ...] = ()
    estimate: Estimate = field(default_factory=Estimate)
    diagnostics: tuple[Diagnostic, ...] = ()
    advisory: tuple[Edge, ...] = ()
    needs: tuple[WaveNeeds, ...] = ()

    def after(self) -> dict[str, tuple[str, ...]]:
        """For each task the tasks it directly waits for."""
        out: dict[str, list[str]] = {}
        for edge in self.edges:
            out.setdefault(edge.task, []).append(edge.after)
        return {task: tuple(names) for task, names in out.items()}


def analyse(
    plan: Plan,
    *,
    repo: Path | None = None,
    mode: str = "waves",
    max_parallel: int = 10,
    default_task_s: float = DEFAULT_TASK_S,
    exclude: Collection[str] = (),
    owned: Mapping[str, Sequence[str]] | None = None,
    durations: Mapping[str, float] | None = None,
    known: Known | None = None,
    models: Mapping[str, str] | None = None,
    repo_bytes: int = 0,
) -> Analysis:
    """Order, waves, conflicts and estimates of a plan; raises PlanError when it cannot be run.

    ``owned`` gives the files of tasks for which the plan names none, ``models`` the model of each
    task; ``known`` is what earlier runs took, ``durations`` the same for times alone. ``repo`` is
    where Python imports between tasks' files and files written from the wrong folder are looked
    up, ``repo_bytes`` what one checkout takes.
    """
    _check(plan, mode)
    expanded = expand(plan, set(exclude))
    tasks = expanded.tasks
    if not tasks:
        return Analysis(diagnostics=(_nothing_left(plan),))
    needs, found, cut = conflicts.serialise(tasks, expanded.needs, owned)
    if plan.order == "strict":
        needs = _strict(tasks, needs)
    order = graphs.topological_order(needs)
    waves = _waves(needs, order)
    known = known or Known(seconds=durations or {})
    timed = [known.time(task, default_task_s) for task in tasks]
    path, longest = graphs.longest_path(needs, [s for s, _ in timed], order)
    told = advice(tasks, needs, order, repo, owned) if repo is not None else Advice()
    strayed = misplaced(tasks, repo) if repo is not None else ()
    models = models or {}
    return Analysis(
        edges=tuple(edge for before in needs for edge in before.values()),
        waves=tuple(tuple(tasks[n].id for n in wave) for wave in waves),
        conflicts=(*found, *told.conflicts),
        critical_path=tuple(tasks[n].id for n in path),
        estimate=estimate(
            tasks,
            needs,
            waves,
            mode=mode,
            max_parallel=max_parallel,
            timed=timed,
            critical_s=longest,
            known=known,
            models=models,
        ),
        diagnostics=(*_remarks(plan, found, cut), *strayed, *told.diagnostics),
        advisory=told.edges,
        needs=wave_needs(tasks, waves, models, max_parallel, repo_bytes),
    )


def transitive_reduction(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """The edges without those that follow from others: what a drawing should show."""
    names = list(dict.fromkeys(name for e in edges for name in (e.after, e.task)))
    index = {name: n for n, name in enumerate(names)}
    needs: list[set[int]] = [set() for _ in names]
    for edge in edges:
        needs[index[edge.task]].add(index[edge.after])
    kept = graphs.reduce(needs)
    return tuple(e for e in edges if index[e.after] in kept[index[e.task]])


def _check(plan: Plan, mode: str) -> None:
    if mode not in ("waves", "streaming"):
        raise PlanError(f"mode is {mode!r}; write 'waves' or 'streaming'.")
    if not plan.tasks:
        raise PlanError(
            f"{where(plan, 0)}: the plan has no task. Add a heading such as "
            "'## Phase 1: title' or a [[task]] table with id and title."
        )
    seen: dict[str, int] = {}
    for task in plan.tasks:
        if task.id in seen:
            raise PlanError(
                f"{where(plan, task.line)}: the task id {task.id!r} is used twice (first on line "
                f"{seen[task.id]}). Give one of them another id."
            )
        seen[task.id] = task.line


def _strict(tasks: Sequence[Task], needs: list[dict[int, Edge]]) -> list[dict[int, Edge]]:
    """One after the other: a chain through a valid order close to the document's."""
    order = graphs.topological_order(needs)
    out = [dict(before) for before in needs]
    for earlier, later in pairwise(order):
        edge = chain([tasks[earlier], tasks[later]], "convention")[0]
        out[later].setdefault(earlier, edge)
    return out


def _waves(needs: Sequence[Mapping[int, Edge]], order: Sequence[int]) -> list[list[int]]:
    level = graphs.levels(needs, order)
    out: list[list[int]] = [[] for _ in range(max(level, default=0))]
    for node, wave in enumerate(level):
        out[wave - 1].append(node)
    return out


def _nothing_left(plan: Plan) -> Diagnostic:
    return Diagnostic(
        "nothing-to-do",
        "info",
        0,
        f"None of the {len(plan.tasks)} tasks is left to run: all are done, excluded or deferred.",
        "Clear a done mark or include a task to run it again.",
    )


def _remarks(plan: Plan, found: Sequence[Conflict], cut: bool) -> tuple[Diagnostic, ...]:
    lines = {task.id: task.line for task in plan.tasks}
    out = [
        Diagnostic(
            "file-conflict",
            "info",
            lines[c.second],
            f"{c.second} runs after {c.first}: both write {', '.join(c.paths[:3])}.",
            "State the order with a dependency, or give the tasks different files.",
        )
        for c in found[:200]
        if c.serialised
    ]
    if cut:
        out.append(
            Diagnostic(
                "conflicts-cut",
                "info",
                0,
                f"More than {conflicts.MAX_LISTED} pairs of tasks write the same files; the list "
                "is cut, the order is complete.",
            )
        )
    waiting = {t.id for t in plan.tasks if t.status in ("deferred", "cancelled")}
    out += [
        Diagnostic(
            "dependency-not-run",
            "warning",
            edge.line,
            f"{edge.task} depends on {edge.after}, which the plan marks as not to be done.",
            f"Remove the dependency or clear the mark of {edge.after}.",
        )
        for edge in stated_edges(plan)
        if edge.after in waiting
    ]
    return tuple(out)
