"""The real ACP agents, where they are installed: ``make test-agents`` does that."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tests.agents import claude_cli
from tests.agents.model_api import Block, use

BIN = claude_cli.ROOT / ".venv" / "agents" / "node_modules" / ".bin"


def acp_folder() -> str:
    """The folder to import agent-client-protocol from; empty when it is not installed."""
    spec = importlib.util.find_spec("acp")
    return str(Path(spec.origin).parents[1]) if spec is not None and spec.origin else ""


class RealAgent:
    """One program: how it is started against the stand-in, and what it calls its tools."""

    name = ""
    preset = ""
    program = ""
    arguments: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        found = BIN / self.program
        return str(found) if os.access(found, os.X_OK) else shutil.which(self.program) or ""

    @property
    def missing(self) -> str:
        """Why it cannot be tested; empty when it can."""
        if not acp_folder():
            return "agent-client-protocol is not installed; make test-agents installs it"
        return "" if self.path else f"{self.program} is not installed; make test-agents installs it"

    def environment(self, url: str, home: Path) -> dict[str, str]:
        raise NotImplementedError

    def write(self, path: str, content: str) -> Block:
        raise NotImplementedError

    def bash(self, command: str) -> Block:
        raise NotImplementedError


class ClaudeAgent(RealAgent):
    """claude-agent-acp: Claude Code behind the protocol."""

    name, preset, program = "claude-agent-acp", "claude", "claude-agent-acp"

    def environment(self, url: str, home: Path) -> dict[str, str]:
        return claude_cli.environment(url, home)

    def write(self, path: str, content: str) -> Block:
        return use("Write", file_path="{cwd}/" + path, content=content)

    def bash(self, command: str) -> Block:
        return use("Bash", command=command, description="a step")


class OpenCode(RealAgent):
    """opencode, with the stand-in as its Anthropic service."""

    name, preset, program, arguments = "opencode", "opencode", "opencode", ("acp",)

    def environment(self, url: str, home: Path) -> dict[str, str]:
        config: dict[str, Any] = {
            "model": "anthropic/claude-sonnet-4-5",
            "small_model": "anthropic/claude-sonnet-4-5",
            "provider": {"anthropic": {"options": {"baseURL": f"{url}/v1"}}},
        }
        folder = home / "config" / "opencode"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "opencode.json").write_text(json.dumps(config))
        return {
            "ANTHROPIC_API_KEY": "dummy-key-for-the-stand-in",
            "OPENCODE_DISABLE_MODELS_FETCH": "1",
            "OPENCODE_DISABLE_AUTOUPDATE": "1",
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"),
            "XDG_CACHE_HOME": str(home / "cache"),
            "XDG_STATE_HOME": str(home / "state"),
            "HOME": str(home),
        }

    def write(self, path: str, content: str) -> Block:
        return use("write", filePath="{cwd}/" + path, content=content)

    def bash(self, command: str) -> Block:
        return use("bash", command=command, description="a step")


AGENTS: tuple[RealAgent, ...] = (ClaudeAgent(), OpenCode())
