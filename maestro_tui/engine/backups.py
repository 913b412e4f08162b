"""Copies of the journal, one after each wave, and the way back to one when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.config.paths import db_path, maestro_dir

KEPT = 8
_SALVAGE = "SELECT seq, run, at, kind, task, attempt, data FROM event WHERE seq = ?"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of the whole journal, all runs in it."""

    path: Path
    made_at: float
    size: int

    @property
    def name(self) -> str:
        """How the user names it."""
        return self.path.stem


def folder_of(repo: Path) -> Path:
    """Where the copies are."""
    return maestro_dir(repo) / "backups"


def backups(repo: Path) -> list[Backup]:
    """All copies, newest first."""
    found = [Backup(p, p.stat().st_mtime, p.stat().st_size) for p in folder_of(repo).glob("*.db")]
    return sorted(found, key=lambda b: b.made_at, reverse=True)


def back_up(repo: Path, label: str) -> Path:
    """Copy the journal while it is in use; the oldest copies go. Whole or not at all."""
    folder = folder_of(repo)
    folder.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S")
    target = folder / f"{stamp}-{label}.db"
    temporary = target.with_suffix(".tmp")
    temporary.unlink(missing_ok=True)
    source = sqlite3.connect(db_path(repo), timeout=30.0)
    copy = sqlite3.connect(temporary)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, target)
    for old in backups(repo)[KEPT:]:
        old.path.unlink(missing_ok=True)
    return target


def damage(path: Path) -> str:
    """What SQLite finds wrong with a journal; "" when nothing."""
    try:
        db = sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=30.0)
        try:
            verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
            if verdict == "ok":
                db.execute("SELECT max(seq) FROM event").fetchone()
        finally:
            db.close()
    except sqlite3.DatabaseError as error:
        return str(error)
    return "" if verdict == "ok" else " ".join(verdict.split())


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a restoration."""

    aside: Path | None  # the journal that was there
    salvaged: int  # events newer than the copy that could still be read


def restore(repo: Path, backup: Backup) -> Restored:
    """Put a copy in the journal's place, with every newer event that can still be read.

    The journal that was there is moved aside, never deleted.
    """
    path = db_path(repo)
    wrong = damage(backup.path)
    if wrong:
        raise ValueError(f"{backup.path} is damaged, too: {wrong}; choose an older one")
    aside: Path | None = None
    if path.exists():
        aside = path.with_name(f"maestro.db.{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("-wal", "-shm", ""):
            part = Path(f"{path}{suffix}")
            if part.exists():
                os.replace(part, f"{aside}{suffix}")
    temporary = path.with_suffix(".restoring")
    temporary.write_bytes(backup.path.read_bytes())
    salvaged = _salvage(aside, temporary) if aside is not None else 0
    os.replace(temporary, path)
    return Restored(aside, salvaged)


def _salvage(damaged: Path, into: Path) -> int:
    """Append the events that follow the copy's last without a gap; one that is lost ends it, for
    what comes after it rests on it.
    """
    target = sqlite3.connect(into, isolation_level=None)
    count = 0
    try:
        target.execute("PRAGMA journal_mode=WAL")
        source = sqlite3.connect(damaged)
        try:
            seq = int(target.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
            while row := source.execute(_SALVAGE, (seq + 1,)).fetchone():
                target.execute("INSERT INTO event VALUES (?,?,?,?,?,?,?)", row)
                seq, count = seq + 1, count + 1
        except sqlite3.DatabaseError:
            pass
        finally:
            source.close()
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        target.execute("PRAGMA journal_mode=DELETE")
    finally:
        target.close()
    return count
