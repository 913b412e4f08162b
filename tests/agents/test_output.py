"""The log has every byte, the events are fit to be shown, and no agent can hang its runner."""

from __future__ import annotations

import json
import os
import resource
import time

import pytest

from maestro_tui.agents import launch
from tests.agents.attempt_folder import AttemptFolder, python, until

MEGABYTE = 1 << 20


def test_bytes_that_are_no_text_are_kept(attempt: AttemptFolder) -> None:
    raw = bytes(range(256)) * 40 + b"\xff\xfe\n\xc3\x28 end\r\n\x00"
    (attempt.worktree / "raw").write_bytes(raw)
    assert attempt.run(["cat", "raw"])["ok"]
    assert attempt.log == raw


def test_escapes_stay_in_the_log_and_out_of_the_events(attempt: AttemptFolder) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \u202eevil\u202c \x9b5mblink\x1bPx\x1b\\"
    code = "import sys; sys.stdout.buffer.write(sys.argv[1].encode() + b'\\n'); sys.exit(1)"
    result = attempt.run(python(code, evil))
    assert attempt.log == evil.encode() + b"\n"
    shown = json.dumps(attempt.events(), ensure_ascii=False) + result["error"]
    assert not any(bad in shown for bad in ("\x1b", "\\u001b", "\x9b", "\u202e", "\x07", "title"))
    assert attempt.events("text")[0]["text"] == "red evil blink"
    assert attempt.events("activity")[-1]["text"] == "red evil blink"


def test_a_flood_is_logged_and_not_told(attempt: AttemptFolder) -> None:
    line = "x" * 99
    code = f"import sys\nfor _ in range(3000): sys.stdout.write('{line}\\n' * 100)\nprint('last')"
    result = attempt.run(python(code))
    assert result["ok"]
    assert result["log_bytes"] == 300_000 * 100 + 5
    assert attempt.log.endswith(b"\nlast\n")
    assert len(attempt.events()) < 400
    left_out = [e["text"] for e in attempt.events("text") if "only in the log" in e["text"]]
    told = len(attempt.events("text")) - len(left_out)
    assert told + sum(int(t.strip("(").split()[0]) for t in left_out) == 300_001
    assert attempt.events("activity")[-1]["text"] == "last"


