"""Adds up what an agent reports of its tokens and money, whose parts overlap and repeat."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CLASSES = ("input", "output", "cache_read", "cache_write")
_NAMES = (  # as in a message's usage, as in a result's usage by model
    ("input_tokens", "inputTokens"),
    ("output_tokens", "outputTokens"),
    ("cache_read_input_tokens", "cacheReadInputTokens"),
    ("cache_creation_input_tokens", "cacheCreationInputTokens"),
)
MOST = 10**15  # of tokens or dollars: no figure an agent invents may overflow a sum
_OPEN = 4096  # messages kept apart at once

Counts = list[int]


class UsageMeter:
    """Totals of one attempt, never counted twice.

    A message's usage comes again with each of its lines, so it is kept by message. A result's
    totals are cumulative over its session and replace the messages before it; a drop means that the
    session was started anew.
    """

    def __init__(self) -> None:
        self._messages: dict[str, Counts] = {}
        self._closed: Counts = [0, 0, 0, 0]
        self._sessions: dict[str, Counts] = {}
        self._costs: dict[str, float] = {}
        self._earlier_cost = 0.0
        self._kept: dict[str, tuple[Counts, float]] = {}  # as each session's last result said

    def totals(self) -> dict[str, Any]:
        """The four token classes and the cost in USD, None where none was reported."""
        sums = list(self._closed)
        for counts in (*self._messages.values(), *self._sessions.values()):
            _add(sums, counts)
        cost = self._earlier_cost + sum(self._costs.values()) if self._costs else None
        return {**dict(zip(CLASSES, sums, strict=True)), "cost_usd": cost}

    def message(self, name: str, usage: object) -> bool:
        """A message's usage so far; whether it says anything."""
        counts = _counts(usage)
        if not any(counts):
            return False
        if len(self._messages) >= _OPEN:
            self._close()
        known = self._messages.get(name)
        self._messages[name] = counts if known is None else list(map(max, known, counts))
        return True

    def session(
        self, name: str, usage: object, by_model: object, cost: object, *, final: bool = True
    ) -> None:
        """A result's totals: of its turn (``usage``), of its session (``by_model``, ``cost``).

        ``final`` is false for what was asked in mid-turn: a session that is taken up after its
        agent was killed knows only what its results said.
        """
        models = by_model.values() if isinstance(by_model, dict) else ()
        counts = [0, 0, 0, 0]
        for model in models:
            _add(counts, _counts(model))
        if any(counts):
            known = self._sessions.get(name)
            if known is not None and sum(counts) < sum(known):
                _add(self._closed, known)
            self._sessions[name] = counts
            self._messages.clear()
        else:
            turn = _counts(usage)
            if any(turn):
                self._messages.clear()
                _add(self._closed, turn)
            else:
                self._close()
        if isinstance(cost, (int, float)) and not isinstance(cost, bool) and 0 <= cost < MOST:
            before = self._costs.get(name, 0.0)
            if cost < before:
                self._earlier_cost += before
            self._costs[name] = float(cost)
        if final:
            self._kept[name] = (self._sessions.get(name, [0, 0, 0, 0]), self._costs.get(name, 0.0))

    def settle(self) -> None:
        """The agent was killed: what no result told is in no later total, and is kept apart."""
        self._close()
        for name, counts in self._sessions.items():
            kept, _ = self._kept.get(name, ([0, 0, 0, 0], 0.0))
            _add(self._closed, [a - b for a, b in zip(counts, kept, strict=True)])
            self._sessions[name] = kept
        for name, cost in self._costs.items():
            _, before = self._kept.get(name, ([0, 0, 0, 0], 0.0))
            self._earlier_cost += cost - before
            self._costs[name] = before

    def _close(self) -> None:
        for counts in self._messages.values():
            _add(self._closed, counts)
        self._messages.clear()


def _counts(usage: object) -> Counts:
    if not isinstance(usage, dict):
        return [0, 0, 0, 0]
    return [_count(usage.get(one, usage.get(other))) for one, other in _NAMES]


def _count(value: object) -> int:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value < MOST else 0  # type: ignore[operator, return-value]


def _add(sums: Counts, counts: Counts) -> None:
    for index, count in enumerate(counts):
        sums[index] += count
