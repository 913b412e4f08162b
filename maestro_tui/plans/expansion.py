"""From what a plan says about phases and tasks to edges between the tasks that will run.

A phase edge between two wide phases stands for very many task edges. They are expanded late, and
only between the last tasks of the one phase and the first of the other.
"""

from __future__ import annotations

import difflib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from maestro_tui.plans import graphs
from maestro_tui.plans.errors import CycleError, PlanError
from maestro_tui.plans.model import Edge, Plan, Task

RUNNABLE = frozenset({"work", "prompt"})


@dataclass(frozen=True, slots=True)
class Expanded:
    """The tasks that will run, in document order, and the edges among them by position."""

    tasks: tuple[Task, ...]
    needs: tuple[dict[int, Edge], ...]


def runs(task: Task, exclude: Container[str] = ()) -> bool:
    """Whether an agent will be started for the task."""
    return task.kind in RUNNABLE and task.status in ("pending", "doing") and task.id not in exclude


def stated_edges(plan: Plan) -> tuple[Edge, ...]:
    """The plan's edges together with those its phases imply, under the plan's order setting."""
    edges = list(plan.edges)
    inside: dict[str, list[Task]] = {}
    for task in plan.tasks:
        inside.setdefault(task.phase, []).append(task)
    for phase in plan.phases:
        edges += [Edge(phase.id, after, "label", phase.line) for after in phase.after]
        if phase.mode == "sequential":
            edges += chain(inside.get(phase.id, ()), "mode", phase.line)
    if plan.order == "explicit":
        edges = [e for e in edges if e.source != "convention"]
    seen: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        seen.setdefault((edge.task, edge.after), edge)
    return tuple(seen.values())


def chain(tasks: Sequence[Task], source: str, line: int = 0) -> list[Edge]:
    """One edge from each task to the one before it."""
    return [
        Edge(later.id, earlier.id, source, line or later.line) for earlier, later in pairwise(tasks)
    ]


def nearest(name: str, names: Iterable[str]) -> str:
    """The known name most like this one, or nothing."""
    names = list(names)
    if len(names) > 2000:  # comparing with all of them would take longer than finding it by eye
        return ""
    found = difflib.get_close_matches(name.lower(), [n.lower() for n in names], 1, 0.5)
    return next((n for n in names if found and n.lower() == found[0]), "")


def names_listed(names: Sequence[str], limit: int = 12) -> str:
    """The known names for a message, cut when there are very many."""
    shown = ", ".join(names[:limit])
    return f"{shown} and {len(names) - limit} more" if len(names) > limit else shown


class _Graph:
    """Tasks first, then a start and an end node for each phase that an edge names."""

    def __init__(self, plan: Plan, exclude: Container[str]) -> None:
        self.plan = plan
        self.names = [task.id for task in plan.tasks]
        self.index = {name: n for n, name in enumerate(self.names)}
        self.phases = {phase.id: phase for phase in plan.phases}
        self.arcs: list[dict[int, Edge | None]] = [{} for _ in plan.tasks]
        self.starts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.members: dict[str, list[int]] = {}
        for n, task in enumerate(plan.tasks):
            self.members.setdefault(task.phase, []).append(n)
        self.active = [runs(task, exclude) for task in plan.tasks]
        self.done = [task.status == "done" for task in plan.tasks]
        for edge in stated_edges(plan):
            self.arcs[self._node(edge.task, edge, self.starts)].setdefault(
                self._node(edge.after, edge, self.ends), edge
            )
        self._join_phases()

    def _node(self, name: str, edge: Edge, side: dict[str, int]) -> int:
        if name in self.index:
            return self.index[name]
        if name not in self.phases:
            raise PlanError(_unknown(self.plan, name, edge))
        if name not in side:
            side[name] = len(self.arcs)
            self.arcs.append({})
            self.names.append(name)
        return side[name]

    def _join_phases(self) -> None:
        for phase, start in self.starts.items():
            inside = self.members.get(phase, [])
            for n in inside:
                self.arcs[n].setdefault(start, None)
        for phase, end in self.ends.items():
            inside = self.members.get(phase, [])
            for n in inside:
                self.arcs[end][n] = None
            if not inside and phase in self.starts:
                self.arcs[end][self.starts[phase]] = None


def expand(plan: Plan, exclude: Container[str] = ()) -> Expanded:
    """The edges between tasks that will run; raises for unknown names and for cycles.

    Finished tasks satisfy who waits for them; but where only the order of the document says so, a
    task still waits for the unfinished ones before it. Tasks that will not run for another reason
    pass on what they themselves wait for.
    """
    graph = _Graph(plan, exclude)
    cycle = graphs.find_cycle(graph.arcs)
    if cycle:
        raise _cycle_error(plan, graph, cycle)
    return _flatten(graph)


