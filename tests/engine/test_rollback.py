"""Back to any wave or task: seen beforehand, nothing lost, done again, brought back as a branch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.scratch import (
    begin,
    cases_agent,
    creates,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    until,
    write_plan,
)

NAMES = ("1", "2", "3", "4")


@pytest.fixture
def done(tmp_path: Path) -> Path:
    """Four tasks one after the other, all merged, waiting for the delivery."""
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates(*NAMES), "2<1 3<2 4<3")
    agent = cases_agent(tmp_path, {}, 'echo "$MAESTRO_ATTEMPT" > "f$MAESTRO_TASK_ID.txt"; done_')
    ended = headless(repo, plan, agent, "--deliver", "none")
    assert ended.returncode == 0, ended.stdout
    return repo


def files(repo: Path) -> list[str]:
    names = git(repo, "ls-tree", "--name-only", "maestro/r/_integration").split()
    return [n for n in names if n != "README.md"]


def go_back(repo: Path, point: str) -> None:
    said = maestro("rollback", "r", point, "--yes", cwd=repo)
    assert said.returncode == 0, said.stderr
    stopped = maestro("resume", "r", "--headless", cwd=repo)
    assert stopped.returncode == 3, stopped.stdout
    assert status(repo)["questions"][0]["kind"] == "rolledback"


def test_points_and_what_they_would_drop_are_shown_and_nothing_is_done(done: Path) -> None:
    said = maestro("rollback", "r", cwd=done)
    assert said.returncode == 0
    for name in ("base", "task:1", "wave:1", "task:4", "wave:4"):
        assert name in said.stdout
    said = maestro("rollback", "r", "task:2", cwd=done)
    assert "drops 3 — Task 3, 1 file(s)" in said.stdout
    assert "keeps 1" in said.stdout
    assert "Nothing was changed" in said.stdout
    assert files(done) == ["f1.txt", "f2.txt", "f3.txt", "f4.txt"]
    wrong = maestro("rollback", "r", "task:9", cwd=done)
    assert wrong.returncode == 2
    assert "can go back to base" in wrong.stderr


@pytest.mark.parametrize(
    ("point", "left", "again"),
    [
        ("task:2", {"1", "2"}, {"3", "4"}),
        ("wave:3", {"1", "2", "3"}, {"4"}),
        ("base", set(), set(NAMES)),
    ],
)
def test_what_is_dropped_is_kept_and_done_again(
    done: Path, point: str, left: set[str], again: set[str]
) -> None:
    head = git(done, "rev-parse", "maestro/r/_integration")
    go_back(done, point)
    assert files(done) == [f"f{n}.txt" for n in sorted(left)]
    assert git(done, "rev-parse", "refs/maestro/r/rolled-back/1") == head
    assert {n for n, s in states(done).items() if s == "merged"} == left
    question = status(done)["questions"][0]
    assert maestro("decide", "r", question["id"], "restart", cwd=done).returncode == 0
    ended = maestro("resume", "r", "--headless", cwd=done)
    assert ended.returncode == 0, ended.stdout
    assert files(done) == [f"f{n}.txt" for n in NAMES]
    attempts = {t["id"]: t["attempts"] for t in status(done)["tasks"]}
    assert attempts == {n: 2 if n in again else 1 for n in NAMES}
    for name in again:
        assert git(done, "show", f"maestro/r/_integration:f{name}.txt") == "2"
        assert git(done, "show", f"refs/maestro/r/attempt/{name}/a1:f{name}.txt") == "1"
    assert leftovers(done) == []


def test_a_task_dropped_can_be_given_up(done: Path) -> None:
    go_back(done, "task:3")
    question = status(done)["questions"][0]
    assert maestro("decide", "r", question["id"], "skip", cwd=done).returncode == 0
    ended = maestro("resume", "r", "--headless", cwd=done)
    assert ended.returncode == 1, ended.stdout
    assert states(done)["4"] == "skipped"
    assert files(done) == ["f1.txt", "f2.txt", "f3.txt"]


def test_rescue_lists_what_is_kept_and_makes_a_branch_of_it(done: Path) -> None:
    go_back(done, "wave:1")
    rows = json.loads(maestro("rescue", "r", "--json", cwd=done).stdout)
    names = {r["name"] for r in rows}
    assert {"rolled-back/1", "attempt/3/a1", "wave/1"} <= names
    assert not any(r["merged"] for r in rows)
    said = maestro("rescue", "r", cwd=done)
    assert "rolled-back/1" in said.stdout
    assert "only here" in said.stdout
    made = maestro("rescue", "r", "--restore", "rolled-back/1", cwd=done)
    assert made.returncode == 0, made.stderr
    assert git(done, "show", "rescue/r/rolled-back/1:f4.txt") == "1"
    again = maestro("rescue", "r", "--restore", "rolled-back/1", cwd=done)
    assert again.returncode == 1  # no branch is moved
    assert "already exists" in again.stderr
    other = maestro("rescue", "r", "--restore", "attempt/3/a1", "--branch", "three", cwd=done)
    assert other.returncode == 0
    assert git(done, "show", "three:f3.txt") == "1"
    assert maestro("rescue", "r", "--restore", "nothing", cwd=done).returncode == 2


def test_a_delivered_run_is_not_rolled_back(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1"))
    assert headless(repo, plan, cases_agent(tmp_path, {})).returncode == 0
    said = maestro("rollback", "r", "base", "--yes", cwd=repo)
    assert said.returncode == 1
    assert "delivered already" in said.stderr


def test_agents_that_build_on_what_is_dropped_are_ended(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1", "2", "3"), "2<1")
    go = tmp_path / "go"
    wait = f"until test -e '{go}'; do sleep 0.05; done; write; done_"
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--mode", "streaming",
        "--agent-command", cases_agent(tmp_path, {"2": wait, "3": wait}),
    )  # fmt: skip
    until(lambda: (repo / ".maestro/runs/r/1").exists(), "the run begins")
    until(lambda: states(repo)["2"] == "running", "2 runs on top of 1")
    shown = maestro("rollback", "r", "base", cwd=repo)
    assert "stops 2" in shown.stdout
    assert maestro("rollback", "r", "base", "--yes", cwd=repo).returncode == 0
    until(lambda: states(repo)["2"] != "running", "2 is ended")
    go.touch()
    out, _ = engine.communicate(timeout=60)
    assert engine.returncode == 3, out
    assert status(repo)["questions"][0]["kind"] == "rolledback"
    assert states(repo)["1"] != "merged"
    assert leftovers(repo) == []
