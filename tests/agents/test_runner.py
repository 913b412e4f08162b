"""A runner does one attempt, once, and writes down how it ended."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from maestro_tui.agents import files, launch, processes
from tests.agents.attempt_folder import AttemptFolder, python, until

ENVIRONMENT = (
    "import os, json; json.dump({'env': dict(os.environ), 'cwd': os.getcwd(),"
    " 'input': open(0).read(), 'sid': os.getsid(0), 'pid': os.getpid()}, open('seen', 'w'))"
)


def test_an_agent_that_succeeds(attempt: AttemptFolder) -> None:
    before = time.time()
    result = attempt.run(python("print('hello'); import sys; print('aside', file=sys.stderr)"))
    assert result["ok"] is True
    assert (result["reason"], result["exit"], result["signal"]) == ("exited", 0, None)
    assert result["error"] == ""
    assert before <= result["started_at"] <= result["ended_at"] <= time.time()
    assert sorted(attempt.log.splitlines()) == [b"aside", b"hello"]
    assert result["log_bytes"] == len(attempt.log)
    assert result["usage"] == {
        "input": 0, "output": 0, "cache_read": 0, "cache_write": 0, "cost_usd": None,
    }  # fmt: skip
    assert {e["text"] for e in attempt.events("text")} == {"hello", "aside"}
    assert attempt.events()[0]["kind"] == "started"
    assert attempt.events("activity")[-1]["bytes"] == len(attempt.log)
    assert not list(attempt.path.glob("*.tmp"))


def test_what_an_agent_finds(attempt: AttemptFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING_INHERITED", "yes")
    (attempt.path / "prompt.md").write_text("Write the model.\n")
    attempt.run(python(ENVIRONMENT), env={"EXTRA": "1"})
    seen = json.loads((attempt.worktree / "seen").read_text())
    assert seen["cwd"] == str(attempt.worktree)
    assert seen["input"] == "Write the model.\n"
    assert seen["sid"] == seen["pid"]
    expected = {
        "SOMETHING_INHERITED": "yes",
        "EXTRA": "1",
        "MAESTRO_RUN_ID": "run-1",
        "MAESTRO_TASK_ID": "1.2",
        "MAESTRO_TASK_TITLE": "Notify",
        "MAESTRO_ATTEMPT": "1",
        "MAESTRO_MARKER": "NOTIFY_COMPLETE.md",
        "MAESTRO_OWNED": "app/*.py\ndocs/*.md",
        "MAESTRO_DEPENDENCIES": str(attempt.path / "dependencies"),
        "MAESTRO_ATTEMPT_DIR": str(attempt.path),
    }
    assert {k: seen["env"].get(k) for k in expected} == expected


def test_an_agent_gets_ordinary_signals_and_no_foreign_files(attempt: AttemptFolder) -> None:
    code = (
        "import os, signal\n"
        "print(signal.getsignal(signal.SIGHUP) == signal.SIG_DFL)\n"
        "line = [l for l in open('/proc/self/status') if l.startswith('SigIgn')][0]\n"
        "ignored = int(line.split()[1], 16)\n"
        "print(bool(ignored & 1 << signal.SIGHUP - 1))\n"
        "fds = ['/proc/self/fd/' + f for f in os.listdir('/proc/self/fd') if int(f) > 2]\n"
        "print([f for f in fds if os.path.exists(f) and '/proc/' not in os.readlink(f)])"
    )
    attempt.run(python(code))
    assert attempt.log.split(b"\n")[:3] == [b"True", b"False", b"[]"]


def test_an_agent_that_fails_says_why(attempt: AttemptFolder) -> None:
    code = "print('no \\x1b[31mtable\\x1b[0m users\\n\\n'); raise SystemExit(3)"
    result = attempt.run(python(code))
    assert (result["ok"], result["reason"], result["exit"]) == (False, "exited", 3)
    assert result["error"] == "The agent exited with code 3; its last words: no table users"


def test_a_result_line_with_an_error_fails_in_spite_of_exit_0(attempt: AttemptFolder) -> None:
    line = json.dumps({"type": "result", "is_error": True, "result": "Credit balance is too low"})
    result = attempt.run(python("import sys; print(sys.argv[1])", line))
    assert (result["ok"], result["exit"]) == (False, 0)
    assert "Credit balance is too low" in result["error"]


def test_an_agent_that_dies_of_a_signal(attempt: AttemptFolder) -> None:
    result = attempt.run(python("import os; print('oh', flush=True); os.kill(os.getpid(), 11)"))
    assert (result["ok"], result["reason"]) == (False, "crashed")
    assert (result["exit"], result["signal"]) == (None, 11)
    assert result["error"] == "The agent died of SIGSEGV; its last words: oh"


def test_programs_that_cannot_be_started(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("hello")
    empty = tmp_path / "no-program"
    empty.write_text("echo hello")
    empty.chmod(0o755)
    for number, (command, word) in enumerate(
        (
            (["no-such-agent-program"], "Cannot find the agent program no-such-agent-program"),
            ([str(plain)], "chmod +x"),
            ([str(empty)], "#!/bin/sh"),
            ([str(tmp_path)], "not executable"),
            ([], "--agent-command"),
        )
    ):
        attempt = AttemptFolder(tmp_path / str(number))
        result = attempt.run(command)
        assert (result["ok"], result["reason"], result["exit"]) == (False, "spawn-error", None)
        assert word in result["error"]
        assert attempt.events() == []


def test_a_missing_worktree_and_a_missing_prompt_are_named(attempt: AttemptFolder) -> None:
    result = attempt.run(["true"], worktree="/nowhere/at/all")
    assert result["reason"] == "spawn-error"
    assert "/nowhere/at/all" in result["error"]
    other = AttemptFolder(attempt.path / "other")
    result = other.run(["true"], prompt="/nowhere/prompt.md")
    assert result["reason"] == "spawn-error"
    assert "/nowhere/prompt.md" in result["error"]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("{", "not JSON"),
        ("[]", "must be a table"),
        ('{"schema": 7}', "schema must be 1"),
        ('{"schema": 1, "run": "r", "task": "", "driver": "command"}', "task"),
        ('{"schema": 1, "run": "r", "task": "1", "worktree": "/", "driver": "postman"}', "postman"),
    ],
)
def test_a_spec_that_makes_no_sense_is_a_result(
    attempt: AttemptFolder, text: str, word: str
) -> None:
    (attempt.path / files.SPEC).write_text(text)
    attempt.start()
    result = attempt.end()
    assert result["reason"] == "spawn-error"
    assert word in result["error"]


def test_two_runners_start_one_agent(attempt: AttemptFolder) -> None:
    attempt.spec(command=python("open('starts', 'a').write('x'); import time; time.sleep(60)"))
    runners = [attempt.start() for _ in range(4)]
    until(lambda: attempt.events("started"))
    until(lambda: sum(r.poll() is not None for r in runners) == 3)
    assert sorted(r.poll() or 0 for r in runners if r.poll() is not None) == [75, 75, 75]
    until(lambda: (attempt.worktree / "starts").exists())
    launch.stop(attempt.path)
    assert until(lambda: attempt.result)["reason"] == "stopped"
    assert (attempt.worktree / "starts").read_text() == "x"
    assert len(attempt.events("started")) == 1


def test_a_finished_attempt_is_not_done_again(attempt: AttemptFolder) -> None:
    first = attempt.run(python("open('starts', 'a').write('x')"))
    attempt.start()
    assert attempt.end() == first
    assert (attempt.worktree / "starts").read_text() == "x"


def test_a_dead_runners_attempt_is_not_taken_up(attempt: AttemptFolder) -> None:
    runner = attempt.start(python("open('starts', 'a').write('x'); import time; time.sleep(60)"))
    until(lambda: (attempt.worktree / "starts").exists())
    launch.kill(attempt.path)
    runner.wait(10)
    assert attempt.start().wait(10) == 76
    assert attempt.result is None
    assert (attempt.worktree / "starts").read_text() == "x"


def test_looking_at_the_lock_does_not_turn_a_runner_away(attempt: AttemptFolder) -> None:
    runner = attempt.start(["true"])
    while runner.poll() is None:
        launch.alive(attempt.path)
    assert attempt.end()["ok"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    import subprocess

    runner = Path(processes.__file__).with_name("runner.py")
    argv = [sys.executable, "-I", "-S", str(runner), str(tmp_path / "none")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 66
    assert "no such attempt folder" in done.stderr


def test_identity_and_life(attempt: AttemptFolder) -> None:
    assert launch.identity(attempt.path) is None
    assert not launch.alive(attempt.path)
    runner = attempt.start(python("import time; time.sleep(60)"))
    assert attempt.agent
    identity = launch.identity(attempt.path)
    assert identity == (runner.pid, processes.start_time(runner.pid))
    assert launch.alive(attempt.path)
    assert os.getsid(runner.pid) == runner.pid
    launch.stop(attempt.path)
    attempt.end()
    assert launch.identity(attempt.path) == identity
    assert not launch.alive(attempt.path)


def test_nobody_else_is_signalled_for_a_reused_pid(attempt: AttemptFolder) -> None:
    import subprocess

    stranger = subprocess.Popen(python("import time; time.sleep(60)"))
    try:
        mine = {"pid": stranger.pid, "start_time": 1.0, "started_at": 0.0}
        files.write_json(str(attempt.path / files.RUNNER), mine)
        launch.stop(attempt.path)
        launch.answer(attempt.path, "p1", True, "")
        launch.kill(attempt.path)
        with pytest.raises(subprocess.TimeoutExpired):
            stranger.wait(0.2)
    finally:
        stranger.kill()
        stranger.wait()
    commands = files.LineReader(str(attempt.path / files.CONTROL)).read()
    assert [c["cmd"] for c in commands] == ["stop", "answer"]


def test_a_runner_imports_little(attempt: AttemptFolder) -> None:
    import subprocess

    code = (
        "import sys; sys.path.append(sys.argv[1]); import maestro_tui.agents.attempt,"
        " maestro_tui.agents.drivers.command, maestro_tui.agents.drivers.rehearsal;"
        "print(*sys.modules)"
    )
    root = str(Path(processes.__file__).parents[2])
    argv = python(code, root)
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    slow = {"asyncio", "subprocess", "threading", "dataclasses", "typing", "pathlib", "ctypes"}
    assert not slow & set(done.stdout.split())


def test_answers_that_come_too_late_kill_no_runner(attempt: AttemptFolder) -> None:
    runner = attempt.start(python("print('hello')"))
    until(lambda: launch.identity(attempt.path) is not None)
    while runner.poll() is None:
        os.kill(runner.pid, signal.SIGUSR1)
        time.sleep(0.0005)
    assert runner.returncode == 0
    assert (attempt.path / files.RESULT).exists()
