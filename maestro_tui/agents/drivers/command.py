"""Any program as an agent: the prompt on its input, the rest in its environment."""

from __future__ import annotations

from maestro_tui.agents.supervise import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context
    from maestro_tui.agents.outcome import Outcome


class CommandDriver:
    """Runs the user's command, without a shell. It has no way to be answered."""

    def run(self, context: Context) -> Outcome:
        """The command, to its end."""
        return supervise(context, context.spec.command)
