"""The api driver and a service that misbehaves: every state is clear, and none is for ever."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from maestro_tui.agents import files, launch
from tests.agents.api_attempt import DONE, END, MARKER, SECONDS, Api, bash, needs_package, write
from tests.agents.attempt_folder import until
from tests.agents.model_api import Fail, Wild, begin_stream, sse, text, use

pytestmark = needs_package
BIG = 20_000_000


def notes(api: Api) -> str:
    """What a person who follows the attempt has read."""
    return "\n".join(event["text"] for event in api.attempt.events("text"))


def stream(http: BaseHTTPRequestHandler, data: bytes) -> None:
    begin_stream(http)
    http.wfile.write(data)
    http.wfile.flush()


def hold(http: BaseHTTPRequestHandler, seconds: float = 20.0) -> None:
    """Say nothing more until the client goes away."""
    http.connection.settimeout(seconds)
    try:
        while http.connection.recv(1):
            pass
    except OSError:
        pass


# -- much ------------------------------------------------------------------------------------------


def test_an_event_of_twenty_megabytes(api: Api) -> None:
    result = api.run([text("x" * BIG), *DONE], END)
    assert result["ok"], result
    assert result["log_bytes"] > BIG
    assert max(len(json.dumps(event)) for event in api.attempt.events()) < 10_000


def test_a_hundred_thousand_small_pieces(api: Api) -> None:
    content = "0123456789abcdef\n" * 100_000
    given = json.dumps({"file_path": "app/a.py", "content": content})
    pieces = [given[at : at + 18] for at in range(0, len(given), 18)]
    assert len(pieces) > 100_000

    def flood(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
        delta: dict[str, Any] = {"type": "content_block_delta", "index": 0}
        begin_stream(http)
        http.wfile.write(b"".join(events[:2]))
        for piece in pieces:
            delta["delta"] = {"type": "input_json_delta", "partial_json": piece}
            http.wfile.write(sse(delta))
        http.wfile.write(b"".join(events[3:]))

    result = api.run([Wild(flood), write("app/a.py", "")], DONE, END)
    assert result["ok"], result
    assert api.file("app/a.py").read_text() == content
    assert len(api.attempt.events()) < 200
    assert result["log_bytes"] < 4 * len(content)


def test_a_file_of_five_megabytes_is_written(api: Api) -> None:
    content = "ä" * 2_500_000
    result = api.run([write("app/a.py", content)], DONE, END)
    assert result["ok"], result
    assert api.file("app/a.py").read_text() == content
    assert max(len(json.dumps(event)) for event in api.attempt.events()) < 10_000


def test_a_command_that_prints_without_end(api: Api) -> None:
    much = "yes maestro | head -c 50000000; echo; echo the end"
    result = api.run([bash(much)], DONE, END, options={"approved": [much]}, owned=["**"])
    assert result["ok"], result
    heard = json.dumps(api.service.asked("s")[1])
    assert "the end" in heard
    assert "truncated" in heard
    assert len(heard) < 500_000
    assert result["log_bytes"] < 1_000_000


# -- too little ------------------------------------------------------------------------------------


def test_a_silent_service_is_told_of_and_given_up(api: Api) -> None:
    result = api.run([Wild(lambda http, _: hold(http)), *DONE], END, options={"silence_s": 1.0})
    assert not result["ok"]
    assert "has said nothing for too long" in result["error"]
    assert "tried 2 times" in result["error"]
    assert "Try 2 of 2" in notes(api)


def test_a_service_that_falls_silent_in_its_answer_is_asked_again(api: Api) -> None:
    def stall(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
        stream(http, events[0] + events[1])
        hold(http)

    result = api.run([Wild(stall, 1), *DONE], END, options={"silence_s": 1.0})
    assert result["ok"], result
    assert "has said nothing" in notes(api)


def test_a_stop_is_heard_while_the_service_is_silent(api: Api) -> None:
    api.start([Wild(lambda http, _: hold(http)), *DONE], END)
    until(lambda: api.service.asked("s"), SECONDS)
    launch.stop(api.attempt.path)
    assert api.attempt.end(SECONDS)["reason"] == "stopped"


def test_a_long_answer_shows_that_it_is_coming(api: Api) -> None:
    seen = time.monotonic()

    def drip(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
        begin_stream(http)
        for event in events[:3]:
            http.wfile.write(event)
        while time.monotonic() < seen + SECONDS and not told():
            http.wfile.write(b'event: ping\ndata: {"type": "ping"}\n\n')
            http.wfile.flush()
            time.sleep(0.1)
        http.wfile.write(b"".join(events[3:]))

    def told() -> bool:
        return any("is answering" in e["text"] for e in api.attempt.events("activity"))

    assert api.run([Wild(drip), *DONE], END)["ok"]
    assert told()


# -- wrong -----------------------------------------------------------------------------------------


def cut(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    stream(http, b"".join(events[:3]))


def cut_inside_a_chunk(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    http.send_response(200)
    http.send_header("content-type", "text/event-stream")
    http.send_header("transfer-encoding", "chunked")
    http.end_headers()
    http.wfile.write(b"fff\r\n" + events[0])


def wrong_json(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    stream(http, events[0] + b'event: content_block_start\ndata: {"type": "cont\n\n' + events[1])


def no_object(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    stream(http, events[0] + b"event: content_block_start\ndata: [1, 2]\n\n" + events[-1])


def half_a_character(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    stream(http, events[0] + b'event: x\ndata: {"type": "\xc3"}\n\n' + b"".join(events[1:]))


def no_order(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
    stream(http, b"".join(events[2:]))


def html(http: BaseHTTPRequestHandler, _: list[bytes]) -> None:
    page = b"<html>\n<body>Please accept our terms</body></html>\n"
    http.send_response(200)
    http.send_header("content-type", "text/html")
    http.send_header("content-length", str(len(page)))
    http.end_headers()
    http.wfile.write(page)


def nothing(http: BaseHTTPRequestHandler, _: list[bytes]) -> None:
    stream(http, b"")


def hang_up(http: BaseHTTPRequestHandler, _: list[bytes]) -> None:
    http.connection.close()


WRONG: list[tuple[Callable[[Any, list[bytes]], None], str]] = [
    (cut, "ended in the middle of the answer"),
    (cut_inside_a_chunk, "broke off"),
    (wrong_json, 'is no JSON: {"type": "cont'),
    (no_object, "is no object: [1, 2]"),
    (half_a_character, "no UTF-8"),
    (no_order, "makes no sense"),
    (html, "no answer of a model: <html> <body>Please accept"),
    (nothing, "the answer is empty"),
    (hang_up, "cannot be reached"),
]


@pytest.mark.parametrize(("does", "words"), WRONG, ids=[d.__name__ for d, _ in WRONG])
def test_a_broken_answer_is_named_and_asked_for_again(
    api: Api, does: Callable[[Any, list[bytes]], None], words: str
) -> None:
    result = api.run([Wild(does, 1), write("app/a.py", "1\n")], DONE, END)
    assert result["ok"], result
    assert words in notes(api)
    assert "Try 2 of 5" in notes(api)
    assert len(api.service.asked("s")) == 4
    assert [event["name"] for event in api.attempt.events("tool")] == ["Write", "Write"]


def test_a_service_that_stays_broken_fails_it(api: Api) -> None:
    result = api.run([Wild(html), *DONE], END)
    assert not result["ok"]
    assert "Please accept our terms" in result["error"]
    assert "tried 5 times" in result["error"]


def test_an_overload_in_mid_stream_is_waited_out(api: Api) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    def overloaded(http: BaseHTTPRequestHandler, events: list[bytes]) -> None:
        stream(http, events[0] + events[1] + sse(error))

    result = api.run([Wild(overloaded, 1), *DONE], END)
    assert result["ok"], result
    assert "529 Overloaded" in notes(api)
    assert b"529 Overloaded" in api.attempt.log  # where a person looks for what went on


@pytest.mark.parametrize(
    ("scheme", "words"), [("https", "SSL"), ("htp", "protocol"), ("", "protocol")]
)
def test_a_wrong_address_is_told_at_once(api: Api, scheme: str, words: str) -> None:
    rest = api.service.url.partition("://")[2]
    address = f"{scheme}://{rest}" if scheme else rest
    result = api.run(DONE, END, env={"ANTHROPIC_BASE_URL": address})
    assert words in result["error"]
    assert "api.base_url" in result["error"]
    assert "tried" not in result["error"]


# -- limits ----------------------------------------------------------------------------------------


def test_an_overloaded_model_gives_way_to_its_fallback(api: Api) -> None:
    busy = Fail(529, {}, "overloaded_error", "Overloaded", models="sonnet")
    result = api.run([busy, *DONE], [busy, *END], options={"fallback_model": "claude-haiku-5-5"})
    assert result["ok"], result
    models = [request["model"] for request in api.service.asked("s")]
    assert models == ["claude-sonnet-5-5"] * 2 + ["claude-haiku-5-5"] * 2
    assert "Goes on with claude-haiku-5-5" in notes(api)
    assert [event["name"] for event in api.attempt.events("model")] == ["claude-haiku-5-5"]


def test_an_overload_without_a_fallback_is_waited_out(api: Api) -> None:
    result = api.run([Fail(529, {}, "overloaded_error", "Overloaded", times=2), *DONE], END)
    assert result["ok"], result
    assert "529 Overloaded" in notes(api)


def test_a_wait_of_an_hour_parks_it_at_once(api: Api) -> None:
    limit = Fail(429, {"retry-after": "3600"}, "rate_limit_error", "slow down")
    api.start([limit, *DONE], END)
    parked = until(lambda: api.attempt.events("parked"), SECONDS)[0]
    assert 3500 < parked["until"] - parked["t"] < 3700
    assert "slow down" in parked["why"]
    assert len(api.service.asked("s")) == 1
    stopped_at = time.monotonic()
    launch.stop(api.attempt.path)
    assert api.attempt.end(SECONDS)["reason"] == "stopped"
    assert time.monotonic() - stopped_at < 4.5  # nobody waits for its grace


def test_a_short_wait_is_told(api: Api) -> None:
    limit = Fail(429, {"retry-after": "1"}, "rate_limit_error", "slow down", times=1)
    assert api.run([limit, *DONE], END)["ok"]
    assert re.search(r"Try 2 of 5 in (0\.\d|1\.0) s: .*429 slow down", notes(api))


# -- cut off, and its runner killed ----------------------------------------------------------------


def test_what_was_finished_before_a_cut_is_not_done_again_after_a_kill(api: Api) -> None:
    count = "echo once >> app/n.py"
    api.start(
        [write("app/a.py", "1\n"), bash(count)], [Wild(cut), write("app/b.py", "2\n")], DONE, END,
        owned=["**"], options={"approved": [count]},
    )  # fmt: skip
    until(lambda: "in the middle of the answer" in notes(api), SECONDS)
    runner = api.attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    launch.sweep(api.attempt.path)
    before = api.file("app/a.py").stat().st_mtime_ns
    asked = len(api.service.asked("s"))
    api.service.scripts["s"][1] = [write("app/b.py", "2\n")]
    api.attempt.start()
    result = api.attempt.end(SECONDS)
    assert result["ok"], result
    assert api.file("app/a.py").stat().st_mtime_ns == before
    assert api.file("app/n.py").read_text() == "once\n"
    assert api.file("app/b.py").read_text() == "2\n"
    first = api.service.asked("s")[asked]["messages"]
    assert [message["role"] for message in first] == ["user", "assistant", "user"]
    results = [b for b in first[-1]["content"] if b["type"] == "tool_result"]
    assert len(results) == 2
    assert not any(b.get("is_error") for b in results)
    assert "go on in the same session" in json.dumps(first[-1])
    assert (api.attempt.worktree / MARKER).exists()
    assert result["usage"]["input"] == 4000  # the answer that was cut off was never counted


# -- questions -------------------------------------------------------------------------------------


def ask(question: str, *options: str) -> Any:
    return use("ask_user", question=question, options=list(options))


def test_its_question_is_put_before_a_person(api: Api) -> None:
    api.start([ask("Which port?", "8123", "8000")], DONE, END)
    question = api.asked()
    assert question["form"] == "question"
    assert question["detail"] == "Which port?"
    assert question["choices"] == ["8123", "8000"]
    launch.answer(api.attempt.path, question["id"], True, "8123")
    assert api.attempt.end(SECONDS)["ok"]
    heard = api.service.asked("s")[1]["messages"][-1]["content"][0]
    assert heard["type"] == "tool_result"
    assert "8123" in json.dumps(heard["content"])
    assert not heard.get("is_error")


def test_it_decides_by_itself_where_nobody_answers(api: Api) -> None:
    api.start([ask("Which port?")], DONE, END)
    launch.answer(api.attempt.path, api.asked()["id"], False, "")
    assert api.attempt.end(SECONDS)["ok"]
    assert "say what you assumed" in api.said()


def test_an_empty_question_is_no_question(api: Api) -> None:
    assert api.run([use("ask_user", options=["a"])], DONE, END)["ok"]
    assert api.attempt.events("permission") == []
    assert "question is missing" in api.said()


def test_its_questions_hold_no_secrets(api: Api) -> None:
    key = "dummy-key-for-the-stand-in"
    api.start([ask(f"Is {key} right?", key)], DONE, END)
    question = api.asked()
    launch.answer(api.attempt.path, question["id"], True, "yes")
    assert api.attempt.end(SECONDS)["ok"]
    assert key not in (api.attempt.path / files.EVENTS).read_text()
