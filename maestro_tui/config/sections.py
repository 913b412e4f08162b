"""The sections of the settings: each key with its usual value and what it may be."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """What a value may be: one of ``choices``, or what ``read`` accepts."""

    read: Callable[[Any], Any]
    wanted: str
    choices: tuple[str, ...] = ()
    user_only: bool = False  # a repository somebody else wrote must not set it


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


def _count(low: int, high: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError
        return int(value)

    return read


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1e7:
        raise ValueError
    return float(value)


def _above_zero(value: Any) -> float:
    seconds = _seconds(value)
    if not seconds:
        raise ValueError
    return seconds


def _command(value: Any) -> tuple[str, ...]:
    """A program and its arguments: a list, or one string split as a shell would, without one."""
    parts = shlex.split(value) if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise TypeError
    return tuple(parts)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError
    return tuple(value)


def _choice(*choices: str) -> Any:
    return _rule(_text, "text", choices[0], choices=choices)


def _rule(
    read: Callable[[Any], Any],
    wanted: str,
    default: Any,
    *,
    choices: tuple[str, ...] = (),
    user_only: bool = False,
) -> Any:
    return field(default=default, metadata={"rule": Rule(read, wanted, choices, user_only)})


_SECONDS = "a number of seconds"
_COMMAND = 'a command: "prog arg" or ["prog", "arg"]'


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How runs go: ``[run]``. None means: decided by the agent definition or the driver."""

    driver: str = _choice("auto", "claude", "acp", "api", "command", "rehearsal")
    agent_command: tuple[str, ...] = _rule(_command, _COMMAND, ())
    max_parallel: int = _rule(_count(1, 100), "a whole number from 1 to 100", 10)
    mode: str = _choice("waves", "streaming")
    deliver: str = _choice("merge", "none")
    mark_done: bool = _rule(_flag, "true or false", True)
    on_failure: str = _choice("ask", "retry", "skip", "abort")
    on_gate_failure: str = _choice("ask", "retry", "rollback", "accept", "abort")
    on_conflict: str = _choice("ask", "skip", "abort")
    permission_policy: str = _choice("ask", "allow", "deny")
    timeout_s: float | None = _rule(_above_zero, _SECONDS + " above 0", None)
    retries: int | None = _rule(_count(0, 20), "a whole number from 0 to 20", None)
    retry_delay_s: float = _rule(_seconds, _SECONDS, 10.0)
    launch_delay_s: float | None = _rule(_seconds, _SECONDS, None)
    gate_timeout_s: float = _rule(_above_zero, _SECONDS + " above 0", 600.0)
    worktree_root: str = _rule(_text, "a folder", "")
    # A plan of more files is launched phase by phase; 0 launches every plan whole.
    large_plan_files: int = _rule(_count(0, 1_000_000), "a whole number, 0 for no limit", 100)
    setup: str = _rule(_text, "a command line", "")
    setup_timeout_s: float = _rule(_above_zero, _SECONDS + " above 0", 600.0)
    copy: tuple[str, ...] = _rule(_texts, "a list of patterns", ())
    port_base: int = _rule(_count(0, 64_000), "a whole number from 0 to 64000", 20_000)
    ports: int = _rule(_count(0, 40), "a whole number from 0 to 40", 10)
    lfs: str = _choice("smudge", "skip")


_DOLLARS = "a number of dollars, 0 for no limit"


@dataclass(frozen=True, slots=True)
class BudgetSettings:
    """What may be spent, in USD: ``[budget]``; ``agent`` is for each attempt."""

    agent: float = _rule(_seconds, _DOLLARS, 0.0)
    wave: float = _rule(_seconds, _DOLLARS, 0.0)
    run: float = _rule(_seconds, _DOLLARS, 0.0)
    on_limit: str = _choice("ask", "stop", "continue")
    cheaper_model: str = _rule(_text, "a model's name", "haiku")


@dataclass(frozen=True, slots=True)
class PermissionSettings:
    """What agents may do without asking, and never: ``[permissions]``; refusals come first."""

    allow: tuple[str, ...] = _rule(_texts, 'a list of rules such as "Bash(npm test:*)"', (),
                                   user_only=True)  # fmt: skip
    deny: tuple[str, ...] = _rule(_texts, 'a list of rules such as "Bash(git push:*)"', ())


@dataclass(frozen=True, slots=True)
class ClaudeSettings:
    """How the claude driver runs its agents: ``[claude]``. Empty or 0: as Claude Code has it."""

    program: str = _rule(_text, "a program", "", user_only=True)
    model: str = _rule(_text, "a model's name", "")
    fallback_model: str = _rule(_text, "a model's name", "")
    effort: str = _choice("", "low", "medium", "high", "xhigh", "max")
    max_turns: int = _rule(_count(0, 100_000), "a whole number", 0)
    budget_usd: float = _rule(_seconds, "a number of dollars", 0.0)
    sandbox: str = _choice("auto", "on", "off")
    setting_sources: tuple[str, ...] = _rule(_texts, "a list of user, project, local",
                                             ("user", "project"))  # fmt: skip
    keep_env: tuple[str, ...] = _rule(_texts, "a list of variables' names", (), user_only=True)
    on_limit: str = _choice("park", "fail")
    backoff_s: float = _rule(_above_zero, _SECONDS + " above 0", 60.0)
    limit_wait_s: float = _rule(_above_zero, _SECONDS + " above 0", 28_800.0)


