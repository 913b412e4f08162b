"""What a failure of the service means for the attempt."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import anthropic

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


def judge_failure(error: Exception, key: str) -> Verdict:
    """The verdict on a request that failed for good; the package has retried it by itself."""
    if isinstance(error, (anthropic.AuthenticationError, anthropic.PermissionDeniedError)):
        text = f"The service does not let this key in ({error.status_code}); check {key}, retry"
        return Verdict(text=text, reason="unauthorised", fatal=True)
    if isinstance(error, anthropic.APIStatusError):
        limited = error.status_code in (429, 529)
        return Verdict(text=f"The model: {error.status_code} {_words(error)}", limited=limited)
    if isinstance(error, anthropic.APITimeoutError):
        return Verdict(text="The model has not answered in time")
    if isinstance(error, anthropic.APIConnectionError):
        cause = clip(str(error.__cause__ or ""), 200)
        return Verdict(text=f"The service cannot be reached: {cause or clip(str(error))}")
    return Verdict(text=f"The model: {clip(str(error)) or repr(error)}")


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


def _words(error: Any) -> str:
    body = error.body if isinstance(error.body, dict) else {}
    inner = body.get("error")
    words = inner.get("message") if isinstance(inner, dict) else None
    return clip(words) or clip(str(error))
