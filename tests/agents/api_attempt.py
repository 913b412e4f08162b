"""An attempt whose agent is a model by the anthropic package, and the stand-in it talks to."""

from __future__ import annotations

import importlib.util
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.agents.attempt_folder import AttemptFolder, until
from tests.agents.model_api import Block, ModelApi, text, use

_SPEC = importlib.util.find_spec("anthropic")
FOLDER = str(Path(_SPEC.origin).parents[1]) if _SPEC is not None and _SPEC.origin else ""
needs_package = [
    pytest.mark.agents,
    pytest.mark.skipif(
        not FOLDER, reason="the anthropic package is not installed; make test-agents installs it"
    ),
]
MARKER = "NOTIFY_COMPLETE.md"
PRICES = {"claude-sonnet-5-5": {"input": 2.0, "output": 10.0, "cache_read": 0.1,
                                "cache_write": 2.5}}  # fmt: skip
END = [text("All is done.")]
SECONDS = 60.0


def write(path: str, content: str) -> Block:
    return use("write", file_path=path, content=content)


def bash(command: str) -> Block:
    return use("bash", command=command)


DONE = [write(MARKER, "# Done\n")]


class Api:
    """An attempt whose agent is a model and nothing else."""

    def __init__(self, attempt: AttemptFolder, service: ModelApi) -> None:
        self.attempt, self.service = attempt, service
        subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)

    def start(self, *turns: Any, env: dict[str, str] | None = None, **changes: Any) -> None:
        self.service.scripts["s"] = list(turns)
        (self.attempt.path / "prompt.md").write_text("[[script:s]] Do it.\n")
        options = {"python_path": [FOLDER], "prices": PRICES, **changes.pop("options", {})}
        variables = {
            "ANTHROPIC_BASE_URL": self.service.url,
            "ANTHROPIC_API_KEY": "dummy-key-for-the-stand-in",
            **(env or {}),
        }
        self.attempt.spec(driver="api", options=options, env=variables, **changes)
        self.attempt.start()

    def run(self, *turns: Any, **changes: Any) -> dict[str, Any]:
        self.start(*turns, **changes)
        return self.attempt.end(SECONDS)

    def asked(self, number: int = 1) -> dict[str, Any]:
        until(lambda: len(self.attempt.events("permission")) >= number, SECONDS)
        return self.attempt.events("permission")[number - 1]

    def said(self) -> str:
        return json.dumps(self.service.asked("s"))

    def key(self) -> str:
        """With which the first request came."""
        sent = self.service.headers[0]
        return sent.get("x-api-key") or sent["authorization"].removeprefix("Bearer ")

    def file(self, name: str) -> Path:
        return self.attempt.worktree / name
