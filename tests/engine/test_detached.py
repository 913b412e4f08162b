"""The engine of a screen: detached, followed by several clients, answered by one."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from maestro_tui.engine.client import RunClient, UnknownRun
from tests.engine.scratch import (
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
    until,
    write_plan,
)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run that was made, and waits for its review."""
    for name, value in environment({"GO": str(tmp_path / "go")}).items():
        monkeypatch.setenv(name, value)
    repo = make_repo(tmp_path / "repo")
    waits = 'while ! test -e "$GO"; do sleep 0.05; done; write; done_'
    agent = cases_agent(tmp_path, {"1": "echo no; exit 1", "2": waits})
    plan = write_plan(tmp_path, creates("1", "2", "3"), "3<1")
    assert headless(repo, plan, agent, yes=False).returncode == 3
    yield repo
    (tmp_path / "go").touch()


def kinds(client: RunClient) -> set[str]:
    client.poll()
    return {q.kind for q in client.state.questions.values()}


def test_two_clients_follow_and_one_answer_wins(place: Path) -> None:
    one, two = RunClient(place, "r", "one"), RunClient(place, "r", "two")
    assert not one.engine_alive()
    one.start_engine()
    two.start_engine()  # gives way by itself
    until(one.engine_alive)
    until(lambda: kinds(one) == {"review"})
    assert one.decide("review", "yes")
    assert not two.decide("review", "no")
    until(lambda: kinds(one) == {"failure"} and kinds(two) == {"failure"}, "task 1 fails")
    question = next(iter(one.state.questions))
    assert two.decide(question, "skip")
    assert not one.decide(question, "retry")
    until(lambda: not kinds(one), "the question closes in the first client")
    until(lambda: not kinds(two), "and in the second")
    assert one.state.answers[-1].answer == "skip"
    assert one.state.answers[-1].by == "two"
    (place.parent / "go").touch()
    until(lambda: kinds(one) == {"deliver"})
    assert one.decide("deliver-0", "merge")
    until(lambda: (one.poll(), one.state.ended)[1])
    until(lambda: not one.engine_alive(), "the engine ends with the run")
    two.poll()
    assert two.state.status == one.state.status == "failed"
    assert one.seq == two.seq
    started = [kind for kind, _, _ in journal_events(place) if kind == "EngineStarted"]
    assert len(started) == 2  # the one that made the review wait, and one of the two
    assert git(place, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "f2.txt"]
    one.close()
    two.close()
    until(lambda: leftovers(place) == [])


def test_the_engine_outlives_its_client_and_a_hangup(place: Path) -> None:
    client = RunClient(place, "r")
    client.start_engine()
    until(client.engine_alive)
    until(lambda: (client.poll(), client.state.engine_pid)[1])
    pid = client.state.engine_pid
    assert os.getsid(pid) == pid != os.getsid(0)
    client.decide("review", "yes")
    client.close()
    again = RunClient(place, "r")
    until(lambda: kinds(again) == {"failure"})
    assert again.engine_alive()
    os.kill(pid, signal.SIGTERM)
    until(lambda: not again.engine_alive(), "it stops at a checkpoint")
    again.poll()
    assert again.state.status == "stopped"
    until(lambda: not [x for x in leftovers(place) if x.startswith("process")])
    again.close()


def test_a_second_resume_is_refused_and_names_the_first(place: Path) -> None:
    engine = begin(place, "resume", "r", "--headless", "--yes")
    client = RunClient(place, "r")
    until(
        lambda: (client.poll(), any(t.state == "running" for t in client.state.tasks.values()))[1]
    )
    second = maestro("resume", "r", "--headless", "--yes", cwd=place)
    assert second.returncode == 2
    assert f"pid {engine.pid}" in second.stderr
    assert "maestro attach r" in second.stderr
    assert engine.poll() is None
    assert client.retry("1") is None
    client.set_parallel(3)
    until(lambda: (client.poll(), client.state.max_parallel == 3)[1])
    engine.terminate()
    engine.communicate(timeout=20)
    client.close()


def test_two_resumes_at_once_run_nothing_twice(place: Path) -> None:
    starts = place.parent / "starts"
    (place.parent / "go").touch()
    both = [
        begin(place, "resume", "r", "--headless", "--yes", "--on-failure", "skip",
              env={"STARTS": str(starts), "GO": str(place.parent / "go")})
        for _ in range(2)
    ]  # fmt: skip
    codes = sorted(p.wait(30) for p in both)
    for process in both:
        process.communicate()
    assert codes in ([1, 2], [1, 1])
    begun = starts.read_text().split()
    assert len(begun) == len(set(begun))
    assert leftovers(place) == []


def test_an_unknown_run_is_named_with_those_there_are(place: Path) -> None:
    with pytest.raises(UnknownRun, match="r"):
        RunClient(place, "nothing")


def test_an_engine_whose_repository_is_gone_ends_with_its_agents(place: Path) -> None:
    client = RunClient(place, "r")
    client.start_engine()
    until(client.engine_alive)
    assert client.decide("review", "yes")
    until(lambda: "failure" in kinds(client) and client.state.tasks["2"].state == "running")
    pid = client.state.engine_pid
    client.close()
    shutil.rmtree(place / ".maestro", ignore_errors=True)
    until(lambda: not any(left.startswith("process") for left in leftovers(place)), f"{pid} ends")
