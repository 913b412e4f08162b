"""The rehearsal agent as a process of its own, so that it can hang and crash like a real one."""

from __future__ import annotations

import sys
from pathlib import Path

from maestro_tui.agents.context import Context
from maestro_tui.agents.supervise import Outcome

_AGENT = str(Path(__file__).resolve().parent.parent / "rehearse.py")


class RehearsalDriver:
    """Runs the attempt's script."""

    def run(self, context: Context) -> Outcome:
        """The script, to its end."""
        argv = [sys.executable, "-I", "-S", _AGENT]
        return context.supervise(argv, answers_permissions=True)
