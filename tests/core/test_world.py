"""Any plan, any luck: the run keeps its promises and comes to an end."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from maestro_tui.core.state import RunStatus, TaskState
from maestro_tui.plans.model import Gate
from tests.core.driving import fold_again, make_strategy, snapshot
from tests.core.world import World

# The seed tells the whole story again; shrinking it would only cost time.
WORLDS = settings(
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """A strategy's arguments: a random graph with random limits and gates."""
    count = draw(st.integers(1, 30))
    lines = []
    for number in range(count):
        earlier = list(range(max(0, number - 6), number))
        after = draw(st.lists(st.sampled_from(earlier), max_size=3)) if earlier else []
        lines.append(f"t{number} < " + " ".join(f"t{a}" for a in sorted(set(after))))
    names = [f"t{n}" for n in range(count)]
    gates = [
        Gate("wave", "check"),
        Gate("second", "check two", waves=(2,)),
        Gate("final", "check all", when="final"),
    ]
    few = st.lists(st.sampled_from(names), max_size=2, unique=True).map(tuple)
    excluded = draw(few)
    done = tuple(d for d in draw(few) if d not in excluded)
    return {
        "lines": lines,
        "gates": draw(st.lists(st.sampled_from(gates), max_size=3, unique_by=lambda g: g.name)),
        "mode": draw(st.sampled_from(["waves", "streaming"])),
        "slots": draw(st.integers(1, 6)),
        "excluded": excluded,
        "done": done,
        "retries": draw(st.sampled_from([0, 0, 1])),
    }


options = st.fixed_dictionaries(
    {
        "approved": st.booleans(),
        "deliver": st.sampled_from(["merge", "none"]),
        "deliver_approved": st.booleans(),
        "on_failure": st.sampled_from(["ask", "ask", "retry", "skip", "abort"]),
        "on_gate_failure": st.sampled_from(["ask", "ask", "retry", "rollback", "accept", "abort"]),
        "on_conflict": st.sampled_from(["ask", "ask", "skip", "abort"]),
        "permission_policy": st.sampled_from(["ask", "allow", "deny"]),
        "retries": st.integers(0, 2),
        "retry_delay_s": st.sampled_from([0.0, 10.0]),
    }
)


@settings(WORLDS, max_examples=80)
@given(plan=plans(), options=options, seed=st.integers(0, 2**32), wild=st.integers(0, 400))
def test_every_run_keeps_its_promises_and_ends(
    plan: dict[str, Any], options: dict[str, Any], seed: int, wild: int
) -> None:
    plan = dict(plan)
    lines = plan.pop("lines")
    world = World(make_strategy(*lines, **plan), options, seed)
    world.live(wild)
    state = world.state
    event(f"ended {state.status}")
    if state.status is RunStatus.DONE:
        assert all(
            t.state in (TaskState.MERGED, TaskState.DONE, TaskState.EXCLUDED)
            for t in state.tasks.values()
        )
    merged = [t for _, t in state.merges]
    for task in state.tasks.values():
        assert (task.state is TaskState.MERGED) <= (task.id in merged)
    assert snapshot(fold_again(world.journal).state) == snapshot(state)


@settings(WORLDS, max_examples=25)
@given(plan=plans(), seed=st.integers(0, 2**32))
def test_in_peace_every_plan_is_done(plan: dict[str, Any], seed: int) -> None:
    plan = dict(plan, excluded=())
    lines = plan.pop("lines")
    world = World(make_strategy(*lines, **plan), {"deliver": "merge"}, seed)
    world.live(0)
    assert world.state.status is RunStatus.DONE
    assert all(len(t.attempts) <= 1 for t in world.state.tasks.values())
