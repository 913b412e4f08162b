"""The commands that look at runs and speak to them: what they say, and how they say no."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    checkout,
    creates,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    write_plan,
)


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a run ``r`` that waits for an answer, and ``done-before``."""
    folder = tmp_path_factory.mktemp("commands")
    repo = make_repo(folder / "repo")
    plan = write_plan(folder, creates("alpha", "beta", "gamma"), "gamma<alpha")
    agent = cases_agent(folder, {"alpha": "echo it broke; exit 2"})
    done = headless(repo, plan, agent, "--run-id", "done-before", "--on-failure", "skip")
    assert done.returncode == 1
    assert headless(repo, plan, agent).returncode == 3
    return repo


def ask(repo: Path, *words: str) -> subprocess.CompletedProcess[str]:
    done = maestro(*words, cwd=repo)
    assert "Traceback" not in done.stderr
    return done


def test_status(repo: Path) -> None:
    done = ask(repo, "status")
    assert done.returncode == 0
    assert "alpha: failed" in done.stdout
    assert "gamma: blocked — waits for alpha (failed)" in done.stdout
    assert "maestro decide r fail-alpha-1 retry" in done.stdout
    assert "maestro resume r goes on with it" in done.stdout


def test_status_for_programs(repo: Path) -> None:
    data = json.loads(ask(repo, "status", "r", "--json").stdout)
    assert data["status"] == "stopped"
    assert data["engine"] is False
    assert {t["id"]: t["state"] for t in data["tasks"]} == {
        "alpha": "failed", "beta": "merged", "gamma": "blocked",
    }  # fmt: skip
    question = data["questions"][0]
    assert question["id"] == "fail-alpha-1"
    assert question["blocks"] == 1
    assert "retry" in question["options"]
    assert any("it broke" in line for line in question["evidence"])


def test_runs_are_listed_newest_first(repo: Path) -> None:
    lines = ask(repo, "runs").stdout.splitlines()
    assert " r " in lines[0]
    assert "stopped" in lines[0]
    assert "1/3" in lines[0]
    assert "done-before" in lines[1]
    data = json.loads(ask(repo, "runs", "--json").stdout)
    assert [(d["run"], d["status"], d["merged"]) for d in data] == [
        ("r", "stopped", 1), ("done-before", "failed", 1),
    ]  # fmt: skip


def test_the_unique_beginning_of_a_name_is_enough(repo: Path) -> None:
    assert "done-before" in ask(repo, "status", "done").stdout
    assert "it broke" in ask(repo, "logs", "done", "al").stdout


