"""Which run a command is about, when the user names it, part of it, or nothing."""

from __future__ import annotations

import difflib
from pathlib import Path

from maestro_tui.cli.exits import Exit
from maestro_tui.config.paths import db_path
from maestro_tui.core.state import ENDED
from maestro_tui.engine.journal import Journal, JournalError, Session


def sessions(repo: Path) -> list[Session]:
    """All runs of a repository, newest first."""
    if not db_path(repo).exists():
        return []
    try:
        journal = Journal(db_path(repo))
    except JournalError as error:
        raise Exit(str(error)) from error
    try:
        return journal.sessions()
    finally:
        journal.close()


def choose_run(repo: Path, name: str = "") -> str:
    """The run of that name or unique beginning; the newest without a name."""
    known = [s.run for s in sessions(repo)]
    if not known:
        raise Exit(f"{repo}: no runs yet; start one with `maestro run PLAN`")
    if not name:
        return known[0]
    return pick(name, known, "run", "`maestro runs` lists them")


def newest_unfinished(repo: Path, name: str = "") -> str:
    """The run to resume."""
    found = sessions(repo)
    if name:
        return choose_run(repo, name)
    for session in found:
        if session.status not in ENDED or _retried(repo, session.run):
            return session.run
    if not found:
        raise Exit(f"{repo}: no runs yet; start one with `maestro run PLAN`")
    raise Exit(
        f"{repo}: every run has ended; `maestro runs` lists them, `maestro retry RUN TASK` takes "
        "up a task that was given up"
    )


def _retried(repo: Path, run: str) -> bool:
    """Whether somebody asked for a task of an ended run, which no engine has taken up yet."""
    journal = Journal(db_path(repo))
    try:
        return any(r.kind == "retry" for r in journal.requests(run))
    finally:
        journal.close()


def pick(name: str, known: list[str], what: str, hint: str) -> str:
    """The one of ``known`` that ``name`` names or uniquely begins."""
    if name in known:
        return name
    starting = [k for k in known if k.startswith(name)]
    if len(starting) == 1:
        return starting[0]
    if starting:
        raise Exit(f"{name}: could be {', '.join(starting[:6])}; write more of it")
    near = difflib.get_close_matches(name, known, n=1)
    nearest = f"; nearest: {near[0]}" if near else ""
    raise Exit(f"no {what} {name!r}{nearest}; {hint}")
