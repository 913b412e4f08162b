"""Reads agents' output line by line: event lines where they are known, plain text elsewhere."""

from __future__ import annotations

import json

from maestro_tui.agents.dialects import Dialects
from maestro_tui.agents.sanitise import sanitise
from maestro_tui.agents.text import LIMIT, clip, tool_summary
from maestro_tui.agents.usage import MOST, UsageMeter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Event = dict[str, Any]

__all__ = ["LIMIT", "MOST", "StreamParser", "clip", "readable", "tool_summary"]

_NAME = 100
_RULE = 300
_LATEST = 1e11  # no time a service names is later


class StreamParser:
    """Turns lines into events; keeps the totals that stream-json reports piecewise.

    Kinds: text, tool, tool_result, usage, permission, result. Nothing an agent prints makes it
    raise: what it does not understand is text, and what it does not need is no event.
    """

    def __init__(self) -> None:
        self.meter = UsageMeter()
        self.error: str | None = None  # what a result line said went wrong
        self._dialects = Dialects(self.meter)
        self._message = ""  # the one whose pieces are being streamed
        self._session = ""  # the one that spoke last
        self._model = ""

    @property
    def usage(self) -> dict[str, Any]:
        """Token totals of four classes, and the cost in USD or None."""
        return self.meter.totals()

    def feed(self, line: str) -> list[Event] | None:
        """The events of a line; None when it is plain text."""
        if not line.lstrip().startswith("{"):
            return None
        try:
            data = json.loads(line)
        except (ValueError, RecursionError):
            return None
        if not isinstance(data, dict) or not isinstance(data.get("type"), str):
            return None
        if isinstance(data.get("session_id"), str):
            self._session = data["session_id"]
        before = self._dialects.error
        other = self._dialects.events(data)
        if other is not None:
            if self._dialects.error != before:
                self.error = self._dialects.error
            return other
        match data["type"]:
            case "assistant":
                return self._assistant(data)
            case "user":
                return _tool_results(data)
            case "result":
                return self._result(data)
            case "stream_event":
                return self._piece(_table(data.get("event")))
            case "control_request":
                return _permission(data)
            case "control_response":
                return self._answer(data)
            case "system" if data.get("subtype") == "parked":
                return _parked(data)
            case "system" | "rate_limit_event":
                return _notice(data)
        return []

    def _usage(self) -> Event:
        return {"kind": "usage", **self.meter.totals()}

    def _assistant(self, data: dict[str, Any]) -> list[Event]:
        message = _table(data.get("message"))
        events: list[Event] = self._speaker(message.get("model"), data)
        for block in _blocks(message):
            kind = block.get("type")
            if kind == "text":
                text = clip(block.get("text"))
                if text:
                    events.append({"kind": "text", "text": text})
            elif kind == "tool_use":
                name = clip(block.get("name"), _NAME) or "tool"
                summary = tool_summary(block.get("input"))
                events.append({"kind": "tool", "name": name, "summary": summary})
        if self.meter.message(str(message.get("id", "")), message.get("usage")):
            events.append(self._usage())
        return events

    def _speaker(self, model: object, data: dict[str, Any]) -> list[Event]:
        """The model that speaks, where it is another one; sub-agents' are no news."""
        name = clip(model, _NAME)
        if (
            not name
            or name.startswith("<")
            or name == self._model
            or data.get("parent_tool_use_id")
        ):
            return []
        self._model = name
        return [{"kind": "model", "name": name}]

    def _piece(self, event: dict[str, Any]) -> list[Event]:
        """Partial messages: their text comes again as a whole, their usage is the true one."""
        if event.get("type") == "message_start":
            message = _table(event.get("message"))
            self._message = str(message.get("id", ""))
            usage = message.get("usage")
        elif event.get("type") == "message_delta":
            usage = event.get("usage")
        else:
            return []
        return [self._usage()] if self.meter.message(self._message, usage) else []

    def _result(self, data: dict[str, Any]) -> list[Event]:
        failed = data.get("is_error") is True
        errors = data.get("errors")
        listed = (
            "; ".join(e for e in errors if isinstance(e, str)) if isinstance(errors, list) else ""
        )
        text = clip(data.get("result")) or clip(listed) or clip(data.get("subtype"))
        if failed:
            self.error = text or "no reason given"
        by_model, cost = data.get("modelUsage"), data.get("total_cost_usd")
        self.meter.session(str(data.get("session_id", "")), data.get("usage"), by_model, cost)
        return [self._usage(), {"kind": "result", "ok": not failed, "summary": text}]

    def _answer(self, data: dict[str, Any]) -> list[Event]:
        """The reply to a question about usage in mid-run; others are no news."""
        session = _table(_table(_table(data.get("response")).get("response")).get("session"))
        by_model, cost = session.get("model_usage"), session.get("total_cost_usd")
        if not by_model and cost is None:
            return []
        self.meter.session(self._session, None, by_model, cost, final=False)
        return [self._usage()]


