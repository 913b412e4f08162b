"""The acp driver against an agent that misbehaves: every end is clear, and none hangs."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pytest

from maestro_tui.agents import launch
from tests.agents.acp_agents import acp_folder
from tests.agents.attempt_folder import AttemptFolder, gone, until

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(not acp_folder(), reason="agent-client-protocol is not installed"),
]
SECONDS = 60.0

# A small agent: it opens a session and does what the test is about when it is first prompted.
PROGRAM = """\
import json, os, sys, time
number = 0
def say(**line):
    sys.stdout.write(json.dumps({{"jsonrpc": "2.0", **line}}) + "\\n")
    sys.stdout.flush()
def heard():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)
def ask(method, **params):
    global number
    number += 1
    say(id="q%d" % number, method=method, params={{"sessionId": "s1", **params}})
    while True:
        reply = heard()
        if reply.get("id") == "q%d" % number:
            return reply
def update(**fields):
    say(method="session/update", params={{"sessionId": "s1", "update": fields}})
def chunk(text):
    update(sessionUpdate="agent_message_chunk", content={{"type": "text", "text": text}})
def end(reason="end_turn", **more):
    say(id=prompt["id"], result={{"stopReason": reason, **more}})
def fail(code, message, data=None):
    say(id=prompt["id"], error={{"code": code, "message": message, "data": data}})
def note(**facts):
    with open("facts.jsonl", "a") as file:
        file.write(json.dumps(facts) + "\\n")
OPTIONS = [{{"optionId": "a", "name": "Always", "kind": "allow_always"}},
           {{"optionId": "o", "name": "Once", "kind": "allow_once"}},
           {{"optionId": "r", "name": "No", "kind": "reject_once"}}]
