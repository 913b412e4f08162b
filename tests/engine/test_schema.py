"""The journal answers questions in SQL, and what docs/journal.md shows is true."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.engine.journal import Journal
from maestro_tui.engine.schema import SCHEMA_VERSION
from tests.engine.scratch import cases_agent, creates, headless, make_repo, write_plan

PAGE = (Path(__file__).parents[2] / "docs/journal.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    """The journal of a run in which one task needed a second attempt."""
    folder = tmp_path_factory.mktemp("sql")
    repo = make_repo(folder / "repo")
    plan = write_plan(folder, creates("1", "2"), "2<1")
    fails = 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then exit 3; fi; write; done_'
    more = ("--on-failure", "retry", "--retry-delay", "0")
    done = headless(repo, plan, cases_agent(folder, {"2": fails}), *more)
    assert done.returncode == 0, done.stdout + done.stderr
    found = sqlite3.connect(f"file:{repo}/.maestro/maestro.db?mode=ro", uri=True)
    found.row_factory = sqlite3.Row
    return found


def _all(db: sqlite3.Connection, query: str) -> list[dict[str, Any]]:
    return [dict(row) for row in db.execute(query)]


def test_who_was_to_do_what_and_who_waits_for_whom(db: sqlite3.Connection) -> None:
    planned = _all(db, "SELECT task, title, agent, wave, owned FROM planned_agent ORDER BY task")
    assert planned == [
        {"task": "1", "title": "Task 1", "agent": "general-purpose", "wave": 1,
         "owned": '["f1.txt"]'},
        {"task": "2", "title": "Task 2", "agent": "general-purpose", "wave": 2,
         "owned": '["f2.txt"]'},
    ]  # fmt: skip
    waits = _all(db, "SELECT source, target FROM interaction WHERE kind = 'dependency'")
    assert waits == [{"source": "1", "target": "2"}]
    assert [r["wave"] for r in _all(db, "SELECT wave FROM checkpoint ORDER BY at")] == [1, 2]
    assert len(_all(db, "SELECT input, output FROM usage")) == 3


@pytest.mark.parametrize("query", re.findall(r"```sql\n(.*?)```", PAGE, re.S))
def test_the_questions_of_the_page_are_answered(db: sqlite3.Connection, query: str) -> None:
    assert _all(db, query) or "collaboration" in query
    if "attempts > 1" in query:
        assert _all(db, query) == [{"run": "r", "task": "2", "attempts": 2}]


def test_the_page_names_every_table_view_and_column(db: sqlite3.Connection) -> None:
    names = [r["name"] for r in _all(db, "SELECT name FROM sqlite_master WHERE sql IS NOT NULL "
                                         "AND type IN ('table', 'view')")]  # fmt: skip
    assert sorted(names) == sorted(re.findall(r"^\| `(\w+)` \|", PAGE, re.M))
    for view in ("planned_agent", "interaction", "usage", "session"):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{view}` |"))
        columns = [r["name"] for r in _all(db, f"PRAGMA table_info({view})")]
        missing = {c for c in columns if f"`{c}`" not in row} - {"run", "at", "task", "attempt"}
        assert missing == set()


def test_a_journal_of_the_first_version_gets_the_views_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "maestro.db"
    Journal(path, create=True).close()
    old = sqlite3.connect(path)
    old.execute("INSERT INTO session VALUES ('r', 't', 'p', 'done', 1, 1, 0, 0)")
    old.execute("DROP VIEW planned_agent")
    old.execute("PRAGMA user_version=1")
    old.commit()
    old.close()
    journal = Journal(path)
    assert [s.run for s in journal.sessions()] == ["r"]
    journal.close()
    new = sqlite3.connect(path)
    assert new.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert new.execute("SELECT count(*) FROM planned_agent").fetchone()[0] == 0
    new.close()
