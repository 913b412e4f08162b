"""The journal: append-only, one answer to a question, and a full disk loses nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from maestro_tui.core.events import AgentReported, Event, RunSuspended
from maestro_tui.engine.journal import Journal, JournalError, Session
from tests.engine.scratch import (
    begin,
    cases_agent,
    creates,
    git,
    headless,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    until,
    write_plan,
)


def reported(name: str = "1", activity: str = "x") -> Event:
    return AgentReported(
        at=1.0, task=name, attempt=1, offset=1, activity=activity, usage={}, tools=0
    )


def test_what_is_appended_comes_back_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", create=True)
    texts = ["plain", "ünï", "\udcff\udcfe no utf-8", "\x00\x1b", "quo'te\""]
    for text in texts:
        journal.append("r", [reported(activity=text), RunSuspended(at=2.0, reason=text)])
    other = Journal(tmp_path / "j.db")
    events = [event for _, event in other.read("r")]
    assert [e.activity for e in events if isinstance(e, AgentReported)] == texts
    assert [e.reason for e in events if isinstance(e, RunSuspended)] == texts
    assert other.read("r", 8)[0][0] == 9
    assert other.read("another") == []


def test_a_run_and_its_line_in_the_list_are_there_together_or_not_at_all(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", create=True)
    line = Session("r", "title", "plan", "review", 1, 0, 1.0, 1.0)
    with pytest.raises(JournalError):
        journal.append("r", [reported()], session=replace(line, title=object()))  # type: ignore
    assert (journal.read("r"), journal.sessions()) == ([], [])
    journal.append("r", [reported()], session=line)
    assert (len(journal.read("r")), journal.sessions()) == (1, [line])


def test_events_cannot_be_changed(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", create=True)
    journal.append("r", [reported()])
    db = sqlite3.connect(tmp_path / "j.db")
    for statement in ("UPDATE event SET at = 0", "DELETE FROM event"):
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            db.execute(statement)


def test_of_many_answers_at_once_one_counts(tmp_path: Path) -> None:
    Journal(tmp_path / "j.db", create=True).close()
    won: list[str] = []

    def ask(name: str) -> None:
        journal = Journal(tmp_path / "j.db")
        if journal.request("r", "decide", "q", {"answer": name}, name):
            won.append(name)
        journal.close()

    threads = [threading.Thread(target=ask, args=(str(n),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    waiting = Journal(tmp_path / "j.db").requests("r")
    assert [r.by for r in waiting] == won
    assert len(won) == 1


def test_a_request_is_taken_up_once(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j.db", create=True)
    journal.request("r", "decide", "q", {}, "me")
    request = journal.requests("r")[0]
    journal.append("r", [reported()], [request.id])
    assert journal.requests("r") == []
    assert not journal.request("r", "decide", "q", {}, "me")


def test_a_file_that_is_no_journal_is_named(tmp_path: Path) -> None:
    path = tmp_path / "maestro.db"
    path.write_bytes(os.urandom(8192))
    with pytest.raises(
        JournalError, match=r"maestro\.db.*maestro journal restore.*move the file away"
    ):
        Journal(path)
    with pytest.raises(JournalError, match="nothing has been run"):
        Journal(tmp_path / "none.db")


def test_a_broken_journal_is_said_by_every_command(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / ".maestro").mkdir()
    (repo / ".maestro/maestro.db").write_bytes(os.urandom(8192))
    plan = write_plan(tmp_path, creates("1"))
    agent = cases_agent(tmp_path, {})
    for words in (["status"], ["runs"], ["stop"], ["resume", "--headless"],
                  ["run", str(plan), "--headless", "--agent-command", agent]):  # fmt: skip
        done = maestro(*words, cwd=repo)
        assert done.returncode == 2, (words, done.stdout, done.stderr)
        assert "maestro.db" in done.stderr
        assert "Traceback" not in done.stderr
    assert maestro("doctor", cwd=repo).returncode == 1


def test_a_journal_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "maestro.db"
    Journal(path, create=True).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(JournalError, match="newer Maestro"):
        Journal(path)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "maestro-test", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_full_disk_is_said_and_nothing_is_lost(tmp_path: Path, small_disk: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / ".maestro").symlink_to(small_disk)
    (repo / ".git/info/exclude").write_text(".maestro\n")
    (repo / "maestro.toml").write_text(f'[run]\nworktree_root = "{tmp_path}/trees"\n')
    go, ready = tmp_path / "go", tmp_path / "ready"
    starts = tmp_path / "starts"
    agent = cases_agent(
        tmp_path, {"1": 'touch "$READY"; while ! test -e "$GO"; do sleep 0.05; done; write; done_'}
    )
    env = {"GO": str(go), "READY": str(ready), "STARTS": str(starts)}
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--run-id", "r", "--agent-command", agent,
        env=env,
    )  # fmt: skip
    until(ready.exists)
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\0" * 4096)
        except OSError:
            pass
    go.touch()
    output, _ = engine.communicate(timeout=40)
    assert engine.returncode in (1, 3), output
    assert "Traceback" not in output
    assert "space" in output or "full" in output, output
    assert maestro("runs", cwd=repo).returncode == 0
    ballast.unlink()
    done = maestro("resume", "r", "--headless", "--yes", "--on-failure", "retry", "--retry-delay",
                   "0", cwd=repo, env=env)  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode == 0, done.stdout
    assert git(repo, "show", "HEAD:f2.txt") == "text of 2"
    begun = starts.read_text().split()
    assert len(begun) == len(set(begun))
    assert leftovers(repo) == []
    kinds = [kind for kind, _, _ in journal_events(repo)]
    assert kinds[-1] == "RunEnded"


def test_a_journal_that_cannot_be_written_is_said(tmp_path: Path, small_disk: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / ".maestro").symlink_to(small_disk)
    (repo / "maestro.toml").write_text(f'[run]\nworktree_root = "{tmp_path}/trees"\n')
    headless(repo, write_plan(tmp_path, creates("1")), cases_agent(tmp_path, {}), yes=False)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for words in (
        ["decide", "r", "review", "yes"],
        ["stop", "r", "--abort"],
        ["resume", "r", "--headless", "--yes"],
    ):
        done = maestro(*words, cwd=repo)
        assert done.returncode != 0, words
        assert "Traceback" not in done.stderr, (words, done.stderr)
        assert "maestro" in done.stderr
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert maestro("resume", "r", "--headless", "--yes", cwd=repo).returncode == 0