def permit(options=OPTIONS, **call):
    reply = ask("session/request_permission", toolCall={{"toolCallId": "c", **call}},
                options=options)
    return reply["result"]["outcome"]
{before}
started = heard()
say(id=started["id"], result={{"protocolVersion": 1, "agentCapabilities": {{}}}})
opened = heard()
say(id=opened["id"], result={{"sessionId": "s1", "configOptions": {options}}})
prompts = 0
while True:
    prompt = heard()
    if prompt.get("method") != "session/prompt":
        continue
    prompts += 1
    words = prompt["params"]["prompt"][0]["text"]
    note(said=words)
{body}
"""


class Trouble:
    """An attempt whose agent is a script."""

    def __init__(self, attempt: AttemptFolder) -> None:
        self.attempt = attempt
        self.program = attempt.path.parent / "agent"

    def start(self, body: str, before: str = "", options: Any = None, **changes: Any) -> None:
        inner = "\n".join("    " + line for line in body.splitlines())
        text = PROGRAM.format(body=inner, before=before, options=options or [])
        self.program.write_text(f"#!{sys.executable} -IS\n{text}")
        self.program.chmod(0o755)
        given = {
            "command": [str(self.program)],
            "python_path": [acp_folder()],
            **changes.pop("driver_options", {}),
        }
        more = {"marker": "", **changes}
        self.attempt.spec(driver="acp", options=given, **more)
        self.attempt.start()

    def run(self, body: str, **changes: Any) -> dict[str, Any]:
        self.start(body, **changes)
        return self.attempt.end(SECONDS)

    def facts(self, key: str) -> list[Any]:
        path = self.attempt.worktree / "facts.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [item[key] for item in map(json.loads, lines) if key in item]

    def asked(self) -> dict[str, Any]:
        return until(lambda: self.attempt.events("permission"), SECONDS)[-1]


@pytest.fixture
def trouble(attempt: AttemptFolder) -> Trouble:
    return Trouble(attempt)


# -- the pipe --------------------------------------------------------------------------------------


def test_a_line_of_twenty_megabytes(trouble: Trouble) -> None:
    result = trouble.run('chunk("x" * 20_000_000)\nend()')
    assert result["ok"], result
    assert result["log_bytes"] > 20_000_000
    assert max(len(str(event)) for event in trouble.attempt.events()) < 5000


def test_a_flood_is_thinned_and_leaves_room_for_a_stop(trouble: Trouble) -> None:
    trouble.start('n = 0\nwhile True:\n    n += 1\n    chunk("line %d " % n + "x" * 500 + "\\n")')
    until(lambda: len(trouble.attempt.log) > 1_000_000, SECONDS)
    launch.stop(trouble.attempt.path)
    assert trouble.attempt.end(SECONDS)["reason"] == "stopped"
    assert len(trouble.attempt.events("text")) < 1500


def test_a_silent_agent_is_ended_at_its_limit(trouble: Trouble) -> None:
    result = trouble.run("time.sleep(600)", timeout_s=4.0, grace_s=1.0)
    assert result["reason"] == "timeout"
    assert gone(trouble.attempt.agent)


def test_a_program_that_is_no_agent(trouble: Trouble) -> None:
    result = trouble.run("", before="time.sleep(600)", driver_options={"start_s": 1.0})
    assert not result["ok"]
    assert "Agent Client Protocol" in result["error"]
    assert gone(trouble.attempt.agent)


def test_an_agent_that_closes_its_output(trouble: Trouble) -> None:
    result = trouble.run("os.close(1); time.sleep(600)")
    assert not result["ok"]
    assert "before its task did" in result["error"]
    assert gone(trouble.attempt.agent)


def test_an_agent_that_dies_says_why(trouble: Trouble) -> None:
    result = trouble.run('sys.stderr.write("out of memory\\n"); sys.exit(3)')
    assert "code 3" in result["error"]
    assert "out of memory" in result["error"]


def test_what_is_no_message_is_passed_over(trouble: Trouble) -> None:
    body = (
        'print("{broken", flush=True)\nprint("[1, 2]")\nprint("plain", flush=True)\n'
        'say(method="novelty", params=7)\nsay(id=999, result={})\nupdate(sessionUpdate="new")\n'
        'say(method="session/update", params=[])\nupdate()\nend()'
    )
    assert trouble.run(body)["ok"]
    assert b"{broken" in trouble.attempt.log


def test_an_answer_of_the_wrong_shape(trouble: Trouble) -> None:
    result = trouble.run('say(id=prompt["id"], result={"stopReason": 7})')
    assert not result["ok"]
    assert result["error"]


# -- permission ------------------------------------------------------------------------------------


def test_the_kind_decides_and_never_more_than_once(trouble: Trouble) -> None:
    body = (
        'note(own=permit(kind="edit", rawInput={"path": "app/a.py"}))\n'
        'note(other=permit(kind="edit", rawInput={"path": "other.py"}))\n'
        'note(only=permit(OPTIONS[:1], kind="edit", rawInput={"path": "app/a.py"}))\n'
        'note(none=permit([], kind="edit", rawInput={"path": "app/a.py"}))\nend()'
    )
    result = trouble.run(body)
    assert result["ok"], result
    assert trouble.facts("own") == [{"outcome": "selected", "optionId": "o"}]
    assert trouble.facts("other") == [{"outcome": "selected", "optionId": "r"}]
    assert trouble.facts("only") == [{"outcome": "selected", "optionId": "a"}]
    assert trouble.facts("none") == [{"outcome": "cancelled"}]


def test_a_command_quoted_as_one_word_is_judged_by_its_words(trouble: Trouble) -> None:
    quoted = "\"echo mine > \"'theirs.py; echo $!'"
    body = f"note(outcome=permit(kind='execute', rawInput={{'command': {quoted!r}}}))\nend()"
    assert trouble.run(body)["ok"]
    assert trouble.facts("outcome")[0]["optionId"] == "r"
    assert trouble.attempt.events("permission") == []


def test_a_move_is_judged_at_both_ends(trouble: Trouble) -> None:
    body = (
        'diff = [{"type": "diff", "path": p, "newText": ""} for p in ("app/a.py", "other.py")]\n'
        'note(moved=permit(kind="move", content=diff)["optionId"])\nend()'
    )
    assert trouble.run(body)["ok"]
    assert trouble.facts("moved") == ["r"]


def test_reasons_are_told_after_the_turn(trouble: Trouble) -> None:
    body = (
        "if prompts == 1:\n"
        '    permit(kind="edit", rawInput={"path": "other.py"})\n'
        'else:\n    open("DONE.md", "w").write("done")\nend()'
    )
    result = trouble.run(body, marker="DONE.md")
    assert result["ok"], result
    assert "does not belong to this task" in trouble.facts("said")[1]


def test_a_write_nobody_was_asked_about_is_noticed(trouble: Trouble) -> None:
    body = (
        "if prompts == 1:\n"
        '    update(sessionUpdate="tool_call", toolCallId="c", kind="edit", status="completed",\n'
        '           rawInput={"path": "other.py"})\n'
        'else:\n    open("DONE.md", "w").write("done")\nend()'
    )
    assert trouble.run(body, marker="DONE.md")["ok"]
    assert "You changed other.py" in trouble.facts("said")[1]


def test_the_clock_stands_still_while_a_person_is_asked(trouble: Trouble) -> None:
    body = 'note(got=permit(kind="execute", rawInput={"command": "make"})["optionId"])\nend()'
    trouble.start(body, timeout_s=3.0)
    question = trouble.asked()
    until(lambda: trouble.attempt.result is not None or time.time() > question["t"] + 4.0)
    launch.answer(trouble.attempt.path, question["id"], True, "")
    assert trouble.attempt.end(SECONDS)["ok"]
    assert trouble.facts("got") == ["o"]


# -- files and commands ----------------------------------------------------------------------------


def test_files_are_confined(trouble: Trouble) -> None:
    (trouble.attempt.worktree / "readme.txt").write_text("one\ntwo\nthree\n")
    body = (
        'note(own=ask("fs/write_text_file", path=os.getcwd() + "/app/new.py", content="x"))\n'
        'note(other=ask("fs/write_text_file", path="other.py", content="x"))\n'
        'note(git=ask("fs/write_text_file", path=".git/config", content="x"))\n'
        'note(read=ask("fs/read_text_file", path="readme.txt", line=2, limit=1))\n'
        'note(gone=ask("fs/read_text_file", path="nothing.txt"))\n'
        'note(out=ask("fs/read_text_file", path="/etc/hostname"))\n'
        'note(out2=ask("fs/write_text_file", path="../stray.txt", content="x"))\nend()'
    )
    trouble.start(body)
    for number in (1, 2):
        until(lambda n=number: len(trouble.attempt.events("permission")) >= n, SECONDS)
        question = trouble.attempt.events("permission")[number - 1]
        launch.answer(trouble.attempt.path, question["id"], False, "Stay inside")
    assert trouble.attempt.end(SECONDS)["ok"]
    assert (trouble.attempt.worktree / "app/new.py").read_text() == "x"
    assert "does not belong to this task" in trouble.facts("other")[0]["error"]["message"]
    assert "error" in trouble.facts("git")[0]
    assert trouble.facts("read")[0]["result"]["content"] == "two\n"
    assert "no such file" in trouble.facts("gone")[0]["error"]["message"]
    assert trouble.facts("out")[0]["error"]["message"] == "Stay inside"
    assert trouble.facts("out2")[0]["error"]["message"] == "Stay inside"
    assert not (trouble.attempt.path.parent / "stray.txt").exists()


def test_commands_run_behind_the_gate(trouble: Trouble) -> None:
    body = (
        'made = ask("terminal/create", command="sh", args=["-c", "echo $((6*7)); exit 3"])\n'
        'name = made["result"]["terminalId"]\n'
        'note(exit=ask("terminal/wait_for_exit", terminalId=name)["result"])\n'
        'note(out=ask("terminal/output", terminalId=name)["result"])\n'
        'ask("terminal/release", terminalId=name)\n'
        'note(gone=ask("terminal/output", terminalId=name))\n'
        'note(stray=ask("terminal/create", command="echo x > other.py"))\n'
        'note(asked=ask("terminal/create", command="make all"))\nend()'
    )
    trouble.start(body, driver_options={"approved": ["echo $((6*7)); exit 3"]})
    launch.answer(trouble.attempt.path, trouble.asked()["id"], False, "")
    assert trouble.attempt.end(SECONDS)["ok"]
    assert trouble.facts("exit")[0]["exitCode"] == 3
    assert trouble.facts("out")[0]["output"] == "42\n"
    assert "error" in trouble.facts("gone")[0]
    assert "does not belong" in trouble.facts("stray")[0]["error"]["message"]
    assert trouble.facts("asked")[0]["error"]["message"] == "The operator said no."


def test_a_commands_secrets_and_its_end(trouble: Trouble) -> None:
    wait = 'echo $$ > app.pid; echo "[$MY_TOKEN]"; exec sleep 600'
    body = f'ask("terminal/create", command={wait!r})\ntime.sleep(600)'
    trouble.start(body, owned=["**"], driver_options={"approved": [wait]},
                  env={"MY_TOKEN": "tell-nobody"})  # fmt: skip
    pid = trouble.attempt.number("app.pid")
    launch.stop(trouble.attempt.path)
    assert trouble.attempt.end(SECONDS)["reason"] == "stopped"
    assert gone(pid)


# -- the service -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        '-32000, "Authentication required"',
        '-32603, "Internal error", {"details": "401 invalid x-api-key"}',
        '-32603, "API Error: 403 Forbidden"',
    ],
)
def test_a_refused_login_is_fatal(trouble: Trouble, error: str) -> None:
    result = trouble.run(f"fail({error})")
    assert result["reason"] == "unauthorised"
    assert len(trouble.facts("said")) == 1


def test_a_limit_parks_it_and_it_goes_on(trouble: Trouble) -> None:
    body = 'if prompts == 1:\n    fail(429, "You have exhausted your quota")\nelse:\n    end()'
    result = trouble.run(body, driver_options={"backoff_s": 0.3})
    assert result["ok"], result
    assert [bool(p["until"]) for p in trouble.attempt.events("parked")] == [True, False]


def test_a_limit_fails_it_where_waiting_is_off(trouble: Trouble) -> None:
    result = trouble.run('fail(-32603, "429 Too Many Requests")', driver_options={
        "on_limit": "fail"})  # fmt: skip
    assert "429" in result["error"]


@pytest.mark.parametrize("reason", ["max_tokens", "max_turn_requests", "refusal"])
def test_a_turn_that_is_cut_short_is_no_success(trouble: Trouble, reason: str) -> None:
    result = trouble.run(f'end("{reason}")')
    assert not result["ok"]
    assert "stopped" in result["error"]


def test_usage_and_cost(trouble: Trouble) -> None:
    body = (
        "def cost(amount):\n"
        '    update(sessionUpdate="usage_update", used=1, size=2,\n'
        '           cost={"amount": amount, "currency": "USD"})\n'
        'u = {"totalTokens": 9, "inputTokens": 5, "outputTokens": 4, "cachedReadTokens": 3}\n'
        "cost(0.25 * prompts)\n"
        'if prompts == 2:\n    open("DONE.md", "w").write("x")\nend(usage=u)'
    )
    result = trouble.run(body, marker="DONE.md")
    usage = result["usage"]
    assert usage["cost_usd"] == pytest.approx(0.5)  # what it tells is the sum so far
    assert (usage["input"], usage["output"], usage["cache_read"]) == (10, 8, 6)


# -- words -----------------------------------------------------------------------------------------


def test_an_agent_that_hears_nothing_while_it_works_is_told_later(trouble: Trouble) -> None:
    body = (
        "if prompts == 1:\n"
        "    note(begun=1)\n"
        "    second = heard()\n"
        '    say(id=second["id"], error={"code": -32600, "message": "busy"})\n'
        "end()"
    )
    trouble.start(body)
    until(lambda: trouble.facts("begun"), SECONDS)
    launch.tell(trouble.attempt.path, 1, "message", "The port is 8123")
    assert trouble.attempt.end(SECONDS)["ok"]
    assert trouble.facts("said")[-1] == "The port is 8123"


def test_a_model_is_chosen_by_the_option_for_it(trouble: Trouble) -> None:
    values = [{"value": "v/haiku-5", "name": "Haiku"}, {"value": "v/opus-5", "name": "Opus"}]
    option = {"id": "m", "name": "Model", "category": "model", "type": "select",
              "currentValue": "v/opus-5", "options": values}  # fmt: skip
    before = (
        "_heard = heard\n"
        "def heard():\n"
        "    line = _heard()\n"
        '    if line.get("method") == "session/set_config_option":\n'
        '        note(set=line["params"])\n'
        '        say(id=line["id"], result={"configOptions": []})\n'
        "        return _heard()\n"
        "    return line"
    )
    result = trouble.run("end()", before=before, options=[option],
                         driver_options={"model": "haiku"})  # fmt: skip
    assert result["ok"], result
    (chosen,) = trouble.facts("set")
    assert (chosen["configId"], chosen["value"]) == ("m", "v/haiku-5")


REFUSES = """\
hear, tell = heard, say
def heard():
    line = hear()
    if line.get("method") != "session/load":
        return line
    note(loaded=line["params"]["sessionId"])
    tell(id=line["id"], error={"code": -32603, "message": "Internal error"})
    return hear()
