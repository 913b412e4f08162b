"""The command driver and event lines that go wrong, alike in every dialect it reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.agents.attempt_folder import AttemptFolder, gone, python

Line = dict[str, Any]
BIG = 20_000_000
_PART = {"sessionID": "s"}


class Dialect:
    """How one agent says something, ends well, and ends badly."""

    def __init__(self, says: Line, words: tuple[str, ...], well: Line, badly: Line) -> None:
        self._says, self._words, self.well, self.badly = says, words, well, badly

    def says(self, text: str) -> Line:
        line: Line = json.loads(json.dumps(self._says))
        place: Any = line
        for key in self._words[:-1]:
            place = place[int(key) if isinstance(place, list) else key]
        place[self._words[-1]] = text
        return line


DIALECTS = {
    "claude": Dialect(
        {"type": "assistant", "message": {"content": [{"type": "text", "text": ""}]}},
        ("message", "content", "0", "text"),
        {"type": "result", "subtype": "success", "is_error": False, "result": "Done."},
        {"type": "result", "subtype": "success", "is_error": True, "result": "no quota"},
    ),
    "codex": Dialect(
        {"type": "item.completed", "item": {"type": "agent_message", "text": ""}},
        ("item", "text"),
        {"type": "turn.completed", "usage": {"input_tokens": 7, "output_tokens": 1}},
        {"type": "turn.failed", "error": {"message": "no quota"}},
    ),
    "gemini": Dialect(
        {"type": "message", "role": "assistant", "content": ""},
        ("content",),
        {"type": "result", "status": "success", "stats": {"input_tokens": 7}},
        {"type": "result", "status": "error", "error": {"message": "no quota"}},
    ),
    "opencode": Dialect(
        {"type": "text", **_PART, "part": {"text": ""}},
        ("part", "text"),
        {"type": "step_finish", **_PART, "part": {"reason": "stop", "tokens": {"input": 7}}},
        {"type": "error", **_PART, "error": {"name": "X", "data": {"message": "no quota"}}},
    ),
}


@pytest.fixture(params=DIALECTS)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return DIALECTS[request.param]


def lines(*found: Line | str) -> str:
    return "".join((f if isinstance(f, str) else json.dumps(f)) + "\n" for f in found)


def say(attempt: AttemptFolder, output: str, **changes: Any) -> dict[str, Any]:
    """An agent that prints this and exits with success."""
    (attempt.worktree / "output").write_text(output)
    return attempt.run(["cat", "output"], **changes)


def told(attempt: AttemptFolder) -> list[str]:
    return [event["text"] for event in attempt.events("text")]


def test_a_line_of_twenty_megabytes_is_passed_over_and_told(
    attempt: AttemptFolder, dialect: Dialect
) -> None:
    result = say(attempt, lines(dialect.says("x" * BIG), dialect.says("after it"), dialect.well))
    assert result["ok"], result
    assert result["log_bytes"] > BIG
    assert "after it" in told(attempt)
    assert "(a line of more than 1 MB is only in the log)" in told(attempt)
    assert max(len(json.dumps(event)) for event in attempt.events()) < 10_000


def test_a_flood_does_not_drown_the_end(attempt: AttemptFolder, dialect: Dialect) -> None:
    flood = [dialect.says(f"line {n}") for n in range(100_000)]
    result = say(attempt, lines(*flood, dialect.badly))
    assert not result["ok"]
    assert "no quota" in result["error"]
    assert len(attempt.events()) < 1000
    assert any("only in the log" in text for text in told(attempt))


def test_what_is_wrong_json_is_shown_as_it_is(attempt: AttemptFolder, dialect: Dialect) -> None:
    cut = json.dumps(dialect.says("cut"))[:-9]
    deep = '{"type": ' + "[" * 100_000
    result = say(
        attempt,
        lines("warning: an update is there", cut, deep, "[1, 2]", "{}", '{"type": 7}', "{",
              dialect.says("after it"), dialect.well),
    )  # fmt: skip
    assert result["ok"], result
    assert "warning: an update is there" in told(attempt)
    assert cut.strip() in told(attempt)
    assert told(attempt)[-1] == "after it"


def test_wrong_kinds_in_every_place_end_nothing(attempt: AttemptFolder, dialect: Dialect) -> None:
    odd: list[Any] = [None, 7, -1.5, True, "x", [], [[]], {}, {"x": {}}, 10**400]
    broken = []
    for line in (dialect.says("x"), dialect.well):
        for key in line:
            broken += [{**line, key: value} for value in odd if key != "type"]
        for key, inner in line.items():
            if isinstance(inner, dict):
                broken += [{**line, key: {**inner, k: v}} for k in inner for v in odd]
    broken = [line for line in broken if line.get("is_error") is not True]  # it means that
    result = say(attempt, lines(*broken, dialect.says("after it"), dialect.well))
    assert result["ok"], result
    assert result["exit"] == 0


def test_a_failure_it_reports_counts_for_more_than_its_exit(
    attempt: AttemptFolder, dialect: Dialect
) -> None:
    result = say(attempt, lines(dialect.says("I try"), dialect.badly))
    assert result["exit"] == 0
    assert result["error"] == "The agent reported a failure: no quota"


def test_bytes_that_are_cut_in_two_hurt_nothing(attempt: AttemptFolder, dialect: Dialect) -> None:
    raw = lines(dialect.says("after it"), dialect.well).encode()
    half = json.dumps(dialect.says("ä"), ensure_ascii=False).encode().replace(b"\xc3\xa4", b"\xc3")
    (attempt.worktree / "output").write_bytes(half + b"\n" + raw)
    assert attempt.run(["cat", "output"])["ok"]
    assert told(attempt) == ["\ufffd", "after it"]


def test_a_silent_agent_is_ended_at_its_limit(attempt: AttemptFolder, dialect: Dialect) -> None:
    (attempt.worktree / "output").write_text(lines(dialect.says("I think about it")))
    code = "import time; print(open('output').read(), end='', flush=True); time.sleep(600)"
    result = attempt.run(python(code), timeout_s=1.5, grace_s=1.0)
    assert result["reason"] == "timeout"
    assert "took longer than 1.5 s" in result["error"]
    assert "I think about it" in result["error"]
    assert gone(attempt.agent)


def test_closing_its_output_ends_no_agent_that_works(
    attempt: AttemptFolder, dialect: Dialect
) -> None:
    (attempt.worktree / "output").write_text(lines(dialect.says("I go quiet"), dialect.well))
    code = (
        "import os, time\nprint(open('output').read(), end='', flush=True)\nos.close(1)\n"
        "os.close(2)\ntime.sleep(2.5)\nopen('worked', 'w').close()"
    )
    assert attempt.run(python(code))["ok"]
    assert (attempt.worktree / "worked").exists()
    assert "It has closed its output and works on unheard" in told(attempt)
