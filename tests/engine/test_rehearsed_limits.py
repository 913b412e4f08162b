"""A rehearsed agent at a limit of its service, in a run without a screen: parked, and woken."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.e2e.steps import step
from tests.engine.scratch import (
    begin,
    creates,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    until,
    write_plan,
)


@pytest.mark.parametrize(("word", "code"), [("--resume", 0), ("--no-waiting", 1)])
def test_it_is_parked_until_it_is_woken(tmp_path: Path, word: str, code: int) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("a", "b"))
    script = "schema = 1\n" + step("a", "limit", seconds=600, why="The 5-hour limit is reached")
    (tmp_path / "work.rehearsal.toml").write_text(script)
    words = ("--headless", "--yes", "--run-id", "r", "--driver", "rehearsal")
    engine = begin(repo, "run", str(plan), *words, "--on-failure", "skip")
    folder = repo / ".maestro/runs/r/a/1/events.jsonl"
    until(lambda: folder.exists() and '"parked"' in folder.read_text(), "it is parked", 60)
    until(lambda: states(repo)["b"] == "merged", "the other one is not held up", 60)
    until(lambda: _waits(repo) > time.time() + 300, "the journal knows until when", 60)
    assert "waits for a limit of its service until" in maestro("status", "r", cwd=repo).stdout
    assert maestro("tell", "r", "a", word, cwd=repo).returncode == 0
    out, _ = engine.communicate(timeout=90)
    assert engine.returncode == code, out
    assert states(repo) == {"a": "merged" if code == 0 else "skipped", "b": "merged"}
    assert code == 0 or "The 5-hour limit is reached" in out
    assert leftovers(repo) == []


def _waits(repo: Path) -> float:
    task = next(t for t in status(repo)["tasks"] if t["id"] == "a")
    return float(task["parked_until"] or 0.0)
