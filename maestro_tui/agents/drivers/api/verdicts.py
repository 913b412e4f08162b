"""What a failure of the service means for the attempt."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import anthropic
import httpx2

from maestro_tui.agents.drivers.api.wire import BrokenAnswer
from maestro_tui.agents.drivers.claude.turns import Verdict
from maestro_tui.agents.stream import clip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_STOPS = {
    "max_tokens": "its answer reached max_tokens; set api.max_tokens higher in the settings",
    "model_context_window_exceeded": "the conversation is longer than the model can read",
    "refusal": "the model refused to go on",
}
_KINDS = {  # of errors in mid-stream, which come with the status of success
    "overloaded_error": 529,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "invalid_request_error": 400,
}
_ADDRESS = "check api.base_url in the settings, or ANTHROPIC_BASE_URL"
LONG_S = 60.0  # a wait for which an agent is parked


class Failure(Verdict):
    """A request that failed. ``again``: the same may go well in ``after`` seconds, 0 = soon."""

    def __init__(
        self,
        text: str,
        *,
        again: bool = False,
        after: float = 0.0,
        overloaded: bool = False,
        silent: bool = False,
        **more: Any,
    ) -> None:
        super().__init__(text=text, **more)
        self.again, self.after = again, after
        self.overloaded, self.silent = overloaded, silent


def judge_failure(error: Exception, key: str) -> Failure:
    """The verdict on one request that failed."""
    if isinstance(error, anthropic.APIStatusError):
        return _by_status(error, key)
    if isinstance(error, (anthropic.APITimeoutError, httpx2.TimeoutException)):
        return Failure("The model has said nothing for too long", again=True, silent=True)
    if isinstance(error, BrokenAnswer):
        return Failure(f"The service is broken: {error}", again=True)
    if isinstance(error, (anthropic.APIConnectionError, httpx2.HTTPError)):
        return _unreached(error)
    return Failure(f"The model: {clip(str(error)) or repr(error)}")


def _by_status(error: Any, key: str) -> Failure:
    words = _words(error)
    status = _KINDS.get(_kind(error), 500) if error.status_code < 400 else error.status_code
    if status in (401, 403):
        text = f"The service does not let this key in ({status}); check {key}, retry"
        return Failure(text, reason="unauthorised", fatal=True)
    text = f"The model: {status} {words}"
    if status == 404:
        text += f"; is the model's name right? Else {_ADDRESS}"
    after = max(0.0, retry_at(error) - time.time())
    return Failure(
        text,
        again=_again(error, status) and after <= LONG_S,
        after=after,
        limited=status in (429, 529),
        overloaded=status == 529,
    )


def _again(error: Any, status: int) -> bool:
    told = error.response.headers.get("x-should-retry", "")
    if told in ("true", "false"):
        return bool(told == "true")
    return status in (408, 409, 429) or status >= 500


def _unreached(error: Exception) -> Failure:
    """No answer at all, or one that ended early."""
    causes, seen = error, [error]
    while causes.__cause__ is not None and len(seen) < 10:
        causes = causes.__cause__  # type: ignore[assignment]
        seen.append(causes)
    words = next((clip(str(e), 200) for e in seen[1:] if str(e)), "") or clip(str(error), 200)
    if isinstance(error, (httpx2.RemoteProtocolError, httpx2.ReadError)):
        return Failure(f"The service is broken: its answer broke off ({words})", again=True)
    final = (httpx2.UnsupportedProtocol, httpx2.InvalidURL, httpx2.LocalProtocolError)
    wrong = any(isinstance(e, final) for e in seen) or "[SSL" in words
    text = f"The service cannot be reached: {words}"
    return Failure(f"{text}; {_ADDRESS}", again=not wrong)


def judge_stop(reason: str | None) -> Verdict:
    """The verdict on an answer that ends a turn."""
    if reason in _STOPS:
        return Verdict(text=f"The model stopped: {_STOPS[reason]}")
    return Verdict(ok=True)


def retry_at(error: Exception) -> float:
    """When the service says to come back, in Unix seconds; 0 where it does not say."""
    response = getattr(error, "response", None)
    value = response.headers.get("retry-after", "") if response is not None else ""
    try:
        return time.time() + float(value)
    except ValueError:
        pass
    try:
        return parsedate_to_datetime(value).timestamp()
    except (TypeError, ValueError):
        return 0.0


def _kind(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    return str(inner.get("type")) if isinstance(inner, dict) else ""


def _words(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    words = inner.get("message") if isinstance(inner, dict) else None
    return clip(words) or clip(str(error))
