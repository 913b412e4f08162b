"""What a conversation costs by the price table: the service tells tokens, never money."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MILLION = 1_000_000
COUNTS = (
    "input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens",
)  # fmt: skip


class Bill:
    """Adds up answers of one or several models. ``prices``: USD per million tokens by model."""

    def __init__(self, prices: dict[str, Any]) -> None:
        self._prices = prices
        self.total = 0.0
        self.known = True  # whether every model so far has a price

    def add(self, model: str, usage: dict[str, Any]) -> None:
        """One answer's tokens."""
        price = self._price(model)
        if price is None:
            self.known = False
            return
        inputs, output, read, written = (_count(usage, name) for name in COUNTS)
        hour = _count(usage.get("cache_creation") or {}, "ephemeral_1h_input_tokens")
        hour = min(hour, written)
        limit = _figure(price, "long_prompt")
        long = bool(limit) and inputs + read + written > limit
        self.total += (
            inputs * (_figure(price, "long_input") if long else _figure(price, "input"))
            + output * (_figure(price, "long_output") if long else _figure(price, "output"))
            + read * _figure(price, "cache_read")
            + (written - hour) * _figure(price, "cache_write")
            + hour * (_figure(price, "cache_write_1h") or _figure(price, "cache_write"))
        ) / MILLION

    def _price(self, model: str) -> dict[str, Any] | None:
        """By id, or by the longest id that a dated one begins with."""
        name = model.lower()
        known = [m for m in self._prices if name == m or name.startswith((f"{m}-2", f"{m}["))]
        found = self._prices[max(known, key=len)] if known else None
        return found if isinstance(found, dict) else None


def _count(usage: Any, name: str) -> int:
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if isinstance(value, int) and value > 0 else 0


def _figure(price: dict[str, Any], name: str) -> float:
    value = price.get(name)
    return float(value) if isinstance(value, (int, float)) else 0.0