@dataclass(frozen=True, slots=True)
class AcpSettings:
    """Which agent the acp driver runs, and how: ``[acp]``. Empty: as the agent has it."""

    agent: str = _rule(_text, "gemini, codex, opencode or claude", "")
    command: tuple[str, ...] = _rule(_command, _COMMAND, (), user_only=True)
    model: str = _rule(_text, "a model as the agent names it", "")
    auth_method: str = _rule(_text, "the id of a way to log in, as the agent names it", "")
    keep_env: tuple[str, ...] = _rule(_texts, "a list of variables' names", (), user_only=True)
    on_limit: str = _choice("park", "fail")
    backoff_s: float = _rule(_above_zero, _SECONDS + " above 0", 60.0)
    limit_wait_s: float = _rule(_above_zero, _SECONDS + " above 0", 28_800.0)
    silence_s: float = _rule(_seconds, _SECONDS + "; 0: for ever", 600.0)


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """How the api driver talks to the model: ``[api]``. Empty or 0: the driver's own choice."""

    model: str = _rule(_text, "a model's name", "")
    fallback_model: str = _rule(_text, "a model's name", "")
    key_env: str = _rule(_text, "the name of the variable that holds the key", "ANTHROPIC_API_KEY",
                         user_only=True)  # fmt: skip
    base_url: str = _rule(_text, "an address", "", user_only=True)
    max_tokens: int = _rule(_count(0, 1_000_000), "a whole number", 0)
    max_turns: int = _rule(_count(0, 100_000), "a whole number", 0)
    budget_usd: float = _rule(_seconds, "a number of dollars", 0.0)
    effort: str = _choice("", "low", "medium", "high", "xhigh", "max")
    keep_env: tuple[str, ...] = _rule(_texts, "a list of variables' names", (), user_only=True)
    silence_s: float = _rule(_above_zero, _SECONDS + " above 0", 300.0)
    on_limit: str = _choice("park", "fail")
    backoff_s: float = _rule(_above_zero, _SECONDS + " above 0", 60.0)
    limit_wait_s: float = _rule(_above_zero, _SECONDS + " above 0", 28_800.0)


_SLOTS = "a whole number from 1 to 100"


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How many agents may use a kind of model at once: ``[pools]``."""

    opus: int = _rule(_count(1, 100), _SLOTS, 5)
    sonnet: int = _rule(_count(1, 100), _SLOTS, 10)
    haiku: int = _rule(_count(1, 100), _SLOTS, 15)


@dataclass(frozen=True, slots=True)
class UiSettings:
    """How the screen looks and calls: ``[ui]``."""

    theme: str = _rule(_text, "a theme's name", "maestro-dark")
    notify: str = _choice("bell", "osc9", "osc777", "none")
    notify_command: tuple[str, ...] = _rule(_command, _COMMAND, (), user_only=True)
    terminal_title: bool = _rule(_flag, "true or false", True)
    mouse: bool = _rule(_flag, "true or false", True)
    wrap_logs: bool = _rule(_flag, "true or false", False)


_DAYS = "a number of days, 0 for never"


@dataclass(frozen=True, slots=True)
class ArchiveSettings:
    """What becomes of the logs of runs that ended well: ``[archive]``. Failed runs keep theirs."""

    pack_days: float = _rule(_seconds, _DAYS, 1.0)
    prune_days: float = _rule(_seconds, _DAYS, 30.0)  # of merged runs only


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """Where more agent definitions are: ``[agents]``. Folders are relative to their file."""

    folders: tuple[str, ...] = _rule(_texts, "a list of folders", ())


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """The weights of the routing score: ``[routing]``."""

    capability: float = _rule(_seconds, "a number", 40.0)
    model_fit: float = _rule(_seconds, "a number", 20.0)
    availability: float = _rule(_seconds, "a number", 20.0)
    expertise: float = _rule(_seconds, "a number", 20.0)
    threshold: float = _rule(_seconds, "a number", 12.0)


SECTIONS: dict[str, type[Any]] = {
    "run": RunSettings,
    "ui": UiSettings,
    "archive": ArchiveSettings,
    "pools": PoolSettings,
    "agents": AgentSettings,
    "routing": RoutingSettings,
    "permissions": PermissionSettings,
    "budget": BudgetSettings,
    "claude": ClaudeSettings,
    "acp": AcpSettings,
    "api": ApiSettings,
}
