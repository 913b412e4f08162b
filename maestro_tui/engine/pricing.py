"""What tokens cost where their agent names no price, so that a budget holds for every driver."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from maestro_tui.plans.prices import FREE, PriceTable, Tokens, price_table, with_prices

_CLASSES = ("input", "output", "cache_read", "cache_write")


def with_estimate(
    usage: dict[str, float], model: str, prices: dict[str, Any], *, reckoned: bool = False
) -> dict[str, float]:
    """The usage with ``estimated_usd`` where nothing was reported but tokens were.

    ``reckoned``: the price that comes with it is our own driver's, of the same table: no report.
    A model the table does not know is reckoned as a dear one: a limit must not be passed unseen.
    """
    if reckoned and "cost_usd" in usage:
        return {("estimated_usd" if k == "cost_usd" else k): v for k, v in usage.items()}
    if "cost_usd" in usage or model == FREE or not any(usage.get(name) for name in _CLASSES):
        return usage
    tokens = Tokens(**{name: usage.get(name, 0.0) for name in _CLASSES})
    price = _table(_frozen(prices)).band(model)[1]
    return {**usage, "estimated_usd": round(price.cost(tokens), 6)}


_Rows = tuple[tuple[str, tuple[tuple[str, float], ...]], ...]


def _frozen(prices: dict[str, Any]) -> _Rows:
    return tuple((model, tuple(row.items())) for model, row in prices.items())


@lru_cache(maxsize=8)
def _table(rows: _Rows) -> PriceTable:
    return with_prices(price_table(), {model: dict(row) for model, row in rows})
