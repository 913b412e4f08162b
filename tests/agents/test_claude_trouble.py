"""The claude driver against a program that misbehaves: every end is clear, and none hangs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import launch
from tests.agents import claude_cli
from tests.agents.attempt_folder import AttemptFolder, gone, until

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(not claude_cli.sdk_folder(), reason="claude-agent-sdk is not installed"),
]

# Speaks just enough of the protocol to be let in; then does what the test is about.
PROGRAM = """\
import json, os, sys, time
def say(**line):
    sys.stdout.write(json.dumps(line) + "\\n")
    sys.stdout.flush()
def heard():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)
def result(**more):
    say(type="result", session_id="s", **{{"subtype": "success", "is_error": False,
        "result": "Done.", "terminal_reason": "completed", **more}})
    say(type="system", subtype="session_state_changed", state="idle", session_id="s")
first = heard()
reply = {{"subtype": "success", "request_id": first["request_id"],
          "response": {{"hook_on_failure_supported": True, "hooks_applied": True}}}}
say(type="control_response", response=reply)
heard()
{body}
while True:
    heard()
"""


class Trouble:
    """An attempt whose agent is a script."""

    def __init__(self, attempt: AttemptFolder) -> None:
        self.attempt = attempt
        self.program = attempt.path.parent / "claude"

    def start(self, body: str, head: str = "", **changes: Any) -> None:
        text = f"#!{sys.executable} -IS\n" + head + PROGRAM.format(body=body)
        self.program.write_text(text)
        self.begin(**changes)

    def begin(self, **changes: Any) -> None:
        """With the program as it was written."""
        self.program.chmod(0o755)
        options = {
            "program": str(self.program),
            "python_path": [claude_cli.sdk_folder()],
            "session": "00000000-0000-0000-0000-000000000001",
        }
        env = {"HOME": str(self.attempt.path.parent), "CLAUDE_CONFIG_DIR": "/nowhere"}
        self.attempt.spec(driver="claude", options=options, env=env, **changes)
        self.attempt.start()

    def launch(self, **changes: Any) -> dict[str, Any]:
        self.begin(**changes)
        return self.attempt.end(40)

    def run(self, body: str, **changes: Any) -> dict[str, Any]:
        self.start(body, **changes)
        return self.attempt.end(40)


@pytest.fixture
def trouble(attempt: AttemptFolder) -> Trouble:
    return Trouble(attempt)


def test_a_line_of_twenty_megabytes(trouble: Trouble) -> None:
    body = 'say(type="assistant", message={"id": "m", "content": "x" * 20_000_000})\nresult()'
    result = trouble.run(body)
    assert result["ok"], result
    assert result["log_bytes"] > 20_000_000
    assert max(len(str(event)) for event in trouble.attempt.events()) < 5000


def test_a_flood_of_events_is_thinned_and_leaves_room_for_a_stop(trouble: Trouble) -> None:
    flood = (
        "n = 0\nwhile True:\n    n += 1\n"
        '    say(type="assistant", message={"id": str(n), "content": "line %d" % n})'
    )
    trouble.start(flood)
    until(lambda: len(trouble.attempt.log) > 1_000_000, 30)
    launch.stop(trouble.attempt.path)
    result = trouble.attempt.end(30)
    assert result["reason"] == "stopped"
    assert len(trouble.attempt.events("text")) < 1000


def test_a_silent_agent_is_ended_at_its_limit(trouble: Trouble) -> None:
    result = trouble.run("time.sleep(600)", timeout_s=2.0, grace_s=1.0)
    assert result["reason"] == "timeout"
    assert gone(trouble.attempt.agent)


def test_an_agent_that_closes_its_output(trouble: Trouble) -> None:
    result = trouble.run("os.close(1); time.sleep(600)")
    assert not result["ok"]
    assert "before its task did" in result["error"]
    assert gone(trouble.attempt.agent)


def test_an_agent_that_dies_says_why(trouble: Trouble) -> None:
    result = trouble.run('sys.stderr.write("out of memory\\n"); sys.exit(3)')
    assert not result["ok"]
    assert "code 3" in result["error"]
    assert "out of memory" in result["error"]


def test_what_is_no_json_is_passed_over(trouble: Trouble) -> None:
    body = 'print("{broken", flush=True)\nprint("[1, 2]")\nprint("plain", flush=True)\nresult()'
    assert trouble.run(body)["ok"]
    assert b"{broken" in trouble.attempt.log


def test_a_message_of_a_kind_nobody_knows(trouble: Trouble) -> None:
    body = 'say(type="novelty", data={})\nsay(type="assistant")\nsay(type="user", message=7)'
    assert trouble.run(body + "\nresult()")["ok"]


def test_a_program_too_old_to_be_trusted_with_hooks(trouble: Trouble, tmp_path: Path) -> None:
    trouble.start("result()")
    trouble.attempt.runners[-1].kill()
    trouble.attempt.runners[-1].wait()
    launch.sweep(trouble.attempt.path)
    text = trouble.program.read_text().replace('"hook_on_failure_supported": True, ', "")
    trouble.program.write_text(text)
    trouble.attempt.start()
    result = trouble.attempt.end(40)
    assert not result["ok"]
    assert "on_failure" in result["error"]


def test_a_program_that_lacks_an_option(trouble: Trouble) -> None:
    trouble.program.write_text(
        "#!/bin/sh\necho \"error: unknown option '--strict-mcp-config'\" >&2\nexit 1\n"
    )
    result = trouble.launch()
    assert not result["ok"]
    assert "unknown option '--strict-mcp-config'" in result["error"]
    assert "update it (npm install -g" in result["error"]
    assert "claude.program" in result["error"]


def test_who_is_not_logged_in_is_told_and_not_asked_again(trouble: Trouble) -> None:
    words = "Not logged in \\u00b7 Please run /login"
    body = (
        'message = {"id": "m", "model": "<synthetic>", "content": [{"type": "text", "text": '
        f'"{words}"}}]}}\n'
        'say(type="assistant", message=message, error="authentication_failed")\n'
        f'result(is_error=True, api_error_status=None, terminal_reason="api_error", '
        f'result="{words}")'
    )
    result = trouble.run(body)
    assert result["reason"] == "unauthorised"
    assert "Not logged in" in result["error"]
    assert "Log in with `claude`" in result["error"]


def test_a_warning_before_the_first_message_is_passed_over(trouble: Trouble) -> None:
    head = "import sys\nprint('(node:7) Warning: Node 20 is old', flush=True)\n"
    head += "sys.stderr.write('Warning: a new version is there\\n')\n"
    result = trouble.run("result()", head=head)
    assert result["ok"], result
    assert b"Node 20 is old" in trouble.attempt.log
    assert "(node:7) Warning: Node 20 is old" in str(trouble.attempt.events("text"))


def test_a_subscriptions_limit_parks_it_until_it_is_reset(trouble: Trouble) -> None:
    body = (
        'info = {"status": "allowed_warning", "resetsAt": time.time() + 900, "utilization": 0.92,\n'
        '        "rateLimitType": "five_hour"}\n'
        'say(type="rate_limit_event", rate_limit_info=info, session_id="s")\n'
        'info = {**info, "status": "rejected", "resetsAt": int(time.time()) + 3}\n'
        'say(type="rate_limit_event", rate_limit_info=info, session_id="s")\n'
        'result(is_error=True, api_error_status=429, terminal_reason="api_error",\n'
        '       result="You\'ve hit your 5-hour limit \\u00b7 resets 3am (UTC)")\n'
        'said = heard()\nwhile said.get("type") != "user":\n    said = heard()\n'
        'assert "can be used again" in json.dumps(said), said\n'
        'open("app.txt", "w").write(str(info["resetsAt"]))\nresult()'
    )
    result = trouble.run(body)
    assert result["ok"], result
    first, then = trouble.attempt.events("parked")
    resets = float((trouble.attempt.worktree / "app.txt").read_text())
    assert resets <= first["until"] <= resets + 1.0  # a tenth of the wait more, by chance
    assert "5-hour limit" in first["why"]
    assert then["until"] == 0
    assert then["t"] >= first["until"]


def test_the_clock_stands_still_while_a_person_is_asked(trouble: Trouble) -> None:
    ask = (
        'say(type="control_request", request_id="q", request={"subtype": "can_use_tool", '
        '"tool_name": "Bash", "input": {"command": "make"}, "tool_use_id": "t"})\n'
        'answer = heard()\nassert answer["response"]["response"]["behavior"] == "allow", answer\n'
        "result()"
    )
    trouble.start(ask, timeout_s=1.5)
    question = until(lambda: trouble.attempt.events("permission"))[0]
    asked_at = question["t"]
    until(lambda: trouble.attempt.result is not None or _now() > asked_at + 3.0)
    launch.answer(trouble.attempt.path, question["id"], True, "")
    assert trouble.attempt.end(40)["ok"]


def _now() -> float:
    import time

    return time.time()
