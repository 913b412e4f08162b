"""What models cost: a dated table as data, which the user's own figures go before."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from importlib import resources
from typing import Any

MILLION = 1_000_000
FREE = "rehearsal"  # the model's name where no model is called


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens by the four classes that are billed apart."""

    input: float = 0
    output: float = 0
    cache_write: float = 0
    cache_read: float = 0

    @property
    def total(self) -> int:
        """All of them, whatever they cost."""
        return round(self.input + self.output + self.cache_write + self.cache_read)

    def scaled(self, total: float) -> Tokens:
        """The same mixture, so many in all."""
        factor = total / self.total if self.total else 0.0
        return Tokens(*(getattr(self, f.name) * factor for f in fields(self)))


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens of one model; ``cache_write`` is the five-minute cache."""

    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0
    cache_write_1h: float = 0.0
    long_prompt: int = 0  # prompts of more tokens cost the long prices; 0 = all the same
    long_input: float = 0.0
    long_output: float = 0.0

    def cost(self, tokens: Tokens) -> float:
        """USD at the ordinary prices."""
        return (
            tokens.input * self.input
            + tokens.output * self.output
            + tokens.cache_read * self.cache_read
            + tokens.cache_write * self.cache_write
        ) / MILLION


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices by model id, with the day they were true and where they come from."""

    date: str
    source: str
    models: Mapping[str, Price]
    aliases: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, str] = ("", "")
    low: Tokens = Tokens()
    high: Tokens = Tokens()

    def price(self, model: str) -> Price | None:
        """The price of a model by id, alias, or dated id; None when the table has none."""
        name = model.strip().lower().rsplit("/", 1)[-1]
        name = self.aliases.get(name, name)
        if name in self.models:
            return self.models[name]
        # claude-opus-5-5-20261101, claude-opus-5-5[1m]: the longest id it starts with
        known = [m for m in self.models if name.startswith((m + "-2", m + "[", m + "@"))]
        return self.models[max(known, key=len)] if known else None

    def band(self, model: str) -> tuple[Price, Price]:
        """The price, or that of a cheap and a dear model where it is not known."""
        price = self.price(model) if model else None
        if price is not None:
            return price, price
        return self.models[self.unknown[0]], self.models[self.unknown[1]]


@lru_cache(maxsize=1)
def price_table() -> PriceTable:
    """The table that comes with Maestro."""
    text = (resources.files("maestro_tui.plans") / "prices.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return PriceTable(
        date=data["date"],
        source=data["source"],
        models={name: Price(**row) for name, row in data["models"].items()},
        aliases=data["aliases"],
        unknown=(data["unknown"][0], data["unknown"][1]),
        low=Tokens(**data["task"]["low"]),
        high=Tokens(**data["task"]["high"]),
    )


def with_prices(table: PriceTable, own: Mapping[str, Mapping[str, Any]]) -> PriceTable:
    """The table with the user's prices; a row may be partial where the model is known."""
    known = [f.name for f in fields(Price)]
    models = dict(table.models)
    for name, row in own.items():
        wrong = sorted(set(row).difference(known))
        if wrong:
            raise ValueError(f"price of {name}: no figure {wrong[0]!r}; use {', '.join(known)}")
        base = models.get(table.aliases.get(name, name), Price(0.0, 0.0))
        models[table.aliases.get(name, name)] = replace(base, **row)
    return replace(table, models=models)
