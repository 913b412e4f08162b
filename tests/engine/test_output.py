"""Output no terminal should see: it is kept as it is, shown harmless, and stalls nothing."""

from __future__ import annotations

import json
import os
import pty
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.scratch import (
    begin,
    creates,
    headless,
    leftovers,
    maestro,
    make_agent,
    make_repo,
    until,
    write_plan,
)

AGENT = """\
#!/usr/bin/env python3
import os, sys
out = sys.stdout.buffer
me = os.environ["MAESTRO_TASK_ID"]
parts = {
    "flood": [b"line %07d of a flood of output, so that it is long\\n" % n for n in range(400000)],
    "long": [b"x" * 2_100_000, b"\\nafter\\n", b"y" * 2_100_000],
    "escapes": [b"\\x1b[2J\\x1b[31mred\\x1b]0;title\\x07 \\x9b2J \\x1bPdcs\\x1b\\\\ ",
                b"[/x] [bold]b[/bold]\\r\\n",
                b"\\x00\\x08\\x7f \\xe2\\x80\\xae reversed\\n", b"\\x1b"],
    "bytes": [bytes(range(256)) * 40, b"\\n\\xff\\xfe\\xc3\\x28\\n",
              b"\\xf0\\x9f\\x98\\x80 no end"],
    "json": [b'{"type": 5}\\n{"type":"assistant","message":null}\\n{"type":"assistant","message":'
             b'{"content":[null,1,{"type":"text","text":"\\\\u001b[31m[/x] \\\\ud800"}]}}\\n'
             b'{"a":\\n[1]\\n'
             b'{"type":"result","usage":{"input_tokens":-5,"output_tokens":1e400}}\\n'
             + b'{"x":' * 5000 + b"\\n"],
}[me]
with open(os.environ["SENT"] + "/" + me, "wb") as copy:
    for part in parts:
        copy.write(part)
        out.write(part)
out.flush()
open("f%s.txt" % me, "w").write(me)
open(os.environ["MAESTRO_MARKER"], "w").write("# done\\n## Files\\n- \\x1b[31m[/x]\\n")
sys.exit(1 if me == "escapes" else 0)
"""
TASKS = ("flood", "long", "escapes", "bytes", "json")


class Noise:
    """One run of noisy agents."""

    def __init__(self, folder: Path) -> None:
        self.repo = make_repo(folder / "repo")
        self.sent = folder / "sent"
        self.sent.mkdir()
        agent = make_agent(folder, AGENT, "noise.py")
        plan = write_plan(folder, creates(*TASKS))
        self.done = headless(
            self.repo, plan, str(agent), "--on-failure", "skip", "--json",
            env={"SENT": str(self.sent)},
        )  # fmt: skip


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noise]:
    return Noise(tmp_path_factory.mktemp("noise"))


def test_the_run_ends_well(noise: Noise) -> None:
    assert noise.done.returncode == 1, noise.done.stderr
    last = json.loads(noise.done.stdout.splitlines()[-1])
    expected = dict.fromkeys(TASKS, "merged") | {"escapes": "skipped"}
    assert last["tasks"] == expected
    assert leftovers(noise.repo) == []


def test_every_line_of_json_parses_and_is_harmless(noise: Noise) -> None:
    lines = noise.done.stdout.split("\n")
    assert lines.pop() == ""
    for line in lines:
        event = json.loads(line)
        assert isinstance(event, dict)
        assert len(line) < 100_000
        text = json.dumps(event, ensure_ascii=False)
        assert "\\u001b" not in text
        assert "\x1b" not in text
        assert "\u202e" not in text


@pytest.mark.parametrize("task", TASKS)
def test_the_log_is_exact_to_the_byte(noise: Noise, task: str) -> None:
    log = noise.repo / f".maestro/runs/r/{task}/1/output.log"
    assert log.read_bytes() == (noise.sent / task).read_bytes()


def test_a_flood_is_twenty_megabytes_and_few_events(noise: Noise) -> None:
    folder = noise.repo / ".maestro/runs/r/flood/1"
    assert (folder / "output.log").stat().st_size >= 20_000_000
    assert (folder / "events.jsonl").stat().st_size < 100_000


@pytest.mark.parametrize("task", ["long", "escapes", "bytes", "json"])
def test_logs_prints_nothing_a_terminal_would_obey(noise: Noise, task: str) -> None:
    done = maestro("logs", "r", task, cwd=noise.repo)
    assert done.returncode == 0, done.stderr
    for bad in ("\x1b", "\x9b", "\x07", "\x00", "\x7f", "\u202e", "\r"):
        assert bad not in done.stdout
    if task == "escapes":
        assert "red" in done.stdout
        assert "[/x] [bold]b[/bold]" in done.stdout


def test_the_summary_and_status_are_harmless(noise: Noise) -> None:
    for words in (["status"], ["status", "--json"], ["runs"]):
        done = maestro(*words, cwd=noise.repo)
        assert done.returncode == 0
        assert "\x1b" not in done.stdout


def test_logs_follow_ends_with_the_agent(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    go = tmp_path / "go"
    agent = make_agent(
        tmp_path,
        '#!/bin/sh\necho first\nwhile ! test -e "$GO"; do sleep 0.05; done\nprintf last\n'
        'echo x > f1.txt; echo "# done" > "$MAESTRO_MARKER"\n',
    )
    plan = write_plan(tmp_path, creates("1"))
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command",
        str(agent), env={"GO": str(go)},
    )  # fmt: skip
    log = repo / ".maestro/runs/r/1/1/output.log"
    until(lambda: log.exists() and log.stat().st_size, "the agent prints")
    follower = begin(repo, "logs", "r", "1", "-f")
    assert follower.stdout is not None
    assert follower.stdout.readline() == "first\n"
    go.touch()
    assert follower.stdout.read() == "last\n"
    assert follower.wait(10) == 0
    engine.communicate(timeout=20)
    assert engine.returncode == 0


def test_standard_error_alone_and_marked_on_a_terminal(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    line = '{"type": "result", "is_error": true, "result": "not really"}'
    agent = make_agent(
        tmp_path,
        "#!/bin/sh\necho building\nsleep 0.1\n"
        f"printf 'warning: \\033[31mold\\n%s\\n' '{line}' >&2\nsleep 0.1\nprintf last\n"
        'echo x > f1.txt; echo "# done" > "$MAESTRO_MARKER"\n',
    )
    done = headless(repo, write_plan(tmp_path, creates("1")), str(agent))
    assert done.returncode == 0, done.stderr
    errors = f"warning: old\n{line}\n"
    logs = ("logs", "r", "1")
    assert maestro(*logs, cwd=repo).stdout == f"building\n{errors}last\n"
    assert maestro(*logs, "--only", "stderr", cwd=repo).stdout == errors
    assert maestro(*logs, "--only", "stdout", cwd=repo).stdout == "building\nlast\n"
    raw = maestro(*logs, "--only", "stderr", "--raw", cwd=repo).stdout
    assert raw == errors.replace("old", "\x1b[31mold")
    ours, theirs = pty.openpty()
    shown = begin(repo, *logs, stdout=theirs)
    os.close(theirs)
    assert shown.wait(10) == 0
    marked = "".join(f"▌{part}\r\n" for part in errors.splitlines())
    assert os.read(ours, 4096).decode() == f"building\r\n{marked}last\r\n"
    os.close(ours)
