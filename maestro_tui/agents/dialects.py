"""Reads the event lines of other agents: ``codex exec --json``, ``gemini -o stream-json`` and
``opencode run --format json``.

Each tells the same few things in shapes of its own; here they become the events of ``stream``.
"""

from __future__ import annotations

from maestro_tui.agents.text import clip, tool_summary
from maestro_tui.agents.usage import MOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.usage import UsageMeter

    Event = dict[str, Any]

_NAME = 100
_ITEMS = {  # of codex: what the tool is called here, and where its input is
    "command_execution": ("Bash", "command"),
    "web_search": ("WebSearch", "query"),
    "mcp_tool_call": ("", "arguments"),
    "file_change": ("Edit", "changes"),
}


class Dialects:
    """What is remembered between lines. ``error`` is what the agent said went wrong for good."""

    def __init__(self, meter: UsageMeter) -> None:
        self._meter = meter
        self.error: str | None = None
        self._cost = 0.0
        self._answers = 0

    def events(self, data: dict[str, Any]) -> list[Event] | None:
        """The events of a line; None when it is of no dialect known here."""
        kind = data["type"]
        if kind.startswith(("thread.", "turn.", "item.")):
            return self._codex(kind, data)
        if isinstance(data.get("part"), dict) or isinstance(data.get("sessionID"), str):
            return self._opencode(kind, data)
        if kind in ("init", "message", "tool_use", "tool_result"):
            return _gemini(kind, data)
        if kind == "result" and "status" in data:
            return self._gemini_result(data)
        if kind == "error":  # codex goes on after these, or says turn.failed
            text = clip(data.get("message"))
            return [{"kind": "text", "text": text}] if text else []
        return None

    # -- codex -------------------------------------------------------------------------------------

    def _codex(self, kind: str, data: dict[str, Any]) -> list[Event]:
        if kind in ("item.started", "item.completed"):
            return _item(_table(data.get("item")), started=kind == "item.started")
        if kind == "turn.completed":
            usage = _table(data.get("usage"))
            cached = _count(usage.get("cached_input_tokens"))
            used = self._used(
                input=max(0, _count(usage.get("input_tokens")) - cached),  # cached ones are in it
                output=_count(usage.get("output_tokens")),
                read=cached,
            )
            return [*used, self._end("")]
        if kind == "turn.failed":
            return [self._end(clip(_table(data.get("error")).get("message")) or "no reason given")]
        return []

    # -- gemini ------------------------------------------------------------------------------------

    def _gemini_result(self, data: dict[str, Any]) -> list[Event]:
        stats = _table(data.get("stats"))
        cached = _count(stats.get("cached"))
        events = self._used(
            input=max(0, _count(stats.get("input_tokens")) - cached),
            output=_count(stats.get("output_tokens")),
            read=cached,
        )
        error = ""
        if data.get("status") != "success":
            error = clip(_table(data.get("error")).get("message")) or "no reason given"
        return [*events, self._end(error)]

    # -- opencode ----------------------------------------------------------------------------------

    def _opencode(self, kind: str, data: dict[str, Any]) -> list[Event]:
        part = _table(data.get("part"))
        if kind == "text":
            text = clip(part.get("text"))
            return [{"kind": "text", "text": text}] if text else []
        if kind == "tool_use":
            state = _table(part.get("state"))
            name = clip(part.get("tool"), _NAME) or "tool"
            ok = state.get("status") == "completed"
            said = clip(state.get("output" if ok else "error"))
            return [
                {"kind": "tool", "name": name, "summary": tool_summary(state.get("input"))},
                {"kind": "tool_result", "ok": ok, "summary": said},
            ]
        if kind == "step_finish":
            return self._step(str(data.get("sessionID", "")), part)
        if kind == "error":
            error = _table(data.get("error"))
            words = clip(_table(error.get("data")).get("message")) or clip(error.get("name"))
            return [self._end(words or "no reason given")]
        return []

    def _step(self, session: str, part: dict[str, Any]) -> list[Event]:
        tokens = _table(part.get("tokens"))
        cache = _table(tokens.get("cache"))
        events = self._used(
            input=_count(tokens.get("input")),
            output=_count(tokens.get("output")) + _count(tokens.get("reasoning")),
            read=_count(cache.get("read")),
            written=_count(cache.get("write")),
        )
        cost = part.get("cost")
        if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < 10**6:
            self._cost += cost  # each step's own
            self._meter.session(session, None, None, self._cost)
            events = [{"kind": "usage", **self._meter.totals()}]
        if part.get("reason") == "stop":
            self.error = None  # it got over what it had complained of
        return events

    # -- all ---------------------------------------------------------------------------------------

    def _used(self, *, input: int, output: int, read: int = 0, written: int = 0) -> list[Event]:
        self._answers += 1
        counts = {
            "input_tokens": input,
            "output_tokens": output,
            "cache_read_input_tokens": read,
            "cache_creation_input_tokens": written,
        }
        if not self._meter.message(f"answer-{self._answers}", counts):
            return []
        return [{"kind": "usage", **self._meter.totals()}]

    def _end(self, error: str) -> Event:
        self.error = error or None
        return {"kind": "result", "ok": not error, "summary": error or "completed"}


def _item(item: dict[str, Any], *, started: bool) -> list[Event]:
    kind = item.get("type")
    if kind in ("agent_message", "error"):
        text = clip(item.get("text") or item.get("message"))
        return [{"kind": "text", "text": text}] if text and not started else []
    if not isinstance(kind, str) or kind not in _ITEMS:
        return []
    name, key = _ITEMS[kind]
    name = name or clip(item.get("tool"), _NAME) or "tool"
    call = {"kind": "tool", "name": name, "summary": _input(item.get(key))}
    if started:
        return [call]
    ok = item.get("status") != "failed" and item.get("exit_code") in (0, None)
    result = {"kind": "tool_result", "ok": ok, "summary": clip(item.get("aggregated_output"))}
    # Commands and calls were told of when they started; changes and searches only end.
    return [result] if kind in ("command_execution", "mcp_tool_call") else [call, result]


def _input(value: object) -> str:
    if isinstance(value, list):  # changes: [{"path": ..., "kind": ...}]
        paths = (_table(change).get("path") for change in value)
        return clip(", ".join(path for path in paths if isinstance(path, str)))
    return tool_summary(value)


def _gemini(kind: str, data: dict[str, Any]) -> list[Event]:
    if kind == "message" and data.get("role") == "assistant":
        text = clip(data.get("content"))
        return [{"kind": "text", "text": text}] if text else []
    if kind == "tool_use":
        name = clip(data.get("tool_name"), _NAME) or "tool"
        return [{"kind": "tool", "name": name, "summary": tool_summary(data.get("parameters"))}]
    if kind == "tool_result":
        ok = data.get("status") == "success"
        said = clip(data.get("output")) or clip(_table(data.get("error")).get("message"))
        return [{"kind": "tool_result", "ok": ok, "summary": said}]
    return []


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: object) -> int:
    return value if type(value) is int and 0 < value < MOST else 0
