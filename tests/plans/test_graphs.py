"""Graph functions on random graphs."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans import graphs

ACYCLIC = st.integers(1, 12).flatmap(
    lambda n: st.tuples(
        *[
            st.sets(st.integers(0, max(0, i - 1)), max_size=4) if i else st.just(set())
            for i in range(n)
        ]
    )
)
ANY = st.integers(1, 8).flatmap(
    lambda n: st.lists(st.sets(st.integers(0, n - 1), max_size=4), min_size=n, max_size=n)
)


@given(ACYCLIC)
def test_order_puts_needs_first(needs: tuple[set[int], ...]) -> None:
    order = graphs.topological_order(needs)
    place = {node: n for n, node in enumerate(order)}
    assert sorted(order) == list(range(len(needs)))
    assert all(place[other] < place[node] for node in order for other in needs[node])
    assert graphs.find_cycle(needs) == []


@given(ANY)
def test_a_graph_has_either_an_order_or_a_cycle(needs: list[set[int]]) -> None:
    cycle = graphs.find_cycle(needs)
    assert bool(cycle) == (len(graphs.topological_order(needs)) < len(needs))
    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(b in needs[a] for a, b in pairwise(cycle))


@given(ACYCLIC)
def test_reduction_keeps_reachability_and_nothing_redundant(needs: tuple[set[int], ...]) -> None:
    reduced = graphs.reduce(needs)
    assert graphs.ancestors(reduced) == graphs.ancestors(needs)
    for node, before in enumerate(reduced):
        for other in before:
            fewer = [set(b) for b in reduced]
            fewer[node].discard(other)
            assert graphs.ancestors(fewer) != graphs.ancestors(needs)


@given(ACYCLIC)
def test_levels_are_the_earliest_possible(needs: tuple[set[int], ...]) -> None:
    level = graphs.levels(needs)
    for node, before in enumerate(needs):
        assert level[node] == 1 + max((level[o] for o in before), default=0)


def test_the_longest_path_follows_weight_not_length() -> None:
    path, length = graphs.longest_path([set(), set(), {0}, {1, 2}], [1.0, 9.0, 1.0, 1.0])
    assert (path, length) == ([1, 3], 10.0)
    assert graphs.longest_path([], []) == ([], 0.0)
