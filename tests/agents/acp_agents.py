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
    models: tuple[str, ...] = ("haiku", "sonnet")  # two it can be told to use
    tells_output = True  # of its commands
    tells_cost = True
    waits_by_itself = ""  # why limits and dead services are not seen from outside
    loses_sessions = ""  # why a session that was killed cannot be counted on

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
    waits_by_itself = "opencode goes on trying by itself; the attempt's time limit ends it"

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


class Gemini(RealAgent):
    """Gemini CLI, with the stand-in as its service; it takes its key from the environment."""

    name, preset, program, arguments = "gemini", "gemini", "gemini", ("--acp", "--skip-trust")
    models = ()
    tells_output = tells_cost = False

    loses_sessions = "gemini answers for a killed session with an internal error at times"

    def environment(self, url: str, home: Path) -> dict[str, str]:
        return {
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_API_KEY": "dummy-key-for-the-stand-in",
            "GEMINI_TELEMETRY_ENABLED": "false",
            "HOME": str(home),
        }

    def write(self, path: str, content: str) -> Block:
        return use("write_file", file_path="{cwd}/" + path, content=content)

    def bash(self, command: str) -> Block:
        return use("run_shell_command", command=command, description="a step")


class Codex(RealAgent):
    """codex-acp with the codex it brings; it writes by patches, given to a command."""

    name, preset, program = "codex", "codex", "codex-acp"
    models = ()
    tells_cost = False
    waits_by_itself = "codex goes on trying by itself; the attempt's time limit ends it"

    def environment(self, url: str, home: Path) -> dict[str, str]:
        folder = home / ".codex"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(
            'model = "gpt-5"\nmodel_provider = "stand-in"\n[model_providers.stand-in]\n'
            f'name = "stand-in"\nbase_url = "{url}/v1"\nenv_key = "OPENAI_API_KEY"\n'
            'wire_api = "responses"\nrequest_max_retries = 1\nstream_max_retries = 1\n'
        )
        (home / "tmp").mkdir(exist_ok=True)
        return {
            "OPENAI_API_KEY": "dummy-key-for-the-stand-in",
            "HOME": str(home),
            "TMPDIR": str(home / "tmp"),  # it takes no helpers from below the folder for such
        }

    def write(self, path: str, content: str) -> Block:
        lines = "".join(f"+{line}\n" for line in content.splitlines())
        patch = f"*** Begin Patch\n*** Add File: {path}\n{lines}*** End Patch\n"
        return use("exec_command", cmd=f"apply_patch <<'PATCH'\n{patch}PATCH")

    def bash(self, command: str) -> Block:
        # Without that it runs where it can write nothing, and nobody is asked.
        asks = {"sandbox_permissions": "require_escalated", "justification": "a step"}
        return use("exec_command", cmd=command, **asks)


AGENTS: tuple[RealAgent, ...] = (ClaudeAgent(), OpenCode())
OTHERS: tuple[RealAgent, ...] = (Gemini(), Codex())
