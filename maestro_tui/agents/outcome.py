"""How an attempt ended, in the words that people and the engine read."""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Outcome:
    """The end of one agent. Exists so that every driver ends in the same terms.

    ``reason``: exited (by itself, whatever the code) | timeout | stopped | spawn-error | crashed
    (died of a signal that was not ours). ``error`` is one sentence, or empty when all went well.
    """

    def __init__(
        self,
        reason: str,
        *,
        exit: int | None = None,
        signal: int | None = None,
        error: str = "",
        usage: dict[str, Any] | None = None,
    ) -> None:
        self.reason, self.exit, self.signal = reason, exit, signal
        self.error, self.usage = error, usage

    @property
    def ok(self) -> bool:
        """It ended by itself, with success, and reported no error."""
        return self.reason == "exited" and self.exit == 0 and not self.error


def judge(
    status: int | None,
    ended_by_us: str,
    *,
    limit_s: float,
    last: str,
    failure: str | None,
    usage: dict[str, Any],
) -> Outcome:
    """The outcome from a wait status; ``ended_by_us`` is "", "stopped" or "timeout"."""
    code = number = None
    if status is not None and os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
    elif status is not None:
        code = os.waitstatus_to_exitcode(status)
    tail = f"; its last words: {last}" if last else ""
    reason, error = ended_by_us or "exited", ""
    if ended_by_us == "timeout":
        error = f"The agent took longer than {limit_s:g} s and was ended{tail}"
    elif ended_by_us == "stopped":
        error = "The agent was stopped on request"
    elif number is not None:
        reason, error = "crashed", f"The agent died of {_name(number)}{tail}"
    elif code is None:
        reason, error = "crashed", f"Nobody knows how the agent ended{tail}"
    elif failure is not None:
        ending = f" and exited with code {code}" if code else ""
        error = f"The agent reported a failure{ending}: {failure}"
    elif code:
        error = f"The agent exited with code {code}{tail}"
    return Outcome(reason, exit=code, signal=number, error=_sentence(error), usage=usage)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _sentence(text: str) -> str:
    return " ".join(text.split())[:500]
