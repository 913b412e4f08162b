"""Notices that an agent at work is not heard of: its service may be dead while it tries again.

Agents repeat failed requests by themselves, for minutes and without a word. Who follows the attempt
sees that nothing comes, and the attempt ends in words rather than at its time limit.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_S = 60.0  # until it is said; once more after twice as long, and so on
SILENCE_S = 600.0  # until the attempt ends


class Silence:
    """How long the agent has not been heard of while it is its turn."""

    def __init__(
        self,
        note: Callable[[str], None],
        limit_s: float = SILENCE_S,
        quiet_s: float = QUIET_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``limit_s`` of 0 waits for ever."""
        self._note, self._limit_s, self._clock = note, limit_s, clock
        self._quiet_s = min(quiet_s, limit_s / 4.0) if limit_s else quiet_s
        self._since: float | None = None
        self._next = self._quiet_s
        self._why = ""

    def heard(self) -> None:
        """It has done or said something."""
        if self._next > self._quiet_s or self._why:
            self._note("The agent is heard of again")
        self._since, self._next, self._why = None, self._quiet_s, ""

    def trouble(self, why: str) -> None:
        """It tells by itself that its service does not answer; that is no work."""
        if why and why != self._why:
            self._why = why
            self._note(f"The agent has trouble with its service: {why}")

    def look(self, *, working: bool) -> str:
        """Say what is to be said by now; words for the end where it has been too long."""
        now = self._clock()
        if not working:
            self._since, self._next = None, self._quiet_s
            return ""
        if self._since is None:
            self._since = now
        silent = now - self._since
        why = f" (it said: {self._why})" if self._why else ""
        if self._limit_s and silent >= self._limit_s:
            return (
                f"No answer from the agent for {silent:.0f} s; its service may be "
                f"unreachable{why}. Check the network and the service, then retry; "
                "acp.silence_s sets how long to wait (0: for ever)"
            )
        if silent >= self._next:
            self._next *= 2.0
            end = f"; it is ended at {self._limit_s:.0f} s" if self._limit_s else ""
            self._note(
                f"No answer from the agent for {silent:.0f} s; its service may be unreachable"
                f"{why}, and the agent may be trying again{end}"
            )
        return ""
