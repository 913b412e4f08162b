"""``maestro doctor``: is this machine, and this repository, fit for a run?"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from maestro_tui.cli.exits import DONE, FAILED
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

MIN_CLAUDE = (2, 1, 198)  # up to 2.1.197 a hook that fails lets everything pass
Row = tuple[str, bool, str]


def doctor(arguments: argparse.Namespace) -> int:
    """Look at everything a run needs, each with what to do when it is missing."""
    repository = _repository(Path(arguments.repo))
    rows = [
        _python(),
        _git(),
        _terminal(),
        *repository,
        _roster(),
        *_claude(arguments.repo),
        *_other_agents(arguments.repo),
    ]
    if arguments.json:
        print(json.dumps([{"check": n, "ok": ok, "detail": d} for n, ok, d in rows], indent=1))
    else:
        for name, ok, detail in rows:
            print(f"{'✓' if ok else '✗'} {name:12} {detail}")
    return DONE if all(ok for _, ok, _ in rows) else FAILED


def _python() -> Row:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return "python", ok, version if ok else f"{version}; Maestro needs 3.11 or newer"


def _git() -> Row:
    version = git_version()
    text = ".".join(map(str, version))
    if not version:
        return "git", False, "not found; install git 2.38 or newer"
    if version < MIN_GIT:
        return "git", False, f"{text}; merges in memory need 2.38 or newer"
    return "git", True, text


def _terminal() -> Row:
    size = shutil.get_terminal_size()
    name = os.environ.get("TERM", "none")
    small = size.columns < 80 or size.lines < 24
    note = "; the screen wants 80x24 or more" if small else ""
    return "terminal", True, f"{name}, {size.columns}x{size.lines}{note}"


def _roster() -> Row:
    from maestro_tui.roster.discovery import load_roster

    roster = load_roster(None, Path.home())
    problems = len(roster.problems)
    note = f", {problems} file(s) with problems" if problems else ""
    return "agents", True, f"{len(roster.definitions)} definitions{note}"


def _claude(folder: str) -> list[Row]:
    """The default agent: whether it can run, is logged in, and how its writes are confined."""
    from maestro_tui.engine.driver_options import can_sandbox, claude_missing, claude_program

    settings = _settings(folder).claude
    missing = claude_missing(settings.program)
    if missing:
        return [("claude", True, f"not used: {missing}")]
    program = claude_program(settings.program)
    try:
        version = _version(program).partition(" ")[0]
    except (OSError, subprocess.TimeoutExpired) as error:
        return [("claude", False, f"{program} does not start: {error}")]
    numbers = tuple(int(n) for n in re.findall(r"\d+", version)[:3])
    if numbers < MIN_CLAUDE:
        needed = ".".join(map(str, MIN_CLAUDE))
        return [("claude", False, f"{version} is too old; update it to {needed} or newer")]
    return [
        ("claude", True, f"{version}, {program}, {_login()}"),
        ("ownership", True, _ownership(settings.sandbox, can_sandbox())),
    ]


def _settings(folder: str) -> Settings:
    try:
        return load_settings(find_root(Path(folder)))
    except RepositoryError:
        return load_settings()
    except ConfigError:
        return Settings()  # the row about the settings says what is wrong


def _version(program: str) -> str:
    done = subprocess.run(
        [program, "--version"], capture_output=True, text=True, timeout=20, check=False
    )
    lines = done.stdout.strip().splitlines()
    return lines[-1][:60] if lines else "does not tell its version"


def _other_agents(folder: str) -> list[Row]:
    """The drivers that are used only when asked for: what they would find."""
    from maestro_tui.agents.drivers.acp.presets import PRESETS
    from maestro_tui.engine.acp_options import acp_command, acp_missing
    from maestro_tui.engine.driver_options import api_missing

    settings = _settings(folder)
    acp, api = settings.acp, settings.api
    missing = acp_missing(acp.agent, acp.command)
    named = {acp.agent or "command": acp_command(acp.agent, acp.command)}
    if not (acp.agent or acp.command):
        named = {name: acp_command(name, ()) for name in PRESETS}
    found = []
    for name, command in named.items():
        if command:
            try:
                found.append(f"{name} {_version(command[0])}")
            except (OSError, subprocess.TimeoutExpired):
                found.append(f"{name} (does not start)")
    lacks = api_missing(api.key_env)
    model = api.model or "claude-sonnet-5-5"
    return [
        ("acp", True, f"not used: {missing}" if missing else ", ".join(found)),
        ("api", True, f"not used: {lacks}" if lacks else f"{api.key_env} is set, model {model}"),
    ]


def _login() -> str:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"):
        if os.environ.get(name):
            return f"login by {name}"
    home = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    if (home / ".credentials.json").exists():
        return "logged in"
    return "no login found (run `claude` once)"


def _ownership(wanted: str, possible: bool) -> str:
    base = "hooks that fail closed, deny rules, and every change compared at the end"
    if wanted == "off":
        return f"{base}; the sandbox is off by configuration"
    if possible:
        return f"{base}; shell commands in the sandbox (bwrap)"
    if wanted == "on":
        return f"{base}; claude.sandbox is on, but bwrap or socat is missing: install both"
    return f"{base}; install bubblewrap and socat to confine shell commands too"


def _repository(folder: Path) -> list[Row]:
    try:
        base = read_base(folder)
    except RepositoryError as error:
        return [("repository", False, str(error))]
    branch = base.branch or "detached HEAD"
    dirty = f", {len(base.dirty)} uncommitted change(s)" if base.dirty else ""
    rows: list[Row] = [("repository", True, f"{base.root} on {branch}{dirty}")]
    try:
        load_settings(base.root)
        rows.append(("settings", True, "read"))
    except ConfigError as error:
        rows.append(("settings", False, str(error)))
    free = shutil.disk_usage(base.root).free
    rows.append(("disk", free > 1 << 30, f"{free / 1e9:.1f} GB free"))
    if db_path(base.root).exists():
        rows.extend(_journal(base.root))
    return rows


def _journal(root: Path) -> list[Row]:
    try:
        journal = Journal(db_path(root))
    except JournalError as error:
        return [("journal", False, str(error))]
    try:
        verdict = journal.integrity()
        running = [s.run for s in journal.sessions() if engine_pid(run_dir(root, s.run))]
    finally:
        journal.close()
    size = sum(f.stat().st_size for f in maestro_dir(root).glob("maestro.db*"))
    return [
        ("journal", verdict == "ok", f"{verdict}, {size / 1e6:.1f} MB"),
        ("engines", True, ", ".join(running) or "none at work"),
    ]