def say(**line):
    if "agentCapabilities" in line.get("result", {}):
        line["result"]["agentCapabilities"] = {"loadSession": True}
    tell(**line)
"""


def test_a_session_that_is_gone_is_begun_anew_with_the_task_and_a_reminder(
    trouble: Trouble,
) -> None:
    body = 'if not os.path.exists("begun"):\n    open("begun", "w").close()\n    heard()\nend()'
    trouble.start(body, before=REFUSES, owned=["**"])
    until(lambda: (trouble.attempt.worktree / "begun").exists(), SECONDS)
    runner = trouble.attempt.runners[-1]
    runner.kill()
    runner.wait()
    launch.sweep(trouble.attempt.path)
    trouble.attempt.start()
    assert trouble.attempt.end(SECONDS)["ok"]
    assert trouble.facts("loaded") == ["s1"]
    first, again = trouble.facts("said")
    assert "Do it." in first
    assert "Do it." in again
    assert len(again) > len(first)  # what is there already is not to be done twice
    told = [event["text"] for event in trouble.attempt.events("text")]
    assert any("begins anew" in words for words in told)


# -- silence ---------------------------------------------------------------------------------------


def texts(trouble: Trouble) -> str:
    return "\n".join(event["text"] for event in trouble.attempt.events("text"))


def test_a_silent_agent_is_told_of_and_ended_in_words(trouble: Trouble) -> None:
    result = trouble.run("time.sleep(600)", driver_options={"silence_s": 4.0})
    assert not result["ok"]
    assert result["reason"] == "exited"
    assert "its service may be unreachable" in result["error"]
    assert "acp.silence_s" in result["error"]
    assert "; it is ended at 4 s" in texts(trouble)
    assert b"Maestro: No answer from the agent" in trouble.attempt.log
    assert gone(trouble.attempt.agent)


def test_a_tool_at_work_and_a_question_are_no_silence(trouble: Trouble) -> None:
    body = (
        'update(sessionUpdate="tool_call", toolCallId="t", kind="execute", status="in_progress",\n'
        '       rawInput={"command": "make"})\n'
        "time.sleep(3)\n"
        'update(sessionUpdate="tool_call_update", toolCallId="t", status="completed")\n'
        'permit(kind="execute", rawInput={"command": "make other"})\nend()'
    )
    trouble.start(body, driver_options={"silence_s": 2.0})
    question = trouble.asked()
    until(lambda: trouble.attempt.result is not None or time.time() > question["t"] + 3.0)
    launch.answer(trouble.attempt.path, question["id"], True, "")
    result = trouble.attempt.end(SECONDS)
    assert result["ok"], result
    assert "may be unreachable" not in texts(trouble)


def test_trouble_an_agent_gets_over_by_itself_is_shown(trouble: Trouble) -> None:
    body = (
        'error = {"message": "Reconnecting...", "additionalDetails": "connection failed"}\n'
        "for _ in range(50):\n"
        '    update(sessionUpdate="session_info_update", _meta={"codex": {"error": error}})\n'
        'chunk("Here I am.")\nend()'
    )
    assert trouble.run(body)["ok"]
    said = texts(trouble)
    assert said.count("has trouble with its service: Reconnecting...: connection failed") == 1
    assert "heard of again" in said


def test_an_interrupt_that_is_not_heeded_is_told_of(trouble: Trouble) -> None:
    trouble.start("note(begun=1)\ntime.sleep(600)", driver_options={"silence_s": 16.0})
    until(lambda: trouble.facts("begun"), SECONDS)
    launch.tell(trouble.attempt.path, 1, "interrupt", "")
    result = trouble.attempt.end(SECONDS)
    assert "has not heeded the interrupt" in texts(trouble)
    assert not result["ok"]
    assert gone(trouble.attempt.agent)


# -- the way in ------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2])
def test_an_error_instead_of_a_session_is_its_end(trouble: Trouble, number: int) -> None:
    answer = 'say(id=heard()["id"], error={"code": -32603, "message": "no licence"})\n'
    first = 'say(id=heard()["id"], result={"protocolVersion": 1, "agentCapabilities": {}})\n'
    result = trouble.run("", before=(first if number == 2 else "") + answer + "heard()")
    assert result["error"] == "The agent: no licence"
    assert gone(trouble.attempt.agent)


@pytest.mark.parametrize("version", ["0", "2", '"0.1"'])
def test_another_version_of_the_protocol_is_named(trouble: Trouble, version: str) -> None:
    answer = f'say(id=heard()["id"], result={{"protocolVersion": {version}}})\nheard()'
    result = trouble.run("", before=answer)
    assert not result["ok"]
    assert "protocol" in result["error"].lower()
    if version != '"0.1"':
        assert f"speaks version {version} of the Agent Client Protocol" in result["error"]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_prints_its_usage_is_no_agent(trouble: Trouble, stream: str) -> None:
    usage = f'sys.{stream}.write("usage: tool [--help] FILE\\n"); sys.exit(2)'
    result = trouble.run("", before=usage)
    assert "usage: tool [--help] FILE" in result["error"]
    assert "code 2" in result["error"]
    assert "Agent Client Protocol" in result["error"]
    assert "acp.command" in result["error"]


def test_a_hundred_thousand_small_updates(trouble: Trouble) -> None:
    result = trouble.run('for n in range(100_000):\n    chunk("w ")\nend()')
    assert result["ok"], result
    assert trouble.attempt.log.count(b"w ") == 100_000
    assert len(trouble.attempt.events()) < 2000


def test_a_command_without_end_is_bounded_and_stopped(trouble: Trouble) -> None:
    body = (
        'made = ask("terminal/create", command="yes")\n'
        'name = made["result"]["terminalId"]\n'
        'out = ask("terminal/output", terminalId=name)["result"]\n'
        'while not out["truncated"]:\n'
        '    out = ask("terminal/output", terminalId=name)["result"]\n'
        'note(size=len(out["output"]))\ntime.sleep(600)'
    )
    trouble.start(body, driver_options={"approved": ["yes"]})
    (size,) = until(lambda: trouble.facts("size"), SECONDS)
    assert 0 < size <= 1 << 20
    launch.stop(trouble.attempt.path)
    assert trouble.attempt.end(SECONDS)["reason"] == "stopped"


# -- words that outlive a runner -------------------------------------------------------------------

KEEPS = """\
hear, tell = heard, say
def heard():
    line = hear()
    if line.get("method") != "session/load":
        return line
    tell(id=line["id"], result={})
    return {"id": "none"}
