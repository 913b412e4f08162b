"""Event lines of codex, gemini and opencode, in the shapes these programs write."""

from __future__ import annotations

import json
from typing import Any

import pytest

from maestro_tui.agents.stream import StreamParser, readable


def feed(parser: StreamParser, *items: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for item in items:
        events = parser.feed(json.dumps(item))
        assert events is not None
        found += events
    return found


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["kind"] for event in events]


COMMAND = {"id": "i1", "type": "command_execution", "command": "bash -lc 'make test'"}
CODEX = [
    {"type": "thread.started", "thread_id": "0199-ab"},
    {"type": "turn.started"},
    {"type": "item.completed", "item": {"id": "i0", "type": "reasoning", "text": "Hm."}},
    {"type": "item.started", "item": {**COMMAND, "aggregated_output": "", "status": "in_progress"}},
    {
        "type": "item.completed",
        "item": {**COMMAND, "aggregated_output": "2 failed\n", "exit_code": 1, "status": "failed"},
    },
    {
        "type": "item.completed",
        "item": {
            "id": "i2",
            "type": "file_change",
            "changes": [{"path": "a.py", "kind": "update"}, {"path": "b.py", "kind": "add"}],
            "status": "completed",
        },
    },
    {"type": "item.completed", "item": {"id": "i3", "type": "agent_message", "text": "All done."}},
    {
        "type": "turn.completed",
        "usage": {"input_tokens": 900, "cached_input_tokens": 700, "output_tokens": 80},
    },
]


def test_codex() -> None:
    parser = StreamParser()
    events = feed(parser, *CODEX)
    assert kinds(events) == [
        "tool", "tool_result", "tool", "tool_result", "text", "usage", "result",
    ]  # fmt: skip
    assert events[0] == {"kind": "tool", "name": "Bash", "summary": "bash -lc 'make test'"}
    assert events[1] == {"kind": "tool_result", "ok": False, "summary": "2 failed"}
    assert events[2]["summary"] == "a.py, b.py"
    assert events[4]["text"] == "All done."
    assert events[-1]["ok"]
    assert parser.error is None
    assert parser.usage == {
        "input": 200, "output": 80, "cache_read": 700, "cache_write": 0, "cost_usd": None,
    }  # fmt: skip


def test_codex_turns_add_up() -> None:
    parser = StreamParser()
    feed(parser, CODEX[-1], CODEX[-1])
    assert parser.usage["output"] == 160


def test_codex_fails_only_when_its_turn_does() -> None:
    parser = StreamParser()
    (retry,) = feed(parser, {"type": "error", "message": "Reconnecting... 1/5"})
    assert retry == {"kind": "text", "text": "Reconnecting... 1/5"}
    assert parser.error is None
    failed = {"type": "turn.failed", "error": {"message": "exceeded retry limit, status: 429"}}
    (end,) = feed(parser, failed)
    assert not end["ok"]
    assert parser.error == "exceeded retry limit, status: 429"
    feed(parser, CODEX[-1])
    assert parser.error is None


GEMINI = [
    {"type": "init", "session_id": "g1", "model": "gemini-3-pro"},
    {"type": "message", "role": "user", "content": "Do it."},
    {"type": "message", "role": "assistant", "content": "I look first.", "delta": True},
    {
        "type": "tool_use",
        "tool_name": "run_shell_command",
        "tool_id": "t1",
        "parameters": {"command": "ls -l"},
    },
    {"type": "tool_result", "tool_id": "t1", "status": "success", "output": "total 0"},
    {
        "type": "tool_result",
        "tool_id": "t2",
        "status": "error",
        "error": {"type": "not_found", "message": "no such file"},
    },
    {"type": "error", "severity": "warning", "message": "Loop detected"},
    {
        "type": "result",
        "status": "success",
        "stats": {"total_tokens": 500, "input_tokens": 450, "output_tokens": 50, "cached": 400},
    },
]


def test_gemini() -> None:
    parser = StreamParser()
    events = feed(parser, *GEMINI)
    assert kinds(events) == [
        "text", "tool", "tool_result", "tool_result", "text", "usage", "result",
    ]  # fmt: skip
    assert events[1] == {"kind": "tool", "name": "run_shell_command", "summary": "ls -l"}
    assert events[3] == {"kind": "tool_result", "ok": False, "summary": "no such file"}
    assert parser.error is None
    assert (parser.usage["input"], parser.usage["cache_read"]) == (50, 400)


def test_gemini_fails() -> None:
    parser = StreamParser()
    error = {"type": "FatalAuthenticationError", "message": "API key not valid"}
    feed(parser, {"type": "result", "status": "error", "error": error, "stats": {}})
    assert parser.error == "API key not valid"


def _step(cost: float, reason: str = "tool-calls") -> dict[str, Any]:
    tokens = {"input": 100, "output": 20, "reasoning": 5, "cache": {"read": 30, "write": 7}}
    part = {"type": "step-finish", "reason": reason, "cost": cost, "tokens": tokens}
    return {"type": "step_finish", "sessionID": "ses_1", "part": part}


STATE = {"status": "completed", "input": {"filePath": "a.py", "content": "x"}, "output": "Wrote."}
OPENCODE = [
    {"type": "step_start", "sessionID": "ses_1", "part": {"type": "step-start"}},
    {
        "type": "tool_use",
        "sessionID": "ses_1",
        "part": {"type": "tool", "callID": "c1", "tool": "write", "state": STATE},
    },
    _step(0.01),
    {"type": "text", "sessionID": "ses_1", "part": {"type": "text", "text": "Done."}},
    _step(0.02, "stop"),
]


def test_opencode() -> None:
    parser = StreamParser()
    events = feed(parser, *OPENCODE)
    assert kinds(events) == ["tool", "tool_result", "usage", "text", "usage"]
    assert events[0] == {"kind": "tool", "name": "write", "summary": "a.py"}
    assert parser.usage == {
        "input": 200, "output": 50, "cache_read": 60, "cache_write": 14,
        "cost_usd": pytest.approx(0.03),
    }  # fmt: skip


def test_opencode_fails_and_gets_over_it() -> None:
    parser = StreamParser()
    error = {"name": "APIError", "data": {"message": "invalid x-api-key"}}
    feed(parser, {"type": "error", "sessionID": "ses_1", "error": error})
    assert parser.error == "invalid x-api-key"
    feed(parser, _step(0.0, "stop"))
    assert parser.error is None


@pytest.mark.parametrize(
    "line",
    [
        {"type": "item.completed"},
        {"type": "item.completed", "item": {"type": 7}},
        {"type": "turn.completed", "usage": {"input_tokens": -5, "output_tokens": True}},
        {"type": "turn.failed", "error": []},
        {"type": "tool_use", "part": {"tool": None, "state": []}},
        {"type": "step_finish", "part": {"cost": "much", "tokens": 3}},
        {"type": "step_finish", "part": {"cost": float("1e300")}},
        {"type": "result", "status": None, "stats": "none"},
        {"type": "message", "role": "assistant", "content": {"a": 1}},
        {"type": "error", "message": 7},
    ],
)
def test_nothing_strange_breaks_it(line: dict[str, Any]) -> None:
    parser = StreamParser()
    feed(parser, line)
    assert parser.usage["input"] == 0


def test_logs_of_theirs_are_read_by_people() -> None:
    lines = [json.dumps(item) for item in (*CODEX, *GEMINI, *OPENCODE)]
    shown = [words for line in lines for words in readable(line)]
    assert "▸ Bash bash -lc 'make test'" in shown
    assert "└ 2 failed" in shown
    assert "I look first." in shown
    assert "▸ write a.py" in shown
