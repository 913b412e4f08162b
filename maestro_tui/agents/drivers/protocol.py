"""What every driver is: one method that runs one agent to its end."""

from __future__ import annotations

from typing import Protocol

from maestro_tui.agents.context import Context
from maestro_tui.agents.outcome import Outcome


class Driver(Protocol):
    """Runs one agent inside its runner. Exists so that kinds of agents differ in one module."""

    def run(self, context: Context) -> Outcome:
        """Do the attempt; never raises for what the agent does."""
        ...
