"""What the machine may do to a run: set its clock, sleep, restart, let others lock the journal."""

from __future__ import annotations

import itertools
import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from maestro_tui.cli.main import main
from maestro_tui.engine import journal
from tests.engine.scratch import (
    SRC,
    begin,
    cases_agent,
    creates,
    decide,
    git,
    headless,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    processes_of,
    states,
    status,
    until,
    write_plan,
)
from tests.engine.test_gates import gate

# Read by every Python with a site, the engine among them: its clock is off by what a file says.
CLOCK = """
import os, time
_time = time.time
def _shifted():
    try:
        with open(os.environ["CLOCK"]) as file:
            return _time() + float(file.read())
    except (OSError, ValueError):
        return _time()
time.time = _shifted
"""
DAY = 86_400


@pytest.fixture
def clock(tmp_path: Path) -> dict[str, str]:
    """The environment in which ``$CLOCK`` holds the seconds by which the clock is wrong."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(CLOCK)
    path = os.pathsep.join((str(tmp_path / "site"), str(SRC)))
    return {"PYTHONPATH": path, "CLOCK": str(tmp_path / "clock")}


@pytest.mark.parametrize(
    ("before", "after"), [(0, -DAY), (3650 * DAY, 0), (0, DAY)], ids=["back", "mended", "forward"]
)
def test_retries_come_when_they_should_whatever_the_clock_does(
    tmp_path: Path, clock: dict[str, str], before: int, after: int
) -> None:
    repo = make_repo(tmp_path / "repo")
    Path(clock["CLOCK"]).write_text(str(before))
    fails = f'echo {after} > "$CLOCK"; if [ "$MAESTRO_ATTEMPT" -lt 3 ]; then exit 3; fi; '
    agent = cases_agent(tmp_path, {"1": fails + "write; done_"})
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    begun = time.monotonic()
    done = headless(
        repo, plan, agent, "--on-failure", "retry", "--retry-delay", "0.5", "--timeout", "60",
        env=clock, timeout=50,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    if not after > before:
        assert time.monotonic() - begun > 0.5 + 1.0, "the delays were not kept"
    moments = [at for _, _, at in journal_events(repo)]
    assert all(b > a - 2 for a, b in itertools.pairwise(moments)), moments
    assert leftovers(repo) == []


def test_a_run_goes_on_with_a_clock_that_is_behind_its_journal(
    tmp_path: Path, clock: dict[str, str]
) -> None:
    repo = make_repo(tmp_path / "repo")
    Path(clock["CLOCK"]).write_text(str(3650 * DAY))
    agent = cases_agent(tmp_path, {"1": '[ "$MAESTRO_ATTEMPT" = 1 ] && exit 3; write; done_'})
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    assert headless(repo, plan, agent, env=clock).returncode == 3
    Path(clock["CLOCK"]).write_text("0")
    words = ("resume", "r", "--headless", "--yes", "--on-failure", "retry", "--retry-delay", "0.2")
    done = maestro(*words, cwd=repo, env=clock, timeout=40)
    assert done.returncode == 0, done.stdout


class Frozen:
    """Everything of a run stopped at once, as a sleeping machine stops it."""

    def __init__(self, repo: Path, engine: int) -> None:
        self.pids = [engine, *processes_of(repo)]

    def __enter__(self) -> Frozen:
        for pid in self.pids:
            _signal(pid, signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        for pid in reversed(self.pids):
            _signal(pid, signal.SIGCONT)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def start(repo: Path, plan: Path, agent: str, *more: str) -> subprocess.Popen[str]:
    words = ["run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command", agent]
    return begin(repo, *words, *more)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["agent", "gate"])
def test_time_in_which_the_machine_slept_is_nobodys(tmp_path: Path, where: str) -> None:
    """A time-out of three seconds, two of work, and four of sleep in between."""
    repo = make_repo(tmp_path / "repo")
    ready = tmp_path / "ready"
    work = f"touch '{ready}'; sleep 2; "
    agent = cases_agent(tmp_path, {"1": (work if where == "agent" else "") + "write; done_"})
    slow = gate(work + "true", timeout_s="3") if where == "gate" else ""
    plan = write_plan(tmp_path, creates("1", "2"), "2<1", slow)
    engine = start(repo, plan, agent, *(("--timeout", "3") if where == "agent" else ()))
    until(ready.exists, "it is at work")
    with Frozen(repo, engine.pid):
        time.sleep(4.5)  # there is nothing to wait for: everything is stopped
    out, _ = engine.communicate(timeout=60)
    assert engine.returncode == 0, out
    assert "timed out" not in out
    assert "took longer" not in out
    attempts = {t["id"]: t["attempts"] for t in status(repo)["tasks"]}
    assert attempts == {"1": 1, "2": 1}
    assert leftovers(repo) == []


def gone(repo: Path) -> bool:
    """Kill all there is; whether there was nothing left."""
    pids = processes_of(repo)
    for pid in pids:
        _signal(pid, signal.SIGKILL)
    return not pids


MOMENTS = {
    "agents at work": {"1": 'touch "$READY"; sleep 30'},
    "a gate under way": {},
    "a conflict waits": {
        "1": 'echo "line of 1" > shared.txt; done_',
        "2": "echo 2 > shared.txt; until git cat-file -e maestro/r/_integration^2; "
        "do sleep 0.05; done 2> /dev/null; done_",
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_restart_of_the_machine_ends_every_process_and_loses_nothing(
    tmp_path: Path, moment: str
) -> None:
    repo = make_repo(tmp_path / "repo", {"shared.txt": "base\n"})
    ready = tmp_path / "ready"
    tasks = {"1": "", "2": ""} if moment == "a conflict waits" else creates("1", "2")
    waits = f"test -e '{ready}' || {{ touch '{ready}'; sleep 30; }}"
    plan = write_plan(tmp_path, tasks, "", gate(waits) if moment == "a gate under way" else "")
    env = {"READY": str(ready)}
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command",
        cases_agent(tmp_path, MOMENTS[moment]), env=env,
    )  # fmt: skip
    if moment == "a conflict waits":
        engine.communicate(timeout=40)
    else:
        until(ready.exists, moment)
        until(lambda: states(repo)["2"] == "merged", "the other task is merged")
    engine.kill()
    until(lambda: gone(repo), "everything is gone")
    engine.communicate()
    cases_agent(tmp_path, {"1": "write; done_"} if moment == "agents at work" else {})
    resume = ("resume", "r", "--headless", "--yes")
    done = maestro(*resume, cwd=repo, env=env)
    if moment == "a conflict waits":
        assert done.returncode == 3, done.stdout
        decide(repo, status(repo)["questions"][0]["id"], "theirs")
        done = maestro(*resume, cwd=repo, env=env)
        assert git(repo, "show", "HEAD:shared.txt") == "2"
    assert done.returncode == 0, done.stdout
    merges = git(repo, "log", "--merges", "--format=%s").splitlines()
    assert len([m for m in merges if m.startswith("Merge ")]) == 2
    assert leftovers(repo) == []


def test_a_journal_locked_for_a_while_is_waited_for_and_said(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    go, ready = tmp_path / "go", tmp_path / "ready"
    body = f"touch '{ready}'; until test -e '{go}'; do sleep 0.05; done; write; done_"
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    engine = start(repo, plan, cases_agent(tmp_path, {"1": body}))
    until(ready.exists, "the agent works")
    other = sqlite3.connect(repo / ".maestro/maestro.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    go.touch()
    assert engine.stdout is not None
    said = ""
    while "holds it locked" not in said:
        line = engine.stdout.readline()
        assert line, said
        said += line
    assert "close that" in said
    other.execute("ROLLBACK")
    other.close()
    out, _ = engine.communicate(timeout=40)
    assert engine.returncode == 0, said + out
    assert leftovers(repo) == []


def test_every_command_says_that_the_journal_is_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    repo = make_repo(tmp_path / "repo")
    headless(repo, write_plan(tmp_path, creates("1")), cases_agent(tmp_path, {}), yes=False)
    monkeypatch.setattr(journal, "PATIENCE_S", 0.05)
    monkeypatch.chdir(repo)
    other = sqlite3.connect(repo / ".maestro/maestro.db", isolation_level=None)
    other.execute("PRAGMA locking_mode=EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    for words in (["decide", "r", "review", "yes"], ["status"], ["runs"], ["stop"],
                  ["resume", "r", "--headless"]):  # fmt: skip
        assert main(words) in (1, 2), words
        said = capsys.readouterr().err
        assert "holds it locked" in said, (words, said)
        assert "move the file away" not in said
    other.execute("ROLLBACK")
    other.close()
    assert main(["decide", "r", "review", "yes"]) == 0
