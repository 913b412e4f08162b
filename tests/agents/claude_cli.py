"""The real ``claude`` and the SDK, where they are installed: ``make test-agents`` does that."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_OURS = ROOT / ".venv" / "agents" / "node_modules" / ".bin" / "claude"


def program() -> str:
    """Where it is; empty when it is nowhere."""
    if os.access(_OURS, os.X_OK):
        return str(_OURS)
    return os.environ.get("MAESTRO_TEST_CLAUDE", "") or shutil.which("claude") or ""


def sdk_folder() -> str:
    """The folder to import claude-agent-sdk from; empty when it is not installed."""
    spec = importlib.util.find_spec("claude_agent_sdk")
    return str(Path(spec.origin).parents[1]) if spec is not None and spec.origin else ""


def missing() -> str:
    """Why tests of the real program cannot run; empty when they can."""
    if not program():
        return "claude is not installed; make test-agents installs it"
    if not sdk_folder():
        return "claude-agent-sdk is not installed; make test-agents installs it"
    return ""


def environment(url: str, home: Path) -> dict[str, str]:
    """What keeps the program to itself and to the stand-in service."""
    return {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_API_KEY": "dummy-key-for-the-stand-in",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "DISABLE_TELEMETRY": "1",
        "DISABLE_ERROR_REPORTING": "1",
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "HOME": str(home),
    }
