"""What the rehearsal agent says: stream-json for what it does, plain lines for what it prints."""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_USAGE = (
    ("input", "inputTokens"),
    ("output", "outputTokens"),
    ("cache_read", "cacheReadInputTokens"),
    ("cache_write", "cacheCreationInputTokens"),
)


class Voice:
    """Standard output in the words of a real agent, so that logs and events look like one's."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._tokens = dict.fromkeys((theirs for _, theirs in _USAGE), 0)
        self._cost: float | None = None
        self._messages = self._tools = 0

    def say(self, text: str) -> None:
        """Text as it is, at once."""
        try:
            view = memoryview(text.encode("utf-8", "replace"))
            while view:
                view = view[os.write(1, view) :]
        except OSError:
            sys.exit(1)  # nobody hears it any more

    def _line(self, kind: str, **fields: Any) -> None:
        data = {"type": kind, **fields, "session_id": self._session}
        self.say(json.dumps(data, ensure_ascii=False) + "\n")

    def begin(self, folder: str) -> None:
        """The first line."""
        self._line("system", subtype="init", cwd=folder, model="rehearsal")

    def _message(self, block: dict[str, Any]) -> None:
        self._messages += 1
        content = [block]
        message = {"id": f"msg_{self._messages}", "role": "assistant", "content": content}
        self._line("assistant", message=message)

    def text(self, text: str) -> None:
        """Something the agent tells."""
        self._message({"type": "text", "text": text})

    def tool(self, name: str, **given: str) -> None:
        """Announce the use of a tool; ``done`` tells how it went."""
        self._tools += 1
        block = {"type": "tool_use", "id": f"toolu_{self._tools}", "name": name, "input": given}
        self._message(block)

    def done(self, text: str, *, ok: bool = True) -> None:
        """How the last tool did."""
        block: dict[str, Any] = {"type": "tool_result", "tool_use_id": f"toolu_{self._tools}"}
        block["content"] = text
        if not ok:
            block["is_error"] = True
        self._line("user", message={"role": "user", "content": [block]})

    def ask(self, request: str, tool: str, detail: str, rule: str = "") -> None:
        """Ask the operator for permission; ``rule`` is what "always" would allow."""
        what: dict[str, Any] = {"subtype": "can_use_tool", "tool_name": tool}
        what["input"] = {"command": detail}
        what["tool_use_id"] = f"toolu_{self._tools}"
        if rule:
            what["rule"] = rule
        self._line("control_request", request_id=request, request=what)

    def parked(self, until: float, why: str) -> None:
        """Tell that it waits for its service until then; 0 = it goes on."""
        self._line("system", subtype="parked", until=until, why=why)

    def spend(self, amounts: dict[str, Any]) -> None:
        """Add to the totals, and report them as an agent does that is asked for its usage."""
        for ours, theirs in _USAGE:
            self._tokens[theirs] += int(amounts.get(ours, 0))
        if "cost_usd" in amounts:
            self._cost = (self._cost or 0.0) + float(amounts["cost_usd"])
        session = {"total_cost_usd": self._cost, "model_usage": {"rehearsal": self._tokens}}
        answer = {"subtype": "success", "request_id": "usage", "response": {"session": session}}
        self._line("control_response", response=answer)

    def end(self, text: str) -> None:
        """The last line of an agent that succeeds."""
        fields: dict[str, Any] = {"subtype": "success", "is_error": False, "result": text}
        fields["num_turns"] = max(1, self._messages)
        if self._cost is not None:
            fields["total_cost_usd"] = self._cost
        if any(self._tokens.values()):
            fields["modelUsage"] = {"rehearsal": self._tokens}
        self._line("result", **fields)
