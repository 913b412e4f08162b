"""What a runner reports is read as it grows; of mere talk only the last word counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.files import json_line
from maestro_tui.engine.event_tail import EventTail

TALK = ("text", "activity")


def told(kind: str, text: str) -> dict[str, Any]:
    return {"t": 1764073227.25, "kind": kind, "text": text}


@given(st.lists(st.tuples(st.sampled_from((*TALK, "tool", "usage", "permission")), st.text())))
def test_every_fact_and_the_last_word(events: list[tuple[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        path.write_bytes(b"".join(json_line(told(*one)) for one in events))
        found = EventTail(path, 0).read()
    clean = [(kind, text.encode("utf-8", "replace").decode()) for kind, text in events]
    last = max((n for n, (kind, _) in enumerate(clean) if kind in TALK), default=-1)
    expected = [one for n, one in enumerate(clean) if one[0] not in TALK or n == last]
    assert [(one["kind"], one["text"]) for one in found] == expected


def test_a_line_is_read_once_and_not_before_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    tail = EventTail(path, 0)
    assert tail.read() == []
    line = json_line(told("tool", "a"))
    path.write_bytes(line + line[:9])
    assert [one["text"] for one in tail.read()] == ["a"]
    assert tail.offset == len(line)
    assert tail.read() == []
    path.write_bytes(line + json_line(told("tool", "b")))
    assert [one["text"] for one in tail.read()] == ["b"]


def test_what_is_no_event_hides_none(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    lines = [b"\xff\xfe", b"[1]", b"{", b'{"a":' * 100_000, json.dumps(told("tool", "a")).encode()]
    path.write_bytes(b"\n".join(lines) + b"\n")
    assert [one["text"] for one in EventTail(path, 0).read()] == ["a"]
