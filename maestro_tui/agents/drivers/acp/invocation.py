"""How an ACP agent is started: its command, its environment, what its session is told."""

from __future__ import annotations

import os

from maestro_tui.agents.drivers.acp.presets import Preset, find_preset
from maestro_tui.agents.drivers.acp.silence import SILENCE_S
from maestro_tui.agents.drivers.options import Options
from maestro_tui.agents.secrets import scrubbed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.spec import Spec

START_S = 120.0  # until it has answered its first request; a loaded machine starts slowly
_PATTERN = frozenset("*?[{")
# Left over where Maestro was itself started by an agent: they would make this one a part of it.
_NESTED = ("CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID")


class Invocation(Options):
    """One attempt's agent. Exists so that all the program is handed is in one place."""

    def __init__(self, spec: Spec, folder: str) -> None:
        super().__init__(spec.options)
        self._spec, self._folder = spec, folder
        self.command = self.texts("command")
        name = self.text("agent") or (self.command[0] if self.command else "")
        self.preset = find_preset(name) or Preset((), "", ())

    @property
    def start_s(self) -> float:
        """How long it may take to answer at all."""
        return self.number("start_s") or START_S

    @property
    def silence_s(self) -> float:
        """How long it may be silent at its work; 0 for ever."""
        asked = self._spec.options.get("silence_s")
        return float(asked) if isinstance(asked, (int, float)) else SILENCE_S

    def arguments(self) -> list[str]:
        """The command line."""
        argv = self.command or list(self.preset.command)
        model = self.text("model")
        # Its sessions have no option for the model; definitions written for Claude name Claude's.
        if self.preset.package == "@google/gemini-cli" and "gemini" in model:
            argv = [*argv, "--model", model]
        return argv

    def environment(self) -> dict[str, str]:
        """The user's, without secrets that are none of this agent's business."""
        whole = self._spec.environment(self._folder)
        keep = [*self.preset.keep_env, *self.texts("keep_env"), *self._spec.env]
        clean = scrubbed({**self.preset.env, **whole}, keep)
        for name in _NESTED:
            clean.pop(name, None)
        if clean.get("IS_SANDBOX") != "1":
            clean.pop("IS_SANDBOX", None)  # any other value ends claude-agent-acp at once, as root
        return clean

    def terminal_environment(self) -> dict[str, str]:
        """For the agent's commands, which have no business with its login either."""
        login = tuple(name.rstrip("*") for name in self.preset.keep_env)
        return {
            name: value
            for name, value in scrubbed(self.environment(), self.texts("keep_env")).items()
            if not (login and name.startswith(login))
        }

    def meta(self) -> dict[str, Any]:
        """What only Claude's adapter understands: tools and limits of the definition."""
        if self.preset.command[:1] != ("claude-agent-acp",):
            return {}
        options: dict[str, Any] = {}
        if self.texts("tools"):
            options["tools"] = self.texts("tools")
        if self.number("max_turns"):
            options["maxTurns"] = int(self.number("max_turns"))
        if self.number("budget_usd"):
            options["maxBudgetUsd"] = self.number("budget_usd")
        return {"claudeCode": {"options": options}} if options else {}


def make_folders(spec: Spec) -> None:
    """Those of the files the task is to create; an empty one is nothing to git."""
    root = os.path.realpath(spec.worktree)
    for path in spec.create:
        folder = os.path.realpath(os.path.join(root, os.path.dirname(path)))
        if folder.startswith(root + "/") and not set(folder) & _PATTERN:
            os.makedirs(folder, exist_ok=True)
