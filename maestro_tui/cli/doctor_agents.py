"""``maestro doctor``, the agents: who can work here, by which driver, and how it is confined."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from maestro_tui.agents.drivers.acp.presets import PRESETS
from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.findings import ERROR, OK, UNUSED, WARNING, Finding
from maestro_tui.config.settings import Settings
from maestro_tui.engine.acp_options import acp_command, acp_missing
from maestro_tui.engine.driver_options import (
    api_missing,
    can_sandbox,
    claude_missing,
    claude_program,
)
from maestro_tui.roster.discovery import load_roster

MIN_CLAUDE = (2, 1, 198)  # up to 2.1.197 a hook that fails lets everything pass
_MOST_PROBLEMS = 5
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)*")
_LOGINS = ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN")
_CLOUDS = ("CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY")
_PACKAGES = {"claude": "claude-agent-sdk", "acp": "agent-client-protocol", "api": "anthropic"}


def agent_findings(root: Path | None, settings: Settings) -> list[Finding]:
    """Definitions, then each driver with its program, then the one a run takes."""
    return [
        *_definitions(root, settings),
        *_claude(settings),
        _acp(settings),
        _api(settings),
        _command(settings),
        _driver(settings),
    ]


def _definitions(root: Path | None, settings: Settings) -> list[Finding]:
    """As a run reads them: built in, the user's, those of ``agents.folders``, the project's."""
    folders = [Path(folder) for folder in settings.agents.folders]
    roster = load_roster(root, Path.home(), folders)
    scopes = [definition.scope for definition in roster.definitions]
    counts = [f"{scopes.count(scope)} {scope}" for scope in dict.fromkeys(scopes)]
    found = [Finding("agents", OK, f"{len(scopes)} definitions ({', '.join(counts)})")]
    for folder in folders:
        if not folder.is_dir():
            why = f"{folder} is no folder; correct agents.folders in the settings"
            found.append(Finding("agents", WARNING, why))
    for file in roster.problems[:_MOST_PROBLEMS]:
        at = f"{file.path}:{file.line}" if file.line else file.path
        fix = f"; {file.fix}" if file.fix else ""
        found.append(Finding("agents", WARNING, sanitise(f"{at}: {file.problem}{fix}")))
    more = len(roster.problems) - _MOST_PROBLEMS
    if more > 0:
        found.append(
            Finding("agents", WARNING, f"{more} more files have problems; mend these first")
        )
    return found


def _claude(settings: Settings) -> list[Finding]:
    """The default agent: whether it can run, is logged in, and how its writes are confined."""
    wanted = settings.run.driver in ("auto", "claude")
    missing = claude_missing(settings.claude.program)
    if missing:
        return [Finding("claude", UNUSED, f"not used: {missing}")]
    program = claude_program(settings.claude.program)
    number, why = program_version(program)
    if why:
        return [Finding("claude", ERROR if wanted else WARNING, f"{program} {why}")]
    if tuple(int(n) for n in number.split(".")[:3]) < MIN_CLAUDE:
        needed = ".".join(map(str, MIN_CLAUDE))
        why = (
            f"{program} is {number}, in which a hook that fails lets every write pass; update it "
            f"to {needed} or newer: npm install -g @anthropic-ai/claude-code@latest"
        )
        return [Finding("claude", ERROR if wanted else WARNING, why)]
    login, good = _login()
    detail = f"{number}, {program}, {_package('claude')}, {login}"
    return [
        Finding("claude", OK if good else WARNING, detail),
        _ownership(settings.claude.sandbox, can_sandbox()),
    ]


def program_version(program: str) -> tuple[str, str]:
    """The version a program tells, or why it tells none; warnings around it are passed over."""
    try:
        done = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=20, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "", "does not tell its version within 20 s; run it with --version to see why"
    except OSError as error:
        return "", f"does not start: {error.strerror}; install it again"
    lines = done.stdout.splitlines()
    # The line that begins with the number is the version; a warning may name one of its own.
    for line in (*(line for line in lines if _VERSION.match(line.strip())), *reversed(lines)):
        if found := _VERSION.search(line):
            return found[0], ""
    said = next((line for line in (*lines, *done.stderr.splitlines()) if line.strip()), "nothing")
    if done.returncode:
        return (
            "",
            f"--version ends with {done.returncode}: {sanitise(said)[:200]}; install it again",
        )
    return "", f"does not tell its version ({sanitise(said)[:60]})"


def _package(driver: str) -> str:
    name = _PACKAGES[driver]
    try:
        return f"{name} {version(name)}"
    except PackageNotFoundError:
        return name


def _login() -> tuple[str, bool]:
    """By what Claude Code is let in, and whether that was found."""
    for name in (*_LOGINS, *_CLOUDS):
        if os.environ.get(name):
            return f"login by {name}", True
    home = Path(os.environ.get("CLAUDE_CONFIG_DIR") or Path.home() / ".claude")
    if (home / ".credentials.json").exists():
        return "logged in", True
    if sys.platform == "darwin":
        return "its login is in the keychain, which was not looked into", True
    return "no login found: run `claude` once and log in, or set ANTHROPIC_API_KEY", False


def _ownership(wanted: str, possible: bool) -> Finding:
    base = "hooks that fail closed, deny rules, and every change compared at the end"
    if wanted == "off":
        return Finding("ownership", OK, f"{base}; the sandbox is off by claude.sandbox")
    if possible:
        return Finding("ownership", OK, f"{base}; shell commands in the sandbox (bwrap)")
    if all(shutil.which(program) for program in ("bwrap", "socat")):
        lacks = (
            "bwrap is not allowed to make a sandbox on this system, so shell commands run as you"
        )
    else:
        lacks = "shell commands run as you; install bubblewrap and socat to confine them too"
    if wanted == "on":
        return Finding("ownership", ERROR, f"{base}; claude.sandbox is on, but {lacks}")
    return Finding("ownership", WARNING, f"{base}; no sandbox: {lacks}")


def _acp(settings: Settings) -> Finding:
    acp = settings.acp
    if missing := acp_missing(acp.agent, acp.command):
        return Finding("acp", UNUSED, f"not used: {missing}")
    named = {acp.agent or "command": acp_command(acp.agent, acp.command)}
    if not (acp.agent or acp.command):
        named = {name: acp_command(name, ()) for name in PRESETS}
    found = []
    for name, command in named.items():
        if command:
            number, why = program_version(command[0])
            told = number or ("version unknown" if "tell its version" in why else why)
            found.append(f"{name} {told}")
    return Finding("acp", OK, f"{', '.join(found)}, {_package('acp')}")


def _api(settings: Settings) -> Finding:
    api = settings.api
    if missing := api_missing(api.key_env):
        return Finding("api", UNUSED, f"not used: {missing}")
    model = api.model or "claude-sonnet-5-5"
    address = api.base_url or os.environ.get("ANTHROPIC_BASE_URL", "")
    where = f", at {sanitise(address)[:80]}" if address else ""
    return Finding("api", OK, f"{api.key_env} is set, model {model}, {_package('api')}{where}")


def _command(settings: Settings) -> Finding:
    command = settings.run.agent_command
    if not command:
        why = 'not used: give --agent-command "CMD ...", or set run.agent_command'
        return Finding("command", UNUSED, why)
    program = shutil.which(os.path.expanduser(command[0]))
    if program is None:
        why = f"{command[0]} is not on PATH; correct run.agent_command in the settings"
        return Finding("command", ERROR, why)
    return Finding("command", OK, f"{program}, the prompt comes on its stdin")


def _driver(settings: Settings) -> Finding:
    """The driver of a run that is given no other."""
    wanted = settings.run.driver
    lacks = {
        "claude": claude_missing(settings.claude.program),
        "acp": acp_missing(settings.acp.agent, settings.acp.command),
        "api": api_missing(settings.api.key_env),
        "command": "" if settings.run.agent_command else "run.agent_command is not set",
    }
    if wanted != "auto":
        missing = lacks.get(wanted, "")
        if missing:
            return Finding("driver", ERROR, f"run.driver is {wanted}, but {missing}")
        return Finding("driver", OK, f"a run takes {wanted}, by run.driver")
    if settings.run.agent_command:
        return Finding("driver", OK, "a run takes command, as run.agent_command is set")
    if not lacks["claude"]:
        return Finding("driver", OK, "a run takes claude; --driver takes another")
    others = [name for name in ("acp", "api") if not lacks[name]]
    if others:
        ways = " or ".join(f"--driver {name}" for name in others)
        return Finding("driver", WARNING, f"none by itself: give {ways}, or set run.driver")
    why = "no agent can work here yet: set up one of the above; --driver rehearsal needs none"
    return Finding("driver", WARNING, why)
