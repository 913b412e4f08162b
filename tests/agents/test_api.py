"""The api driver in its runner, with the anthropic package and a scripted service."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from maestro_tui.agents import files, launch
from tests.agents.api_attempt import (
    DONE,
    END,
    SECONDS,
    Api,
    bash,
    needs_package,
    write,
)
from tests.agents.attempt_folder import gone, until
from tests.agents.model_api import Cut, Fail, Silent, text, use

pytestmark = needs_package


def test_it_writes_its_files_runs_a_command_and_ends_well(api: Api) -> None:
    check = "python3 -c 'print(6 * 7)'"
    result = api.run([write("app/a.py", "x = 1\n")], [bash(check)], DONE, END, verify=[check])
    assert result["ok"], result
    assert api.file("app/a.py").read_text() == "x = 1\n"
    assert api.attempt.events("permission") == []
    tools = [e["name"] for e in api.attempt.events("tool")]
    assert tools == ["Write", "Bash", "Write"]
    assert "42" in [e["summary"] for e in api.attempt.events("tool_result")]
    assert {k: result["usage"][k] for k in ("input", "output", "cache_read", "cache_write")} == {
        "input": 4000, "output": 200, "cache_read": 800, "cache_write": 400,
    }  # fmt: skip
    expected = (4000 * 2.0 + 200 * 10.0 + 800 * 0.1 + 400 * 2.5) / 1e6
    assert result["usage"]["cost_usd"] == pytest.approx(expected)
    first = api.service.asked("s")[0]
    assert first["model"] == "claude-sonnet-5-5"
    assert first["cache_control"] == {"type": "ephemeral"}
    assert api.key() == "dummy-key-for-the-stand-in"


def test_a_model_without_a_price_costs_an_unknown_sum(api: Api) -> None:
    result = api.run(DONE, END, options={"model": "claude-novelty-9"})
    assert result["ok"]
    assert result["usage"]["cost_usd"] is None
    assert result["usage"]["input"] == 2000


def test_a_command_is_asked_about_and_allowed(api: Api) -> None:
    command = 'python3 -c \'open("app.txt", "w")\''
    api.start([bash(command)], DONE, END)
    question = api.asked()
    assert (question["tool"], question["detail"]) == ("Bash", command)
    launch.answer(api.attempt.path, question["id"], True, "")
    assert api.attempt.end(SECONDS)["ok"]
    assert api.file("app.txt").exists()


def test_a_denial_reaches_the_model_in_the_operators_words(api: Api) -> None:
    api.start([bash("rm -rf build")], DONE, END, owned=["**"])
    question = api.asked()
    assert question["rule"] == "Bash(rm:*)"
    launch.answer(api.attempt.path, question["id"], False, "Use make clean instead")
    assert api.attempt.end(SECONDS)["ok"]
    assert "Use make clean instead" in api.said()


def test_files_of_others_are_not_written(api: Api) -> None:
    api.file("other.py").write_text("theirs\n")
    edit = use("edit", file_path="other.py", old_string="theirs", new_string="mine")
    result = api.run(
        [write("other.py", "mine\n")], [edit], [bash("echo mine > other.py")],
        [bash("cd / && echo mine > " + str(api.file("other.py")))], DONE, END,
    )  # fmt: skip
    assert result["ok"], result
    assert api.file("other.py").read_text() == "theirs\n"
    assert api.said().count("does not belong to this task") >= 4
    assert api.attempt.events("permission") == []


def test_it_is_confined_to_the_worktree(api: Api) -> None:
    outside = api.attempt.path.parent / "outside.txt"
    outside.write_text("secret plans")
    api.file("app").symlink_to(api.attempt.path.parent)
    read = use("read", file_path=str(outside))
    result = api.run([read], [write("../x.py", "x")], [write("app/x.py", "x")], DONE, END)
    assert result["ok"], result
    assert "secret plans" not in api.said()
    assert api.said().count("outside the session") >= 3
    assert not (api.attempt.path.parent / "x.py").exists()


def test_each_command_begins_in_the_worktree(api: Api) -> None:
    go, look = "mkdir -p app/deep && cd app/deep", "pwd"
    result = api.run([bash(go)], [bash(look)], DONE, END, owned=["**"],
                     options={"approved": [go, look]})  # fmt: skip
    assert result["ok"]
    assert api.attempt.events("tool_result")[1]["summary"] == os.path.realpath(api.attempt.worktree)


def test_words_said_before_it_has_its_task_come_after_it(api: Api) -> None:
    launch.tell(api.attempt.path, 1, "message", "The port is 8123 now")
    assert api.run(DONE, END, END)["ok"]
    said = json.dumps(api.service.asked("s")[-1]["messages"])
    assert 0 < said.index("Do it.") < said.index("The port is 8123 now")


def test_words_reach_it_in_mid_run(api: Api) -> None:
    api.start([bash("make -n")], DONE, END)
    question = api.asked()
    launch.tell(api.attempt.path, 1, "message", "The port is 8123 now")
    until(lambda: api.attempt.events("told"))
    launch.answer(api.attempt.path, question["id"], True, "")
    assert api.attempt.end(SECONDS)["ok"]
    assert "The port is 8123 now" in json.dumps(api.service.asked("s")[1])
    calls = [e["name"] for e in api.attempt.events("tool")]
    assert calls == ["Bash", "Write"]  # words make no tool run twice


def test_words_at_the_end_begin_another_turn(api: Api) -> None:
    api.start(DONE, [Silent(1.5), *END], END)
    until(lambda: len(api.service.asked("s")) >= 2, SECONDS)
    launch.tell(api.attempt.path, 1, "message", "One more thing")
    assert api.attempt.end(SECONDS)["ok"]
    assert "One more thing" in json.dumps(api.service.asked("s")[-1])


def test_an_interrupt_waits_for_words(api: Api) -> None:
    api.start([write("app/a.py", "1\n")], [Silent(30), text("too late")], END)
    until(lambda: len(api.service.asked("s")) >= 2, SECONDS)
    launch.tell(api.attempt.path, 1, "interrupt", "")
    question = api.asked()
    assert question["form"] == "question"
    api.service.scripts["s"] = [[], DONE, END]
    launch.tell(api.attempt.path, 2, "message", "Write the document now")
    assert api.attempt.end(SECONDS)["ok"]
    assert api.attempt.events("withdrawn")[0]["id"] == question["id"]
    assert "Write the document now" in api.said()


def test_an_interrupted_command_ends_and_the_model_knows(api: Api) -> None:
    api.start([bash(WAIT)], DONE, END, options={"approved": [WAIT]}, owned=["**"])
    pid = api.attempt.number("own.pid")
    launch.tell(api.attempt.path, 1, "interrupt", "")
    launch.answer(api.attempt.path, api.asked()["id"], True, "Skip that")
    assert api.attempt.end(SECONDS)["ok"]
    assert "Skip that" in api.said()
    assert "interrupted this step" in api.said()
    assert gone(pid)


def test_its_model_can_be_changed(api: Api) -> None:
    api.start([bash("make -n")], DONE, END)
    question = api.asked()
    launch.tell(api.attempt.path, 1, "model", "claude-haiku-5-5")
    until(lambda: api.attempt.events("told"))
    launch.answer(api.attempt.path, question["id"], True, "")
    assert api.attempt.end(SECONDS)["ok"]
    assert api.service.asked("s")[0]["model"] == "claude-sonnet-5-5"
    assert api.service.asked("s")[-1]["model"] == "claude-haiku-5-5"


def test_it_has_the_tools_of_its_definition(api: Api) -> None:
    assert api.run(DONE, END, options={"tools": ["Read", "Write", "Grep"]})["ok"]
    names = {tool["name"] for tool in api.service.asked("s")[0]["tools"]}
    assert names == {"read", "write", "grep"}


def test_it_is_sent_back_twice_without_its_document(api: Api) -> None:
    result = api.run(*([text(f"I think I am done {n}.")] for n in range(5)))
    assert result["ok"]
    assert len(api.service.asked("s")) == 3


# -- the service -----------------------------------------------------------------------------------


def test_a_budget_that_is_used_up_ends_it(api: Api) -> None:
    many = [[write(f"app/{n}.py", "1\n")] for n in range(20)]
    result = api.run(*many, options={"budget_usd": 0.006})
    assert not result["ok"]
    assert "budget of 0.006 USD" in result["error"]
    assert len(api.service.asked("s")) == 3


def test_its_turns_are_limited(api: Api) -> None:
    many = [[write(f"app/{n}.py", "1\n")] for n in range(20)]
    result = api.run(*many, options={"max_turns": 2})
    assert "limit of 2 turns" in result["error"]


def test_no_login_ends_it_at_the_first_refusal(api: Api) -> None:
    result = api.run([Fail(401, {}, "authentication_error", "no"), *DONE], END)
    assert result["reason"] == "unauthorised"
    assert "ANTHROPIC_API_KEY" in result["error"]
    assert len(api.service.asked("s")) == 1


def test_no_key_is_told_before_anything_starts(api: Api) -> None:
    result = api.run(DONE, options={"key_env": "NO_SUCH_KEY_HERE"})
    assert result["reason"] == "unauthorised"
    assert "NO_SUCH_KEY_HERE" in result["error"]
    assert api.service.requests == []


def test_a_short_limit_is_waited_out_by_the_package(api: Api) -> None:
    limit = Fail(429, {"retry-after": "1"}, "rate_limit_error", times=1)
    assert api.run([limit, *DONE], END)["ok"]
    assert api.attempt.events("parked") == []


def test_a_long_limit_parks_it(api: Api) -> None:
    limit = Fail(429, {"x-should-retry": "false"}, "rate_limit_error", times=1)
    result = api.run([limit, *DONE], END, options={"backoff_s": 0.5})
    assert result["ok"], result
    assert [bool(p["until"]) for p in api.attempt.events("parked")] == [True, False]


def test_it_waits_as_long_as_the_service_says(api: Api) -> None:
    limit = Fail(429, {"retry-after": "3600", "x-should-retry": "false"}, "rate_limit_error")
    api.start([limit, *DONE], END)
    parked = until(lambda: api.attempt.events("parked"), SECONDS)[0]
    assert 3500 < parked["until"] - parked["t"] < 3700
    launch.stop(api.attempt.path)
    assert api.attempt.end(SECONDS)["reason"] == "stopped"


def test_a_long_limit_fails_it_where_waiting_is_off(api: Api) -> None:
    limit = Fail(429, {"x-should-retry": "false"}, "rate_limit_error", "slow down")
    result = api.run([limit, *DONE], END, options={"on_limit": "fail"})
    assert "429 slow down" in result["error"]


def test_nobody_listens(api: Api) -> None:
    result = api.run(DONE, END, env={"ANTHROPIC_BASE_URL": "http://127.0.0.1:9"})
    assert "cannot be reached" in result["error"]


def test_an_answer_that_breaks_off_fails_with_its_reason(api: Api) -> None:
    result = api.run([Cut(0), *DONE], END)
    assert not result["ok"]
    assert "broke off" in result["error"]


def test_a_bad_request_is_named(api: Api) -> None:
    bad = Fail(400, {}, "invalid_request_error", "messages: too strange")
    assert "too strange" in api.run([bad, *DONE], END)["error"]


# -- ends ------------------------------------------------------------------------------------------

SPAWN = "nohup python3 -c 'import time; time.sleep(600)' > /dev/null 2>&1 & echo $! > app.pid"
WAIT = (
    'python3 -c \'import os, time; open("own.pid", "w").write(str(os.getpid())); time.sleep(600)\''
)


def _busy(api: Api) -> list[int]:
    api.start([bash(SPAWN)], [bash(WAIT)], DONE, END, owned=["**"],
              options={"approved": [SPAWN, WAIT]})  # fmt: skip
    return [api.attempt.number("app.pid"), api.attempt.number("own.pid")]


def test_a_stop_leaves_nothing_behind(api: Api) -> None:
    pids = _busy(api)
    launch.stop(api.attempt.path)
    result = api.attempt.end(SECONDS)
    assert result["reason"] == "stopped"
    assert result["usage"]["cost_usd"] > 0
    assert all(gone(pid) for pid in pids)


def test_a_killed_runner_leaves_nothing_behind(api: Api) -> None:
    pids = _busy(api)
    os.kill(api.attempt.runners[-1].pid, signal.SIGKILL)
    api.attempt.runners[-1].wait()
    launch.sweep(api.attempt.path)
    until(lambda: all(gone(pid) for pid in pids))


def test_a_killed_runner_goes_on_in_its_conversation(api: Api) -> None:
    def wait_once(request: dict[str, Any]) -> list[Any]:
        told = "go on in the same session" in json.dumps(request["messages"])
        return DONE if told else [bash("echo once >> app/n.py"), bash(WAIT)]

    approved = ["echo once >> app/n.py", WAIT]
    api.start(
        [write("app/a.py", "1\n")], wait_once, wait_once, END,
        owned=["**"], options={"approved": approved, "budget_usd": 5.0},
    )  # fmt: skip
    busy = api.attempt.number("own.pid")
    launch.tell(api.attempt.path, 1, "message", "The port is 8123 now")
    until(lambda: api.attempt.events("told"))
    runner = api.attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    launch.sweep(api.attempt.path)
    until(lambda: gone(busy))
    before = api.file("app/a.py").stat().st_mtime_ns
    api.attempt.start()
    result = api.attempt.end(SECONDS)
    assert result["ok"], result
    assert api.file("app/a.py").stat().st_mtime_ns == before
    assert api.file("app/n.py").read_text() == "once\n"  # of two calls the finished one is known
    resumed = api.service.asked("s")[2]["messages"]
    assert [m["role"] for m in resumed] == ["user", "assistant", "user", "assistant", "user"]
    kinds = [block["type"] for block in resumed[-1]["content"]]
    assert kinds == ["tool_result", "tool_result", "text", "text"]
    first, second, *_ = resumed[-1]["content"]
    assert not first.get("is_error")
    assert "unknown: look first" in json.dumps(second)
    assert "The port is 8123 now" in json.dumps(resumed)  # said, but never heard before
    assert result["usage"]["input"] == 4000
    assert result["usage"]["cost_usd"] == pytest.approx(4 * 0.00277, rel=0.01)


def test_the_key_is_nowhere_to_be_read(api: Api) -> None:
    secret = "hunter2-and-more"
    echo = 'echo "key: $ANTHROPIC_API_KEY$OTHER_NAME, all: $(env)"'
    result = api.run([bash(echo)], DONE, END, env={"OTHER_NAME": secret, "ANTHROPIC_API_KEY": ""},
                     options={"approved": [echo], "key_env": "OTHER_NAME"})  # fmt: skip
    assert result["ok"], result
    assert api.key() == secret
    assert secret not in api.said()
    for path in api.attempt.path.iterdir():
        if path.is_file() and path.name != files.SPEC:
            assert secret not in path.read_text(errors="replace"), path.name
