"""The conflict matrix and the drawn graph: everything said, nothing wider than asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans.analysis import analyse, transitive_reduction
from maestro_tui.plans.drawing import MAX_LANES, Row, draw
from maestro_tui.plans.matrix import MAX_TASKS, as_text, matrix_of, pairs_in_words
from maestro_tui.plans.model import Conflict, Edge, Plan, Task

FOUND = (
    Conflict("a", "b", "same-file", ("x.py",), serialised=True),
    Conflict("a", "b", "import", ("x.py", "y.py"), note="y.py:1 imports x.py"),
    Conflict("b", "c", "glob-overlap", ("app/", "app/*.py")),
    Conflict("a", "d", "import", ("x.py", "z.py"), ordered=False, note="z.py:3 imports x.py"),
)


def test_the_lower_half_with_a_mark_for_each_pair() -> None:
    matrix = matrix_of(FOUND, ["d", "a", "b", "c", "e"])
    assert matrix.tasks == ("d", "a", "b", "c")
    assert len(matrix.between("b", "a")) == len(matrix.between("a", "b")) == 2
    assert [line.split() for line in as_text(matrix)] == [
        ["1", "2", "3"], ["1", "d"], ["2", "a", "I?"], ["3", "b", "·", "F+"],
        ["4", "c", "·", "·", "G"],
    ]  # fmt: skip


def test_every_pair_in_words() -> None:
    words = dict(pairs_in_words(FOUND))
    assert words["a and b"] == "both write x.py (order added)"
    assert words["b imports from a"] == "y.py:1 imports x.py (in that order)"
    assert words["b and c"] == "may both write app/, app/*.py (ordered by the plan)"
    assert words["d imports from a"] == "z.py:3 imports x.py (no order: advice only)"
    assert ("and 3 pairs more", "") in pairs_in_words(FOUND, limit=1)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40),
        min_size=2,
        max_size=30,
        unique=True,
    ),
    st.integers(40, 200),
)
def test_no_line_is_wider_than_asked(names: list[str], width: int) -> None:
    found = [Conflict(names[0], n, "same-file", ("x",)) for n in names[1:]]
    lines = as_text(matrix_of(found, names), width)
    assert lines
    assert all(len(line) <= width for line in lines)


def test_many_columns_go_on_below_and_too_many_are_listed() -> None:
    names = [f"t{n}" for n in range(MAX_TASKS)]
    found = [Conflict(a, b, "same-file", ("x",)) for a, b in pairwise(names)]
    lines = as_text(matrix_of(found, names), 60)
    assert "" in lines
    assert sum(line.count("F") for line in lines) == len(found)
    assert "too many to draw" in as_text(matrix_of([*found, Conflict("t0", "u", "import", ())],
                                                   [*names, "u"]))[0]  # fmt: skip


def rows_of(*needs: Sequence[int]) -> tuple[list[Row], Plan]:
    tasks = tuple(Task(f"t{n}", "") for n in range(len(needs)))
    edges = tuple(Edge(f"t{n}", f"t{m}", "label") for n, before in enumerate(needs) for m in before)
    plan = Plan("p", tasks=tasks, edges=edges)
    found = analyse(plan)
    return draw(found.waves, transitive_reduction(found.edges), found.critical_path), plan


def test_a_diamond() -> None:
    rows, _ = rows_of((), (0,), (0,), (1, 2))
    assert [row.lanes for row in rows] == ["◆", "├─╮", "◆ │", "│ ○", "├─╯", "◆"]
    assert rows[-1].after == ("t1", "t2")


GRAPHS = st.integers(1, 25).flatmap(
    lambda n: st.tuples(
        *[
            st.sets(st.integers(0, max(0, i - 1)), max_size=5) if i else st.just(set())
            for i in range(n)
        ]
    )
)


@given(GRAPHS)
def test_each_task_once_after_all_it_waits_for(needs: tuple[set[int], ...]) -> None:
    rows, plan = rows_of(*[sorted(n) for n in needs])
    drawn = [row.task for row in rows if row.task]
    assert sorted(drawn) == sorted(t.id for t in plan.tasks)
    seen: set[str] = set()
    for row in rows:
        assert set(row.after) <= seen
        assert len(row.lanes) <= 2 * MAX_LANES + 2
        if row.task:
            assert sum(row.lanes.count(g) for g in "◆○") == 1
            seen.add(row.task)


@pytest.mark.parametrize("wide", [5, 40])
def test_lanes_end_where_they_are_awaited(wide: int) -> None:
    rows, _ = rows_of((), *[(0,)] * wide, tuple(range(1, wide + 1)))
    assert rows[-1].lanes.startswith("◆")
    assert "│" not in rows[-1].lanes
