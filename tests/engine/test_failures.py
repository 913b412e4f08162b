"""A task fails: what each policy and each answer makes of it, and that nothing is done twice."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.engine.scratch import (
    cases_agent,
    decide,
    git,
    headless,
    leftovers,
    maestro,
    make_agent,
    make_repo,
    six_tasks,
    states,
    status,
)


class Place(NamedTuple):
    """A repository, the six tasks, an agent whose task 1 fails until it is told."""

    repo: Path
    plan: Path
    agent: str
    starts: Path

    @property
    def env(self) -> dict[str, str]:
        return {"STARTS": str(self.starts)}

    def begun(self) -> list[str]:
        return sorted(self.starts.read_text().split())


FAILS = 'echo "no such module"; exit 7'
FAILS_ONCE = f'if [ "$MAESTRO_ATTEMPT" = 1 ]; then {FAILS}; fi; write; done_'
FAILS_UNTOLD = f'if grep -q "the word is plover"; then write; done_; else {FAILS}; fi'
REST = ["2.1", "3.1", "5.1"]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    repo = make_repo(tmp_path / "repo")
    starts = tmp_path / "starts"
    starts.touch()
    return Place(repo, six_tasks(tmp_path), cases_agent(tmp_path, {"1": FAILS_UNTOLD}), starts)


def files(repo: Path, ref: str = "HEAD") -> list[str]:
    return git(repo, "ls-tree", "-r", "--name-only", ref).split()


def test_skip_blocks_the_dependents_and_merges_the_others(place: Place) -> None:
    done = headless(place.repo, place.plan, place.agent, "--on-failure", "skip", env=place.env)
    assert done.returncode == 1, done.stderr
    found = {t["id"]: t for t in status(place.repo)["tasks"]}
    assert {i for i, t in found.items() if t["state"] == "merged"} == {"2", "3", "5"}
    assert found["1"]["state"] == "skipped"
    assert found["4"]["state"] == found["6"]["state"] == "blocked"
    assert "1 (skipped)" in found["4"]["why"]
    assert place.begun() == ["1.1", *REST]
    assert files(place.repo) == ["README.md", "f2.txt", "f3.txt", "f5.txt"]
    assert "blocked" in done.stdout
    assert leftovers(place.repo) == []


def test_ask_stops_with_the_commands_then_instructions_finish_it(place: Place) -> None:
    done = headless(place.repo, place.plan, place.agent, env=place.env)
    assert done.returncode == 3, done.stderr
    assert "maestro decide r fail-1-task-1-1 retry" in done.stdout
    assert 'maestro decide r fail-1-task-1-1 instruct --text "…"' in done.stdout
    assert "no such module" in done.stdout
    assert "maestro resume r" in done.stdout
    assert leftovers(place.repo) == []
    assert files(place.repo) == ["README.md"]
    head = status(place.repo)["head"]

    wordless = maestro("decide", "r", "fail-1-task-1-1", "instruct", cwd=place.repo)
    assert wordless.returncode == 2
    assert "--text" in wordless.stderr
    said = maestro(
        "decide", "r", "fail-1-task-1-1", "instruct", "--text", "the word is plover", cwd=place.repo
    )
    assert said.returncode == 0, said.stderr
    done = maestro("resume", "r", "--headless", "--yes", cwd=place.repo, env=place.env)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert place.begun() == ["1.1", "1.2", *REST[:2], "4.1", "5.1", "6.1"]
    assert len(files(place.repo)) == 7
    git(place.repo, "merge-base", "--is-ancestor", head, "HEAD")
    assert leftovers(place.repo) == []


def test_an_answer_given_before_resume_beats_the_policy_given_with_it(place: Place) -> None:
    headless(place.repo, place.plan, place.agent, env=place.env)
    maestro(
        "decide", "r", "fail-1-task-1-1", "instruct", "--text", "the word is plover", cwd=place.repo
    )
    done = maestro(
        "resume", "r", "--headless", "--yes", "--on-failure", "skip", cwd=place.repo, env=place.env
    )
    assert done.returncode == 0, done.stdout


def test_retry_by_policy(tmp_path: Path, place: Place) -> None:
    agent = cases_agent(tmp_path, {"1": FAILS_ONCE})
    done = headless(
        place.repo, place.plan, agent, "--on-failure", "retry", "--retry-delay", "0.1",
        env=place.env,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert place.begun() == ["1.1", "1.2", *REST[:2], "4.1", "5.1", "6.1"]
    assert leftovers(place.repo) == []


def test_retries_used_up_give_the_task_up(place: Place) -> None:
    done = headless(
        place.repo, place.plan, place.agent, "--on-failure", "retry", "--retry-delay", "0.05",
        "--retries", "2", env=place.env,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert [s for s in place.begun() if s.startswith("1.")] == ["1.1", "1.2", "1.3"]
    assert states(place.repo)["1"] == "skipped"


def test_abort_ends_the_run_and_keeps_what_is_merged_on_its_branch(place: Place) -> None:
    done = headless(place.repo, place.plan, place.agent, "--on-failure", "abort", env=place.env)
    assert done.returncode == 1, done.stdout
    assert status(place.repo)["status"] == "aborted"
    assert files(place.repo) == ["README.md"]
    assert leftovers(place.repo) == []


def test_a_skipped_task_is_retried_after_the_end(place: Place) -> None:
    headless(place.repo, place.plan, place.agent, "--on-failure", "skip", env=place.env)
    wrong = maestro("retry", "r", "2", cwd=place.repo)
    assert wrong.returncode == 2
    assert "merged" in wrong.stderr
    said = maestro("retry", "r", "1", "--text", "the word is plover", cwd=place.repo)
    assert said.returncode == 0, said.stderr
    assert "maestro resume r" in said.stdout
    done = maestro("resume", "r", "--headless", "--yes", cwd=place.repo, env=place.env)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert place.begun() == ["1.1", "1.2", *REST[:2], "4.1", "5.1", "6.1"]
    assert len(files(place.repo)) == 7
    assert leftovers(place.repo) == []


def test_resume_without_a_name_finds_the_retried_run(place: Place) -> None:
    headless(place.repo, place.plan, place.agent, "--on-failure", "skip", env=place.env)
    ended = maestro("resume", "--headless", "--yes", cwd=place.repo)
    assert ended.returncode == 2
    assert "maestro retry" in ended.stderr
    maestro("retry", "r", "1", "--text", "the word is plover", cwd=place.repo)
    done = maestro("resume", "--headless", "--yes", cwd=place.repo, env=place.env)
    assert done.returncode == 0, (done.stdout, done.stderr)


def test_an_agent_that_takes_too_long_is_ended_and_asked_about(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    agent = cases_agent(tmp_path, {"1": "sleep 100"})
    done = headless(repo, six_tasks(tmp_path), agent, "--timeout", "0.5", "--on-failure", "skip")
    assert done.returncode == 1
    assert "took longer than 0.5 s" in done.stdout
    assert leftovers(repo) == []


def test_a_run_that_waits_for_its_review_runs_after_a_yes(place: Place) -> None:
    done = headless(
        place.repo, place.plan, place.agent, "--on-failure", "skip", env=place.env, yes=False
    )
    assert done.returncode == 3
    assert "maestro decide r review yes" in done.stdout
    assert place.begun() == []
    decide(place.repo, "review", "yes")
    done = maestro("resume", "r", "--headless", cwd=place.repo, env=place.env)
    assert done.returncode == 3
    assert "maestro decide r deliver-0 merge" in done.stdout
    assert files(place.repo) == ["README.md"]
    decide(place.repo, "deliver-0", "merge")
    done = maestro("resume", "r", "--headless", cwd=place.repo, env=place.env)
    assert done.returncode == 1
    assert files(place.repo) == ["README.md", "f2.txt", "f3.txt", "f5.txt"]
    assert leftovers(place.repo) == []


def test_a_declined_run_does_nothing(place: Place) -> None:
    headless(place.repo, place.plan, place.agent, env=place.env, yes=False)
    decide(place.repo, "review", "no")
    done = maestro("resume", "r", "--headless", "--yes", cwd=place.repo, env=place.env)
    assert done.returncode == 1
    assert status(place.repo)["status"] == "declined"
    assert place.begun() == []
    assert leftovers(place.repo) == []


def test_another_agent_that_does_not_exist_is_asked_again_with_the_nearest_name(
    tmp_path: Path,
) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = six_tasks(tmp_path)
    agent = make_agent(tmp_path, "#!/bin/sh\nexit 1\n")
    words = ("run", str(plan), "--headless", "--yes", "--run-id", "r")
    assert maestro(*words, "--agent-command", str(agent), cwd=repo).returncode == 3
    asked = maestro("decide", "r", "fail-1", "swap", "--text", "api-ruoter", cwd=repo)
    assert asked.returncode == 0, asked.stderr
    resumed = maestro("resume", "r", "--headless", cwd=repo)
    assert resumed.returncode == 3
    assert "no agent 'api-ruoter'; nearest: api-router" in resumed.stdout
