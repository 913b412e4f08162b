"""Lines of agents become events; nothing an agent prints can break the reading of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.agents.stream import LIMIT, StreamParser, readable

KINDS = {"text", "tool", "tool_result", "usage", "permission", "result"}


def feed(*items: Any) -> list[Any]:
    """Events as (kind, fields); the line itself where it is plain text."""
    parser, found = StreamParser(), []
    for item in items:
        events = parser.feed(line(item))
        if events is None:
            found.append(line(item))
            continue
        found += [(e["kind"], {k: v for k, v in e.items() if k != "kind"}) for e in events]
    return found


def line(item: Any) -> str:
    return item if isinstance(item, str) else json.dumps(item)


def said(*blocks: Any, usage: Any = None, name: str = "m1") -> dict[str, Any]:
    return {"type": "assistant", "message": {"id": name, "content": list(blocks), "usage": usage}}


def counts(i: int = 0, o: int = 0, r: int = 0, w: int = 0) -> dict[str, int]:
    return {
        "input_tokens": i,
        "output_tokens": o,
        "cache_read_input_tokens": r,
        "cache_creation_input_tokens": w,
    }


def by_model(**models: tuple[int, int]) -> dict[str, Any]:
    return {n: {"inputTokens": i, "outputTokens": o} for n, (i, o) in models.items()}


TEXT = {"type": "text", "text": "Hello\nthere"}


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        *((text, [text]) for text in (
            "plain", "", "   ", "\ufffd", "{no json", "[1]", '"text"', '{"a": 1}', '{"type": 7}',
        )),
        ('{"type": "unheard of"}', []),
        ('  {"type": "result", "result": "ok"}\r', [
            ("usage", {"input": 0, "output": 0, "cache_read": 0, "cache_write": 0,
                       "cost_usd": None}),
            ("result", {"ok": True, "summary": "ok"})]),
        (said(TEXT), [("text", {"text": "Hello\nthere"})]),
        (said({"type": "thinking", "thinking": "hm"}), []),
        ({"type": "assistant", "message": {"content": "as text"}}, [("text", {"text": "as text"})]),
        ({"type": "assistant", "message": None}, []),
        ({"type": "assistant"}, []),
        (said({"type": "tool_use", "name": "Write", "input": {"content": "", "file_path": "a.py"}}),
         [("tool", {"name": "Write", "summary": "a.py"})]),
        (said({"type": "tool_use", "name": "Bash", "input": {"description": "d", "command": "ls"}}),
         [("tool", {"name": "Bash", "summary": "ls"})]),
        (said({"type": "tool_use", "name": "Odd", "input": {"x": 1}}),
         [("tool", {"name": "Odd", "summary": '{"x": 1}'})]),
        (said({"type": "tool_use", "input": None}), [("tool", {"name": "tool", "summary": ""})]),
        ({"type": "user", "message": {"content": [{"type": "tool_result", "content": "done"}]}},
         [("tool_result", {"ok": True, "summary": "done"})]),
        ({"type": "user", "message": {"content": [
            {"type": "tool_result", "is_error": True, "content": [
                {"type": "text", "text": "no"}, {"type": "image"}, 3, {"text": "way"}]}]}},
         [("tool_result", {"ok": False, "summary": "no\nway"})]),
        ({"type": "user", "message": {"content": "a person's words"}}, []),
        ({"type": "control_request", "request_id": "r1", "request": {
            "subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "rm x"}}},
         [("permission", {"id": "r1", "tool": "Bash", "detail": "rm x"})]),
        ({"type": "control_request", "request_id": "r1", "request": {"subtype": "initialize"}}, []),
        ({"type": "control_request", "request": 3}, []),
        ({"type": "system", "subtype": "init", "tools": []}, []),
        ({"type": "system", "subtype": "api_retry", "attempt": 1, "max_retries": 10,
          "error": "overloaded"},
         [("text", {"text": "Waits for the model (overloaded), try 1 of 10"})]),
        ({"type": "system", "subtype": "permission_denied", "tool_name": "Bash", "message": "no"},
         [("text", {"text": "Refused: Bash (no)"})]),
        ({"type": "rate_limit_event", "rate_limit_info": {
            "status": "rejected", "rateLimitType": "five_hour"}},
         [("text", {"text": "The five_hour limit is reached"})]),
    ],
)  # fmt: skip
def test_lines(item: Any, expected: list[Any]) -> None:
    assert feed(item) == expected


def test_text_is_cut_and_made_harmless() -> None:
    (event,) = feed(said({"type": "text", "text": "\x1b[2Ja\ud800b" + "x" * 9000}))
    assert event[1]["text"].startswith("abxx")
    assert len(event[1]["text"]) == LIMIT


def test_a_result_says_what_went_wrong() -> None:
    parser = StreamParser()
    parser.feed(line({"type": "result", "is_error": False, "result": "fine"}))
    assert parser.error is None
    failed = {"type": "result", "is_error": True, "subtype": "error_max_turns"}
    events = parser.feed(line({**failed, "errors": ["Reached maximum number of turns (2)"]}))
    assert events is not None
    assert events[-1] == {
        "kind": "result",
        "ok": False,
        "summary": "Reached maximum number of turns (2)",
    }
    assert parser.error == "Reached maximum number of turns (2)"
    parser.feed(line({"type": "result", "is_error": False}))
    assert parser.error is not None  # a failure once told stays one


def total(*items: Any) -> tuple[int, int, int, int, float | None]:
    parser = StreamParser()
    for item in items:
        parser.feed(line(item))
    t = parser.meter.totals()
    return t["input"], t["output"], t["cache_read"], t["cache_write"], t["cost_usd"]


def done(session: str = "s", **fields: Any) -> dict[str, Any]:
    return {"type": "result", "is_error": False, "session_id": session, **fields}


def test_a_messages_lines_count_once() -> None:
    one, two = said(TEXT, usage=counts(10, 1, 5, 2)), said(usage=counts(7, 3), name="m2")
    assert total(one, one, two, one) == (17, 4, 5, 2, None)


def test_partial_messages_correct_the_output() -> None:
    start = {"type": "message_start", "message": {"id": "m1", "usage": counts(10, 1)}}
    delta = {"type": "message_delta", "usage": counts(10, 34)}
    pieces = [{"type": "stream_event", "event": e} for e in (start, delta)]
    assert total(*pieces, said(TEXT, usage=counts(10, 1))) == (10, 34, 0, 0, None)


def test_a_results_totals_replace_the_messages() -> None:
    messages = said(usage=counts(10, 1, 5))
    models = by_model(big=(100, 20), small=(7, 3))
    end = done(usage=counts(10, 9), modelUsage=models, total_cost_usd=0.5)
    assert total(messages, end) == (107, 23, 0, 0, 0.5)
    assert total(messages, done(usage=counts(10, 9, 5))) == (10, 9, 5, 0, None)
    assert total(messages, done(usage=counts(), total_cost_usd=0.1)) == (10, 1, 5, 0, 0.1)


def test_totals_of_one_session_are_cumulative() -> None:
    first = done(modelUsage=by_model(m=(10, 1)), total_cost_usd=0.1)
    second = done(modelUsage=by_model(m=(30, 2)), total_cost_usd=0.3)
    assert total(first, second) == (30, 2, 0, 0, 0.3)
    assert total(first, second, second) == (30, 2, 0, 0, 0.3)


def test_usage_of_a_turn_adds_up() -> None:
    turn = done(usage=counts(10, 2))
    assert total(turn, turn) == (20, 4, 0, 0, None)


def test_sessions_add_up_and_a_drop_is_a_new_start() -> None:
    a = done("a", modelUsage=by_model(m=(10, 1)), total_cost_usd=0.5)
    b = done("b", modelUsage=by_model(m=(20, 2)), total_cost_usd=0.25)
    again = done("a", modelUsage=by_model(m=(3, 1)), total_cost_usd=0.125)
    assert total(a, b, again) == (33, 4, 0, 0, 0.875)


def test_an_answer_about_usage_counts_like_a_result() -> None:
    session = {"total_cost_usd": 0.5, "model_usage": by_model(m=(10, 1))}
    response = {"subtype": "success", "response": {"session": session}}
    reply = {"type": "control_response", "session_id": "s", "response": response}
    assert total(reply) == (10, 1, 0, 0, 0.5)
    end = done(modelUsage=by_model(m=(12, 1)), total_cost_usd=0.75)
    assert total(reply, end) == (12, 1, 0, 0, 0.75)


@pytest.mark.parametrize("bad", ["5", -3, True, 1.5, None, [], 10**30])
def test_numbers_that_are_none_count_nothing(bad: Any) -> None:
    usage = {"input_tokens": bad, "output_tokens": 2}
    assert total(said(usage=usage)) == (0, 2, 0, 0, None)


@pytest.mark.parametrize("bad", ["NaN", "Infinity", "1e308", "-1", '"5"', "true", "null"])
def test_a_cost_that_is_none_is_no_cost(bad: str) -> None:
    parser = StreamParser()
    parser.feed(f'{{"type": "result", "total_cost_usd": {bad}}}')
    assert parser.meter.totals()["cost_usd"] is None


def test_depth_is_no_danger() -> None:
    deep = '{"type":' + "[" * 200_000
    assert feed(deep) == [deep]
    for depth in range(300, 1000, 7):
        value = '{"a":' * depth + "1" + "}" * depth
        block = f'{{"type": "tool_use", "name": "Deep", "input": {value}}}'
        feed(f'{{"type": "assistant", "message": {{"content": [{block}]}}}}')


def check(events: list[Any]) -> None:
    for kind, fields in (e for e in events if isinstance(e, tuple)):
        assert kind in KINDS
        json.dumps(fields, allow_nan=False).encode()
        for value in fields.values():
            if isinstance(value, str):
                assert len(value) <= LIMIT
                assert sanitise(value) == value
                value.encode()


@given(st.lists(st.text() | st.text(st.sampled_from('{}[]":,\\ntypeulra1'))))
def test_no_text_breaks_it(lines: list[str]) -> None:
    check(feed(*lines))


NAMES = st.sampled_from(
    [
        "type",
        "message",
        "content",
        "usage",
        "id",
        "text",
        "name",
        "input",
        "is_error",
        "result",
        "session_id",
        "modelUsage",
        "total_cost_usd",
        "event",
        "request",
        "response",
        "session",
        "model_usage",
        "subtype",
        "request_id",
        "tool_name",
        "errors",
        "input_tokens",
        "output_tokens",
        "rate_limit_info",
        "status",
        "attempt",
        "command",
        "file_path",
    ]
)
WORDS = st.sampled_from(
    [
        "assistant",
        "user",
        "result",
        "stream_event",
        "control_request",
        "control_response",
        "system",
        "rate_limit_event",
        "text",
        "tool_use",
        "tool_result",
        "can_use_tool",
        "message_start",
        "message_delta",
        "api_retry",
        "rejected",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=6),
    max_leaves=12,
)


@given(st.lists(st.tuples(WORDS, st.dictionaries(NAMES, VALUES, max_size=8)), max_size=6))
def test_no_json_breaks_it(items: list[tuple[str, dict[str, Any]]]) -> None:
    check(feed(*({**fields, "type": kind} for kind, fields in items)))


def test_a_log_as_a_person_reads_it() -> None:
    tool = {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}
    assert readable("\x1b[1mplain\x1b[0m") == ["plain"]
    assert readable(line(said(TEXT, tool))) == ["Hello", "there", "▸ Bash ls"]
    assert readable(line({"type": "system", "subtype": "init"})) == []
    assert readable(line({"type": "result", "is_error": True, "result": "no"})) == ["✗ no"]
