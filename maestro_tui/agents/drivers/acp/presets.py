"""The agents whose command is known by a short name, and what each needs to be kept in hand."""

from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_ASK = json.dumps({"edit": "ask", "bash": "ask", "webfetch": "ask", "external_directory": "ask"})
_PROVIDERS = (
    "ANTHROPIC_*", "OPENAI_*", "GEMINI_*", "GOOGLE_*", "OPENROUTER_*", "AZURE_*", "AWS_*",
    "MISTRAL_*", "GROQ_*", "DEEPSEEK_*", "XAI_*", "GITHUB_TOKEN",
)  # fmt: skip


class Preset:
    """One known agent: its command, how to get it, and its own secrets and settings.

    ``own_files``: it reads and writes by itself, once it may. ``no_folders``: its sandbox lets it
    write the files it has asked about, but make no folders for them. ``hears_late``: words said
    while it works end its turn, so they wait for that. ``forgets``: of a turn that is cut off it
    knows nothing afterwards, its task included.
    """

    def __init__(
        self,
        command: tuple[str, ...],
        package: str,
        keep_env: tuple[str, ...],
        env: Mapping[str, str] | None = None,
        login: str = "",
        *,
        own_files: bool = False,
        no_folders: bool = False,
        hears_late: bool = False,
        forgets: bool = False,
    ) -> None:
        self.command, self.package, self.keep_env = command, package, keep_env
        self.env = dict(env or {})
        self.login = login
        self.own_files, self.no_folders = own_files, no_folders
        self.hears_late, self.forgets = hears_late, forgets


PRESETS: dict[str, Preset] = {
    "gemini": Preset(
        ("gemini", "--acp", "--skip-trust"),
        "@google/gemini-cli",
        ("GEMINI_*", "GOOGLE_*"),
        login="run `gemini` once and log in, or set GEMINI_API_KEY",
        # It takes every refusal to read for a failure, a file that is not there yet included.
        own_files=True,
        hears_late=True,
        forgets=True,
    ),
    "codex": Preset(
        ("codex-acp",),
        "@agentclientprotocol/codex-acp",
        ("OPENAI_*", "CODEX_*"),
        # Left to itself it has a model of its own judge what is asked, and writes unasked.
        {"INITIAL_AGENT_MODE": "read-only", "NO_BROWSER": "1"},
        login="run `codex login`, or set OPENAI_API_KEY",
        no_folders=True,
    ),
    "opencode": Preset(
        ("opencode", "acp"),
        "opencode-ai",
        ("OPENCODE_*", *_PROVIDERS),
        # Left to itself it asks about nothing.
        {"OPENCODE_PERMISSION": _ASK, "OPENCODE_DISABLE_AUTOUPDATE": "1"},
        login="run `opencode auth login`",
    ),
    "claude": Preset(
        ("claude-agent-acp",),
        "@agentclientprotocol/claude-agent-acp",
        ("ANTHROPIC_*", "CLAUDE_CODE_OAUTH_TOKEN", "AWS_*"),
        # Its retries are invisible: a refused login would be tried for minutes, and a limit that
        # Maestro waits out in the open would be waited out in silence.
        {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_MAX_RETRIES": "3"},
        login="run `claude` once and /login, or set ANTHROPIC_API_KEY",
    ),
}


def find_preset(name: str) -> Preset | None:
    """The preset of that name, or of the program it starts; None where there is none."""
    if name in PRESETS:
        return PRESETS[name]
    program = name.rpartition("/")[2]
    return next((p for p in PRESETS.values() if p.command[0] == program), None)
