"""What an attempt's end is put down to, when the agent came to it by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maestro_tui.agents.outcome import Outcome

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.drivers.acp.process import AgentProcess
    from maestro_tui.agents.drivers.claude.turns import Verdict
    from maestro_tui.agents.secrets import Redactor

HOW_TO_NAME = "; acp.command in the settings names the agent's program and its arguments"


def judged(
    verdict: Verdict | None,
    program: AgentProcess,
    error: str,
    usage: dict[str, Any],
    redact: Redactor,
    *,
    opened: bool,
) -> Outcome:
    """The outcome. ``opened``: a session was; a program that never got there may be no agent."""
    if verdict is None:
        outcome = program.too_soon("The agent", error or program.last_plain, usage, redact)
        if not opened:
            outcome.error += (
                ". It opened no session: does its command speak the Agent Client Protocol (ACP), "
                f"with these arguments{HOW_TO_NAME}"
            )
        return outcome
    if verdict.ok:
        return Outcome("exited", exit=0, usage=usage)
    words = redact.text(verdict.text)
    return Outcome(verdict.reason, exit=program.code or 1, error=words, usage=usage)
