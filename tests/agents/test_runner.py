"""The runner with real agents: whatever they do, the attempt's files tell it, and nothing stays."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from maestro_tui.agents import launch, processes
from tests.agents.scratch import Attempt, gone, python, until

Make = Callable[..., Attempt]
HANG = "import time; time.sleep(3600)"
STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print('ready', flush=True); time.sleep(3600)"
)


def test_a_normal_run_tells_everything(make: Make) -> None:
    attempt = make(command=python("import sys; print('hello'); print('there', file=sys.stderr)"))
    before = time.time()
    result = attempt.run()
    assert result["ok"] is True
    assert (result["exit"], result["signal"], result["reason"]) == (0, None, "exited")
    assert result["error"] == ""
    assert before - 1 <= result["started_at"] <= result["ended_at"] <= time.time() + 1
    assert sorted(attempt.log().split()) == [b"hello", b"there"]
    assert result["log_bytes"] == len(attempt.log())
    assert attempt.events()[0]["kind"] == "started"
    assert attempt.events("activity")[-1]["bytes"] == len(attempt.log())
    assert not launch.alive(attempt.path)
    identity = launch.identity(attempt.path)
    assert identity is not None
    assert identity[0] == attempt.runners[0].pid
    assert attempt.runners[0].returncode == 0


def test_the_environment_is_the_contract(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INHERITED", "yes")
    monkeypatch.setenv("MAESTRO_TASK_ID", "of an outer run")
    code = "import os, json; print(json.dumps(dict(os.environ))); print(os.getcwd())"
    attempt = make(command=["python3", "-c", code], env={"EXTRA": "1", "MAESTRO_MARKER": "forged"})
    assert attempt.run()["ok"]
    first, second = attempt.log().decode().splitlines()
    found = json.loads(first)
    wanted = {
        "INHERITED": "yes",
        "EXTRA": "1",
        "MAESTRO_RUN_ID": "run-1",
        "MAESTRO_TASK_ID": "1.2",
        "MAESTRO_TASK_TITLE": "A title",
        "MAESTRO_ATTEMPT": "1",
        "MAESTRO_MARKER": "DONE.md",
        "MAESTRO_OWNED": "a.txt\nsrc/*.py",
        "MAESTRO_DEPENDENCIES": str(attempt.path / "dependencies"),
        "MAESTRO_ATTEMPT_DIR": str(attempt.path),
    }
    assert {k: found.get(k) for k in wanted} == wanted
    assert second == str(attempt.worktree)


def test_the_prompt_comes_on_standard_input(make: Make) -> None:
    attempt = make(command=["cat"], prompt_text="Überarbeite 通知\nund Schluss\n")
    assert attempt.run()["ok"]
    assert attempt.log() == "Überarbeite 通知\nund Schluss\n".encode()


def test_the_command_is_no_shell_line(make: Make) -> None:
    attempt = make(command=["echo", "$HOME; $(id)", "`id`", "*"])
    attempt.run()
    assert attempt.log() == b"$HOME; $(id) `id` *\n"


def test_a_bad_exit_says_the_last_line(make: Make) -> None:
    attempt = make(command=python("print('cannot find the model'); raise SystemExit(3)"))
    result = attempt.run()
    assert (result["ok"], result["exit"], result["reason"]) == (False, 3, "exited")
    assert result["error"] == "exited with 3: cannot find the model"


def test_a_program_that_dies_of_a_signal_crashed(make: Make) -> None:
    attempt = make(command=python("import os; os.kill(os.getpid(), 11)"))
    result = attempt.run()
    assert (result["reason"], result["exit"], result["signal"]) == ("crashed", None, 11)
    assert "SIGSEGV" in result["error"]


@pytest.mark.parametrize("kind", ["missing", "not-executable", "no-worktree"])
def test_a_program_that_cannot_start_is_named(make: Make, tmp_path: Path, kind: str) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("text")
    program = str(plain) if kind == "not-executable" else "no-such-program-here"
    attempt = make(command=[program])
    if kind == "no-worktree":
        attempt.worktree.rmdir()
    result = attempt.run()
    assert (result["ok"], result["reason"], result["exit"]) == (False, "spawn-error", None)
    assert f"cannot start {program}" in result["error"]
    assert "--agent-command" in result["error"]
    assert attempt.events("started") == []


def test_an_unknown_driver_and_a_missing_prompt_are_results_too(make: Make) -> None:
    unknown = make(driver="telepathy")
    assert "known: command, rehearsal" in unknown.run()["error"]
    without = make()
    Path(without.spec["prompt"]).unlink()
    result = without.run()
    assert (result["ok"], result["reason"]) == (False, "spawn-error")


@pytest.mark.slow
def test_a_timeout_ends_an_agent_that_ignores_term(make: Make) -> None:
    attempt = make(command=python(STUBBORN), timeout_s=0.5)
    started = time.monotonic()
    result = attempt.run()
    assert time.monotonic() - started < 10
    assert (result["ok"], result["reason"]) == (False, "timeout")
    assert result["error"] == "took longer than 0.5 s and was ended"
    assert gone(attempt.events("started")[0]["pid"])


@pytest.mark.parametrize("how", ["signal", "control", "both"])
@pytest.mark.parametrize("code", [HANG, STUBBORN], ids=["willing", "stubborn"])
def test_stop_ends_the_agent(make: Make, how: str, code: str) -> None:
    attempt = make(command=python(code))
    attempt.launch()
    pid = attempt.wait_for("started")["pid"]
    if code is STUBBORN:
        attempt.wait_for_output(b"ready")
    if how == "signal":
        os.kill(attempt.runner_pid(), signal.SIGTERM)
    elif how == "control":
        with (attempt.path / "control.jsonl").open("a") as file:
            file.write('{"cmd":"stop"}\n')
    else:
        launch.stop(attempt.path)
    result = attempt.result()
    assert (result["ok"], result["reason"], result["error"]) == (False, "stopped", "stopped")
    assert gone(pid)


def test_an_agent_that_ends_well_on_term_was_still_stopped(make: Make) -> None:
    code = (
        "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(0));"
        "print('ready', flush=True); time.sleep(3600)"
    )
    attempt = make(command=python(code), grace_s=5.0)
    attempt.launch()
    attempt.wait_for_output(b"ready")
    launch.stop(attempt.path)
    result = attempt.result()
    assert (result["ok"], result["reason"], result["exit"]) == (False, "stopped", 0)


def test_killing_the_runner_kills_the_agent(make: Make) -> None:
    attempt = make(command=python(HANG))
    attempt.launch()
    pid = attempt.wait_for("started")["pid"]
    assert launch.alive(attempt.path)
    launch.kill(attempt.path)
    attempt.runners[0].wait(10)
    until(lambda: gone(pid), "the agent's death")
    until(lambda: not launch.alive(attempt.path), "the lock's release")
    assert not (attempt.path / "result.json").exists()


DETACHES = """
import os, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        print('grandchild', os.getpid(), flush=True)
        time.sleep(3600)
    os._exit(0)
