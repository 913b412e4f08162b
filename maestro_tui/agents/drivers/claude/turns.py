"""What the end of a turn means: done, failed, limited for a while, or not allowed in at all."""

from __future__ import annotations

import random

from maestro_tui.agents.stream import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.drivers.options import Options

BACKOFF_S = 60.0
_LONGEST_BACKOFF_S = 900.0
_LONGEST_WAIT_S = 8 * 3600.0
# Agents that were parked together do not come back together: each by its place in the run.
GAP_S = 2.0
_JITTER_S = 0.5
_PLACES = 100
_UPDATE = (
    "This claude does not know what Maestro asks of it: update it (npm install -g "
    "@anthropic-ai/claude-code@latest), or name another with claude.program; `maestro doctor` "
    "tells its version"
)
_LOGIN = "Log in with `claude` (/login) or set ANTHROPIC_API_KEY, then retry"


_TRAFFIC = frozenset(
    {"control_request", "control_response", "control_cancel_request", "command_lifecycle",
     "keep_alive"}
)  # fmt: skip
_STATES = frozenset(
    {"session_state_changed", "status", "hook_started", "hook_progress", "hook_response"}
)


def is_protocol(message: dict[str, Any]) -> bool:
    """Whether it is between programs only: people read the log for what the agent does."""
    kind = message.get("type")
    if kind == "system":
        return message.get("subtype") in _STATES
    if kind == "control_request":
        request = message.get("request")
        return not (isinstance(request, dict) and request.get("subtype") == "can_use_tool")
    if kind == "control_response":
        outer = message.get("response")
        inner = outer.get("response") if isinstance(outer, dict) else None
        return not (isinstance(inner, dict) and "session" in inner)
    return kind in _TRAFFIC


class Verdict:
    """A turn's end as the session acts on it."""

    def __init__(
        self,
        *,
        ok: bool = False,
        text: str = "",
        reason: str = "exited",
        fatal: bool = False,
        limited: bool = False,
        interrupted: bool = False,
        more: bool = False,
    ) -> None:
        self.ok, self.text, self.reason = ok, text, reason
        self.fatal, self.limited, self.interrupted, self.more = fatal, limited, interrupted, more


def judge(message: dict[str, Any]) -> Verdict | None:
    """The verdict a message gives; None for all that end nothing.

    Success is never read from ``subtype``: a failure of the service is a "success" in error.
    """
    kind = message.get("type")
    if kind == "system" and message.get("subtype") == "api_retry":
        return _unauthorised(message) if message.get("error_status") in (401, 403) else None
    if kind == "assistant" and message.get("error") == "authentication_failed":
        return _unauthorised(message)  # nobody is logged in, or not any more: it asked nobody
    if kind != "result":
        return None
    more = bool(message.get("queued_turn_count"))
    if message.get("is_error") is not True and message.get("subtype") == "success":
        return Verdict(ok=True, text=clip(message.get("result")), more=more)
    status = message.get("api_error_status")
    ending = str(message.get("terminal_reason") or "")
    text = _words(message)
    if status in (401, 403):
        return _unauthorised(message)
    return Verdict(
        text=f"Claude: {text}",
        limited=status == 429 or ("limit" in text.lower() and ending == "api_error"),
        interrupted=ending.startswith("aborted"),
        more=more,
    )


def _unauthorised(message: dict[str, Any]) -> Verdict:
    why = message.get("error_status") or message.get("api_error_status") or _said(message)
    text = f"Claude is not let in by the service ({why}). {_LOGIN}"
    return Verdict(text=text, reason="unauthorised", fatal=True)


def _said(message: dict[str, Any]) -> str:
    inner = message.get("message")
    content = inner.get("content") if isinstance(inner, dict) else None
    blocks = content if isinstance(content, list) else []
    texts = (block.get("text") for block in blocks if isinstance(block, dict))
    return next((clip(text, 200) for text in texts if isinstance(text, str)), "no login")


def _words(message: dict[str, Any]) -> str:
    errors = message.get("errors")
    listed = [e for e in errors if isinstance(e, str)] if isinstance(errors, list) else []
    return clip("; ".join(listed)) or clip(message.get("result")) or clip(message.get("subtype"))


def too_old(words: str) -> str:
    """What to do where a program ended over one of its own arguments; empty elsewhere."""
    return f". {_UPDATE}" if "unknown option" in words or "on_failure" in words else ""


class Limits:
    """How long to wait when the service says "not now"; it rarely says until when."""

    def __init__(self, options: Options) -> None:
        self.park = options.text("on_limit") != "fail"
        self._backoff = options.number("backoff_s") or BACKOFF_S
        self._longest = options.number("limit_wait_s") or _LONGEST_WAIT_S
        self._after_s = GAP_S * (int(options.number("place")) % _PLACES)
        self._resets_at = 0.0
        self._waits = 0

    def see(self, message: dict[str, Any]) -> None:
        """Remember what a message tells about limits."""
        if message.get("type") == "rate_limit_event":
            info = message.get("rate_limit_info")
            if isinstance(info, dict) and info.get("status") == "rejected":
                resets = info.get("resetsAt")
                self._resets_at = float(resets) if isinstance(resets, (int, float)) else 0.0
        elif message.get("type") == "result" and message.get("is_error") is not True:
            self._waits = 0

    def until(self, verdict: Verdict, now: float, resets_at: float = 0.0) -> float | None:
        """When to try again, in Unix seconds; None where that is longer than allowed.

        ``resets_at`` is for services that say so with the refusal itself.
        """
        resets_at = resets_at or self._resets_at
        if resets_at > now:
            wait = resets_at - now
        else:
            wait = min(self._backoff * 2.0**self._waits, _LONGEST_BACKOFF_S)
            self._waits += 1
        if wait > self._longest:
            return None
        return now + wait + self._after_s + random.uniform(0.0, _JITTER_S)
