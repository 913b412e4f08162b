"""What the acp driver needs: an agent, found now; the library its runner imports."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from maestro_tui.agents.drivers.acp import INSTALL, SDK
from maestro_tui.agents.drivers.acp.presets import PRESETS


def package_folder(name: str) -> str:
    """Where a runner finds an installed package; empty when it is not installed."""
    spec = importlib.util.find_spec(name)
    return str(Path(spec.origin).parents[1]) if spec is not None and spec.origin else ""


def acp_command(agent: str, command: Sequence[str]) -> list[str]:
    """The agent's command with the path of its program: the configured one, that of the named
    agent, or that of the first known agent that is installed; empty when there is none.
    """
    if command:
        wanted = [tuple(command)]
    elif agent:
        wanted = [PRESETS[agent].command] if agent in PRESETS else []
    else:
        wanted = [preset.command for preset in PRESETS.values()]
    for words in wanted:
        program = shutil.which(os.path.expanduser(words[0]))
        if program:
            return [program, *words[1:]]
    return []


def acp_missing(agent: str, command: Sequence[str]) -> str:
    """What the acp driver lacks, with how to get it; empty when it can run."""
    names = ", ".join(PRESETS)
    if agent and agent not in PRESETS and not command:
        return f"there is no known agent {agent!r}; known: {names}, or set acp.command"
    if not acp_command(agent, command):
        if command:
            return f"{command[0]} is no program; correct acp.command in the settings"
        if agent:
            preset = PRESETS[agent]
            return f"{preset.command[0]} is not on PATH; npm install -g {preset.package}"
        return (
            f"no agent is named or found; give --acp-agent {names.replace(', ', '|')} or a command"
        )
    if not package_folder(SDK):
        return f"agent-client-protocol is not installed; {INSTALL}"
    return ""