_Passed = tuple[tuple[int, Edge | None], ...]


def _is_usual(edge: Edge | None) -> bool:
    """Whether nothing but the order of the document makes one wait for the other."""
    return edge is None or edge.source == "convention"


def _flatten(graph: _Graph) -> Expanded:
    count = len(graph.plan.tasks)
    memo: dict[int, _Passed] = {}
    usual: dict[int, _Passed] = {}  # what lies before finished tasks by convention alone
    last = {end: _last_of(graph, phase) for phase, end in graph.ends.items()}
    start_of = {start: phase for phase, start in graph.starts.items()}

    def through(node: int, said: Edge | None) -> Iterable[tuple[int, Edge | None]]:
        if node < count and graph.active[node]:
            yield node, said
        elif node >= count or not graph.done[node]:
            for other, inner in memo[node]:
                yield other, said or inner

    def before(node: int, said: Edge | None) -> Iterable[tuple[int, Edge | None]]:
        for other, inner in usual.get(node, ()) if _is_usual(said) else ():
            yield other, said or inner

    needs: list[dict[int, Edge]] = [{} for _ in range(count)]
    for node in graphs.topological_order(graph.arcs):
        arcs = graph.arcs[node].items()
        if node in last:
            arcs = {n: e for n, e in arcs if n in last[node] or n >= count}.items()
        active = node < count and graph.active[node]
        found: dict[int, Edge | None] = {}
        soft: dict[int, Edge | None] = {}
        for other, said in arcs:
            if active and said is None and other in start_of and _has_inner(graph, node):
                continue
            for target, edge in through(other, said):
                found.setdefault(target, edge)
            for target, edge in before(other, said):
                (found if active else soft).setdefault(target, edge)
        if active:
            task = graph.names[node]
            for target, edge in found.items():
                why = edge or Edge(task, graph.names[target], "label")
                needs[node][target] = Edge(
                    task, graph.names[target], why.source, why.line, why.note
                )
        else:
            memo[node] = tuple(found.items())
            if node < count and graph.done[node]:
                soft.update((n, e) for n, e in memo[node] if _is_usual(e))
            usual[node] = tuple(soft.items())
    return _packed(graph, needs)


def _packed(graph: _Graph, needs: list[dict[int, Edge]]) -> Expanded:
    kept = [n for n, active in enumerate(graph.active) if active]
    place = {n: p for p, n in enumerate(kept)}
    return Expanded(
        tuple(graph.plan.tasks[n] for n in kept),
        tuple({place[m]: edge for m, edge in needs[n].items()} for n in kept),
    )


def _last_of(graph: _Graph, phase: str) -> set[int]:
    """Members that no running member of the same phase waits for."""
    inside = set(graph.members.get(phase, ()))
    awaited = {m for n in inside if graph.active[n] for m in graph.arcs[n] if m in inside}
    return inside - awaited


def _has_inner(graph: _Graph, node: int) -> bool:
    """Whether a task waits for a running task of its own phase, which then waits for the start."""
    phase = graph.plan.tasks[node].phase
    return any(
        m < len(graph.active) and graph.active[m] and graph.plan.tasks[m].phase == phase
        for m in graph.arcs[node]
    )


def _unknown(plan: Plan, name: str, edge: Edge) -> str:
    known = [t.id for t in plan.tasks] + [p.id for p in plan.phases]
    near = nearest(name, known)
    hint = f" Did you mean {near!r}?" if near else ""
    return (
        f"{where(plan, edge.line)}: {edge.task!r} depends on {edge.after!r}, but the plan has no "
        f"task or phase {name!r}.{hint} Known: {names_listed(list(dict.fromkeys(known)))}."
    )


def where(plan: Plan, line: int) -> str:
    """``file:line`` of a plan, as far as they are known."""
    source = plan.source or plan.id or "plan"
    return f"{source}:{line}" if line else source


def _cycle_error(plan: Plan, graph: _Graph, cycle: list[int]) -> CycleError:
    count = len(plan.tasks)
    labels = [graph.names[n] if n < count else f"phase {graph.names[n]}" for n in cycle]
    path = [labels[0]]
    for label in labels[1:]:
        if label != path[-1]:
            path.append(label)
    said: list[Edge] = []
    for a, b in pairwise(cycle):
        edge = graph.arcs[a][b]
        if edge is not None:
            said.append(edge)
    if len(path) == 1 or path[0] != path[-1]:
        path.append(path[0])
    first = min((e.line for e in said if e.line), default=0)
    steps = "; ".join(
        f"{e.task} waits for {e.after}" + (f" (line {e.line})" if e.line else f" ({e.source})")
        for e in said
    )
    text = (
        f"{where(plan, first)}: the dependencies form a cycle: {' -> '.join(path)}. {steps}. "
        "Remove one of these dependencies."
    )
    return CycleError(text, tuple(path))
