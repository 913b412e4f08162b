"""The journal: every fact of every run, append-only, in one SQLite file per repository.

Write-ahead logging with ``synchronous=FULL``: what was committed survives the machine. One engine
writes a run's events; anyone may read them, and anyone may put a request (an answer, a stop) into
``request``, whose key makes sure that only the first one counts.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from maestro_tui.core.events import Event
from maestro_tui.core.rows import pack, unpack
from maestro_tui.engine.schema import SCHEMA, SCHEMA_VERSION

PATIENCE_S = 10.0  # how long a call waits for another program to let go of the journal
_NOTE = (
    "INSERT INTO session VALUES (?,?,?,?,?,?,?,?) ON CONFLICT(run) DO UPDATE SET "
    "status=excluded.status, merged=excluded.merged, updated_at=excluded.updated_at"
)


def _json(data: dict[str, Any]) -> str:
    """Readable JSON; escaped only where a file name that is no UTF-8 cannot be stored as text."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(data, separators=(",", ":"))
    return text


class JournalError(Exception):
    """The journal cannot be used; the message names the file and the next step."""


class JournalLocked(JournalError):
    """Another program holds the journal; what was to be written can be tried again."""


@dataclass(frozen=True, slots=True)
class Request:
    """Something a person wants of the engine, once."""

    id: int
    kind: str
    key: str
    data: dict[str, Any]
    at: float
    by: str


@dataclass(frozen=True, slots=True)
class Session:
    """One run, as the list of runs shows it."""

    run: str
    title: str
    plan: str
    status: str
    tasks: int
    merged: int
    created_at: float
    updated_at: float


class Journal:
    """A connection to a repository's journal."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.exists():
            raise JournalError(f"{path}: no journal; nothing has been run in this repository")
        try:
            self._db = sqlite3.connect(
                path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
            )
            if create:
                self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version < SCHEMA_VERSION:
                self._db.executescript(SCHEMA)
            elif version > SCHEMA_VERSION:
                raise JournalError(
                    f"{path}: written by a newer Maestro (schema {version}); upgrade maestro-tui"
                )
        except sqlite3.DatabaseError as error:
            if _is_locked(error):
                raise self._unusable(error) from error
            raise JournalError(
                f"{path}: {error}; `maestro journal restore` shows the newest copy. Without "
                "one, move the file away to start afresh (branches and refs/maestro of earlier "
                "runs stay)"
            ) from error

    def set_patience(self, seconds: float) -> None:
        """How long each call waits for another program to let go of it."""
        self._db.execute(f"PRAGMA busy_timeout={int(seconds * 1000)}")

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    # -- events ------------------------------------------------------------------------------------

    def append(
        self,
        run: str,
        events: Iterable[Event],
        consumed: Iterable[int] = (),
        session: Session | None = None,
    ) -> int:
        """Commit events, the requests they answer and the run's line, in one transaction; the
        newest seq.
        """
        rows = []
        for event in events:
            data = pack(event)
            task, attempt = data.pop("task", ""), data.pop("attempt", 0)
            text = _json(data)
            rows.append((run, event.at, type(event).__name__, task, attempt, text))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany(
                "INSERT INTO event (run, at, kind, task, attempt, data) VALUES (?,?,?,?,?,?)", rows
            )
            seq = int(self._db.execute("SELECT coalesce(max(seq), 0) FROM event").fetchone()[0])
            self._db.executemany(
                "UPDATE request SET event = ? WHERE id = ?", [(seq, i) for i in consumed]
            )
            if session is not None:
                self._db.execute(_NOTE, astuple(session))
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise self._unusable(error) from error
        return seq

    def _unusable(self, error: sqlite3.Error) -> JournalError:
        if _is_locked(error):
            return JournalLocked(
                f"{self.path}: another program holds it locked (a database browser with changes "
                "not yet saved?); close that, then `maestro resume` goes on with the agents at work"
            )
        return JournalError(
            f"{self.path}: cannot be written: {error}; free space or permissions, then resume"
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._unusable(error) from error

    def read(self, run: str, after: int = 0) -> list[tuple[int, Event]]:
        """The events of a run newer than ``after``, oldest first, with their numbers."""
        with self._explained():
            rows = self._db.execute(
                "SELECT seq, at, kind, task, attempt, data FROM event WHERE run = ? AND seq > ? "
                "ORDER BY seq",
                (run, after),
            ).fetchall()
        found = []
        for seq, at, kind, task, attempt, text in rows:
            data = json.loads(text)
            if task:
                data["task"] = task
                data["attempt"] = attempt
            event = unpack(kind, at, data)
            if event is not None:
                found.append((seq, event))
        return found

    def data_version(self) -> int:
        """Changes whenever another connection has committed; costs microseconds."""
        with self._explained():
            return int(self._db.execute("PRAGMA data_version").fetchone()[0])

    # -- requests ----------------------------------------------------------------------------------

    def request(self, run: str, kind: str, key: str, data: dict[str, Any], by: str) -> bool:
        """Put a request; False when one of that kind and key is there already."""
        with self._explained():
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO request (run, kind, key, data, at, by) VALUES (?,?,?,?,?,?)",
                (run, kind, key, json.dumps(data), time.time(), by),
            )
        return cursor.rowcount == 1

    def requests(self, run: str) -> list[Request]:
        """What was asked and not yet taken up, oldest first."""
        with self._explained():
            rows = self._db.execute(
                "SELECT id, kind, key, data, at, by FROM request "
                "WHERE run = ? AND event IS NULL ORDER BY id",
                (run,),
            ).fetchall()
        return [Request(i, k, key, json.loads(d), at, by) for i, k, key, d, at, by in rows]

    # -- the list of runs --------------------------------------------------------------------------

    def note(self, session: Session) -> None:
        """Write a run's line in the list of runs (a projection; the events are the truth)."""
        with self._explained():
            self._db.execute(_NOTE, astuple(session))

    def sessions(self) -> list[Session]:
        """All runs, newest first."""
        with self._explained():
            rows = self._db.execute(
                "SELECT * FROM session ORDER BY created_at DESC, rowid DESC"
            ).fetchall()
        return [Session(*row) for row in rows]

    def integrity(self) -> str:
        """ "ok", or what SQLite found wrong."""
        return str(self._db.execute("PRAGMA quick_check").fetchone()[0])


def _is_locked(error: sqlite3.Error) -> bool:
    """Whether it is nothing but somebody else's turn (the code's low byte is what went wrong)."""
    code = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
