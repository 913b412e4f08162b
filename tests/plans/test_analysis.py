"""Order, waves, conflicts and estimates."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans import globs, graphs
from maestro_tui.plans.analysis import Analysis, analyse, transitive_reduction
from maestro_tui.plans.errors import CycleError, PlanError
from maestro_tui.plans.estimates import makespan
from maestro_tui.plans.model import Edge, Phase, Plan, Task
from maestro_tui.plans.reader import read_plan


def task(name: str, *files: str, phase: str = "", **more: object) -> Task:
    return replace(Task(name, f"task {name}", modify=files, phase=phase), **more)  # type: ignore[arg-type]


def plan(
    *tasks: Task, edges: tuple[tuple[str, str], ...] = (), phases: str = "", **more: object
) -> Plan:
    made = Plan(
        "p",
        source="p.md",
        tasks=tasks,
        edges=tuple(Edge(a, b, "label", n) for n, (a, b) in enumerate(edges, 1)),
        phases=tuple(Phase(name, name) for name in phases),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def pairs(result: Analysis, source: str = "") -> set[tuple[str, str]]:
    return {(e.task, e.after) for e in result.edges if source in ("", e.source)}


def test_waves_are_as_early_as_dependencies_allow() -> None:
    result = analyse(
        plan(task("a"), task("b"), task("c"), task("d"), edges=(("c", "a"), ("d", "c")))
    )
    assert result.waves == (("a", "b"), ("c",), ("d",))
    assert result.critical_path == ("a", "c", "d")


def test_writers_of_one_file_get_the_order_of_the_document() -> None:
    result = analyse(
        plan(task("a", "x.py"), task("b", "x.py"), task("c", "y.py"), task("d", "x.py"))
    )
    assert pairs(result, "file-conflict") == {("b", "a"), ("d", "b")}
    assert [(c.first, c.second, c.kind, c.serialised) for c in result.conflicts] == [
        ("a", "b", "same-file", True), ("a", "d", "same-file", True), ("b", "d", "same-file", True),
    ]  # fmt: skip
    assert result.waves == (("a", "c"), ("b",), ("d",))
    assert [d.code for d in result.diagnostics] == ["file-conflict"] * 3


def test_writers_that_have_an_order_get_no_other() -> None:
    made = plan(task("a", "x.py"), task("b"), task("c", "x.py"), edges=(("a", "b"), ("b", "c")))
    result = analyse(made)
    assert pairs(result) == {("a", "b"), ("b", "c")}
    assert [(c.first, c.second, c.serialised) for c in result.conflicts] == [("a", "c", False)]


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        ("app/*.py", "app/a.py", "glob-overlap"),
        ("app/", "app/a.py", "glob-overlap"),
        ("**/*.py", "app/*.py", "glob-overlap"),
        ("app/*.py", "app/*.py", "glob-overlap"),
        ("app/a.py", "app/a.py", "same-file"),
    ],
)
def test_overlapping_patterns_conflict(first: str, second: str, kind: str) -> None:
    (found,) = analyse(plan(task("a", first), task("b", second))).conflicts
    assert (found.kind, found.serialised) == (kind, True)
    assert set(found.paths) == {first, second}


def test_a_bare_folder_as_scope_covers_what_is_beneath() -> None:
    result = analyse(
        plan(task("a", scope=("src/app",)), task("b", "src/app/x.py"), task("c", "src/apple.py"))
    )
    assert pairs(result) == {("b", "a")}


def test_files_of_the_agent_stand_in_where_the_plan_names_none() -> None:
    made = plan(task("a"), task("b", "app/x.py"))
    assert pairs(analyse(made)) == set()
    assert pairs(analyse(made, owned={"a": ("app/*.py",)})) == {("b", "a")}


def test_phase_edges_become_task_edges_between_the_ends() -> None:
    tasks = [task(n, phase=p) for n, p in (("a", "P"), ("b", "P"), ("c", "Q"), ("d", "Q"))]
    result = analyse(plan(*tasks, edges=(("b", "a"), ("Q", "P")), phases="PQ"))
    assert pairs(result) == {("b", "a"), ("c", "b"), ("d", "b")}
    assert {e.line for e in result.edges if e.after == "b"} == {2}


def test_phase_after_and_sequential_phases_count() -> None:
    phases = (Phase("P", "P", mode="sequential"), Phase("Q", "Q", after=("P",)))
    tasks = (task("a", phase="P"), task("b", phase="P"), task("c", phase="Q"))
    made = replace(plan(*tasks), phases=phases)
    assert pairs(analyse(made)) == {("b", "a"), ("c", "b")}


def test_an_empty_phase_passes_the_order_on() -> None:
    made = plan(
        task("a", phase="P"), task("c", phase="R"), edges=(("Q", "P"), ("R", "Q")), phases="PQR"
    )
    assert pairs(analyse(made)) == {("c", "a")}


def test_finished_tasks_are_left_out_and_satisfy_who_waits() -> None:
    made = plan(task("a"), task("b", status="done"), task("c"), edges=(("b", "a"), ("c", "b")))
    result = analyse(made)
    assert (result.waves, result.edges) == ((("a", "c"),), ())


def test_checkpoints_and_deferred_tasks_pass_on_what_they_wait_for() -> None:
    made = plan(task("a"), task("b", kind="checkpoint"), task("c"), edges=(("b", "a"), ("c", "b")))
    assert analyse(made).waves == (("a",), ("c",))
    late = plan(task("a"), task("b", status="deferred"), task("c"), edges=(("b", "a"), ("c", "b")))
    result = analyse(late)
    assert result.waves == (("a",), ("c",))
    assert [d.code for d in result.diagnostics] == ["dependency-not-run"]


def test_nothing_left_to_run_is_no_error() -> None:
    result = analyse(plan(task("a", status="done")))
    assert (result.waves, [d.code for d in result.diagnostics]) == ((), ["nothing-to-do"])


def test_the_order_setting() -> None:
    made = plan(task("a"), task("b"), edges=())
    edge = (Edge("b", "a", "convention"),)
    assert analyse(replace(made, edges=edge)).waves == (("a",), ("b",))
    assert analyse(replace(made, edges=edge, order="explicit")).waves == (("a", "b"),)
    assert analyse(replace(made, order="strict")).waves == (("a",), ("b",))


def test_a_cycle_is_spelt_out_with_file_and_lines() -> None:
    made = plan(*map(task, "abcd"), edges=(("a", "b"), ("b", "c"), ("c", "a"), ("d", "a")))
    with pytest.raises(CycleError) as caught:
        analyse(made)
    assert caught.value.cycle == ("a", "b", "c", "a")
    text = str(caught.value)
    assert text.startswith("p.md:1: the dependencies form a cycle: a -> b -> c -> a.")
    assert "a waits for b (line 1); b waits for c (line 2); c waits for a (line 3)" in text


def test_a_cycle_through_a_phase_names_the_phase() -> None:
    made = plan(
        task("a", phase="P"), task("b", phase="Q"), edges=(("Q", "P"), ("a", "b")), phases="PQ"
    )
    with pytest.raises(CycleError) as caught:
        analyse(made)
    assert "phase P" in str(caught.value)
    assert caught.value.cycle[0] == caught.value.cycle[-1]


@pytest.mark.parametrize("edge", [("a", "a"), ("P", "P"), ("a", "P")])
def test_the_shortest_cycles(edge: tuple[str, str]) -> None:
    with pytest.raises(CycleError, match="->"):
        analyse(plan(task("a", phase="P"), edges=(edge,), phases="P"))


def test_an_unknown_dependency_names_line_nearest_and_all() -> None:
    with pytest.raises(
        PlanError, match=r"p\.md:1: .*'beta1'\. Did you mean 'beta'\? Known: alpha, beta"
    ):
        analyse(plan(task("alpha"), task("beta"), edges=(("alpha", "beta1"),)))


def test_empty_plans_repeated_ids_and_unknown_modes_are_refused() -> None:
    with pytest.raises(PlanError, match="no task"):
        analyse(plan())
    with pytest.raises(PlanError, match="used twice"):
        analyse(plan(task("a"), task("a")))
    with pytest.raises(PlanError, match="'waves' or 'streaming'"):
        analyse(plan(task("a")), mode="fast")


def test_estimates_say_what_they_rest_on() -> None:
    made = plan(task("a", estimate="10 min"), task("b"), task("c"), edges=(("c", "a"),))
    waves = analyse(made, default_task_s=60).estimate
    assert (waves.total_s, waves.sequential_s, waves.critical_s) == (660, 720, 660)
    assert (waves.wave_s, waves.basis) == ((600, 60), "mixed")
    assert 0 < waves.cost_low < waves.cost_high
    assert 0 < waves.tokens_low < waves.tokens_high
    known = analyse(made, durations={"a": 1, "b": 5, "c": 5}).estimate
    assert (known.total_s, known.basis) == (605, "mixed")
    assert analyse(plan(task("b")), durations={"b": 5}).estimate.basis == "history"


def test_slots_and_streaming_change_the_time() -> None:
    made = plan(task("a", estimate="60s"), task("b", estimate="10s"), task("c", estimate="10s"),
                edges=(("c", "b"),))  # fmt: skip
    assert analyse(made, max_parallel=1).estimate.total_s == 80
    assert analyse(made).estimate.total_s == 70
    assert analyse(made, mode="streaming").estimate.total_s == 60
    assert analyse(made, mode="streaming", max_parallel=1).estimate.total_s == 80
    assert makespan([3, 1, 1, 1], 2) == 3


def test_reduction_leaves_out_what_follows() -> None:
    edges = [Edge("b", "a", "label"), Edge("c", "b", "label"), Edge("c", "a", "label")]
    assert [(e.task, e.after) for e in transitive_reduction(edges)] == [("b", "a"), ("c", "b")]


def test_the_graph_of_a_markdown_plan(tmp_path: Path) -> None:
    file = tmp_path / "p.md"
    file.write_text("## Phase 1: a\nFiles: x.py\n## Phase 2: b\nFiles: x.py\nNeeds: none\n")
    result = analyse(read_plan(file), repo=tmp_path)
    assert result.waves == (("1",), ("2",))


FILES = st.sampled_from(["a.py", "b.py", "c/x.py", "c/*.py", "c/", "**/*.py", "d.sql"])
TASKS = st.integers(1, 9).flatmap(
    lambda n: st.lists(
        st.tuples(
            st.lists(FILES, max_size=2),
            st.sampled_from(["", "P", "Q", "R"]),
            st.sampled_from(["pending", "pending", "pending", "done", "deferred"]),
        ),
        min_size=n,
        max_size=n,
    )
)


@settings(max_examples=300, deadline=None)
@given(TASKS, st.data())
def test_invariants(rows: list[tuple[list[str], str, str]], data: st.DataObject) -> None:
    tasks = [
        task(f"t{n}", *files, phase=phase, status=status)
        for n, (files, phase, status) in enumerate(rows)
    ]
    names = st.sampled_from([t.id for t in tasks] + ["P", "Q", "R"])
    edges = tuple(data.draw(st.lists(st.tuples(names, names), max_size=8)))
    made = plan(*tasks, edges=edges, phases="PQR")
    made = replace(made, order=data.draw(st.sampled_from(["convention", "strict", "explicit"])))
    try:
        result = analyse(made)
    except CycleError:
        return
    wave = {name: n for n, names_ in enumerate(result.waves) for name in names_}
    active = {t.id: t for t in tasks if t.status == "pending"}
    assert set(wave) == set(active)
    assert sum(len(w) for w in result.waves) == len(wave)
    assert all(wave[e.after] < wave[e.task] for e in result.edges)
    index = {name: n for n, name in enumerate(active)}
    needs: list[set[int]] = [set() for _ in active]
    for edge in result.edges:
        needs[index[edge.task]].add(index[edge.after])
    assert not graphs.find_cycle(needs)
    above = graphs.ancestors(needs)
    for a in active.values():
        for b in active.values():
            meet = any(globs.overlap(x, y) for x in a.modify for y in b.modify)
            if a.id < b.id and meet:
                assert wave[a.id] != wave[b.id]
                i, j = index[a.id], index[b.id]
                assert above[i] >> j & 1 or above[j] >> i & 1
            stated = any(e == (a.id, b.id) for e in edges)
            if stated and made.order != "explicit":
                assert above[index[a.id]] >> index[b.id] & 1
    for first, second in edges:
        if first in "PQR" and second in "PQR":
            late = [t for t in active.values() if t.phase == first]
            early = [t for t in active.values() if t.phase == second]
            assert all(wave[e.id] < wave[f.id] for e in early for f in late)


def big(count: int) -> Plan:
    tasks = tuple(
        Task(str(n), "x", create=(f"src/m{n % 97}/f{n}.py",), modify=(f"src/shared{n % 500}.py",))
        for n in range(count)
    )
    edges = tuple(
        Edge(str(n), str((n * 7919 + k * 104729) % n), "label")
        for n in range(1, count)
        for k in range(3)
    )
    return Plan("p", tasks=tasks, edges=edges)


@pytest.mark.parametrize(("count", "limit"), [(2000, 5.0), (10000, 50.0)])
def test_large_plans_take_no_square_of_their_length(count: int, limit: float) -> None:
    made = big(count)
    start = time.process_time()
    result = analyse(made)
    assert time.process_time() - start < limit  # several times what it takes on a busy machine
    assert sum(len(w) for w in result.waves) == count


def test_thousands_of_writers_of_one_file_are_one_chain() -> None:
    made = Plan("p", tasks=tuple(Task(str(n), "x", modify=("a.py",)) for n in range(2000)))
    result = analyse(made)
    assert len(result.edges) == 1999
    assert "conflicts-cut" in {d.code for d in result.diagnostics}


def _waits(text: str) -> set[tuple[str, str]]:
    return {(e.task, e.after) for e in analyse(read_plan("plan.md", text=text)).edges}


def test_a_finished_task_does_not_cut_the_order_of_the_page() -> None:
    boxes = "# R\n\n## Tasks\n\n- [ ] 1. A\n- [ ] 2. B\n- [x] 3. C\n- [x] 4. D\n- [ ] 5. E\n"
    assert _waits(boxes) == {("2", "1"), ("5", "2")}
    phases = (
        "# R\n\n## Phase 1: X\n- [ ] 1.1 A\n## Phase 2: Y\n- [x] 2.1 A\n- [x] 2.2 B\n"
        "## Phase 3: Z\n- [ ] 3.1 C\n"
    )
    assert _waits(phases) == {("3.1", "1.1")}


def test_a_finished_task_satisfies_who_names_it() -> None:
    named = "# R\n\n## Tasks\n\n- [ ] 1. A\n- [x] 2. B (depends on 1)\n- [ ] 3. C (depends on 2)\n"
    assert _waits(named) == set()
    phases = (
        "# R\n\n## Phase 1: X\n- [ ] 1.1 A\n## Phase 2: Y\n- [x] 2.1 A\n"
        "## Phase 3: Z (after phase 2)\n- [ ] 3.1 C\n"
    )
    assert _waits(phases) == set()
