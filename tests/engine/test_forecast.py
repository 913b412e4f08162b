"""Conflicts seen while agents work, committed or not, before anything is merged."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.engine.scratch import (
    begin,
    cases_agent,
    git,
    leftovers,
    maestro,
    make_repo,
    status,
    until,
    write_plan,
)


def foreseen(repo: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = status(repo, "r")["foreseen"]
    return found


def test_two_running_agents_on_the_same_line_are_shown_before_any_merge(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"shared.txt": "base\n", "own.txt": "x\n"})
    go = tmp_path / "go"
    plan = write_plan(tmp_path, {"1": "", "2": "", "3": ""})
    wait = f"until test -e '{go}'; do sleep 0.05; done; "
    cases = {
        # One commits, the other does not; the third touches something else.
        "1": "echo one > shared.txt; git add -A; commit work; " + wait + "done_",
        "2": "echo two > shared.txt; " + wait + "git checkout -q -- shared.txt; write; done_",
        "3": "echo three > own.txt; " + wait + "done_",
    }
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r",
        "--agent-command", cases_agent(tmp_path, cases),
    )  # fmt: skip
    until(lambda: (repo / ".maestro/runs/r/1").exists(), "the run begins")
    until(lambda: foreseen(repo), "the conflict is foreseen")
    assert foreseen(repo) == [{"task": "1", "other": "2", "paths": ["shared.txt"]}]
    merged = [t for t in status(repo, "r")["tasks"] if t["state"] == "merged"]
    assert merged == []
    said = maestro("status", "r", cwd=repo)
    assert "would conflict with 2 in shared.txt" in said.stdout
    go.touch()
    out, _ = engine.communicate(timeout=60)
    assert engine.returncode == 0, out
    assert "≠ 1: would conflict with 2 in shared.txt, as it is now" in out
    assert foreseen(repo) == []
    assert git(repo, "show", "HEAD:shared.txt") == "one"
    assert leftovers(repo) == []


def test_a_conflict_with_what_is_merged_names_who_wrote_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"shared.txt": "base\n"})
    go = tmp_path / "go"
    plan = write_plan(tmp_path, {"1": "", "2": ""})
    cases = {
        "1": "echo one > shared.txt; done_",
        "2": f"echo two > shared.txt; until test -e '{go}'; do sleep 0.05; done; done_",
    }
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--on-conflict", "skip",
        "--agent-command", cases_agent(tmp_path, cases),
    )  # fmt: skip
    until(lambda: (repo / ".maestro/runs/r/1").exists(), "the run begins")
    until(lambda: foreseen(repo), "the conflict is foreseen")
    assert foreseen(repo)[-1]["task"] == "2"
    assert foreseen(repo)[-1]["other"] == "1"
    go.touch()
    out, _ = engine.communicate(timeout=60)
    assert engine.returncode == 1, out
    db = sqlite3.connect(repo / ".maestro/maestro.db")
    rows = db.execute("SELECT data FROM event WHERE kind = 'ConflictsForeseen'").fetchall()
    db.close()
    assert len(rows) <= 4  # only what changes is written down
    assert json.loads(rows[0][0])["conflicts"]
