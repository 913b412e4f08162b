"""Reading stream-json: what each line means, and that no line whatever can break the reader."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.stream import LIMIT, MOST, StreamParser, tool_summary


def feed(*lines: Any) -> list[dict[str, Any]]:
    parser = StreamParser()
    events: list[dict[str, Any]] = []
    for line in lines:
        events += parser.feed(line if isinstance(line, str) else json.dumps(line)) or []
    return events


def assistant(*content: Any, **message: Any) -> dict[str, Any]:
    return {"type": "assistant", "message": {"content": list(content), **message}}


def user(*content: Any) -> dict[str, Any]:
    return {"type": "user", "message": {"content": list(content)}}


ZERO = {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0}


@pytest.mark.parametrize(
    ("line", "events"),
    [
        (assistant({"type": "text", "text": " hi "}), [{"kind": "text", "text": "hi"}]),
        ({"type": "assistant", "message": {"content": "hi"}}, [{"kind": "text", "text": "hi"}]),
        (assistant({"type": "text", "text": "\x1b[2J"}), []),
        (
            assistant({"type": "tool_use", "name": "Bash", "input": {"command": "ls -l"}}),
            [{"kind": "tool", "name": "Bash", "summary": "ls -l"}],
        ),
        (
            assistant({"type": "tool_use", "name": "\x1b]0;x\x07", "input": 3}),
            [{"kind": "tool", "name": "tool", "summary": ""}],
        ),
        (
            user({"type": "tool_result", "content": "out", "is_error": True}),
            [{"kind": "tool_result", "ok": False, "summary": "out"}],
        ),
        (
            user({"type": "tool_result", "content": [{"type": "text", "text": "a"}, 3]}),
            [{"kind": "tool_result", "ok": True, "summary": "a"}],
        ),
        (
            {"type": "result", "subtype": "error_max_turns", "is_error": True},
            [
                {"kind": "usage", **ZERO, "cost_usd": None},
                {"kind": "result", "ok": False, "summary": "error_max_turns"},
            ],
        ),
        (
            {
                "type": "control_request",
                "request_id": "r1",
                "request": {"subtype": "can_use_tool", "tool_name": "Write",
                            "input": {"file_path": "a.txt"}},
            },
            [{"kind": "permission", "id": "r1", "tool": "Write", "detail": "a.txt"}],
        ),
        ({"type": "control_request", "request": {"subtype": "initialize"}}, []),
        ({"type": "system", "subtype": "init"}, []),
        ({"type": "stream_event"}, []),
        ({"type": "something new"}, []),
        ({"type": "assistant", "message": None}, []),
        ({"type": "user", "message": [1]}, []),
        (assistant(None, 3, {"type": "image"}), []),
    ],
)  # fmt: skip
def test_lines_become_events(line: Any, events: list[dict[str, Any]]) -> None:
    assert feed(line) == events


@pytest.mark.parametrize(
    "line",
    ["", "text", " {}", "{", "{}", "[1]", '{"type": 3}', '{"a": 1}', "{" * 5000, '{"type"' * 900],
)
def test_other_lines_are_plain_text(line: str) -> None:
    assert StreamParser().feed(line) is None


def test_usage_counts_each_message_once_with_its_newest_figures() -> None:
    parser = StreamParser()
    for key, count in (("m1", 10), ("m1", 12), ("m2", 5)):
        parser.feed(json.dumps(assistant(id=key, usage={"input_tokens": count})))
    assert parser.usage["input"] == 17
    parser.feed(
        json.dumps({"type": "result", "usage": {"input_tokens": 20}, "total_cost_usd": 0.5})
    )
    assert (parser.usage["input"], parser.usage["cost_usd"]) == (20, 0.5)


@pytest.mark.parametrize("value", ["many", -5, None, True, [1], 1e400, {"a": 1}])
def test_figures_that_are_none_count_nothing(value: Any) -> None:
    parser = StreamParser()
    parser.feed(json.dumps(assistant(id="m", usage={"input_tokens": value, "output_tokens": 2})))
    assert (parser.usage["input"], parser.usage["output"]) == (0, 2)


@pytest.mark.parametrize(
    "cost", ["NaN", "Infinity", "-Infinity", "1e999", "-1", "1" + "0" * 400, '"0.5"', "true"]
)
def test_a_cost_that_is_no_number_is_none(cost: str) -> None:
    parser = StreamParser()
    parser.feed('{"type":"result","total_cost_usd":' + cost + "}")
    assert parser.usage["cost_usd"] is None


def test_an_invented_figure_overflows_nothing() -> None:
    parser = StreamParser()
    parser.feed(json.dumps(assistant(id="m", usage={"input_tokens": 10**400})))
    assert float(parser.usage["input"]) == MOST


@pytest.mark.parametrize("depth", [50, 300, 900, 1500, 20_000])
def test_deep_nesting_does_not_break_the_reader(depth: int) -> None:
    nested = '{"a":' * depth + "1" + "}" * depth
    block = '{"type":"tool_use","input":' + nested + "}"
    line = '{"type":"assistant","message":{"content":[' + block + "]}}"
    events = StreamParser().feed(line)
    assert events is None or events[0]["kind"] == "tool"


def test_a_later_success_clears_an_error() -> None:
    parser = StreamParser()
    parser.feed('{"type":"result","is_error":true,"result":"no credit"}')
    assert parser.error == "no credit"
    parser.feed('{"type":"result","is_error":false}')
    assert parser.error == ""


def test_long_text_is_cut() -> None:
    (event,) = feed(assistant({"type": "text", "text": "x" * 9000}))
    assert len(event["text"]) == LIMIT
    assert len(tool_summary({"command": "y" * 9000})) == 400
    assert tool_summary({"z": [1]}) == '{"z": [1]}'


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            [
                "type", "message", "content", "usage", "input_tokens", "id", "text", "name",
                "input", "command", "request", "subtype", "request_id", "tool_name", "is_error",
                "result", "total_cost_usd",
            ]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=25,
)  # fmt: skip
kinds = st.sampled_from(["assistant", "user", "result", "control_request", "system", "new"])
lines = st.one_of(
    st.text(max_size=60),
    st.text(max_size=60).map(lambda t: "{" + t),
    json_values.map(json.dumps),
    st.builds(
        lambda kind, body: json.dumps({**body, "type": kind}),
        kinds,
        st.dictionaries(
            st.sampled_from(["message", "request", "result", "usage", "is_error", "request_id"]),
            json_values,
            max_size=6,
        ),
    ),
)


@given(st.lists(lines, max_size=8))
def test_no_line_breaks_the_reader(texts: list[str]) -> None:
    parser = StreamParser()
    for text in texts:
        for event in parser.feed(text) or []:
            assert isinstance(event["kind"], str)
            json.dumps(event, allow_nan=False)
            for value in event.values():
                if isinstance(value, str):
                    assert len(value) <= LIMIT
                    assert "\x1b" not in value
    json.dumps(parser.usage, allow_nan=False)
