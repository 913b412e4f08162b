"""What an attempt's driver is told beyond the common orders: from settings, roster and plan.

The runner reads it from the spec alone, so that it needs neither the configuration nor the roster.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import uuid
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from maestro_tui.agents.drivers import acp, api
from maestro_tui.agents.drivers.claude import INSTALL, SDK
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.engine.acp_options import package_folder
from maestro_tui.plans.globs import overlap
from maestro_tui.plans.prices import price_table, with_prices
from maestro_tui.roster.definitions import AgentDefinition

FindAgent = Callable[[str], AgentDefinition]

_TOOL = re.compile(r"[A-Z][A-Za-z]+")
_ALWAYS = ("Read", "Write")  # without them nobody can write a completion document
_MOST_OTHERS = 400  # rules for other tasks' files; the hooks know all of them anyway
SANDBOX_PROGRAMS = ("bwrap", "socat")


def claude_program(configured: str) -> str:
    """The user's ``claude``: the configured one, else the one on PATH; empty when there is none."""
    return shutil.which(os.path.expanduser(configured) if configured else "claude") or ""


def sdk_folder() -> str:
    """Where a runner finds claude-agent-sdk; empty when it is not installed."""
    return package_folder(SDK)


def api_missing(key_env: str) -> str:
    """What the api driver lacks, with how to get it; empty when it can run."""
    name = key_env or api.KEY
    if not os.environ.get(name):
        return f"{name} is not set; export it, or name another variable with api.key_env"
    if not package_folder(api.SDK):
        return f"the anthropic package is not installed; {api.INSTALL}"
    return ""


def claude_missing(configured: str) -> str:
    """What the claude driver lacks, with how to get it; empty when it can run."""
    if not claude_program(configured):
        if configured:
            return f"{configured} is no program; correct claude.program in the settings"
        return "claude is not on PATH; install Claude Code, or set claude.program in the settings"
    if not sdk_folder():
        return f"claude-agent-sdk is not installed; {INSTALL}"
    return ""


@lru_cache(maxsize=1)
def can_sandbox() -> bool:
    """Whether the programs with which Claude Code confines shell commands are there, and work.

    Some systems forbid them to ordinary users; every command of an agent would fail then.
    """
    if not all(shutil.which(program) for program in SANDBOX_PROGRAMS):
        return False
    try:
        probe = ["bwrap", "--ro-bind", "/", "/", "--unshare-pid", "true"]
        return subprocess.run(probe, capture_output=True, timeout=10, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def driver_options(
    state: RunState, task: TaskRun, attempt: Attempt, folder: Path, find_agent: FindAgent
) -> dict[str, Any]:
    """The spec's ``options``; empty for drivers that have none."""
    driver = task.assignment.driver
    if driver not in ("acp", "api", "claude"):
        return {}
    strategy = state.strategy
    assert strategy is not None
    definition = _definition(find_agent, attempt.agent)
    settings = state.options.agents
    common = {
        **settings,
        **_wishes(definition),
        "model": _model(task, attempt, definition) or settings.get("model", ""),
        "tools": _tools(definition),
        "mcp_servers": _servers(definition, Path(state.repo)),
        "approved": [*task.assignment.verify, *(gate.run for gate in strategy.gates)],
        "place": _place(attempt.worktree),
    }
    if driver == "acp":
        return {**common, "python_path": _found(package_folder(acp.SDK))}
    if driver == "api":
        return {**common, **_api(settings, common)}
    wanted = settings.get("sandbox", "auto")
    return {
        **common,
        "program": settings.get("program") or claude_program(""),
        "python_path": _found(sdk_folder()),
        "session": str(uuid.uuid5(uuid.NAMESPACE_URL, folder.absolute().as_uri())),
        "others": _others(state, task),
        "sandbox": wanted == "on" or (wanted == "auto" and can_sandbox()),
    }


def _place(tree: str) -> int:
    """A number that no other agent at work in this run has: its worktree's, from 0."""
    digits = Path(tree).name.rpartition("-")[2]
    return max(0, int(digits) - 1) if digits.isdecimal() else 0


def _found(folder: str) -> list[str]:
    return [folder] if folder else []


def _api(settings: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """The service knows models by their ids alone, and tells no prices."""
    table = with_prices(price_table(), settings.get("prices") or {})
    named = {key: str(common.get(key) or "") for key in ("model", "fallback_model")}
    return {
        "python_path": _found(package_folder(api.SDK)),
        **{key: table.aliases.get(model, model) for key, model in named.items()},
        "prices": {name: asdict(price) for name, price in table.models.items()},
    }


def _definition(find_agent: FindAgent, name: str) -> AgentDefinition:
    """A definition that has gone since the review leaves the agent without its extras only."""
    try:
        return find_agent(name)
    except LookupError:
        return AgentDefinition(name)


def _model(task: TaskRun, attempt: Attempt, definition: AgentDefinition) -> str:
    if task.model:
        return task.model
    if attempt.agent == task.assignment.agent:
        return task.assignment.model
    return "" if definition.model in ("inherit", "default") else definition.model


def _wishes(definition: AgentDefinition) -> dict[str, Any]:
    """What the definition says for itself, which counts for more than the settings for all."""
    wishes = {
        "effort": definition.effort,
        "fallback_model": definition.fallback_model,
        "max_turns": definition.max_turns,
        "budget_usd": definition.budget_usd,
    }
    return {key: value for key, value in wishes.items() if value}


def _tools(definition: AgentDefinition) -> list[str]:
    """The built-in tools the definition allows; none named means all."""
    named = [tool.partition("(")[0].strip() for tool in definition.tools]
    known = [tool for tool in named if _TOOL.fullmatch(tool)]
    return list(dict.fromkeys([*known, *_ALWAYS])) if known else []


def _servers(definition: AgentDefinition, repo: Path) -> dict[str, Any]:
    """The MCP servers the definition names, as the repository's ``.mcp.json`` describes them."""
    if not definition.mcp_servers:
        return {}
    try:
        servers = json.loads((repo / ".mcp.json").read_bytes()).get("mcpServers")
    except (OSError, ValueError, AttributeError):
        return {}
    if not isinstance(servers, dict):
        return {}
    return {name: servers[name] for name in definition.mcp_servers if name in servers}


def _others(state: RunState, task: TaskRun) -> list[str]:
    """Patterns of other tasks that can never mean a file of this one."""
    mine = (*task.owned, task.assignment.marker)
    found: dict[str, None] = {}
    for other in state.tasks.values():
        if other is task:
            continue
        for pattern in other.owned:
            if pattern not in found and not any(overlap(pattern, own) for own in mine):
                found[pattern] = None
                if len(found) >= _MOST_OTHERS:
                    return list(found)
    return list(found)
