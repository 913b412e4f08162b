"""Any program as an agent: the prompt on stdin, the rest in the environment."""

from __future__ import annotations

from maestro_tui.agents.context import Context
from maestro_tui.agents.supervise import Outcome


class CommandDriver:
    """Runs the user's command, without a shell."""

    def run(self, context: Context) -> Outcome:
        """The command, to its end."""
        return context.supervise([str(a) for a in context.spec["command"]])
