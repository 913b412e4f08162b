"""Copies of the journal after each wave; damage is found at the start and mended from a copy."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from maestro_tui.core.events import RunSuspended
from maestro_tui.engine.backups import KEPT, back_up, backups, damage, restore
from maestro_tui.engine.journal import Journal
from tests.engine.scratch import (
    cases_agent,
    creates,
    git,
    headless,
    journal_events,
    maestro,
    make_repo,
    write_plan,
)


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A run that waits in its second wave for an answer."""
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1", "2", "3"), "2<1 3<2")
    fails = 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then exit 3; fi; write; done_'
    done = headless(repo, plan, cases_agent(tmp_path, {"2": fails}))
    assert done.returncode == 3, done.stdout
    return repo


def spoil(repo: Path, where: float) -> None:
    """Overwrite a page of the journal with rubbish."""
    path = repo / ".maestro/maestro.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    data = bytearray(path.read_bytes())
    start = int(len(data) * where) // 4096 * 4096
    data[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(bytes(data))


def test_each_wave_leaves_a_copy(repo: Path) -> None:
    (copy,) = backups(repo)
    assert copy.name.endswith("r-wave-1")
    assert damage(copy.path) == ""
    said = maestro("journal", "backups", cwd=repo)
    assert copy.name in said.stdout
    assert maestro("journal", "check", cwd=repo).stdout.count("ok") == 1


def test_damage_is_refused_at_the_start_and_mended_from_the_copy(repo: Path) -> None:
    before = journal_events(repo)
    spoil(repo, 0.0)
    refused = maestro("resume", "r", "--headless", cwd=repo)
    assert refused.returncode != 0
    assert "Traceback" not in refused.stderr
    assert maestro("journal", "check", cwd=repo).returncode == 1
    shown = maestro("journal", "restore", cwd=repo)
    assert "Nothing was changed" in shown.stdout
    done = maestro("journal", "restore", "--yes", cwd=repo)
    assert done.returncode == 0, done.stderr
    after = journal_events(repo)
    assert after == before[: len(after)]
    assert ("WaveTagged", "") in [(kind, task) for kind, task, _ in after]
    assert list((repo / ".maestro").glob("maestro.db.2*"))
    assert git(repo, "rev-parse", "refs/maestro/r/wave/1")


def test_newer_events_that_can_be_read_are_kept(tmp_path: Path) -> None:
    repo = tmp_path
    (repo / ".maestro").mkdir()
    journal = Journal(repo / ".maestro/maestro.db", create=True)
    journal.append("r", [RunSuspended(at=1.0, reason="one")])
    back_up(repo, "r-wave-1")
    for number in range(200):
        journal.append("r", [RunSuspended(at=2.0, reason=f"{number} " + "x" * 200)])
    journal.close()
    spoil(repo, 0.9)
    done = restore(repo, backups(repo)[0])
    again = Journal(repo / ".maestro/maestro.db")
    assert again.integrity() == "ok"
    assert 50 < done.salvaged < 200
    assert len(again.read("r")) == done.salvaged + 1
    again.append("r", [RunSuspended(at=3.0, reason="goes on")])


def test_old_copies_go_and_no_half_one_is_left(tmp_path: Path) -> None:
    (tmp_path / ".maestro").mkdir()
    Journal(tmp_path / ".maestro/maestro.db", create=True).close()
    for number in range(KEPT + 3):
        back_up(tmp_path, f"r-wave-{number}")
    assert len(backups(tmp_path)) == KEPT
    assert not list((tmp_path / ".maestro/backups").glob("*.tmp"))
