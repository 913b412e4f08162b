"""Any plan, any luck, on real git: tasks fail, stray, conflict, engines and agents are killed and
frozen, people decide at random; and at the end what Maestro promises is true, as git and the agents
themselves saw it.

``ANY_PLANS=200 pytest -m long --hypothesis-seed=N tests/engine/test_any_plan.py`` looks further.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.engine.lives import BAD, GOOD, MEETING, Life
from tests.engine.scratch import checkout

FEW, MANY = 4, int(os.environ.get("ANY_PLANS", "8"))  # more of them find more
_ALL = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),
    "suppress_health_check": list(HealthCheck),
}


@st.composite
def plans(draw: st.DrawFn, sizes: st.SearchStrategy[int]) -> dict[str, Any]:
    """Tasks with behaviours, and an order that has no cycle."""
    count = draw(sizes)
    names = [str(n) for n in range(1, count + 1)]
    window, density = draw(st.sampled_from([(4, 4), (12, 8), (3, 2)]))
    edges = []
    for index, name in enumerate(names):
        for other in names[max(0, index - window) : index]:
            if draw(st.integers(1, density)) == 1:
                edges.append(f"{name}<{other}")
    # The larger the plan, the more of it must go well for the rest to be reached at all.
    luck = draw(st.sampled_from([1, 3] if count <= 10 else [4, 10]))
    good, meeting, bad = (st.sampled_from(sorted(k)) for k in (GOOD, MEETING, BAD))
    kinds = st.one_of(*[good] * luck, meeting, bad)
    return {
        "kinds": {name: draw(kinds) for name in names},
        "edges": " ".join(edges),
        "mode": draw(st.sampled_from(["waves", "streaming"])),
        "slots": draw(st.integers(1, 10)),
        "gate": draw(st.sampled_from(["", "wave", "task"])),
        "fates": draw(st.sampled_from([0, 1, 3, 6])),
        "seed": draw(st.integers(0, 2**16)),
    }


def lives(folder: pytest.TempPathFactory, plan: dict[str, Any]) -> None:
    life = Life(folder.mktemp("any"), plan)
    before = checkout(life.repo)
    life.live()
    life.check(before)


@pytest.mark.slow
@settings(max_examples=FEW, derandomize=True, **_ALL)
@given(plan=plans(st.integers(1, 12)))
def test_any_plan_keeps_the_promises(
    tmp_path_factory: pytest.TempPathFactory, plan: dict[str, Any]
) -> None:
    lives(tmp_path_factory, plan)


@pytest.mark.long
@settings(max_examples=MANY, derandomize="ANY_PLANS" not in os.environ, **_ALL)
@given(plan=plans(st.one_of(st.integers(1, 12), st.integers(25, 60))))
def test_any_plan_of_up_to_sixty_tasks_keeps_the_promises(
    tmp_path_factory: pytest.TempPathFactory, plan: dict[str, Any]
) -> None:
    lives(tmp_path_factory, plan)
