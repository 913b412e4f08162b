"""What becomes of a run's records once it has ended well: an essence, then packed logs, then none.

Of a run that failed everything stays as it was. Nothing here is needed to go on with a run, so
whatever goes wrong (a full disk, a log in use) leaves things as they are for the next time.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from maestro_tui.config.paths import db_path, maestro_dir, run_dir
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import RunState, RunStatus
from maestro_tui.engine.journal import Journal, Session
from maestro_tui.engine.lock import engine_pid
from maestro_tui.report.essence import essence

DAY_S = 86_400.0
_VERBOSE = (".log", ".jsonl")
_SMALL = 16 << 10  # bytes: packing less wins nothing and costs the reader
_PATIENCE_S = 20.0  # for one tidying; what is left is for the next


def essence_path(repo: Path, run: str) -> Path:
    """Where the page of a run is, whatever becomes of its logs."""
    return maestro_dir(repo) / "essence" / f"{run_dir(repo, run).name}.md"


def keep_essence(repo: Path, state: RunState) -> None:
    """Write the page of a run that went well; whole or not at all."""
    if state.status is not RunStatus.DONE:
        return
    target = essence_path(repo, state.run)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_suffix(".tmp")
    temporary.write_text(essence(state), encoding="utf-8")
    os.replace(temporary, target)


def put_away(repo: Path, state: RunState) -> None:
    """At the end of a run: its own page, and the logs of earlier runs."""
    if not state.ended:
        return
    with contextlib.suppress(OSError, sqlite3.Error):
        keep_essence(repo, state)
        tidy(repo, pack_days=state.options.pack_days, prune_days=state.options.prune_days)


def tidy(repo: Path, *, pack_days: float, prune_days: float, now: float | None = None) -> None:
    """Pack the logs of runs that ended well some days ago; remove those of old, merged ones.

    0 days means never. The page, the journal and refs/maestro stay in any case.
    """
    now = time.time() if now is None else now
    until = time.monotonic() + _PATIENCE_S
    journal = Journal(db_path(repo))
    try:
        for session in journal.sessions():
            folder = run_dir(repo, session.run)
            if session.status != RunStatus.DONE or not folder.is_dir() or engine_pid(folder):
                continue
            with contextlib.suppress(OSError):
                _tidy_run(repo, journal, session, (pack_days, prune_days), now)
            if time.monotonic() > until:
                return
    finally:
        journal.close()


def _tidy_run(
    repo: Path, journal: Journal, session: Session, days: tuple[float, float], now: float
) -> None:
    folder = run_dir(repo, session.run)
    pack_days, prune_days = days
    age = now - session.updated_at
    if not essence_path(repo, session.run).exists():
        keep_essence(repo, _state(journal, session.run))
    old = prune_days and age > prune_days * DAY_S
    if old and _state(journal, session.run).delivered is not None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    if pack_days and age > pack_days * DAY_S:
        for path in _verbose(folder):
            if now - path.stat().st_mtime > pack_days * DAY_S:  # not unpacked for a reader lately
                _pack(path)


def _state(journal: Journal, run: str) -> RunState:
    machine = Machine()
    for _, event in journal.read(run):
        machine.apply(event)
    return machine.state


def _verbose(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        plain = path.suffix in _VERBOSE and path.is_file() and not path.is_symlink()
        if plain and path.stat().st_size > _SMALL:
            yield path


def _pack(path: Path) -> None:
    """The packed copy is whole on the disk before the log goes."""
    target = path.with_name(path.name + ".gz")
    temporary = path.with_name(path.name + ".gz.tmp")
    try:
        with path.open("rb") as source, gzip.open(temporary, "wb", compresslevel=6) as packed:
            shutil.copyfileobj(source, packed, 1 << 20)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    path.unlink()


def unpack(folder: Path) -> None:
    """Lay a folder's packed logs out again for a reader; they are packed anew days later."""
    for packed in folder.glob("*.gz"):
        path = packed.with_suffix("")
        temporary = path.with_name(path.name + ".tmp")
        try:
            with gzip.open(packed, "rb") as source, temporary.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            os.replace(temporary, path)
            packed.unlink()
        except (OSError, EOFError):
            temporary.unlink(missing_ok=True)