def test_a_flood_costs_little(attempt: AttemptFolder) -> None:
    """100 MB in a minute may take a small part of one core."""
    (attempt.worktree / "flood").write_bytes((b"y" * 63 + b"\n") * (32 * MEGABYTE // 64))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert attempt.run(["cat", "flood"])["log_bytes"] == 32 * MEGABYTE
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert seconds < 3.0  # for a third of the minute's amount


def test_a_very_long_line_is_kept_and_passed_over(attempt: AttemptFolder) -> None:
    short = json.dumps({"type": "result", "is_error": True, "result": "x" * (2 * MEGABYTE)})
    code = "print('before'); print(open('long').read()); print('after')"
    (attempt.worktree / "long").write_text(short)
    result = attempt.run(python(code))
    assert result["ok"]  # the line was too long to be believed
    assert result["log_bytes"] > 2 * MEGABYTE
    told = [e["text"] for e in attempt.events("text")]
    assert [text for text in told if not text.startswith("(")] == ["before", "after"]
    assert "(a line of more than 1 MB is only in the log)" in told


def test_a_long_line_within_the_limit_is_read(attempt: AttemptFolder) -> None:
    message = {"role": "user", "content": [{"type": "tool_result", "content": "y" * 1_000_000}]}
    (attempt.worktree / "long").write_text(json.dumps({"type": "user", "message": message}))
    assert attempt.run(["cat", "long"])["ok"]
    (event,) = attempt.events("tool_result")
    assert event["summary"] == "y" * 2000


def test_an_agent_that_closes_its_output_is_waited_for(attempt: AttemptFolder) -> None:
    code = (
        "import os, time\nprint('bye', flush=True)\nos.close(1); os.close(2)\n"
        "while not os.path.exists('go'): time.sleep(0.005)\n"
        "open('worked', 'w').close()\nos._exit(4)"
    )
    runner = attempt.start(python(code))
    until(lambda: attempt.log == b"bye\n")
    assert runner.poll() is None
    assert attempt.result is None
    until(lambda: "works on unheard" in str(attempt.events("text")))
    (attempt.worktree / "go").touch()
    assert attempt.end()["exit"] == 4
    assert (attempt.worktree / "worked").exists()


def test_a_closed_output_costs_no_processor(attempt: AttemptFolder) -> None:
    code = "import os, time; print('x', flush=True); os.close(1); os.close(2); time.sleep(600)"
    runner = attempt.start(python(code))
    until(lambda: attempt.log == b"x\n")

    def used() -> int:
        with open(f"/proc/{runner.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before, begun = used(), time.monotonic()
    until(lambda: time.monotonic() > begun + 0.5)
    assert used() - before <= 5  # of 50 ticks
    launch.stop(attempt.path)
    attempt.end()


@pytest.mark.parametrize("noise", ["time.sleep(600)", "os.write(1, b'noise\\n' * 5000)"])
def test_a_child_that_holds_the_pipe_does_not_hold_the_runner(
    attempt: AttemptFolder, noise: str
) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    open('child', 'w').close()\n"
        f"    while True: {noise}\n"
        "while not os.path.exists('child'): time.sleep(0.005)\nprint('the end', flush=True)"
    )
    result = attempt.run(python(code))
    assert result["ok"]
    assert b"the end\n" in attempt.log
    assert result["log_bytes"] == len(attempt.log)


def test_a_prompt_that_is_never_read(attempt: AttemptFolder) -> None:
    (attempt.path / "prompt.md").write_bytes(b"p" * (10 * MEGABYTE))
    assert attempt.run(["true"])["ok"]


def test_a_large_prompt_arrives_whole(attempt: AttemptFolder) -> None:
    prompt = os.urandom(10 * MEGABYTE)
    (attempt.path / "prompt.md").write_bytes(prompt)
    assert attempt.run(["cat"])["log_bytes"] == len(prompt)
    assert attempt.log == prompt


def test_no_prompt_is_an_empty_input(attempt: AttemptFolder) -> None:
    assert attempt.run(["cat"], prompt="")["ok"]
    assert attempt.log == b""


def test_output_is_there_while_the_agent_runs(attempt: AttemptFolder) -> None:
    code = (
        "import os, time\nprint('early', flush=True)\n"
        "while not os.path.exists('go'): time.sleep(0.005)"
    )
    attempt.start(python(code))
    until(lambda: attempt.log == b"early\n")
    activity = until(lambda: attempt.events("activity"))[0]
    assert (activity["text"], activity["bytes"]) == ("early", 6)
    (attempt.worktree / "go").touch()
    assert attempt.end()["ok"]


def test_a_last_line_without_an_end_is_a_line(attempt: AttemptFolder) -> None:
    attempt.run(python("import sys; sys.stdout.write('one\\ntwo'); sys.exit(1)"))
    assert [e["text"] for e in attempt.events("text")] == ["one", "two"]


def test_a_progress_bar_is_its_last_state(attempt: AttemptFolder) -> None:
    attempt.run(python("print('10 %\\r50 %\\r100 %')"))
    assert [e["text"] for e in attempt.events("text")] == ["100 %"]


def test_a_command_is_not_asked_about_permissions(attempt: AttemptFolder) -> None:
    request = {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "rm -rf x"}}
    line = json.dumps({"type": "control_request", "request_id": "p1", "request": request})
    assert attempt.run(python("import sys; print(sys.argv[1])", line))["ok"]
    assert attempt.events("permission") == []
    assert "Bash rm -rf x" in attempt.events("text")[0]["text"]
