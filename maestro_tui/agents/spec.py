"""What an attempt is to do, read from its ``spec.json`` and checked before anything starts."""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SCHEMA = 1
_TEXTS = ("run", "task", "driver", "worktree")
_OPTIONAL_TEXTS = ("title", "agent", "prompt", "marker", "dependencies")
_LISTS = ("command", "owned", "create", "verify", "forbidden")


class SpecError(ValueError):
    """The spec cannot be carried out; the message names the file and the key."""


class Spec:
    """One attempt's orders. Exists so that drivers need not doubt what they read."""

    def __init__(self, data: dict[str, Any], path: str) -> None:
        self._path = path
        if data.get("schema") != SCHEMA:
            raise self._bad("schema", f"must be {SCHEMA}, not {data.get('schema')!r}")
        for key in (*_TEXTS, *_OPTIONAL_TEXTS):
            value = data.get(key, "")
            if not isinstance(value, str) or "\0" in value or (key in _TEXTS and not value):
                raise self._bad(key, f"must be text, not {value!r}")
        for key in _LISTS:
            value = data.get(key, [])
            if not isinstance(value, list) or not all(
                isinstance(v, str) and "\0" not in v for v in value
            ):
                raise self._bad(key, "must be a list of texts")
        env, steps = data.get("env", {}), data.get("steps", [])
        options = data.get("options", {})
        for key, table in (("env", env), ("options", options)):
            if not isinstance(table, dict):
                raise self._bad(key, "must be a table")
        if not isinstance(steps, list) or not all(isinstance(s, dict) for s in steps):
            raise self._bad("steps", "must be a list of tables")
        self.run: str = data["run"]
        self.task: str = data["task"]
        self.driver: str = data["driver"]
        self.worktree: str = data["worktree"]
        self.title: str = data.get("title", "")
        self.agent: str = data.get("agent", "")
        self.prompt: str = data.get("prompt", "")
        self.marker: str = data.get("marker", "")
        self.dependencies: str = data.get("dependencies", "")
        self.command: list[str] = data.get("command", [])
        self.owned: list[str] = data.get("owned", [])
        self.create: list[str] = data.get("create", [])
        self.verify: list[str] = data.get("verify", [])
        self.forbidden: list[str] = data.get("forbidden", [])
        self.steps: list[dict[str, Any]] = steps
        self.options: dict[str, Any] = options  # the driver's own; each reads what it knows
        self.env = {str(key): str(value) for key, value in env.items()}
        self.attempt = int(self._number(data, "attempt", 1))
        self.timeout_s = self._number(data, "timeout_s", 0)  # 0 = no limit
        self.grace_s = self._number(data, "grace_s", 5)

    def _number(self, data: dict[str, Any], key: str, default: float) -> float:
        value = data.get(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
            raise self._bad(key, f"must be a number, not {value!r}")
        return float(value)

    def _bad(self, key: str, why: str) -> SpecError:
        return SpecError(f"{self._path}: {key} {why}; start a new attempt")

    def environment(self, folder: str) -> dict[str, str]:
        """What the agent finds in its environment: the public contract of every driver."""
        return {
            **os.environ,
            **self.env,
            "MAESTRO_RUN_ID": self.run,
            "MAESTRO_TASK_ID": self.task,
            "MAESTRO_TASK_TITLE": self.title,
            "MAESTRO_ATTEMPT": str(self.attempt),
            "MAESTRO_MARKER": self.marker,
            "MAESTRO_OWNED": "\n".join(self.owned),
            "MAESTRO_DEPENDENCIES": self.dependencies,
            "MAESTRO_ATTEMPT_DIR": folder,
        }


def read_spec(path: str) -> Spec:
    """The spec in a file; SpecError when it is not there or does not make sense."""
    try:
        with open(path, "rb") as file:
            data = json.loads(file.read())
    except OSError as error:
        raise SpecError(f"{path}: {error.strerror}; start a new attempt") from error
    except (ValueError, RecursionError) as error:
        raise SpecError(f"{path}: not JSON ({error}); start a new attempt") from error
    if not isinstance(data, dict):
        raise SpecError(f"{path}: must be a table; start a new attempt")
    return Spec(data, path)
