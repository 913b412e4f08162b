"""Claude Code as an agent, through claude-agent-sdk and the user's own ``claude``.

The SDK brings asyncio and a dozen packages: it is imported only when an attempt is Claude's, from
the folders the spec names, since a runner starts without site-packages.
"""

from __future__ import annotations

import sys

from maestro_tui.agents.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context

SDK = "claude_agent_sdk"
INSTALL = "pip install --no-binary claude-agent-sdk 'maestro-tui[claude]'"


class ClaudeDriver:
    """Runs one Claude Code session. Exists for the default agent of most users."""

    def run(self, context: Context) -> Outcome:
        """The session, to its end."""
        for folder in context.spec.options.get("python_path") or ():
            if isinstance(folder, str) and folder not in sys.path:
                sys.path.append(folder)
        from maestro_tui.agents.drivers.claude.lean import import_sdk

        try:
            import_sdk(SDK)
        except ImportError as error:
            why = f"The claude driver needs claude-agent-sdk ({error}); install it: {INSTALL}"
            return Outcome("spawn-error", error=why)
        from maestro_tui.agents.conversation import hold
        from maestro_tui.agents.drivers.claude.session import ClaudeSession

        return hold(context, ClaudeSession)
