"""Two tasks change the same line: what is asked, and what each answer makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.engine.scratch import (
    cases_agent,
    creates,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    write_plan,
)

# Neither says which files it writes; task 2 waits until it meets what task 1 has merged.
BODIES = {
    "1": 'echo "line of 1" > shared.txt; echo 1 > one.txt; done_',
    "2": 'echo "line of $MAESTRO_TASK_ID.$MAESTRO_ATTEMPT" > shared.txt; echo 2 > two.txt;'
    " until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 > /dev/null;"
    " do sleep 0.05; done; done_",
}


def undeclared() -> dict[str, str]:
    return {"1": "", "2": "", "3": 'create = ["f3.txt"]'}


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path, str]:
    repo = make_repo(tmp_path / "repo", {"shared.txt": "base\n", "README.md": "x\n"})
    return repo, write_plan(tmp_path, undeclared(), "3<2"), cases_agent(tmp_path, BODIES)


def conflict(place: tuple[Path, Path, str]) -> dict[str, Any]:
    repo, plan, agent = place
    done = headless(repo, plan, agent)
    assert done.returncode == 3, (done.stdout, done.stderr)
    question: dict[str, Any] = status(repo, "r")["questions"][0]
    assert question["kind"] == "conflict", question
    assert question["task"] == "2"
    text = "\n".join(question["evidence"])
    assert "shared.txt" in text
    assert "line of 1" in text
    assert "Blocked until this is answered: 3" in text
    assert "1" in question["title"]
    assert git(repo, "show", "HEAD:shared.txt") == "base"
    return question


def resume(repo: Path, question: dict[str, Any], key: str, *more: str) -> int:
    said = maestro("decide", "r", question["id"], key, *more, cwd=repo)
    assert said.returncode == 0, said.stderr
    return maestro("resume", "r", "--headless", "--yes", cwd=repo).returncode


def test_theirs_takes_the_tasks_side(place: tuple[Path, Path, str]) -> None:
    repo = place[0]
    assert resume(repo, conflict(place), "theirs") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 2.1"
    assert git(repo, "show", "HEAD:one.txt") == "1"
    assert git(repo, "show", "HEAD:two.txt") == "2"
    assert leftovers(repo) == []


def test_ours_keeps_what_is_merged(place: tuple[Path, Path, str]) -> None:
    repo = place[0]
    assert resume(repo, conflict(place), "ours") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 1"
    assert git(repo, "show", "HEAD:two.txt") == "2"
    assert leftovers(repo) == []


def test_retry_starts_the_task_afresh_on_what_is_merged(place: tuple[Path, Path, str]) -> None:
    repo = place[0]
    assert resume(repo, conflict(place), "retry") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 2.2"
    assert {t["id"]: t["attempts"] for t in status(repo)["tasks"]} == {"1": 1, "2": 2, "3": 1}
    assert leftovers(repo) == []


def test_edited_is_refused_while_markers_are_left_then_taken(
    place: tuple[Path, Path, str],
) -> None:
    repo = place[0]
    question = conflict(place)
    tree = Path(question["worktree"])
    assert "<<<<<<<" in (tree / "shared.txt").read_text()
    assert resume(repo, question, "edited") == 3
    question = status(repo)["questions"][0]
    assert question["kind"] == "conflict"
    assert any("markers are still in" in line for line in question["evidence"])
    (tree / "shared.txt").write_text("both lines\n")
    assert resume(repo, question, "edited") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "both lines"
    assert git(repo, "show", "HEAD:two.txt") == "2"
    assert leftovers(repo) == []


def test_skip_by_policy_gives_the_task_up(place: tuple[Path, Path, str]) -> None:
    repo, plan, agent = place
    done = headless(repo, plan, agent, "--on-conflict", "skip")
    assert done.returncode == 1, done.stdout
    assert states(repo) == {"1": "merged", "2": "skipped", "3": "blocked"}
    assert git(repo, "show", "HEAD:shared.txt") == "line of 1"
    assert git(repo, "show", "refs/maestro/r/attempt/2/a1:shared.txt") == "line of 2.1"
    assert leftovers(repo) == []


def test_abort_by_policy(place: tuple[Path, Path, str]) -> None:
    repo, plan, agent = place
    done = headless(repo, plan, agent, "--on-conflict", "abort")
    assert done.returncode == 1
    assert status(repo)["status"] == "aborted"
    assert git(repo, "show", "HEAD:shared.txt") == "base"
    assert leftovers(repo) == []


def test_one_side_deletes_what_the_other_changes(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"shared.txt": "base\n", "README.md": "x\n"})
    bodies = dict(BODIES)
    bodies["1"] = "git rm -q shared.txt; echo 1 > one.txt; done_"
    plan = write_plan(tmp_path, undeclared(), "3<2")
    place = (repo, plan, cases_agent(tmp_path, bodies))
    done = headless(*place)
    assert done.returncode == 3, done.stdout
    assert resume(repo, status(repo)["questions"][0], "ours") == 0
    assert "shared.txt" not in git(repo, "ls-tree", "--name-only", "HEAD").split()
    assert leftovers(repo) == []


def test_two_unordered_writers_are_serialised_in_document_order_and_shown(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"log.txt": "base\n"})
    tasks = dict.fromkeys(("late", "early", "last"), 'modify = ["log.txt"]') | creates("free")
    plan = write_plan(tmp_path, tasks)
    shown = maestro("plan", "show", str(plan), cwd=tmp_path)
    assert shown.returncode == 0
    assert "late and early: both write log.txt (order added)" in shown.stdout
    assert "early and last: both write log.txt (order added)" in shown.stdout
    append = "echo $MAESTRO_TASK_ID >> log.txt; done_"
    agent = cases_agent(tmp_path, {"late": append, "early": append, "last": append})
    done = headless(repo, plan, agent, "--mode", "streaming")
    assert done.returncode == 0, done.stdout
    assert git(repo, "show", "HEAD:log.txt").split() == ["base", "late", "early", "last"]
    waves = {t["id"]: t["wave"] for t in status(repo)["tasks"]}
    assert waves == {"late": 1, "early": 2, "last": 3, "free": 1}
