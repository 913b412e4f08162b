"""The seam for agents that can be talked to: one session protocol, held by ``conversation``.

An interactive driver is a ``Driver`` whose ``run`` calls ``conversation.hold(context, make)``;
``make`` gets the ``Conversation`` and returns a ``Session``. The conversation owns the attempt's
clock, control.jsonl and stop; the session owns its agent and nothing else:

* the agent's doings -> ``context.log`` (redacted bytes) and an ``Observer`` (events.jsonl);
* permissions, questions, plans -> ``await conversation.desk.ask(...)``, which puts them before the
  operator and returns the answer; cancelling it takes the question back;
* waits that are not the agent's work (usage limits) -> ``await conversation.park(until, why)``,
  which is false when the operator wants no waiting;
* an interrupt that was not followed by words -> ``desk.ask(INTERRUPTED, ...)``, which waits by
  itself while the operator has paused the agent.

Control lines, one JSON object each: ``{"cmd": "stop"}``, ``{"cmd": "answer", "id", "allow",
"text"}``, and ``{"cmd": "message" | "handoff" | "interrupt" | "model" | "pause" | "resume" |
"no-waiting", "n", "text"}``.
"""

from __future__ import annotations

from typing import Protocol

from maestro_tui.agents.outcome import Outcome


class Session(Protocol):
    """One conversation with one agent. Exists so that drivers differ only in how they speak."""

    async def run(self) -> Outcome:
        """Start the agent, give it its task, and stay until it has ended."""
        ...

    async def tell(self, text: str) -> None:
        """Say something to the agent while it works; it hears it as soon as it can."""
        ...

    async def interrupt(self) -> None:
        """End what the agent is doing now, not its session; it waits for words."""
        ...

    async def change_model(self, model: str) -> None:
        """Go on with another model."""
        ...

    async def end(self) -> None:
        """Ask the agent to end for good; ``run`` returns within the attempt's grace."""
        ...
