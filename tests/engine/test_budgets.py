"""Budgets on real runs: a headless one ends with 3 and can be raised; all drivers' money counts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    creates,
    decide,
    headless,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    write_plan,
)

USAGE = '{"type":"assistant","message":{"id":"m%d","model":"%s","usage":{"input_tokens":%d}}}'


def rehearsed(folder: Path, script: str, edges: str = "") -> tuple[Path, Path]:
    repo = make_repo(folder / "repo")
    plan = write_plan(folder, creates("a", "b"), edges)
    (folder / "work.rehearsal.toml").write_text("schema = 1\n" + script)
    return repo, plan


def step(task: str, what: str) -> str:
    return f'[[step]]\ntask = "{task}"\n{what}\n'


PAID = "".join(
    step(t, 'do = "usage"\ninput = 1000\noutput = 50\ncost_usd = 0.6')
    + step(t, f'do = "write"\npath = "f{t}.txt"\ntext = "x"')
    for t in "ab"
)


def run(repo: Path, plan: Path, *more: str):
    words = ("run", str(plan), "--headless", "--run-id", "r", "--yes", *more)
    return maestro(*words, cwd=repo)


def test_at_four_fifths_it_is_said_and_at_the_limit_the_run_waits(tmp_path: Path) -> None:
    repo, plan = rehearsed(tmp_path, PAID, "b<a")
    done = run(repo, plan, "--budget", "0.6")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "The budget of the run is used up: $0.60 of $0.60" in done.stdout
    assert "maestro decide r budget-run-1 raise" in done.stdout
    assert states(repo) == {"a": "merged", "b": "waiting"}
    assert leftovers(repo) == []
    decide(repo, "budget-run-1", "raise")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout  # beyond it again, but nothing is left to start
    assert states(repo) == {"a": "merged", "b": "merged"}


def test_a_new_limit_comes_with_the_resumption(tmp_path: Path) -> None:
    repo, plan = rehearsed(tmp_path, PAID, "b<a")
    assert run(repo, plan, "--budget", "0.6").returncode == 3
    done = maestro("resume", "r", "--headless", "--yes", "--budget", "1.4", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert "86% of the budget of the run is used: $1.20 of $1.40" in done.stdout


@pytest.mark.parametrize(("policy", "code"), [("stop", 3), ("continue", 0)])
def test_policies(tmp_path: Path, policy: str, code: int) -> None:
    repo, plan = rehearsed(tmp_path, PAID, "b<a")
    done = run(repo, plan, "--budget", "0.5", "--on-budget", policy)
    assert done.returncode == code, done.stdout + done.stderr
    assert states(repo)["b"] == ("merged" if code == 0 else "waiting")
    assert "(policy: on-budget)" in done.stdout


def test_an_agent_beyond_its_own_limit_is_ended_and_goes_on_with_more(tmp_path: Path) -> None:
    script = (
        step("a", 'do = "usage"\ncost_usd = 0.9\ninput = 10\nattempt = 1')
        + step("a", 'do = "hang"\nattempt = 1')
        + step("*", 'do = "sleep"\nseconds = 0.0')
    )
    repo, plan = rehearsed(tmp_path, script)
    done = run(repo, plan, "--agent-budget", "0.5")
    assert done.returncode == 3, done.stdout + done.stderr
    assert states(repo) == {"a": "waiting", "b": "merged"}
    assert leftovers(repo) == []
    decide(repo, "budget-agent-a-1", "raise")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert [t["attempts"] for t in status(repo)["tasks"]] == [2, 1]


def test_tokens_without_a_price_are_priced_by_their_model(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("a", "b"), "b<a")
    line = USAGE % (1, "claude-sonnet-5-5", 1_000_000)
    agent = cases_agent(tmp_path, {}, f"echo '{line}'; write; done_")
    done = headless(repo, plan, agent, "--budget", "1.9")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "$2.00 estimated from their tokens and the price table" in done.stdout
    usage = status(repo)["tasks"][0]["usage"]
    assert usage["estimated_usd"] == 2.0
    assert "cost_usd" not in usage


def test_the_users_prices_go_before(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / "maestro.toml").write_text(
        '[prices."own-model"]\ninput = 0.5\noutput = 1.0\n[budget]\nrun = 10.0\nwave = 5.0\n'
    )
    plan = write_plan(tmp_path, creates("a"))
    line = USAGE % (1, "own-model", 1_000_000)
    agent = cases_agent(tmp_path, {}, f"echo '{line}'; write; done_")
    done = headless(repo, plan, agent)
    assert done.returncode == 0, done.stdout + done.stderr
    assert status(repo)["tasks"][0]["usage"]["estimated_usd"] == 0.5
    assert status(repo)["budgets"] == [
        {"scope": "run", "limit": 10.0, "reported": 0.0, "estimated": 0.5},
        {"scope": "wave:1", "limit": 5.0, "reported": 0.0, "estimated": 0.5},
    ]


def test_a_limit_that_is_none_is_refused(tmp_path: Path) -> None:
    repo, plan = rehearsed(tmp_path, PAID)
    assert run(repo, plan, "--budget", "-1").returncode == 2
    (repo / "maestro.toml").write_text("[budget]\nweek = 3\n")
    done = run(repo, plan)
    assert done.returncode == 2
    assert 'unknown key "week" in [budget]' in done.stderr
    assert json.dumps(done.stdout) == '""'
