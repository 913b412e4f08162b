"""The review says how many earlier runs its times rest on, and keeps to them through changes."""

from __future__ import annotations

import pytest

from maestro_tui.plans.estimates import Known, agent_figure
from maestro_tui.plans.model import Assignment, Plan, Task
from maestro_tui.plans.strategy import draft, revise
from maestro_tui.ui.screens.review_text import Totals


def assign(task: Task) -> Assignment:
    return Assignment(task.id, "coder", driver="claude")


@pytest.mark.parametrize(
    ("runs", "stated", "words"),
    [
        (1, 0.0, "history (1 run)"),
        (3, 0.0, "history (3 runs)"),
        (3, 60.0, "1 of 2 times from history (3 runs)"),
    ],
)
def test_times_of_earlier_runs_are_labelled(runs: int, stated: float, words: str) -> None:
    tasks = (Task("1", "One", key="1"), Task("2", "Two", key="2", estimate_s=stated))
    known = Known(seconds={agent_figure("coder"): 30.0}, runs=runs)
    strategy = draft(Plan("Work", tasks=tasks), assign=assign, known=known)
    assert Totals(strategy, "claude").time().endswith(f"· {words}")
    again = revise(strategy, max_parallel=1, assign=assign, known=known)
    assert again.estimate.total_s == 30 + (stated or 30)
    assert Totals(again, "claude").time().endswith(f"· {words}")