REFUSED: dict[str, tuple[list[str], list[str]]] = {
    "status of an unknown run": (["status", "done-befor-e"], ["nearest: done-before"]),
    "logs of an unknown task": (["logs", "r", "alhpa"], ["nearest: alpha"]),
    "logs of an unknown attempt": (["logs", "r", "alpha", "--attempt", "9"], ["1 attempt"]),
    "decide on an unknown question": (
        ["decide", "r", "fail-alhpa-1", "retry"], ["nearest: fail-alpha-1"],
    ),
    "decide an unknown answer": (
        ["decide", "r", "fail-alpha-1", "retyr"], ["nearest: retry", "skip", "abort"],
    ),
    "decide without the words": (["decide", "r", "fail-alpha-1", "instruct"], ["--text"]),
    "retry of an unknown task": (["retry", "r", "gama"], ["nearest: gamma"]),
    "retry of a merged task": (["retry", "r", "beta"], ["merged"]),
    "attach without a terminal": (["attach", "r"], ["terminal"]),
    "resume without a terminal": (["resume", "r"], ["--headless"]),
    "an unknown command": (["stauts"], ["status"]),
    "an unknown sample": (["demo", "helo"], ["nearest: hello"]),
    "a folder that is no repository": (["status", "--repo", "/"], ["not a git repository"]),
    "two ways to stop": (["stop", "r", "--drain", "--abort"], ["not allowed"]),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_refused_with_the_nearest_name(repo: Path, name: str) -> None:
    words, expected = REFUSED[name]
    done = ask(repo, *words)
    assert done.returncode == 2, (done.stdout, done.stderr)
    for word in expected:
        assert word in done.stderr


def test_logs_of_a_task_that_has_not_started(repo: Path) -> None:
    done = ask(repo, "logs", "r", "gamma")
    assert done.returncode == 1
    assert "has not started" in done.stderr


def test_stop_of_a_run_at_rest(repo: Path) -> None:
    done = ask(repo, "stop", "r")
    assert done.returncode == 0
    assert "nothing to stop" in done.stdout


def test_nothing_asked_of_an_ended_run(repo: Path) -> None:
    done = ask(repo, "decide", "done-before", "review", "yes")
    assert done.returncode == 1
    assert "asks nothing" in done.stderr


def test_clean_shows_and_keeps_what_is_still_needed(repo: Path) -> None:
    before = checkout(repo)
    done = ask(repo, "clean", "--yes")
    assert done.returncode == 0
    assert "kept     r: it is stopped and can be resumed" in done.stdout
    assert "kept     done-before: it failed" in done.stdout
    assert (repo / ".maestro/runs/r/alpha/1/output.log").exists()
    assert checkout(repo) == before


def test_a_repository_without_runs(tmp_path: Path) -> None:
    new = make_repo(tmp_path / "new")
    assert "no runs yet" in ask(new, "runs").stdout
    assert json.loads(ask(new, "runs", "--json").stdout) == []
    for words in (["status"], ["resume", "--headless"], ["stop"], ["logs", "r", "1"], ["attach"]):
        done = ask(new, *words)
        assert done.returncode == 2
        assert "no runs yet" in done.stderr
    assert ask(new, "clean").stdout == "Nothing to remove.\n"
    assert not (new / ".maestro").exists()


def test_an_answer_can_be_given_once(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1"))
    headless(repo, plan, cases_agent(tmp_path, {}), yes=False)
    assert ask(repo, "decide", "r", "review", "yes").returncode == 0
    again = ask(repo, "decide", "r", "review", "no")
    assert again.returncode == 1
    assert "answered already" in again.stderr
    assert maestro("resume", "--headless", "--yes", cwd=repo).returncode == 0


def test_clean_removes_what_a_delivered_run_left(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    headless(repo, write_plan(tmp_path, creates("1")), cases_agent(tmp_path, {}))
    folder = repo / ".maestro/runs/r"
    shown = ask(repo, "clean")
    assert "would go" in shown.stdout
    assert folder.exists()
    done = ask(repo, "clean", "--yes")
    assert done.returncode == 0
    assert not folder.exists()
    assert "Nothing to remove" in ask(repo, "clean").stdout
    assert git(repo, "show", "refs/maestro/r/integration:f1.txt") == "text of 1"
    assert "r" in ask(repo, "runs").stdout
    assert ask(repo, "status", "r").returncode == 0


def test_clean_keeps_a_branch_with_commits_of_its_own(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    headless(
        repo, write_plan(tmp_path, creates("1")), cases_agent(tmp_path, {}), "--deliver", "none"
    )
    done = ask(repo, "clean", "--yes")
    assert "maestro/r/_integration: holds commits that HEAD does not have" in done.stdout
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "text of 1"


def test_doctor(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    done = ask(repo, "doctor")
    assert done.returncode == 0, done.stdout
    rows = {r["check"]: r for r in json.loads(ask(repo, "doctor", "--json").stdout)}
    assert rows["git"]["ok"]
    assert "main" in rows["repository"]["detail"]
    (repo / "maestro.toml").write_text("[run]\nmode = 'sideways'\n")
    bad = ask(repo, "doctor")
    assert bad.returncode == 1
    assert "maestro.toml:2" in bad.stdout
    assert ask(tmp_path, "doctor").returncode == 1


def test_plan_show_check_and_export(tmp_path: Path) -> None:
    plan = write_plan(tmp_path, creates("a", "b"), "b<a")
    shown = ask(tmp_path, "plan", "show", "work.plan.toml")
    assert shown.returncode == 0
    assert re.search(r"after +a \(", shown.stdout)
    assert re.search(r"Critical path.*\n +a → b", shown.stdout)
    assert json.loads(ask(tmp_path, "plan", "show", "work.plan.toml", "--json").stdout)
    assert "a --> b" in ask(
        tmp_path, "plan", "show", "work.plan.toml", "--graph", "mermaid"
    ).stdout.replace("t0", "a").replace("t1", "b")
    assert "digraph" in ask(tmp_path, "plan", "show", "work.plan.toml", "--graph", "dot").stdout
    good = ask(tmp_path, "plan", "check", "work.plan.toml")
    assert good.returncode == 0
    assert "can be run: 2 tasks" in good.stdout
    out = ask(tmp_path, "plan", "export", "work.plan.toml", "-o", "copy.plan.toml")
    assert out.returncode == 0
    assert "2 tasks" in ask(tmp_path, "plan", "check", "copy.plan.toml").stdout
    again = ask(tmp_path, "plan", "export", "work.plan.toml", "-o", "copy.plan.toml")
    assert again.returncode == 2
    assert "exists" in again.stderr
    plan.write_text(plan.read_text().replace('after = "a"', 'after = "aa"'))
    bad = ask(tmp_path, "plan", "check", "work.plan.toml")
    assert bad.returncode == 2
    assert "work.plan.toml:" in bad.stdout
    assert ask(tmp_path, "plan", "show", "none.md").returncode == 2
    assert ask(tmp_path, "plan", "export", "work.plan.toml", "-o", "no/such/x").returncode == 2


@pytest.mark.slow
def test_the_hello_sample_runs_through(tmp_path: Path) -> None:
    folder = tmp_path / "hello"
    done = maestro("demo", "hello", "--headless", "--dir", str(folder), cwd=tmp_path)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert "merged" in done.stdout
    assert leftovers(folder) == []
    again = maestro("demo", "hello", "--headless", "--dir", str(folder), cwd=tmp_path)
    assert again.returncode == 2
    assert "not empty" in again.stderr


def test_no_command_and_help(tmp_path: Path) -> None:
    assert ask(tmp_path).returncode == 2
    done = ask(tmp_path, "--help")
    assert done.returncode == 0
    assert "exit codes" in done.stdout
