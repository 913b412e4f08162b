"""Reads agents' output line by line: Claude-style stream-json where it is, plain text elsewhere."""

from __future__ import annotations

import json
from typing import Any

from maestro_tui.agents.sanitise import sanitise

LIMIT = 2000
MOST = 10**15  # of tokens or dollars: no figure an agent invents may overflow a sum
_TOKENS = {
    "input_tokens": "input",
    "output_tokens": "output",
    "cache_read_input_tokens": "cache_read",
    "cache_creation_input_tokens": "cache_write",
}
Event = dict[str, Any]


class StreamParser:
    """Turns lines into events; keeps the totals that stream-json reports piecewise."""

    def __init__(self) -> None:
        self._per_message: dict[str, dict[str, int]] = {}
        self._totals: dict[str, int] | None = None
        self._cost: float | None = None
        self.error = ""  # what a result line said went wrong

    @property
    def usage(self) -> Event:
        """Token totals of four classes, and the cost where it was reported."""
        totals = dict.fromkeys(_TOKENS.values(), 0)
        if self._totals is not None:
            totals = dict(self._totals)
        else:
            for message in self._per_message.values():
                for name, count in message.items():
                    totals[name] += count
        return {**totals, "cost_usd": self._cost}

    def feed(self, line: str) -> list[Event] | None:
        """The events of a line; None when it is plain text."""
        if not line.startswith("{"):
            return None
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            return None
        match data["type"]:
            case "assistant":
                return self._assistant(data)
            case "user":
                return _tool_results(data)
            case "result":
                return self._result(data)
            case "control_request":
                return _permission(data)
            case "system" | "stream_event" | "rate_limit_event":
                return []
        return []

    def _assistant(self, data: Event) -> list[Event]:
        message = data.get("message")
        if not isinstance(message, dict):
            return []
        events: list[Event] = []
        for block in _blocks(message):
            if block.get("type") == "text" and _clip(block.get("text")):
                events.append({"kind": "text", "text": _clip(block.get("text"))})
            elif block.get("type") == "tool_use":
                name = _clip(block.get("name"), 80) or "tool"
                summary = tool_summary(block.get("input"))
                events.append({"kind": "tool", "name": name, "summary": summary})
        counts = _counts(message.get("usage"))
        if counts:
            # One message comes in several lines, each with the message's usage so far.
            self._per_message[str(message.get("id", len(self._per_message)))] = counts
            events.append({"kind": "usage", **self.usage})
        return events

    def _result(self, data: Event) -> list[Event]:
        failed = bool(data.get("is_error"))
        text = _clip(data.get("result")) or _clip(data.get("subtype"))
        if failed:
            self.error = text or "the agent reported an error"
        else:
            self.error = ""
        counts = _counts(data.get("usage"))
        if counts:
            self._totals = counts
        cost = data.get("total_cost_usd")
        if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost <= MOST:
            self._cost = float(cost)
        return [
            {"kind": "usage", **self.usage},
            {"kind": "result", "ok": not failed, "summary": text},
        ]


def _blocks(message: Event) -> list[Event]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []


def _tool_results(data: Event) -> list[Event]:
    message = data.get("message")
    if not isinstance(message, dict):
        return []
    found = []
    for block in _blocks(message):
        if block.get("type") == "tool_result":
            ok = not block.get("is_error")
            text = _text_of(block.get("content"))
            found.append({"kind": "tool_result", "ok": ok, "summary": _clip(text)})
    return found


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(str(b.get("text", "")) for b in content if isinstance(b, dict))
    return ""


def _permission(data: Event) -> list[Event]:
    request = data.get("request")
    if not isinstance(request, dict) or request.get("subtype") != "can_use_tool":
        return []
    return [
        {
            "kind": "permission",
            "id": _clip(data.get("request_id"), 80),
            "tool": _clip(request.get("tool_name"), 80),
            "detail": tool_summary(request.get("input")),
        }
    ]


def tool_summary(value: Any) -> str:
    """What a tool is used on, in one line: its command, its path, or its arguments."""
    if isinstance(value, dict):
        for key in ("command", "file_path", "path", "pattern", "url", "query", "description"):
            if isinstance(value.get(key), str):
                return _clip(value[key], 400)
        try:
            return _clip(json.dumps(value, ensure_ascii=False, default=str), 400) if value else ""
        except RecursionError:
            return ""
    return _clip(value, 400)


def _counts(usage: Any) -> dict[str, int]:
    if not isinstance(usage, dict):
        return {}
    found = {}
    for theirs, ours in _TOKENS.items():
        value = usage.get(theirs)
        whole = isinstance(value, int) and not isinstance(value, bool)
        found[ours] = min(MOST, max(0, int(value))) if whole and value is not None else 0
    return found if any(found.values()) else {}


def _clip(value: Any, limit: int = LIMIT) -> str:
    return sanitise(value)[:limit].strip() if isinstance(value, str) else ""


def readable(line: str) -> list[str]:
    """A log line as a person reads it: stream-json in words, anything else as it is."""
    events = StreamParser().feed(line)
    if events is None:
        return [sanitise(line)]
    found = []
    for event in events:
        match event["kind"]:
            case "text":
                found.extend(event["text"].splitlines())
            case "tool":
                found.append(f"⏺ {event['name']} {event['summary']}".rstrip())
            case "tool_result" if event["summary"]:
                found.append(f"⎿ {event['summary'].splitlines()[0]}")
            case "result" if not event["ok"]:
                found.append(f"✗ {event['summary']}")
            case "permission":
                found.append(f"? {event['tool']} {event['detail']}".rstrip())
    return found
