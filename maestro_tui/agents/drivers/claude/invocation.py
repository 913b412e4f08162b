"""How ``claude`` is started: its arguments, its settings, its environment.

Written out here rather than left to the SDK, which passes none of its options to a transport that
is not its own.
"""

from __future__ import annotations

import glob
import json
import os

from maestro_tui.agents.drivers.options import Options
from maestro_tui.agents.secrets import scrubbed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.spec import Spec

# What the program itself needs of the names that look like secrets, by the service it talks to.
_LOGIN = ("ANTHROPIC_*", "CLAUDE_CODE_OAUTH_TOKEN")
_CLOUDS = {
    "CLAUDE_CODE_USE_BEDROCK": ("AWS_*",),
    "CLAUDE_CODE_USE_VERTEX": ("GOOGLE_*", "GCLOUD_*"),
    "CLAUDE_CODE_USE_FOUNDRY": ("AZURE_*",),
}
# Left over where Maestro was itself started by an agent: they would make this one a part of it.
_NESTED = (
    "CLAUDECODE", "CLAUDE_CODE_ENTRYPOINT", "CLAUDE_CODE_SSE_PORT", "CLAUDE_CODE_SESSION_ID",
    "CLAUDE_CODE_CHILD_SESSION", "CLAUDE_CODE_REMOTE", "CLAUDE_AGENT_SDK_VERSION",
)  # fmt: skip
_OURS = {
    "CLAUDE_CODE_ENTRYPOINT": "sdk-py",
    "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
    "CLAUDE_CODE_DISABLE_BACKGROUND_TASKS": "1",  # else a result comes before the work is done
    "CLAUDE_CODE_BASH_EDIT_DIFF": "1",
    "DISABLE_AUTOUPDATER": "1",
}


class Invocation(Options):
    """One attempt's ``claude``. Exists so that all the program is handed is in one place."""

    def __init__(self, spec: Spec, folder: str) -> None:
        super().__init__(spec.options)
        self._spec, self._folder = spec, folder

    def environment(self) -> dict[str, str]:
        """What the agent finds: the user's, without secrets that are none of its business."""
        whole = self._spec.environment(self._folder)
        keep = [*_LOGIN, *self.texts("keep_env"), *self._spec.env]
        for switch, names in _CLOUDS.items():
            if whole.get(switch):
                keep += names
        clean = scrubbed(whole, keep)
        for name in _NESTED:
            clean.pop(name, None)
        return {**clean, **_OURS}

    def transcript(self, environment: dict[str, str]) -> str:
        """Where an earlier runner's session is written down; empty when there is none."""
        home = environment.get("CLAUDE_CONFIG_DIR") or os.path.join(
            environment.get("HOME", ""), ".claude"
        )
        name = f"{self.text('session')}.jsonl"
        found = glob.glob(os.path.join(glob.escape(home), "projects", "*", glob.escape(name)))
        return found[0] if found else ""

    def arguments(self, *, resume: bool) -> list[str]:
        """The command line; the session goes on where ``resume`` says there is one."""
        session = self.text("session")
        sources = self._options.get("setting_sources", ["user", "project"])
        argv = [
            self.text("program") or "claude",
            "--output-format", "stream-json", "--verbose", "--input-format", "stream-json",
            "--permission-prompt-tool", "stdio", "--permission-mode", "default",
            f"--setting-sources={','.join(sources) if isinstance(sources, list) else ''}",
            "--strict-mcp-config", "--settings", json.dumps(self.settings()),
        ]  # fmt: skip
        if session:
            argv.append(f"--resume={session}" if resume else f"--session-id={session}")
        for key in ("model", "fallback_model", "effort"):
            if self.text(key):
                argv += [f"--{key.replace('_', '-')}", self.text(key)]
        if self.number("max_turns"):
            argv += ["--max-turns", f"{self.number('max_turns'):.0f}"]
        if self.number("budget_usd"):
            argv += ["--max-budget-usd", f"{self.number('budget_usd'):g}"]
        if self.texts("tools"):
            argv += ["--tools", ",".join(self.texts("tools"))]
        servers = self._options.get("mcp_servers")
        if isinstance(servers, dict) and servers:
            argv += ["--mcp-config", json.dumps({"mcpServers": servers})]
        return argv

    def settings(self) -> dict[str, Any]:
        """Rules that need no hook: files of others are not written, by Bash neither where the
        program's sandbox is there to see to it.
        """
        tree = os.path.realpath(self._spec.worktree)
        refused = [*self._spec.forbidden, *self.texts("others")]
        rules = [f"Edit(/{tree}/{pattern})" for pattern in refused]
        settings: dict[str, Any] = {"permissions": {"deny": rules}}
        if self._options.get("sandbox") is True:
            settings["sandbox"] = {
                "enabled": True,
                "allowUnsandboxedCommands": False,
                "autoAllowBashIfSandboxed": False,
            }
        return settings
