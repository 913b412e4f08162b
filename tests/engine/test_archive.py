"""What is kept of a run that ended well: its page for ever, its logs packed, then removed."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from maestro_tui.engine.archive import essence_path, tidy, unpack
from tests.engine.scratch import cases_agent, creates, headless, maestro, make_repo, write_plan

DAY = 86_400.0
NOISE = 'n=0; while [ $n -lt 2000 ]; do echo "line $n of the log"; n=$((n + 1)); done; '
MARKED = 'write; printf "# done\\n## Interfaces\\n- search(text) -> list\\n" > "$MAESTRO_MARKER"'


def _run(tmp_path: Path, cases: dict[str, str], *more: str) -> tuple[Path, int]:
    repo = make_repo(tmp_path / "a repo")
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    done = headless(repo, plan, cases_agent(tmp_path, cases), *more)
    return repo, done.returncode


def _logs(repo: Path) -> list[str]:
    folder = repo / ".maestro/runs/r"
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("output.log*"))


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A run that is merged and delivered, with a long log."""
    repo, code = _run(tmp_path, {"1": NOISE + MARKED})
    assert code == 0
    return repo


def _age(repo: Path, days: float) -> float:
    """Files as old as that; the time it is now, seen from there."""
    now = (repo / ".maestro/maestro.db").stat().st_mtime + days * DAY
    for path in (repo / ".maestro/runs").rglob("*"):
        os.utime(path, (now - days * DAY, now - days * DAY))
    return now


def test_its_page_says_what_was_done_agreed_and_where_it_went(repo: Path) -> None:
    page = essence_path(repo, "r").read_text()
    assert "2 of 2 tasks merged" in page
    assert "## Contracts\n\n1\n\n- search(text) -> list\n" in page
    assert "Delivered: " in page


def test_logs_are_packed_after_a_day_and_read_as_before(repo: Path) -> None:
    before = maestro("logs", "r", "1", cwd=repo).stdout
    assert "line 1999 of the log" in before
    tidy(repo, pack_days=1, prune_days=30, now=_age(repo, 0.5))
    assert _logs(repo) == ["1/1/output.log", "2/1/output.log"]
    tidy(repo, pack_days=1, prune_days=30, now=_age(repo, 2))
    assert _logs(repo) == ["1/1/output.log.gz", "2/1/output.log"]  # the other is small
    assert maestro("logs", "r", "1", cwd=repo).stdout == before
    assert _logs(repo) == ["1/1/output.log", "2/1/output.log"]
    now = (repo / ".maestro/maestro.db").stat().st_mtime + 2 * DAY
    os.utime(repo / ".maestro/runs/r/1/1/output.log", (now, now))
    tidy(repo, pack_days=1, prune_days=30, now=now)
    assert _logs(repo)[0] == "1/1/output.log", "somebody reads it today"


def test_merged_runs_lose_their_logs_after_a_month_and_keep_their_page(repo: Path) -> None:
    tidy(repo, pack_days=0, prune_days=0, now=_age(repo, 400))
    assert len(_logs(repo)) == 2
    essence_path(repo, "r").unlink()
    tidy(repo, pack_days=1, prune_days=30, now=_age(repo, 31))
    assert not (repo / ".maestro/runs/r").exists()
    assert "2 of 2 tasks merged" in essence_path(repo, "r").read_text()
    assert maestro("status", "r", cwd=repo).returncode == 0, "the journal stays"
    gone = maestro("logs", "r", "1", cwd=repo)
    assert gone.returncode == 1
    assert str(essence_path(repo, "r")) in gone.stderr


def test_what_is_not_merged_or_failed_is_kept(tmp_path: Path) -> None:
    left, code = _run(tmp_path / "left", {"1": NOISE + MARKED}, "--deliver", "none")
    assert code == 0
    tidy(left, pack_days=1, prune_days=30, now=_age(left, 400))
    assert _logs(left) == ["1/1/output.log.gz", "2/1/output.log"], "packed, but not removed"
    failed, code = _run(
        tmp_path / "failed", {"1": NOISE + MARKED, "2": "exit 3"}, "--on-failure", "skip"
    )
    assert code == 1
    tidy(failed, pack_days=1, prune_days=30, now=_age(failed, 400))
    assert _logs(failed) == ["1/1/output.log", "2/1/output.log"]
    assert not essence_path(failed, "r").exists()


def test_a_damaged_pack_is_left_as_it_is(tmp_path: Path) -> None:
    packed = tmp_path / "output.log.gz"
    packed.write_bytes(gzip.compress(b"x" * 50_000)[:40])
    unpack(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["output.log.gz"]
