"""Leaving a run that is under way: it can go on alone, or stop where it can go on later."""

from __future__ import annotations

from maestro_tui.core.state import ACTIVE, Option, RunState
from maestro_tui.ui.dialogs.confirm import ChoiceDialog
from maestro_tui.ui.formatting import plural

LEAVE, STOP = "leave", "stop"


def quit_dialog(state: RunState, alive: bool) -> ChoiceDialog:
    """What quitting may mean right now."""
    running = state.count(*ACTIVE)
    lines = [f"{plural(running, 'agent')} at work." if running else "No agent is at work."]
    if not alive:
        lines.append("No engine works on this run; it goes on only after a resume.")
    options = [
        Option(
            LEAVE,
            "Leave it running" if alive else "Leave",
            "l",
            f"look again with: maestro attach {state.run}",
        )
    ]
    if alive:
        options.append(
            Option(
                STOP,
                "Stop at a checkpoint",
                "s",
                "agents end; finished work is kept; resume goes on",
            )
        )
    return ChoiceDialog("Leave this run?", tuple(lines), tuple(options), LEAVE)
