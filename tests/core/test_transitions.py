"""A task's road: which fact moves it from where to where, and that no other moves it at all."""

from __future__ import annotations

from typing import Any

import pytest

from maestro_tui.core import events as e
from maestro_tui.core.state import TRANSITIONS, RunState, TaskState
from maestro_tui.core.transitions import IllegalMove, move
from tests.core.driving import Run, unmoved

OK = ({"name": "marker", "ok": True, "detail": ""},)
BAD = ({"name": "marker", "ok": False, "detail": "no marker"},)
STRAY = ({"name": "owned", "ok": False, "detail": "x"},)

# (where it is, the fact, its data, where it goes)
ROAD: list[tuple[str, type[e.AttemptEvent], dict[str, Any], str]] = [
    ("preparing", e.WorktreeReady, {"path": "/w", "branch": "b", "base": "c"}, "running"),
    ("running", e.AgentEnded, {"ok": True, "reason": "exited", "exit": 0}, "checking"),
    ("running", e.AgentEnded, {"ok": False, "reason": "exited", "exit": 3}, "failed"),
    ("running", e.AgentEnded, {"ok": False, "reason": "timeout"}, "failed"),
    ("running", e.AgentEnded, {"ok": False, "reason": "crashed"}, "failed"),
    ("running", e.AgentEnded, {"ok": False, "reason": "spawn-error"}, "failed"),
    ("running", e.AgentEnded, {"ok": False, "reason": "lost"}, "preparing"),
    ("checking", e.WorkChecked, {"checks": OK, "commit": "c1"}, "merging"),
    ("checking", e.WorkChecked, {"checks": BAD}, "failed"),
    ("checking", e.WorkChecked, {"checks": STRAY, "stray": ("x",)}, "failed"),
    ("merging", e.Merged, {"sha": "m1", "previous": "b"}, "merged"),
    ("merging", e.MergeRefused, {"stray": ("x",)}, "failed"),
    ("merging", e.MergeConflicted, {"paths": ("x",)}, "conflicted"),
    ("conflicted", e.ConflictResolved, {"commit": "c2"}, "merging"),
    ("conflicted", e.ResolutionRefused, {"reason": "markers"}, "conflicted"),
]
DATA: dict[type[e.AttemptEvent], dict[str, Any]] = {
    kind: data for _, kind, data, _ in reversed(ROAD)
} | {
    e.AgentStarted: {"pid": 7, "start_time": 1.0},
    e.PermissionAsked: {"request": "p1", "tool": "Bash", "detail": "ls"},
    e.PermissionDelivered: {"request": "p9"},
}
# Facts that change something about a task without moving it.
NOTED = {
    "running": {e.AgentStarted, e.PermissionAsked},
    "conflicted": {e.ResolutionRefused},
}
PLACES = ["preparing", "running", "checking", "merging", "conflicted", "merged", "failed"]


def at(place: str) -> Run:
    """A run whose only task is there."""
    run = Run("a")
    if place == "conflicted":
        run.conflict("a")
    elif place == "failed":
        run.fail("a")
    else:
        run.until_state("a", place)
    assert run.task("a").state == place
    return run


@pytest.mark.parametrize(
    ("place", "kind", "data", "goal"), ROAD, ids=lambda v: getattr(v, "__name__", None)
)
def test_facts_move_a_task(place: str, kind: type[e.AttemptEvent], data: Any, goal: str) -> None:
    run = at(place)
    run.about(kind, "a", **data)
    assert run.task("a").state == goal


FOREIGN = [
    (place, kind)
    for place in PLACES
    for kind in DATA
    if kind not in {k for p, k, _, _ in ROAD if p == place} | NOTED.get(place, set())
]


@pytest.mark.parametrize(("place", "kind"), FOREIGN, ids=lambda v: getattr(v, "__name__", None))
def test_facts_that_do_not_belong_change_nothing(place: str, kind: type[e.AttemptEvent]) -> None:
    run = at(place)
    before = unmoved(run.state)
    commands = run.about(kind, "a", **DATA[kind])
    assert unmoved(run.state) == before
    assert commands == []


@pytest.mark.parametrize("kind", list(DATA), ids=lambda k: k.__name__)
def test_facts_about_an_attempt_that_is_over_change_nothing(kind: type[e.AttemptEvent]) -> None:
    for place in PLACES:
        run = at("failed")
        run.answer("failure", "retry")
        if place not in ("failed", "conflicted"):
            run.until_state("a", place)
        before = unmoved(run.state)
        for number in (0, 1, 7):
            run.tell(kind, task="a", attempt=number, **DATA[kind])
        run.tell(kind, task="nobody", attempt=1, **DATA[kind])
        assert unmoved(run.state) == before


def test_a_move_that_is_not_in_the_table_names_both_ends() -> None:
    run = Run("a")
    with pytest.raises(IllegalMove, match=r"a: preparing -> merged"):
        move(RunState(), run.task("a"), TaskState.MERGED, "because")


def test_every_state_is_in_the_table_and_ends_have_no_way_out() -> None:
    assert set(TRANSITIONS) == set(TaskState)
    assert not TRANSITIONS[TaskState.DONE]
    assert not TRANSITIONS[TaskState.EXCLUDED]
    reached = set().union(*TRANSITIONS.values())
    assert set(TaskState) - reached == {TaskState.DONE, TaskState.EXCLUDED}


def test_the_story_tells_each_step_with_its_reason() -> None:
    run = Run("a", "b < a").go()
    story = run.machine.story("b")
    assert [s for _, s, _ in story] == [
        "ready", "preparing", "running", "checking", "queued", "merging", "merged",
    ]  # fmt: skip
    assert all(why for _, _, why in story)
    assert [t for t, _, _ in story] == sorted(t for t, _, _ in story)


def test_what_is_known_of_an_agent_is_kept() -> None:
    run = at("running")
    run.about(e.AgentStarted, "a", pid=5, start_time=2.0)
    run.about(e.AgentStarted, "a", pid=6, start_time=3.0)
    run.about(e.AgentReported, "a", offset=10, activity="edits", usage={"input": 5.0}, tools=2)
    run.about(e.AgentReported, "a", offset=8, activity="older", usage={"input": 1.0}, tools=1)
    run.about(e.AgentReported, "a", offset=12)
    run.about(e.MarkerSeen, "a")
    seen = run.attempt("a").marker_at
    run.about(e.MarkerSeen, "a")
    attempt = run.attempt("a")
    assert (attempt.pid, attempt.start_time) == (5, 2.0)
    assert (attempt.offset, attempt.activity, attempt.tools) == (12, "edits", 2)
    assert attempt.usage == {"input": 5.0}
    assert attempt.marker_at == seen
    run.about(e.AgentEnded, "a", ok=True, reason="exited", exit=0, usage={"input": 9.0})
    assert run.attempt("a").usage == {"input": 9.0}
    assert run.attempt("a").seconds > 0
