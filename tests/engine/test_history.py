"""What earlier runs took feeds the estimates of the next: only what was merged, never a refusal."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.core import events as e
from maestro_tui.engine.history import Finished, earlier_runs, finished, medians
from maestro_tui.engine.journal import Journal, Session
from maestro_tui.engine.schema import SCHEMA_VERSION
from maestro_tui.plans.estimates import Known
from maestro_tui.plans.model import Task
from tests.engine.scratch import cases_agent, creates, headless, maestro, make_repo, write_plan

TASK = Task("1", "Write the thing", key="1")


def of(title: str = "", agent: str = "coder", **figures: Any) -> Finished:
    given = {"run": "r", "key": "1", "seconds": 0.0, "tokens": 0.0, "rehearsed": False, **figures}
    return Finished(title=title or TASK.title, agent=agent, **given)


def time_of(known: Known, task: Task, agent: str = "coder") -> tuple[float, str]:
    return Known(known.seconds, known.tokens, {task.id: agent}).time(task, 99.0)


@pytest.mark.parametrize(
    ("seconds", "median"),
    [((10,), 10), ((10, 30), 20), ((10, 11, 9000), 11), ((4, 1, 3, 2), 2.5), ((0, 8), 8)],
)
def test_one_odd_run_does_not_move_the_figure(seconds: tuple[float, ...], median: float) -> None:
    known = medians(of(run=f"r{n}", seconds=s) for n, s in enumerate(seconds))
    assert time_of(known, TASK) == (median, "history")
    assert known.runs == len(seconds)


def test_the_same_task_by_the_same_agent_counts_for_more_than_the_agent() -> None:
    known = medians([of(seconds=10), of("Something else", seconds=40), of("And more", seconds=50)])
    assert time_of(known, TASK) == (10, "history")
    assert time_of(known, Task("9", "New work", key="9")) == (40, "history")
    assert time_of(known, TASK, agent="tester") == (99, "default")


def test_a_task_named_like_an_agent_is_not_taken_for_it() -> None:
    known = medians([of(agent="database", seconds=10)])
    assert time_of(known, Task("database", "Migrate", key="database")) == (99, "default")


def test_what_the_plan_states_comes_first() -> None:
    known = medians([of(seconds=10)])
    assert time_of(known, Task("1", TASK.title, key="1", estimate_s=60)) == (60, "stated")


class Written:
    """A journal with one run of two tasks, written event by event."""

    def __init__(self, folder: Path, run: str = "r", driver: str = "claude", at: float = 0) -> None:
        self.path, self.run = folder / "maestro.db", run
        self.journal = Journal(self.path, create=True)
        self.journal.note(Session(run, "Work", "", "done", 2, 2, at, at))
        tasks = [{"id": n, "key": n, "title": f"Task {n}"} for n in "ab"]
        assigned = [{"task": n, "agent": "coder", "driver": driver} for n in "ab"]
        strategy = {"plan": {"title": "Work", "tasks": tasks}, "assignments": assigned}
        self.add(
            e.RunCreated(
                at=at, run=run, repo="/", strategy=strategy, options={}, base_sha="0",
                base_branch="main",
            )
        )  # fmt: skip

    def add(self, *events: e.Event) -> Written:
        self.journal.append(self.run, events)
        return self

    def attempt(
        self, task: str, number: int, at: float, seconds: float, *, ok: bool = True,
        merged: bool = True, usage: dict[str, float] | None = None,
    ) -> Written:  # fmt: skip
        who: dict[str, Any] = {"task": task, "attempt": number}
        self.add(e.AgentStarted(at=at, pid=1, start_time=0, **who))
        reason = "exited" if ok else "stopped"
        self.add(e.AgentEnded(at=at + seconds, ok=ok, reason=reason, usage=usage or {}, **who))
        return self.add(*([e.Merged(at=at + seconds, sha="1", previous="0", **who)] * merged))


def test_attempts_that_failed_were_stopped_or_not_merged_do_not_count(tmp_path: Path) -> None:
    written = Written(tmp_path)
    written.attempt("a", 1, 0, 5000, ok=False, merged=False)
    written.attempt("a", 2, 6000, 12, usage={"input": 100, "cache_read": 900, "cost_usd": 3})
    written.attempt("b", 1, 0, 700, merged=False)  # refused by a check
    (one,) = finished(written.path)
    assert (one.title, one.agent, one.seconds, one.tokens) == ("Task a", "coder", 12, 1000)
    assert earlier_runs(written.path).runs == 1


def test_mending_finished_work_does_not_count_as_the_task(tmp_path: Path) -> None:
    written = Written(tmp_path).attempt("a", 1, 0, 300).attempt("a", 2, 400, 5)
    assert [f.seconds for f in finished(written.path)] == [300]


def test_a_swapped_agent_gets_what_it_took(tmp_path: Path) -> None:
    written = Written(tmp_path).attempt("a", 1, 0, 9, ok=False, merged=False)
    written.add(e.DecisionMade(at=10, question="fail-a-1", answer="swap", text="tester "))
    written.attempt("a", 2, 10, 40)
    assert [(f.agent, f.seconds) for f in finished(written.path)] == [("tester", 40)]


def test_rehearsals_are_no_measure_for_agents(tmp_path: Path) -> None:
    written = Written(tmp_path, driver="rehearsal").attempt("a", 1, 0, 1)
    assert earlier_runs(written.path) == Known()
    assert earlier_runs(written.path, rehearsed=True).runs == 1


def test_only_the_newest_runs_count(tmp_path: Path) -> None:
    for n in range(5):
        Written(tmp_path, f"r{n}", at=n).attempt("a", 1, n, 10 + n)
    assert {f.run for f in finished(tmp_path / "maestro.db", 2)} == {"r4", "r3"}


def test_a_run_that_cannot_be_read_does_not_hide_the_others(tmp_path: Path) -> None:
    written = Written(tmp_path).attempt("a", 1, 0, 10)
    written.journal.note(Session("odd", "", "", "done", 1, 1, 5, 5))
    odd = "INSERT INTO event (run, at, kind, task, attempt, data) VALUES ('odd', 1, 'RunCreated'"
    for number, data in enumerate(("{", "[]", '{"strategy": 3}', '{"strategy": {"plan": {}}}')):
        name = f"odd{number}"
        written.journal.note(Session(name, "", "", "done", 1, 1, 5, 5))
        with sqlite3.connect(written.path) as db:
            db.execute(f"{odd}, '', 0, ?)".replace("'odd'", "?"), (name, data))
    assert [f.seconds for f in finished(written.path)] == [10]


@pytest.mark.parametrize("damage", ["none", "empty", "garbage", "folder", "old", "newer", "torn"])
def test_a_journal_that_cannot_be_read_is_no_history(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "maestro.db"
    if damage == "empty":
        path.touch()
    elif damage == "garbage":
        path.write_bytes(b"SQLite format 3\0" + b"\xff" * 4096)
    elif damage == "folder":
        path.mkdir()
    elif damage == "old":
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, what TEXT)")
    elif damage in ("newer", "torn"):
        Written(tmp_path).attempt("a", 1, 0, 10).journal.close()
        if damage == "newer":
            with sqlite3.connect(path) as db:
                db.execute(f"PRAGMA user_version={SCHEMA_VERSION + 1}")
        else:
            path.write_bytes(path.read_bytes()[:5000])
    assert finished(path) == []
    assert earlier_runs(path) == Known()


def test_looking_changes_nothing(tmp_path: Path) -> None:
    written = Written(tmp_path).attempt("a", 1, 0, 10)
    written.journal.close()
    before = written.path.read_bytes()
    assert finished(written.path)
    assert written.path.read_bytes() == before


# -- real runs -------------------------------------------------------------------------------------


def script(folder: Path, tasks: str, name: str) -> Path:
    """A plan of these tasks with a rehearsal beside it."""
    plan = write_plan(folder, creates(*tasks), name=f"{name}.plan.toml")
    steps = "".join(
        f'[[step]]\ntask = "{n}"\ndo = "write"\npath = "f{n}.txt"\ntext = "{name}"\n'
        f'[[step]]\ntask = "{n}"\ndo = "usage"\ninput = 1000\noutput = 500\n'
        for n in tasks
    )
    (folder / f"{name}.rehearsal.toml").write_text(f"schema = 1\n{steps}")
    return plan


def shown(repo: Path, plan: Path) -> dict[str, Any]:
    done = maestro("plan", "show", str(plan), "--json", cwd=repo)
    assert done.returncode == 0, done.stderr
    estimate: dict[str, Any] = json.loads(done.stdout)["estimate"]
    return estimate


def test_a_second_plan_is_estimated_by_what_the_first_took(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    first, second = script(tmp_path, "ab", "first"), script(tmp_path, "xyz", "second")
    assert shown(repo, second)["basis"] == "default"
    done = maestro("run", str(first), "--headless", "--yes", "--run-id", "r", cwd=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    estimate = shown(repo, second)
    assert (estimate["basis"], estimate["history"], estimate["history_runs"]) == ("history", 3, 1)
    assert estimate["tokens_basis"] == "history"
    assert 0 < estimate["sequential_s"] < 60
    text = maestro("plan", "show", str(second), cwd=repo).stdout
    assert "history (1 run)" in text
    # The run that follows is planned with it too: what it schedules by stands in its strategy.
    done = maestro("run", str(second), "--headless", "--run-id", "s", cwd=repo)
    assert done.returncode == 3, done.stdout + done.stderr
    with sqlite3.connect(repo / ".maestro/maestro.db") as db:
        (data,) = db.execute(
            "SELECT data FROM event WHERE run = 's' AND kind = 'RunCreated'"
        ).fetchone()
    bases = {a["estimate_basis"] for a in json.loads(data)["strategy"]["assignments"]}
    assert bases == {"history"}


def test_real_work_counts_and_what_failed_does_not(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("a", "b"))
    agent = cases_agent(tmp_path, {"b": "sleep 1; exit 2"})
    assert headless(repo, plan, agent, "--on-failure", "skip").returncode == 1
    found = finished(repo / ".maestro/maestro.db")
    assert [(f.key, f.rehearsed) for f in found] == [("a", False)]
    assert 0 < found[0].seconds < 30
    (tmp_path / "next.md").write_text("# Next\n\n## Phase 1: More\n\nFiles: `more.txt`\n")
    assert shown(repo, tmp_path / "next.md")["basis"] == "history"


def test_a_broken_journal_does_not_keep_a_plan_from_being_shown(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / ".maestro").mkdir()
    (repo / ".maestro/maestro.db").write_bytes(b"no database at all" * 300)
    plan = write_plan(tmp_path, creates("a"))
    assert shown(repo, plan)["basis"] == "default"
