"""Watches an agent's output go by: what it does becomes events, at a rate that people can follow.

The log has every byte. Events are for the screen and the journal, so a flood of output must not
become a flood of events.
"""

from __future__ import annotations

import time

from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.stream import LIMIT, StreamParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

EVERY_S = 0.5  # between two activity or usage events
BURST = 200  # events that may come at once ...
PER_S = 20.0  # ... and how many more each second
ACTIVITY = 200
_MAY_BE_JSON = (b"{", b" ", b"\t")


class Observer:
    """Turns lines into events for one attempt, and remembers what its end will be judged by."""

    def __init__(
        self,
        emit: Callable[..., None],
        ask: Callable[..., None] | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._emit, self._ask, self._clock = emit, ask, clock
        self._parser = StreamParser()
        self._allowance, self._filled_at = float(BURST), clock()
        self._left_out = 0
        self._raw = b""  # the last line that was plain text ...
        self._said = ""  # ... or what the last event said, if that came later
        self._bytes = self._bytes_told = 0
        self._usage: dict[str, Any] | None = None
        self.parked_until = 0.0  # an agent of Maestro's own waits for its service until then
        self._told_at = -EVERY_S

    @property
    def failure(self) -> str | None:
        """What the agent itself reported as its failure."""
        return self._parser.error

    @property
    def last(self) -> str:
        """The last thing it said, as one harmless line."""
        if self._raw:
            self._said, self._raw = one_line(self._raw, ACTIVITY) or self._said, b""
        return self._said

    def catch_up(self, log: str) -> None:
        """Count what an earlier runner of the attempt heard of its agent's usage; tell nothing."""
        try:
            with open(log, "rb") as file:
                for line in file:
                    if line[:1] == b"{":
                        self._parser.feed(line.decode("utf-8", "replace"))
        except OSError:
            return
        self._parser.error = None
        self._parser.meter.settle()

    def usage(self) -> dict[str, Any]:
        """Totals so far."""
        return self._parser.meter.totals()

    def take(self, lines: list[bytes], size: int, *, plain: bool = False) -> None:
        """Lines that are complete now; ``size`` bytes came with them. ``plain``: none is JSON."""
        self._bytes += size
        for line in lines:
            # What begins like JSON is always parsed: a result must not drown in a flood of text.
            events = None
            if not plain and line[:1] in _MAY_BE_JSON:
                events = self._parser.feed(line.decode("utf-8", "replace"))
            if events is not None:
                self._pass_on(events)
            elif line and not line.isspace():
                self._raw = line
                if self._may_emit():
                    self._emit("text", text=one_line(line, LIMIT))
        if self._clock() >= self._told_at + EVERY_S:
            self.tell()

    def note(self, words: str) -> None:
        """Something about the output that is not in it."""
        if self._may_emit():
            self._emit("text", text=words)

    def due(self) -> float | None:
        """When there is something to tell, by the clock; None when there is not."""
        if self._bytes == self._bytes_told and self._usage is None:
            return None
        return self._told_at + EVERY_S

    def tell(self) -> None:
        """Emit what has gathered: the last line as activity, the usage."""
        if self._bytes != self._bytes_told:
            self._bytes_told = self._bytes
            self._emit("activity", text=self.last, bytes=self._bytes)
        if self._usage is not None:
            self._emit(**self._usage)
            self._usage = None
        self._told_at = self._clock()

    def finish(self, lines: list[bytes]) -> None:
        """The output has ended, perhaps in the middle of a line."""
        self.take(lines, 0)
        self._tell_left_out()
        self.tell()

    def _pass_on(self, events: list[dict[str, Any]]) -> None:
        for event in events:
            kind = event["kind"]
            if kind == "usage":
                self._usage = event
            elif kind == "permission":
                self._permission(event)
            elif kind == "parked":
                self._parked(event)
            else:
                self._said, self._raw = _gist(event) or self.last, b""
                if kind == "result" or self._may_emit():
                    self._emit(**event)

    def _permission(self, event: dict[str, Any]) -> None:
        if self._ask is not None:
            more = {"rule": event["rule"]} if event.get("rule") else {}
            self._ask(event["id"], event["tool"], event["detail"], **more)
        elif self._may_emit():
            what = f"{event['tool']} {event['detail']}".strip()
            self._emit("text", text=f"Asks for permission, but cannot be answered here: {what}")

    def _parked(self, event: dict[str, Any]) -> None:
        """Only who can be answered can be woken; from any other program these are just words."""
        if self._ask is not None:
            self.parked_until = event["until"]
            self._emit(**event)

    def _may_emit(self) -> bool:
        now = self._clock()
        self._allowance = min(float(BURST), self._allowance + (now - self._filled_at) * PER_S)
        self._filled_at = now
        if self._allowance < 1.0:
            self._left_out += 1
            return False
        self._allowance -= 1.0
        self._tell_left_out()
        return True

    def _tell_left_out(self) -> None:
        if self._left_out:
            self._emit("text", text=f"({self._left_out} lines of output are only in the log)")
            self._left_out = 0


def _gist(event: dict[str, Any]) -> str:
    """An event as one line."""
    if event["kind"] == "tool":
        return " ".join(f"{event['name']} {event['summary']}".split())[:ACTIVITY]
    if event["kind"] in ("text", "result"):
        text: str = event.get("text") or event.get("summary") or ""
        return text.rstrip().rpartition("\n")[2].strip()[:ACTIVITY]
    return ""
