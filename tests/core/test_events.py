"""Facts go into a journal as JSON and come back the same, whatever their kind."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from maestro_tui.core import events as e
from maestro_tui.core import rows
from maestro_tui.plans.model import Gate
from tests.core.driving import Run, created, fold_again, make_strategy, snapshot, through_json

KINDS = [k for k in rows.KINDS.values() if k is not e.AttemptEvent]
SAMPLES: dict[str, Any] = {
    "str": "Überarbeite “通知” \\ \x1b[0m \u202e",
    "float": 1234.5,
    "int": 7,
    "bool": True,
    "int | None": -9,
    "tuple[str, ...]": ("a b", "ß", ""),
    "dict[str, Any]": {"a": [1, {"b": None}], "c": "d"},
    "dict[str, float]": {"input": 1.0, "cost_usd": 0.25},
    "tuple[dict[str, Any], ...]": ({"name": "marker", "ok": False, "detail": "x"},),
}


def sample(kind: type[e.Event]) -> e.Event:
    return kind(**{f.name: SAMPLES[str(f.type)] for f in dataclasses.fields(kind)})


@pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)
def test_every_kind_survives_the_journal(kind: type[e.Event]) -> None:
    event = sample(kind)
    packed = rows.pack(event)
    assert "at" not in packed
    json.dumps(packed)
    again = through_json(event)
    assert again == event
    assert type(again) is kind
    for field in dataclasses.fields(kind):
        assert type(getattr(again, field.name)) is type(getattr(event, field.name)), field.name


def test_unknown_kinds_and_fields_are_left_out() -> None:
    assert rows.unpack("Invented", 1.0, {"a": 1}) is None
    event = rows.unpack("WaveTagged", 1.0, {"wave": 2, "sha": "x", "later": [1]})
    assert event == e.WaveTagged(at=1.0, wave=2, sha="x")


def test_older_rows_without_newer_fields_can_be_read() -> None:
    event = rows.unpack("EngineStarted", 1.0, {"pid": 3, "attended": False})
    assert event == e.EngineStarted(at=1.0, pid=3, attended=False)


@pytest.mark.parametrize("mode", ["waves", "streaming"])
def test_the_fold_of_the_journal_is_the_live_state_at_every_step(mode: str) -> None:
    gates = (Gate("tests", "pytest"), Gate("all", "all", when="final"))
    run = Run("a", "b < a", "c", gates=gates, mode=mode, deliver="merge", slots=2)
    run.until_state("a", "running")
    run.about(e.AgentReported, "a", offset=4, usage={"input": 3.0}, activity="ünï")
    run.about(e.PermissionAsked, "a", request="p", tool="Bash", detail="x")
    run.answer("permission", "deny", "no")
    run.leave_stray("a", "z.txt")
    run.answer("stray", "extend")
    run.conflict("c", "c.txt")
    run.answer("conflict", "instruct", "again")
    run.go()
    run.answer("deliver", "merge")
    run.go()
    assert run.state.status == "done"
    from maestro_tui.core.machine import Machine

    live, folded = Machine(), Machine()
    for event in run.events:
        live.handle(event)
        folded.apply(through_json(event))
        assert snapshot(folded.state) == snapshot(live.state)
        assert folded.outstanding() == live.outstanding()


def test_a_whole_batch_folds_like_its_events() -> None:
    run = Run("a", "b < a", gates=(Gate("tests", "pytest"),)).go()
    from maestro_tui.core.machine import Machine

    batch = Machine()
    batch.handle(*run.events)
    assert snapshot(batch.state) == snapshot(run.state)
    assert snapshot(fold_again(run.events).state) == snapshot(run.state)


def test_a_run_is_created_once() -> None:
    run = Run("a")
    before = snapshot(run.state)
    run.post(created(make_strategy("other")))
    assert snapshot(run.state) == before
