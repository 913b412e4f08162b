"""What leaving the screen means to a script."""

from __future__ import annotations

import signal

from maestro_tui.core.state import RunState, RunStatus

DONE, FAILED, WAITING = 0, 1, 3
HUNG_UP = 128 + signal.SIGHUP  # the terminal is gone, as a shell would say it


def exit_code(state: RunState) -> int:
    """0 done, or left running with nothing asked; 1 something is missing; 3 somebody is needed."""
    if state.status is RunStatus.DONE:
        return DONE
    if state.ended:
        return FAILED
    if state.questions or state.status in (RunStatus.STOPPED, RunStatus.WAITING):
        return WAITING
    return DONE
