"""Pure functions on small directed graphs: order, cycles, reachability, longest paths.

A graph is a list of sets: ``needs[i]`` holds the nodes that node ``i`` waits for. Integers rather
than names, so that plans of thousands of tasks are analysed while the user watches.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence

Needs = Sequence[Collection[int]]


def dependents_of(needs: Needs) -> list[list[int]]:
    """The reverse graph: who waits for each node."""
    out: list[list[int]] = [[] for _ in needs]
    for node, before in enumerate(needs):
        for other in before:
            out[other].append(node)
    return out


def topological_order(needs: Needs) -> list[int]:
    """Every node after all it needs, lowest number first among the free ones.

    Shorter than the graph when there is a cycle: the nodes on it or behind it are left out.
    """
    needs = [before if isinstance(before, (set, dict)) else set(before) for before in needs]
    left = [len(before) for before in needs]
    dependents = dependents_of(needs)
    ready = [node for node, count in enumerate(left) if count == 0]
    order: list[int] = []
    while ready:
        node = heapq.heappop(ready)
        order.append(node)
        for other in dependents[node]:
            left[other] -= 1
            if left[other] == 0:
                heapq.heappush(ready, other)
    return order


def find_cycle(needs: Needs) -> list[int]:
    """A cycle as ``[a, b, a]`` where each node needs the next one; empty when there is none."""
    done = [0] * len(needs)  # 0 unseen, 1 on the path, 2 finished
    for root in range(len(needs)):
        if done[root]:
            continue
        path = [root]
        stack = [iter(sorted(needs[root]))]
        done[root] = 1
        while stack:
            step = next(stack[-1], None)
            if step is None:
                stack.pop()
                done[path.pop()] = 2
            elif done[step] == 1:
                return [*path[path.index(step) :], step]
            elif done[step] == 0:
                done[step] = 1
                path.append(step)
                stack.append(iter(sorted(needs[step])))
    return []


def ancestors(needs: Needs, order: Sequence[int] | None = None) -> list[int]:
    """For each node the set of all it waits for, directly or not, as a bit set.

    ``order`` is a topological one, where the caller has it: in wide plans it is the dearest part.
    """
    out = [0] * len(needs)
    for node in topological_order(needs) if order is None else order:
        bits = 0
        for other in needs[node]:
            bits |= out[other] | (1 << other)
        out[node] = bits
    return out


def levels(needs: Needs, order: Sequence[int] | None = None) -> list[int]:
    """The wave of each node, from 1: one more than the latest of what it needs."""
    out = [1] * len(needs)
    for node in topological_order(needs) if order is None else order:
        out[node] = 1 + max((out[other] for other in needs[node]), default=0)
    return out


def longest_path(
    needs: Needs, weight: Sequence[float], order: Sequence[int] | None = None
) -> tuple[list[int], float]:
    """The heaviest chain of nodes, first to last, and its weight: the critical path."""
    if not needs:
        return [], 0.0
    total = [0.0] * len(needs)
    previous = [-1] * len(needs)
    for node in topological_order(needs) if order is None else order:
        best, best_at = 0.0, -1
        for other in needs[node]:
            if total[other] > best or best_at < 0:
                best, best_at = total[other], other
        total[node] = best + weight[node]
        previous[node] = best_at
    node = max(range(len(needs)), key=lambda n: (total[n], -n))
    length = total[node]
    path = []
    while node >= 0:
        path.append(node)
        node = previous[node]
    return path[::-1], length


def reduce(needs: Needs) -> list[set[int]]:
    """The same reachability with the fewest arcs; the graph must be acyclic."""
    above = ancestors(needs)
    out: list[set[int]] = []
    for before in needs:
        covered = 0
        for other in before:
            covered |= above[other]
        out.append({other for other in before if not covered >> other & 1})
    return out
