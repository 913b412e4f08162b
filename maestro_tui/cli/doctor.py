"""``maestro doctor``: is this machine, and this repository, fit for a run?"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from pathlib import Path

from maestro_tui.cli.doctor_agents import agent_findings
from maestro_tui.cli.exits import DONE, FAILED
from maestro_tui.cli.findings import ERROR, OK, WARNING, Finding, in_lines, verdict
from maestro_tui.config.errors import ConfigError
from maestro_tui.config.paths import db_path, maestro_dir, run_dir
from maestro_tui.config.settings import Settings, load_settings
from maestro_tui.engine.git.repository import (
    MIN_GIT,
    RepositoryError,
    find_root,
    git_version,
    read_base,
)
from maestro_tui.engine.journal import Journal, JournalError
from maestro_tui.engine.lock import engine_pid

_DISK = 1 << 30
_PYTHON = "Maestro needs 3.11 or newer: install it, then Maestro with it"


def doctor(arguments: argparse.Namespace) -> int:
    """Look at everything a run needs, each with what to do when it is missing."""
    folder = Path(arguments.repo)
    root, settings, told = _settings(folder)
    findings = [
        _python(),
        _git(),
        _terminal(),
        *_repository(folder),
        *told,
        *agent_findings(root, settings),
    ]
    if arguments.json:
        print(json.dumps([finding.as_json() for finding in findings], indent=1))
    else:
        width = shutil.get_terminal_size().columns
        print("\n".join([*in_lines(findings, width), verdict(findings)]))
    return FAILED if any(finding.level == ERROR for finding in findings) else DONE


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Finding("python", OK if ok else ERROR, version if ok else f"{version}; {_PYTHON}")


def _git() -> Finding:
    version = git_version()
    text = ".".join(map(str, version))
    if not version:
        return Finding("git", ERROR, "not found; install git 2.38 or newer")
    if version < MIN_GIT:
        return Finding("git", ERROR, f"{text}; merges in memory need 2.38 or newer: update it")
    return Finding("git", OK, text)


def _terminal() -> Finding:
    size = shutil.get_terminal_size()
    name = os.environ.get("TERM") or "none"
    found = f"{name}, {size.columns}x{size.lines}"
    if name in ("none", "dumb"):
        why = "; the screen needs a real terminal: `--headless` runs without one"
        return Finding("terminal", WARNING, found + why)
    if size.columns < 80 or size.lines < 24:
        return Finding("terminal", WARNING, f"{found}; make it 80x24 or larger for the screen")
    return Finding("terminal", OK, found)


def _settings(folder: Path) -> tuple[Path | None, Settings, list[Finding]]:
    """The repository's root and the settings a run would read, with what is wrong with them."""
    root: Path | None = None
    try:
        root = find_root(folder)
    except RepositoryError:
        pass  # the row about the repository says so
    try:
        settings = load_settings(root)
    except ConfigError as error:
        return root, Settings(), [Finding("settings", ERROR, str(error))]
    names = ", ".join(map(str, settings.sources))
    return root, settings, [Finding("settings", OK, names or "none set: all is as it comes")]


def _repository(folder: Path) -> list[Finding]:
    try:
        base = read_base(folder)
    except RepositoryError as error:
        return [Finding("repository", ERROR, str(error))]
    branch = base.branch or "detached HEAD"
    where = f"{base.root} on {branch}"
    rows = [Finding("repository", OK, where)]
    if base.dirty:
        changes = f"{len(base.dirty)} uncommitted change(s), which agents will not see: commit them"
        rows = [Finding("repository", WARNING, f"{where}, {changes}")]
    free = shutil.disk_usage(base.root).free
    found = f"{free / 1e9:.1f} GB free"
    less = Finding("disk", ERROR, f"{found}; free at least 1 GB for the agents' worktrees")
    rows.append(Finding("disk", OK, found) if free > _DISK else less)
    if db_path(base.root).exists():
        rows.extend(_journal(base.root))
    return rows


def _journal(root: Path) -> list[Finding]:
    try:
        journal = Journal(db_path(root))
    except JournalError as error:
        return [Finding("journal", ERROR, str(error))]
    try:
        found = journal.integrity()
        running = [s.run for s in journal.sessions() if engine_pid(run_dir(root, s.run))]
    finally:
        journal.close()
    size = sum(f.stat().st_size for f in maestro_dir(root).glob("maestro.db*"))
    level, told = OK, f"{found}, {size / 1e6:.1f} MB"
    if found != "ok":
        level = ERROR
        told += f"; move {db_path(root)} away to begin a new one: finished runs stay in git"
    return [
        Finding("journal", level, told),
        Finding("engines", OK, ", ".join(running) or "none at work"),
    ]