time.sleep(3600)
"""


def grandchild(attempt: Attempt) -> int:
    attempt.wait_for_output(b"\n")
    return int(attempt.log().split()[1])


def test_sweep_finds_what_fled_but_not_the_neighbours(make: Make) -> None:
    mine = make("run-1/task/1", command=python(DETACHES))
    other = make("run-10/task/1", command=python(DETACHES))
    mine.launch()
    other.launch()
    fled, neighbour = grandchild(mine), grandchild(other)
    launch.kill(mine.path)
    mine.runners[0].wait(10)
    assert not gone(fled)
    swept = launch.sweep(mine.path.parents[1])
    assert fled in swept
    until(lambda: gone(fled), "the grandchild's death")
    assert not gone(neighbour)
    assert launch.alive(other.path)
    assert launch.sweep(mine.path.parents[1]) == []


def test_the_runner_ends_what_its_agent_left(make: Make) -> None:
    code = DETACHES.replace("os._exit(0)\ntime.sleep(3600)", "os._exit(0)\nos.wait()")
    attempt = make(command=python(code))
    attempt.launch()
    fled = grandchild(attempt)
    assert attempt.result()["ok"]
    assert gone(fled)


def test_a_second_runner_gives_way(make: Make, tmp_path: Path) -> None:
    starts = tmp_path / "starts"
    code = f"open({str(starts)!r}, 'a').write('x'); import time; time.sleep(0.5)"
    attempt = make(command=python(code))
    runners = [attempt.launch() for _ in range(4)]
    assert attempt.result()["ok"]
    assert sorted(r.returncode for r in runners)[0] == 0
    assert {r.returncode for r in runners} <= {0, 75}
    assert starts.read_text() == "x"
    again = attempt.launch()
    assert again.wait(10) == 0
    assert starts.read_text() == "x"
    assert len(attempt.events("started")) == 1


def test_a_runner_does_not_repeat_what_a_dead_one_began(make: Make) -> None:
    attempt = make(command=python(HANG))
    attempt.launch()
    attempt.wait_for("started")
    launch.kill(attempt.path)
    attempt.runners[0].wait(10)
    again = attempt.launch()
    assert again.wait(10) == 76
    assert len(attempt.events("started")) == 1
    assert not (attempt.path / "result.json").exists()


def test_alive_looks_at_the_lock_alone(make: Make) -> None:
    attempt = make()
    assert not launch.alive(attempt.path)
    (attempt.path / "run.lock").touch()
    assert not launch.alive(attempt.path)
    with (attempt.path / "run.lock").open("r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert launch.alive(attempt.path)
    assert not launch.alive(attempt.path)


def test_a_recycled_pid_is_not_signalled(make: Make) -> None:
    attempt = make()
    stranger = processes.start_time(os.getpid())
    data = {"pid": os.getpid(), "start_time": stranger + 1, "started_at": 0}
    (attempt.path / "runner.json").write_text(json.dumps(data))
    launch.stop(attempt.path)  # would end this test
    launch.kill(attempt.path)
    assert (attempt.path / "control.jsonl").exists()


# -- output ----------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_flood_is_kept_whole_and_fast(make: Make) -> None:
    code = "import sys\nfor _ in range(20): sys.stdout.write(('x' * 99 + '\\n') * 10486)"
    attempt = make(command=python(code))
    started = time.monotonic()
    result = attempt.run()
    assert time.monotonic() - started < 10
    assert result["ok"]
    assert result["log_bytes"] == len(attempt.log()) == 20 * 10486 * 100
    assert len(attempt.events()) < 30


def test_a_line_of_two_megabytes_is_kept_and_not_parsed(make: Make) -> None:
    long = '{"type":"assistant","message":{"content":"' + "y" * 2_000_000 + '"}}'
    attempt = make(command=["cat"], prompt_text=f'before\n{long}\n{{"type":"result"}}\nafter\n')
    assert attempt.run()["ok"]
    assert attempt.log().decode() == f'before\n{long}\n{{"type":"result"}}\nafter\n'
    assert attempt.events("text") == []
    assert len(attempt.events("result")) == 1
    assert attempt.events("activity")[-1]["text"] == "after"
    assert all(len(json.dumps(e)) < 4000 for e in attempt.events())


def test_bytes_that_are_no_text_are_kept_exactly(make: Make) -> None:
    raw = bytes(range(256)) * 4 + b"\xff\xfe\xc3(\n"
    code = f"import sys; sys.stdout.buffer.write({raw!r})"
    attempt = make(command=["python3", "-c", code])
    assert attempt.run()["ok"]
    assert attempt.log() == raw
    assert "�" in attempt.events("activity")[-1]["text"]


def test_escapes_stay_in_the_log_and_not_in_the_events(make: Make) -> None:
    raw = b"\x1b]0;owned\x07\x1b[31mred\x1b[0m \xc2\x9b31m\xe2\x80\xaeevil\r\n"
    said = {
        "type": "assistant",
        "message": {"content": [{"type": "text", "text": "\x1b[2Jcleared\x07"}]},
    }
    data = json.dumps(said).encode() + b"\n" + raw
    attempt = make(command=["python3", "-c", f"import sys; sys.stdout.buffer.write({data!r})"])
    assert attempt.run()["ok"]
    assert attempt.log() == data
    assert attempt.events("text")[0]["text"] == "cleared"
    assert attempt.events("activity")[-1]["text"] == "red evil"
    lines = (attempt.path / "events.jsonl").read_text()
    assert not set(lines) & {"\x1b", "\x9b", "\x07", "\u202e"}
    assert "\\u001b" not in lines


def test_a_last_line_without_an_end_counts(make: Make) -> None:
    attempt = make(command=["printf", '{"type":"result","result":"so far"}'])
    assert attempt.run()["ok"]
    assert attempt.events("result")[0]["summary"] == "so far"


def test_an_agent_may_close_its_output_and_live_on(make: Make, tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    code = (
        "import os, time; print('bye', flush=True); os.close(1); os.close(2); time.sleep(0.4);"
        f"open({str(witness)!r}, 'w').write('done')"
    )
    attempt = make(command=python(code))
    assert attempt.run()["ok"]
    assert witness.read_text() == "done"
    assert attempt.log() == b"bye\n"


def test_a_grandchild_that_holds_the_pipe_does_not_hold_the_runner(make: Make) -> None:
    attempt = make(command=["sh", "-c", "trap '' TERM; sleep 3600 & echo started $!"])
    started = time.monotonic()
    result = attempt.run()
    assert time.monotonic() - started < 8
    assert (result["ok"], result["exit"]) == (True, 0)
    assert gone(int(attempt.log().split()[1]))


def test_a_prompt_that_is_never_read_does_not_hold_the_runner(make: Make) -> None:
    attempt = make(
        command=["sh", "-c", "echo working; sleep 0.2"], prompt_text="p" * (10 * 1024 * 1024)
    )
    started = time.monotonic()
    result = attempt.run()
    assert time.monotonic() - started < 8
    assert result["ok"]
    assert attempt.log() == b"working\n"


def test_a_large_prompt_arrives_while_output_flows_back(make: Make) -> None:
    text = "".join(f"line {n}\n" for n in range(200_000))
    attempt = make(command=["cat"], prompt_text=text)
    assert attempt.run()["ok"]
    assert attempt.log() == text.encode()


def test_an_agent_that_closes_its_input_early_is_not_at_fault(make: Make) -> None:
    code = "import os, time; os.close(0); time.sleep(0.2); print('fine')"
    attempt = make(command=python(code), prompt_text="p" * (1 << 20))
    assert attempt.run()["ok"]


def test_what_stream_json_says_decides_the_result(make: Make) -> None:
    lines = [
        {"type": "assistant", "message": {"id": "m", "usage": {"input_tokens": 7}, "content": []}},
        {"type": "result", "is_error": True, "result": "credit is used up", "total_cost_usd": 0.25},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    attempt = make(command=["cat"], prompt_text=text)
    result = attempt.run()
    assert (result["ok"], result["exit"], result["error"]) == (False, 0, "credit is used up")
    assert result["usage"]["input"] == 7
    assert result["usage"]["cost_usd"] == 0.25


@pytest.mark.slow
def test_activity_is_told_at_most_twice_a_second(make: Make) -> None:
    code = (
        "import time\nend = time.monotonic() + 1.2\n"
        "while time.monotonic() < end: print('tick', flush=True); time.sleep(0.01)"
    )
    attempt = make(command=python(code))
    attempt.run()
    assert 2 <= len(attempt.events("activity")) <= 5


def test_the_runner_is_the_only_one_with_the_lock(make: Make) -> None:
    code = "import os; print([os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd') if n not in '012' and os.path.exists(f'/proc/self/fd/{n}')])"  # noqa: E501
    attempt = make(command=python(code))
    attempt.run()
    assert b"run.lock" not in attempt.log()
    assert b"output.log" not in attempt.log()


def test_start_times_tell_processes_apart() -> None:
    assert processes.start_time(os.getpid()) > 0
    assert processes.start_time(os.getpid()) == processes.start_time(os.getpid())
    assert processes.start_time(2**22 + 5) == 0.0
    assert sys.platform.startswith("linux") == processes.LINUX
