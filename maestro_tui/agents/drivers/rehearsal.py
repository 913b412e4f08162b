"""The rehearsal agent as a process of its own, so that it can hang and crash like a real one."""

from __future__ import annotations

import os
import sys

from maestro_tui.agents.supervise import supervise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context
    from maestro_tui.agents.outcome import Outcome

_AGENT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "rehearse.py")


class RehearsalDriver:
    """Runs the attempt's script. The agent reads the answers to its questions by itself."""

    def run(self, context: Context) -> Outcome:
        """The script, to its end."""
        return supervise(context, [sys.executable, "-I", "-S", _AGENT], can_answer=True)
