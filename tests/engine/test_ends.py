"""After any end, nothing of a run is left: no process, no worktree, no lock."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.scratch import (
    PYTHON,
    begin,
    cases_agent,
    creates,
    environment,
    git,
    headless,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    until,
    write_plan,
)

# Ignores TERM and INT, and leaves a child, a disowned one and one in a session of its own.
STUBBORN = r"""
trap '' TERM INT HUP
write_pid() { echo $1 >> "$PIDS"; }
write_pid $$
(trap '' TERM; exec sleep 301) & write_pid $!
nohup sleep 302 > /dev/null 2>&1 & write_pid $!
setsid nohup sh -c 'trap "" TERM; echo $$ >> "$PIDS"; exec sleep 303' > /dev/null 2>&1 &
touch "$READY.$MAESTRO_TASK_ID"
while :; do sleep 0.2; done
"""
QUICK = r"""
(trap '' TERM HUP; exec sleep 304) & echo $! >> "$PIDS"
setsid nohup sleep 305 > /dev/null 2>&1 & echo $! >> "$PIDS"
write; done_; touch "$READY.$MAESTRO_TASK_ID"
"""


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


class Running:
    """A run with one quick task and one stubborn one, in the midst of its work."""

    def __init__(self, folder: Path) -> None:
        self.repo = make_repo(folder / "a repo")
        self.pids_file = folder / "pids"
        self.ready = folder / "ready"
        self.env = {"PIDS": str(self.pids_file), "READY": str(self.ready)}
        plan = write_plan(folder, creates("1", "2", "3"), "3<2")
        agent = cases_agent(folder, {"1": QUICK, "2": STUBBORN})
        self.words = ["run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command",
                      agent, "--on-failure", "skip"]  # fmt: skip
        self.engine: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        self.engine = begin(self.repo, *self.words, env=self.env, stdout=subprocess.DEVNULL)
        self.wait()
        return self.engine

    def wait(self) -> None:
        until(Path(f"{self.ready}.1").exists, "task 1 is done")
        until(Path(f"{self.ready}.2").exists, "task 2 works")
        until(lambda: states(self.repo)["1"] == "merged", "task 1 is merged")

    def survivors(self) -> list[int]:
        return [p for p in map(int, self.pids_file.read_text().split()) if alive(p)]

    def check_nothing_runs(self) -> None:
        assert self.survivors() == []
        assert [x for x in leftovers(self.repo) if x.startswith("process")] == []

    def clean_up(self) -> None:
        if self.engine is not None and self.engine.poll() is None:
            self.engine.kill()
        if self.pids_file.exists():
            for pid in self.survivors():
                os.kill(pid, signal.SIGKILL)


def finish(running: Running) -> None:
    """The stopped run goes on, and ends with nothing left."""
    env = running.env
    Path(f"{running.ready}.2").unlink()
    again = cases_agent(running.repo.parent, {})  # the same file, well-behaved now
    assert again
    done = maestro("resume", "r", "--headless", "--yes", cwd=running.repo, env=env)
    assert done.returncode == 0, done.stdout
    assert leftovers(running.repo) == []
    assert len(git(running.repo, "ls-tree", "--name-only", "HEAD").split()) == 4


def a_signal_stops_at_a_checkpoint(running: Running, number: signal.Signals) -> None:
    engine = running.start()
    engine.send_signal(number)
    assert engine.wait(25) == 130
    running.check_nothing_runs()
    found = status(running.repo)
    assert found["status"] == "stopped"
    assert not found["engine"]
    finish(running)


def stop_leaves_nothing_running(running: Running) -> None:
    engine = running.start()
    done = maestro("stop", "r", cwd=running.repo)
    assert done.returncode == 0, done.stderr
    assert "stopped" in done.stdout
    assert engine.wait(10) == 3
    running.check_nothing_runs()
    finish(running)


def abort_leaves_nothing_at_all(running: Running) -> None:
    engine = running.start()
    done = maestro("stop", "r", "--abort", cwd=running.repo)
    assert done.returncode == 0, done.stderr
    assert engine.wait(10) == 1
    running.check_nothing_runs()
    assert leftovers(running.repo) == []
    assert status(running.repo)["status"] == "aborted"
    ended = maestro("stop", "r", cwd=running.repo)
    assert ended.returncode == 0
    assert "ended already" in ended.stdout


def abort_of_a_run_without_an_engine_starts_no_agent(running: Running) -> None:
    engine = running.start()
    engine.send_signal(signal.SIGTERM)
    engine.wait(25)
    starts = running.repo.parent / "starts"
    environment_with = {**os.environ, "STARTS": str(starts)}
    done = subprocess.run(
        [PYTHON, "-m", "maestro_tui", "stop", "r", "--abort"],
        cwd=running.repo,
        env=environment({"STARTS": environment_with["STARTS"]}),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not starts.exists()
    assert status(running.repo)["status"] == "aborted"
    assert leftovers(running.repo) == []


def test_abort_of_a_run_that_waits_for_its_review(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    headless(repo, write_plan(tmp_path, creates("1")), cases_agent(tmp_path, {}), yes=False)
    done = maestro("stop", "r", "--abort", cwd=repo)
    assert done.returncode == 0, done.stderr
    assert status(repo)["status"] == "aborted"
    assert leftovers(repo) == []
    assert "maestro/" not in git(repo, "for-each-ref", "refs/heads")


def test_drain_lets_running_agents_finish_and_starts_no_other(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    go, ready = tmp_path / "go", tmp_path / "ready"
    waits = 'touch "$READY"; while ! test -e "$GO"; do sleep 0.05; done; write; done_'
    agent = cases_agent(tmp_path, {"1": waits})
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    env = {"GO": str(go), "READY": str(ready)}
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command", agent,
        env=env, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    until(ready.exists)
    stopper = begin(repo, "stop", "r", "--drain")
    until(lambda: status(repo)["status"] == "stopping", "the drain is noted")
    go.touch()
    assert stopper.wait(20) == 0
    assert engine.wait(10) == 3
    assert states(repo) == {"1": "merged", "2": "waiting"}
    assert [x for x in leftovers(repo) if x.startswith("process")] == []
    assert maestro("resume", "--headless", "--yes", cwd=repo, env=env).returncode == 0
    assert leftovers(repo) == []


def test_grandchildren_do_not_outlive_a_task_that_ends_well(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    pids = tmp_path / "pids"
    agent = cases_agent(tmp_path, {"1": QUICK})
    env = {"PIDS": str(pids), "READY": str(tmp_path / "ready")}
    done = headless(repo, write_plan(tmp_path, creates("1")), agent, env=env)
    assert done.returncode == 0, done.stdout
    assert [p for p in map(int, pids.read_text().split()) if alive(p)] == []
    assert leftovers(repo) == []


def test_a_task_that_is_timed_out_leaves_no_grandchildren(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    pids = tmp_path / "pids"
    agent = cases_agent(tmp_path, {"1": STUBBORN})
    env = {"PIDS": str(pids), "READY": str(tmp_path / "ready")}
    done = headless(
        repo, write_plan(tmp_path, creates("1")), agent, "--timeout", "0.4", "--on-failure", "skip",
        env=env,
    )  # fmt: skip
    assert done.returncode == 1
    assert [p for p in map(int, pids.read_text().split()) if alive(p)] == []
    assert leftovers(repo) == []


def a_closed_terminal_stops_the_run_at_a_checkpoint(running: Running) -> None:
    master, slave = pty.openpty()
    engine = subprocess.Popen(
        [PYTHON, "-m", "maestro_tui", *running.words],
        cwd=running.repo,
        env=environment(running.env),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        preexec_fn=_own_terminal,
    )
    os.close(slave)
    os.set_blocking(master, False)

    def works() -> bool:
        try:
            os.read(master, 65536)
        except BlockingIOError:
            pass
        return Path(f"{running.ready}.2").exists()

    until(works, "task 2 works")
    os.close(master)
    engine.wait(25)
    running.check_nothing_runs()
    assert status(running.repo)["status"] == "stopped"


def _own_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def test_a_reader_that_goes_away_does_not_end_the_run(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command",
        cases_agent(tmp_path, {}), stderr=subprocess.PIPE,
    )  # fmt: skip
    assert engine.stdout is not None
    assert engine.stderr is not None
    engine.stdout.readline()
    engine.stdout.close()
    assert engine.wait(20) == 0
    assert engine.stderr.read() == ""
    assert states(repo) == {"1": "merged", "2": "merged"}
    assert leftovers(repo) == []


def test_a_run_under_nohup_goes_on_when_the_terminal_goes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    ready = tmp_path / "ready"
    agent = cases_agent(tmp_path, {"1": 'touch "$READY"; sleep 0.7; write; done_'})
    plan = write_plan(tmp_path, creates("1"))
    engine = subprocess.Popen(
        ["nohup", PYTHON, "-m", "maestro_tui", "run", str(plan), "--headless", "--yes", "--run-id",
         "r", "--agent-command", agent],
        cwd=repo, env=environment({"READY": str(ready)}), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    until(ready.exists)
    engine.send_signal(signal.SIGHUP)
    assert engine.wait(20) == 0


def two_interrupts_in_a_row_are_one(running: Running) -> None:
    engine = running.start()
    engine.send_signal(signal.SIGINT)
    # A person's second Ctrl-C, while the first is being carried out.
    until(lambda: any(kind == "StopRequested" for kind, _, _ in journal_events(running.repo)))
    engine.send_signal(signal.SIGINT)
    assert engine.wait(25) == 130
    running.check_nothing_runs()


# Each waits most of its time for the grace a stubborn agent is given: all at once.
SCENARIOS: dict[str, Callable[[Running], None]] = {
    "SIGTERM": lambda r: a_signal_stops_at_a_checkpoint(r, signal.SIGTERM),
    "SIGINT": lambda r: a_signal_stops_at_a_checkpoint(r, signal.SIGINT),
    "SIGHUP": lambda r: a_signal_stops_at_a_checkpoint(r, signal.SIGHUP),
    "stop": stop_leaves_nothing_running,
    "abort": abort_leaves_nothing_at_all,
    "abort without an engine": abort_of_a_run_without_an_engine_starts_no_agent,
    "closed terminal": a_closed_terminal_stops_the_run_at_a_checkpoint,
    "two interrupts": two_interrupts_in_a_row_are_one,
}


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[None]]]:
    """Runs in the midst of their work, each ended in its own way."""
    runs = {name: Running(tmp_path_factory.mktemp("end")) for name in SCENARIOS}
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(SCENARIOS[name], run) for name, run in runs.items()}
    for run in runs.values():
        run.clean_up()


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_run_in_the_midst_of_its_work_ends_and_leaves_nothing(
    ends: dict[str, Future[None]], name: str
) -> None:
    ends[name].result(120)
