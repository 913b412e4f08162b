"""Any agent that speaks the Agent Client Protocol, through agent-client-protocol.

The library brings asyncio and pydantic: it is imported only when an attempt is such an agent's,
from the folders the spec names, since a runner starts without site-packages.
"""

from __future__ import annotations

import sys

from maestro_tui.agents.outcome import Outcome

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context

SDK = "acp"
INSTALL = "pip install 'maestro-tui[acp]'"


class AcpDriver:
    """Runs one ACP session. Exists for every agent that has no driver of its own."""

    def run(self, context: Context) -> Outcome:
        """The session, to its end."""
        for folder in context.spec.options.get("python_path") or ():
            if isinstance(folder, str) and folder not in sys.path:
                sys.path.append(folder)
        try:
            import acp  # noqa: F401
        except ImportError as error:
            why = f"The acp driver needs agent-client-protocol ({error}); install it: {INSTALL}"
            return Outcome("spawn-error", error=why)
        from maestro_tui.agents.conversation import hold
        from maestro_tui.agents.drivers.acp.session import AcpSession

        return hold(context, AcpSession)
