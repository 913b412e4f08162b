"""Which tasks write the same files, and the order given to those that have none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from maestro_tui.plans import globs, graphs
from maestro_tui.plans.meeting import meeting_patterns
from maestro_tui.plans.model import Conflict, Edge, Task

MAX_LISTED = 20_000


def written(task: Task, owned: Mapping[str, Sequence[str]] | None = None) -> tuple[str, ...]:
    """The patterns a task may write; ``owned`` stands in where the plan names no file."""
    files = (*task.create, *task.modify, *task.delete, *task.test)
    patterns = [*files, *(globs.as_scope(s) for s in task.scope)]
    if not patterns and owned:
        # "anything" is no statement: serialising on it would undo all parallelism of such a plan.
        patterns = [p for p in owned.get(task.id, ()) if p != "**"]
    return tuple(dict.fromkeys(patterns))


def serialise(
    tasks: Sequence[Task],
    needs: Sequence[dict[int, Edge]],
    owned: Mapping[str, Sequence[str]] | None = None,
) -> tuple[list[dict[int, Edge]], tuple[Conflict, ...], bool]:
    """Edges with an order for every pair of writers of one place, and the pairs found.

    Pairs without an order get that of the document, unless it would close a cycle, in which case
    an order exists already. The third value tells whether the list of pairs was cut.
    """
    after: list[dict[int, Edge]] = [dict(n) for n in needs]
    before_ours = graphs.ancestors(needs)
    above = list(before_ours)
    below = graphs.dependents_of(needs)
    wanted = _writers(tasks, owned)
    meets = meeting_patterns(list(wanted))
    masks = {p: _mask(w for other in meets[p] for w in wanted[other]) for p in wanted}
    per_task: dict[int, list[str]] = {}
    for pattern, writers in wanted.items():
        for n in writers:
            per_task.setdefault(n, []).append(pattern)
    pairs: list[tuple[int, int]] = []
    cut = False
    for later in sorted(per_task):
        rivals = 0
        for pattern in per_task[later]:
            rivals |= masks[pattern]
        rivals &= (1 << later) - 1
        _order(tasks, later, rivals, after, above, below)
        if len(pairs) < MAX_LISTED:
            pairs += [(n, later) for n in _bits_up(rivals)]
        elif rivals:
            cut = True
    listed = [_conflict(tasks, a, b, per_task, meets, before_ours) for a, b in pairs[:MAX_LISTED]]
    return after, tuple(listed), cut or len(pairs) > MAX_LISTED


def _writers(
    tasks: Sequence[Task], owned: Mapping[str, Sequence[str]] | None
) -> dict[str, list[int]]:
    out: dict[str, list[int]] = {}
    for n, task in enumerate(tasks):
        for pattern in written(task, owned):
            out.setdefault(pattern, []).append(n)
    return out


def _order(
    tasks: Sequence[Task],
    later: int,
    rivals: int,
    after: list[dict[int, Edge]],
    above: list[int],
    below: list[list[int]],
) -> None:
    """Puts a task behind the earlier writers it has no order with, the latest of them first."""
    open_pairs = rivals & ~above[later]
    while open_pairs:
        earlier = open_pairs.bit_length() - 1
        open_pairs ^= 1 << earlier
        if above[earlier] >> later & 1:
            continue
        edge = Edge(
            tasks[later].id, tasks[earlier].id, "file-conflict", 0, "both write the same place"
        )
        after[later][earlier] = edge
        below[earlier].append(later)
        _spread(later, above[earlier] | 1 << earlier, above, below)
        open_pairs &= ~above[later]


def _spread(start: int, bits: int, above: list[int], below: list[list[int]]) -> None:
    todo = [start]
    while todo:
        node = todo.pop()
        joined = above[node] | bits
        if joined != above[node]:
            above[node] = joined
            todo.extend(below[node])


def _conflict(
    tasks: Sequence[Task],
    a: int,
    b: int,
    per_task: Mapping[int, Sequence[str]],
    meets: Mapping[str, Sequence[str]],
    before_ours: Sequence[int],
) -> Conflict:
    mine = set(per_task[b])
    same = [p for p in per_task[a] if p in mine]
    wide = [(p, q) for p in per_task[a] for q in meets[p] if q in mine and q != p]
    paths = [*same, *(part for pair in wide for part in pair)]
    stated = before_ours[b] >> a & 1 or before_ours[a] >> b & 1
    kind = "same-file" if any(not globs.is_glob(p) for p in same) else "glob-overlap"
    return Conflict(tasks[a].id, tasks[b].id, kind, tuple(dict.fromkeys(paths)), not stated)


def _mask(numbers: Iterable[int]) -> int:
    out = 0
    for n in numbers:
        out |= 1 << n
    return out


def _bits_up(bits: int) -> Iterable[int]:
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low