def _table(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _blocks(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []


def _tool_results(data: dict[str, Any]) -> list[Event]:
    found: list[Event] = []
    for block in _blocks(_table(data.get("message"))):
        if block.get("type") == "tool_result":
            parts = block.get("content")
            if isinstance(parts, list):
                texts = (_table(part).get("text") for part in parts)
                parts = "\n".join(text for text in texts if isinstance(text, str))
            ok = block.get("is_error") is not True
            found.append({"kind": "tool_result", "ok": ok, "summary": clip(parts)})
    return found


def _permission(data: dict[str, Any]) -> list[Event]:
    request = _table(data.get("request"))
    if request.get("subtype") != "can_use_tool":
        return []
    rule = clip(request.get("rule"), _RULE)
    return [
        {
            "kind": "permission",
            "id": clip(data.get("request_id"), _NAME),
            "tool": clip(request.get("tool_name"), _NAME),
            "detail": tool_summary(request.get("input")),
            **({"rule": rule} if rule else {}),
        }
    ]


def _parked(data: dict[str, Any]) -> list[Event]:
    """It waits for its service until then; 0 = it goes on."""
    until = data.get("until")
    if not isinstance(until, (int, float)) or not 0 <= until < _LATEST:  # false for "nan", too
        return []
    return [{"kind": "parked", "until": float(until), "why": clip(data.get("why"))}]


def _notice(data: dict[str, Any]) -> list[Event]:
    """What a person who waits for the agent wants to know: it waits, was refused, has changed."""
    text = ""
    match data.get("subtype", data["type"]):
        case "api_retry":
            why = clip(data.get("error"), _NAME) or "the service failed"
            text = f"Waits for the model ({why}), try {_whole(data.get('attempt'))}"
            text += f" of {_whole(data.get('max_retries'))}"
        case "model_fallback":
            text = clip(data.get("content")) or "Goes on with another model"
        case "permission_denied":
            text = f"Refused: {clip(data.get('tool_name'), _NAME)}"
            text += f" ({clip(data.get('message'), 400)})" if data.get("message") else ""
        case "rate_limit_event":
            info = _table(data.get("rate_limit_info"))
            if info.get("status") in ("allowed_warning", "rejected"):
                kind = clip(info.get("rateLimitType"), _NAME) or "usage"
                over = info["status"] == "rejected"
                text = f"The {kind} limit is {'reached' if over else 'near'}"
    return [{"kind": "text", "text": text}] if text else []


def _whole(value: object) -> str:
    return str(value) if isinstance(value, int) and abs(value) < 1_000_000 else "?"


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
                found.append(f"▸ {event['name']} {event['summary']}".rstrip())
            case "tool_result" if event["summary"]:
                found.append(f"└ {event['summary'].splitlines()[0]}")
            case "result" if not event["ok"]:
                found.append(f"✗ {event['summary']}")
            case "permission":
                found.append(f"? {event['tool']} {event['detail']}".rstrip())
            case "parked" if event["until"]:
                found.append(f"… {event['why']}".rstrip())
    return found
