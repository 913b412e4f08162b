"""An agent's standard error is told from its output, in one log that keeps their order."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from maestro_tui.agents import files, launch
from maestro_tui.agents.context import Context
from maestro_tui.agents.log_origins import LogOrigins
from tests.agents.attempt_folder import AttemptFolder, gone, python, until

# An agent that says one line after the other, each once the one before is in the log.
IN_TURN = """
import os, sys, time
log, seen = sys.argv[1], 0
def say(fd, text):
    global seen
    os.write(fd, text.encode())
    seen += len(text)
    while os.stat(log).st_size < seen: time.sleep(0.001)
"""


def in_turn(attempt: AttemptFolder, code: str) -> list[str]:
    return python(IN_TURN + code, str(attempt.path / files.LOG))


def parts(folder: Path) -> list[tuple[str, bytes]]:
    """The lines of the log, each with where it came from."""
    log = folder / files.LOG
    origins = LogOrigins(log)
    origins.refresh()
    found, at = [], 0
    for line in log.read_bytes().splitlines(keepends=True):
        ends = {origins.is_error(place) for place in (at, at + len(line) - 1)}
        assert len(ends) == 1, line
        found.append(("err" if ends.pop() else "out", line))
        at += len(line)
    return found


def test_lines_of_both_keep_their_order(attempt: AttemptFolder) -> None:
    code = "for n in range(50): say(1 + (n % 3 == 1), f'{n}\\n')"
    assert attempt.run(in_turn(attempt, code))["ok"]
    assert parts(attempt.path) == [("err" if n % 3 == 1 else "out", b"%d\n" % n) for n in range(50)]


def test_an_agent_that_only_writes_output_has_no_such_file(attempt: AttemptFolder) -> None:
    assert attempt.run(python("print('fine')"))["ok"]
    assert not (attempt.path / files.ORIGINS).exists()


def test_only_errors(attempt: AttemptFolder) -> None:
    code = "import sys; sys.stderr.write('ImportError: no module named x\\n'); sys.exit(3)"
    result = attempt.run(python(code))
    assert parts(attempt.path) == [("err", b"ImportError: no module named x\n")]
    assert (attempt.path / files.ORIGINS).read_text() == "0 err\n"
    assert "ImportError: no module named x" in result["error"]
    assert attempt.events("activity")[-1]["bytes"] == len(attempt.log)


def test_a_half_line_is_in_the_log_at_once_and_broken_when_it_takes_too_long(
    attempt: AttemptFolder,
) -> None:
    code = (
        "say(1, 'building ')\nos.write(2, b'warning\\n')\nseen += len('\\nwarning\\n')\n"
        "while os.stat(log).st_size < seen: time.sleep(0.001)\nsay(1, 'done\\n')"
    )
    assert attempt.run(in_turn(attempt, code))["ok"]
    assert parts(attempt.path) == [
        ("out", b"building \n"), ("err", b"warning\n"), ("out", b"done\n"),
    ]  # fmt: skip
    assert [e["text"] for e in attempt.events("text")] == ["warning", "building done"]


def test_the_last_lines_may_lack_an_end(attempt: AttemptFolder) -> None:
    code = "import os; os.write(1, b'out'); os.write(2, b'err'); os._exit(1)"
    attempt.run(python(code))
    assert [origin for origin, _ in parts(attempt.path)] == ["out", "err"]
    assert attempt.log == b"out\nerr"
    assert sorted(e["text"] for e in attempt.events("text")) == ["err", "out"]


def test_noise_does_not_break_the_lines_of_a_protocol(attempt: AttemptFolder) -> None:
    line = json.dumps({"type": "result", "is_error": False, "result": "y" * 5000})
    (attempt.worktree / "line").write_text(line)
    code = (
        "import os\nline = open('line', 'rb').read()\nos.write(1, line[:2000])\n"
        'os.write(2, b\'{"type": "result", "is_error": true}\\n\' * 20)\n'
        "os.write(1, line[2000:] + b'\\n')"
    )
    result = attempt.run(python(code))
    assert result["ok"]  # what looks like JSON in the errors is none
    (event,) = attempt.events("result")
    assert event["summary"].startswith("yyy")
    assert sum(origin == "err" for origin, _ in parts(attempt.path)) == 20


def test_a_flood_on_both_mixes_no_line(attempt: AttemptFolder) -> None:
    code = (
        "import os\npid = os.fork()\nfd, letter = (1, b'o') if pid else (2, b'e')\n"
        "for n in range(400): os.write(fd, (letter * (n % 90 + 1) + b'\\n') * 30)\n"
        "if pid: os.wait()\nos._exit(0)"
    )
    assert attempt.run(python(code))["ok"]
    lines = parts(attempt.path)
    assert all(line.strip(origin[:1].encode()) == b"\n" for origin, line in lines)
    assert [sum(o == origin for o, _ in lines) for origin in ("out", "err")] == [12_000, 12_000]


def test_closed_errors_are_no_end(attempt: AttemptFolder) -> None:
    code = (
        "import os, time\nos.write(2, b'bye\\n'); os.close(2)\n"
        "while not os.path.exists('go'): time.sleep(0.005)\nprint('still here')"
    )
    runner = attempt.start(python(code))
    until(lambda: attempt.log == b"bye\n")

    def used() -> int:
        with open(f"/proc/{runner.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    before, begun = used(), time.monotonic()
    until(lambda: time.monotonic() > begun + 0.5)
    assert used() - before <= 5  # of 50 ticks
    (attempt.worktree / "go").touch()
    assert attempt.end()["ok"]
    assert parts(attempt.path) == [("err", b"bye\n"), ("out", b"still here\n")]


@pytest.mark.parametrize("kept", [1, 2])
def test_a_child_that_holds_one_of_the_pipes_does_not_hold_the_runner(
    attempt: AttemptFolder, kept: int
) -> None:
    code = (
        "import os, time\nif os.fork() == 0:\n"
        f"    os.setsid(); os.close({3 - kept}); open('child', 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        "while not os.path.exists('child'): time.sleep(0.005)\nprint('the end', flush=True)"
    )
    assert attempt.run(python(code))["ok"]
    assert attempt.log == b"the end\n"
    assert gone(attempt.number("child"))


def test_a_killed_runner_leaves_a_log_whose_parts_are_known(attempt: AttemptFolder) -> None:
    code = "import os\nwhile True: os.write(1, b'oooo\\n' * 9); os.write(2, b'ee\\n' * 9)"
    runner = attempt.start(python(code))
    until(lambda: len(attempt.log) > 100_000)
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    until(lambda: gone(attempt.agent))
    lines = parts(attempt.path)
    # The last one may have been cut.
    assert all(line.strip(origin[:1].encode()) == b"\n" for origin, line in lines[:-1])
    assert not launch.alive(attempt.path)


def test_another_runner_of_the_attempt_goes_on_where_it_knows(tmp_path: Path) -> None:
    first = Context(str(tmp_path))
    first.log(b"one\n")
    first.log(b"bad\n", True)
    second = Context(str(tmp_path))  # after a crash just behind a turn, or not
    second.log(b"two\n")
    second.log(b"bad again\n", True)
    assert [origin for origin, _ in parts(tmp_path)] == ["out", "err", "out", "err"]


def test_a_turn_that_is_being_written_is_read_later(tmp_path: Path) -> None:
    log, turns = tmp_path / "output.log", tmp_path / "output.streams"
    origins = LogOrigins(log)
    origins.refresh()
    assert not origins
    assert not origins.is_error(0)
    turns.write_text("10 err\n2")
    origins.refresh()
    turns.write_text("10 err\n20 out\nnoise\n30 err\n")
    origins.refresh()
    told = [origins.is_error(at) for at in (0, 9, 10, 19, 20, 29, 30)]
    assert told == [False, False, True, True, False, False, True]