def say(**line):
    if "agentCapabilities" in line.get("result", {}):
        line["result"]["agentCapabilities"] = {"loadSession": True}
    if line.get("id") != "none":
        tell(**line)
"""
HANGS_ONCE = (
    'if not os.path.exists("begun"):\n    open("begun", "w").close()\n    time.sleep(600)\nend()'
)


def _killed_after_words(trouble: Trouble, *words: str, before: str, **options: Any) -> None:
    trouble.start(HANGS_ONCE, before=before, owned=["**"], **options)
    until(lambda: (trouble.attempt.worktree / "begun").exists(), SECONDS)
    for number, text in enumerate(words, 1):
        launch.tell(trouble.attempt.path, number, "message", text)
    until(lambda: len(trouble.attempt.events("told")) == len(words), SECONDS)
    runner = trouble.attempt.runners[-1]
    runner.kill()
    runner.wait()
    launch.sweep(trouble.attempt.path)
    trouble.attempt.start()
    assert trouble.attempt.end(SECONDS)["ok"]


@pytest.mark.parametrize("agent", ["gemini", ""])
def test_words_it_had_not_heard_are_told_after_its_runner_was_killed(
    trouble: Trouble, agent: str
) -> None:
    options = {"driver_options": {"agent": agent}} if agent else {}
    _killed_after_words(trouble, "The port is 8123", "Call it b", before=KEEPS, **options)
    again = trouble.facts("said")[-1]
    assert "The port is 8123" in again
    assert "Call it b" in again
    assert "Do it." not in again  # it knows its task


def test_words_are_told_again_where_the_session_is_gone(trouble: Trouble) -> None:
    _killed_after_words(trouble, "The port is 8123", before=REFUSES)
    again = trouble.facts("said")[-1]
    assert "Do it." in again
    assert "The port is 8123" in again
    assert b"Maestro: The agent begins anew with its task" in trouble.attempt.log
    assert "worktree is kept" in texts(trouble)


def test_words_it_has_heard_are_not_repeated_in_its_session(trouble: Trouble) -> None:
    body = (
        "if prompts == 1 and not os.path.exists('begun'):\n"
        "    note(begun=1)\n    second = heard()\n"
        "    note(said=second['params']['prompt'][0]['text'])\n"
        "    end()\n    say(id=second['id'], result={'stopReason': 'end_turn'})\n"
        "    third = heard()\n    open('begun', 'w').close()\n    time.sleep(600)\n"
        "end()"
    )  # fmt: skip
    trouble.start(body, before=KEEPS, owned=["**"], marker="NONE.md")
    until(lambda: trouble.facts("begun"), SECONDS)
    launch.tell(trouble.attempt.path, 1, "message", "The port is 8123")
    until(lambda: (trouble.attempt.worktree / "begun").exists(), SECONDS)
    runner = trouble.attempt.runners[-1]
    runner.kill()
    runner.wait()
    launch.sweep(trouble.attempt.path)
    trouble.attempt.start()
    assert trouble.attempt.end(SECONDS)["ok"]
    said = [words for words in trouble.facts("said") if "8123" in words]
    assert said == ["The port is 8123"]


# -- questions -------------------------------------------------------------------------------------


def test_options_of_unknown_kinds_do_not_spoil_a_question(trouble: Trouble) -> None:
    body = (
        'odd = {"optionId": "x", "name": "Odd", "kind": "allow_on_tuesdays"}\n'
        'never = {"optionId": "n", "name": "Never", "kind": "reject_always"}\n'
        'note(yes=permit([odd, *OPTIONS], kind="edit", rawInput={"path": "app/a.py"}))\n'
        'note(no=permit([odd, never], kind="edit", rawInput={"path": "other.py"}))\n'
        'note(none=permit([odd], kind="edit", rawInput={"path": "app/a.py"}))\nend()'
    )
    assert trouble.run(body)["ok"]
    assert trouble.facts("yes")[0]["optionId"] == "o"
    assert trouble.facts("no")[0]["optionId"] == "n"
    assert trouble.facts("none") == [{"outcome": "cancelled"}]


def test_more_than_one_yes_is_a_choice_of_the_operators(trouble: Trouble) -> None:
    body = (
        'ways = [{"optionId": i, "name": n, "kind": k} for i, n, k in (\n'
        '    ("s", "Small steps", "allow_once"), ("b", "All at once", "allow_once"),\n'
        '    ("k", "Keep planning", "reject_once"))]\n'
        'note(one=permit(ways, kind="switch_mode", title="How to go on?"))\n'
        'note(two=permit(ways, kind="switch_mode", title="And then?"))\nend()'
    )
    trouble.start(body)
    question = trouble.asked()
    assert question["form"] == "question"
    assert question["choices"] == ["Small steps", "All at once"]
    assert question["detail"] == "How to go on?"
    launch.answer(trouble.attempt.path, question["id"], True, "All at once")
    until(lambda: len(trouble.attempt.events("permission")) == 2, SECONDS)
    launch.answer(trouble.attempt.path, trouble.asked()["id"], False, "")
    assert trouble.attempt.end(SECONDS)["ok"]
    assert trouble.facts("one")[0]["optionId"] == "b"
    assert trouble.facts("two")[0]["optionId"] == "k"


def test_a_form_is_filled_in_by_questions(trouble: Trouble) -> None:
    body = (
        'fields = {"store": {"type": "string", "title": "Store",\n'
        '                    "oneOf": [{"const": "pg", "title": "Postgres"},\n'
        '                              {"const": "sq", "title": "SQLite"}]},\n'
        '          "store_custom": {"type": "string", "title": "Other"},\n'
        '          "port": {"type": "integer", "description": "Which port?"},\n'
        '          "log": {"type": "boolean", "title": "Log"}}\n'
        'form = {"type": "object", "properties": fields}\n'
        'note(form=ask("elicitation/create", mode="form", message="Set it up",\n'
        '              requestedSchema=form)["result"])\n'
        'note(no=ask("elicitation/create", mode="form", message="And?",\n'
        '            requestedSchema={"type": "object", "properties": {"a": {"type": "string"}}})\n'
        '     ["result"])\nend()'
    )
    trouble.start(body)
    given = ["Postgres", "many", "8123", "Yes"]
    for number, text in enumerate(given, 1):
        until(lambda n=number: len(trouble.attempt.events("permission")) >= n, SECONDS)
        question = trouble.attempt.events("permission")[number - 1]
        assert question["form"] == "question"
        launch.answer(trouble.attempt.path, question["id"], True, text)
    until(lambda: len(trouble.attempt.events("permission")) == 5, SECONDS)
    launch.answer(trouble.attempt.path, trouble.asked()["id"], False, "")
    assert trouble.attempt.end(SECONDS)["ok"]
    content = {"store": "pg", "port": 8123, "log": True}
    assert trouble.facts("form") == [{"action": "accept", "content": content}]
    assert trouble.facts("no") == [{"action": "decline"}]
    asked = trouble.attempt.events("permission")
    assert asked[0]["choices"] == ["Postgres", "SQLite"]
    assert "a whole number" in asked[2]["detail"]


# -- servers ---------------------------------------------------------------------------------------


def test_the_servers_of_its_definition_are_passed_on(trouble: Trouble) -> None:
    before = (
        "hear, tell = heard, say\n"
        "def heard():\n    line = hear()\n"
        '    if line.get("method") == "session/new":\n'
        '        note(servers=line["params"]["mcpServers"])\n'
        "    return line\n"
        "def say(**line):\n"
        '    if "agentCapabilities" in line.get("result", {}):\n'
        '        line["result"]["agentCapabilities"] = {"mcpCapabilities": {"http": True}}\n'
        "    tell(**line)"
    )
    servers = {
        "board": {"command": "board", "args": ["--at", "${BOARD_AT:-here}"], "env": {"A": "${B}"}},
        "web": {"type": "http", "url": "https://x.example/mcp", "headers": {"K": "v"}},
        "events": {"type": "sse", "url": "https://x.example/sse"},
        "secret": {"command": "x", "args": ["${NOT_THERE}"]},
        "odd": {"args": []},
    }
    result = trouble.run("end()", before=before, env={"B": "b"},
                         driver_options={"mcp_servers": servers})  # fmt: skip
    assert result["ok"], result
    (told,) = trouble.facts("servers")
    assert told == [
        {"name": "board", "command": "board", "args": ["--at", "here"],
         "env": [{"name": "A", "value": "b"}]},
        {"type": "http", "name": "web", "url": "https://x.example/mcp",
         "headers": [{"name": "K", "value": "v"}]},
    ]  # fmt: skip
    said = texts(trouble)
    assert "MCP server 'events' is left out: this agent takes no MCP servers by sse" in said
    assert "MCP server 'secret' is left out: the variable NOT_THERE is not set" in said
    assert "MCP server 'odd' is left out: it has no command" in said
