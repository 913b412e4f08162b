"""What an agent's error means: not let in, limited for a while, or failed; words are all it has."""

from __future__ import annotations

import json
import re

from maestro_tui.agents.drivers.claude.turns import Verdict
from maestro_tui.agents.stream import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AUTH_REQUIRED = -32000
_UNAUTHORISED = re.compile(
    r"\b40[13]\b|unauthori[sz]ed|authenticat|invalid.{0,12}(?:api[ -]?)?key|api key not valid|"
    r"not logged in|please log ?in|/login|permission_denied",
    re.IGNORECASE,
)
_LIMITED = re.compile(
    r"\b(?:429|529)\b|rate.?limit|quota|usage limit|too many requests|resource.?exhausted|"
    r"overloaded|hit your .{0,20}limit",
    re.IGNORECASE,
)
_UNREACHABLE = re.compile(
    r"fetch failed|ECONN(?:REFUSED|RESET)|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|"
    r"(?:cannot|unable to) connect|connection (?:refused|failed|error)|network error|"
    r"error sending request",
    re.IGNORECASE,
)
_ENDINGS = {
    "max_tokens": "it reached its longest answer",
    "max_turn_requests": "it reached its limit of requests for one turn",
    "refusal": "the model refused to go on",
}


def judge_error(code: object, message: str, data: object, login: str) -> Verdict:
    """The verdict on a JSON-RPC error."""
    words = clip(message) or "an error without words"
    more = _detail(data)
    if more and more not in words:
        words = f"{words}: {more}"
    whole = f"{words} {_dumped(data)}"
    # An exhausted quota is told by some services as "403 ... quota": limits are looked for first.
    if code == 429 or _LIMITED.search(whole):
        return Verdict(text=f"The agent: {words}", limited=True)
    if code in (AUTH_REQUIRED, 401, 403) or _UNAUTHORISED.search(whole):
        how = f". To log in, {login}" if login else ""
        text = f"The agent is not let in by its service ({words}){how}, then retry"
        return Verdict(text=text, reason="unauthorised", fatal=True)
    if _UNREACHABLE.search(whole):
        how = "check the network, a proxy, and the service's address"
        return Verdict(text=f"The agent: {words}. Its service cannot be reached: {how}, then retry")
    return Verdict(text=f"The agent: {words}")


def judge_stop(reason: str, gave_up: str = "") -> Verdict:
    """The verdict on a turn that ended as the protocol has it; ``gave_up``: over that trouble."""
    if gave_up and reason == "end_turn":
        return Verdict(text=f"The agent: it gave up on its service: {gave_up}")
    if reason == "cancelled":
        return Verdict(text="The agent was interrupted", interrupted=True)
    if reason in _ENDINGS:
        return Verdict(text=f"The agent stopped: {_ENDINGS[reason]}")
    return Verdict(ok=True)


def _detail(data: object) -> str:
    if isinstance(data, dict):
        for key in ("details", "message", "error", "reason"):
            value: Any = data.get(key)
            if isinstance(value, dict):
                value = value.get("message")
            if isinstance(value, str) and value.strip():
                return clip(value, 400)
        return ""
    return clip(data, 400)


def _dumped(data: object) -> str:
    try:
        return json.dumps(data)[:4000]
    except (TypeError, ValueError, RecursionError):
        return ""
