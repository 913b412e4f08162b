"""Writes down what an agent does, whatever protocol told it, as the one kind of lines people read.

The lines are those of ``stream.StreamParser``: log, events, usage and a later reading of the log
come out of one form for all drivers.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maestro_tui.agents.observe import Observer
from maestro_tui.agents.sanitise import one_line

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.context import Context
    from maestro_tui.agents.secrets import Redactor

_LONGEST = 1 << 16  # characters of one result kept; the agent's program has the rest


class Transcript:
    """The log and the events of one attempt. Exists so that drivers differ only in their ears."""

    def __init__(self, context: Context, redactor: Redactor, session: str = "") -> None:
        self._context, self._redact = context, redactor
        self.session = session
        self.observer = Observer(context.emit, lambda *_: None)

    def text(self, words: str) -> None:
        """The agent says something."""
        if words.strip():
            self._message("assistant", {"type": "text", "text": words})

    def tool(self, name: str, given: Any, call: str = "") -> None:
        """It uses a tool."""
        self._message("assistant", {"type": "tool_use", "id": call, "name": name, "input": given})

    def result(self, ok: bool, words: str, call: str = "") -> None:
        """What came of it."""
        cut = words if len(words) <= _LONGEST else words[:_LONGEST] + "\n(cut)"
        block = {"type": "tool_result", "tool_use_id": call, "is_error": not ok, "content": cut}
        self._message("user", block)

    def usage(self, message: str, counts: dict[str, Any], model: str = "") -> None:
        """Tokens of one answer of the model, by the names of the Messages API."""
        body = {"id": message, "content": [], "usage": counts, "model": model}
        self._line({"type": "assistant", "message": body})

    def cost(self, total: float) -> None:
        """What the session has cost so far, in USD."""
        session = {"session": {"total_cost_usd": total}}
        response = {"subtype": "success", "response": session}
        self._line({"type": "control_response", "response": response})

    def turn(
        self,
        error: str = "",
        counts: dict[str, Any] | None = None,
        cost: float | None = None,
    ) -> None:
        """A turn has ended: ``counts`` are its tokens, ``cost`` the session's so far."""
        line: dict[str, Any] = {"type": "result", "is_error": bool(error), "result": error}
        line["subtype"] = "error_during_execution" if error else "success"
        if counts:
            line["usage"] = counts
        if cost is not None:
            line["total_cost_usd"] = cost
        self._line(line)

    def plain(self, line: bytes) -> None:
        """A line that is of no protocol."""
        clean = self._redact.line(line)
        self._context.log(clean + b"\n")
        self.observer.take([clean], len(line) + 1)

    def note(self, words: str) -> None:
        """Something the driver has to say to whoever follows the attempt."""
        text = one_line(self._redact.text(words).encode("utf-8", "replace"), 500)
        self._context.emit("text", text=text)

    def _message(self, kind: str, block: dict[str, Any]) -> None:
        self._line({"type": kind, "message": {"id": "", "content": [block]}})

    def _line(self, data: dict[str, Any]) -> None:
        try:
            raw = json.dumps({**data, "session_id": self.session}, ensure_ascii=False)
        except (ValueError, RecursionError):
            return
        self.plain(raw.encode("utf-8", "replace"))
