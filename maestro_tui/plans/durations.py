"""Durations as people write them in plans, in seconds."""

from __future__ import annotations

import re

_UNIT = {
    "s": 1.0, "sec": 1.0, "secs": 1.0, "second": 1.0, "seconds": 1.0,
    "m": 60.0, "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 28800.0, "day": 28800.0, "days": 28800.0,
    "w": 144000.0, "week": 144000.0, "weeks": 144000.0,
}  # fmt: skip
_NUMBER = r"(?<![\w.])\d+(?:[.,]\d+)?"
_PART = re.compile(
    rf"({_NUMBER})\s*(?:[a-z]*\s*(?:-|–|—|to)\s*(\d+(?:[.,]\d+)?))?\s*-?\s*([a-z]+)(?![a-z])",
    re.IGNORECASE,
)


def parse_duration(text: str) -> float:
    """Seconds meant by ``30 min``, ``2h``, ``1h 30m``, ``1-2 hours`` (the middle); 0 when unclear.

    A day is eight working hours and a week five days, because estimates count work, not calendar.
    """
    if not text:
        return 0.0
    total = 0.0
    for low, high, unit in _PART.findall(re.sub(r"(?<=[hmd])(?=\d)", " ", text.lower())):
        factor = _UNIT.get(unit)
        if factor is None:
            continue
        first = float(low.replace(",", "."))
        last = float(high.replace(",", ".")) if high else first
        total += (first + last) / 2 * factor
    return min(total, 1e9)


def format_duration(seconds: float) -> str:
    """The largest two units of a duration: ``1 h 30 min``, ``45 s``."""
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, secs = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (secs, "s")]
    named = [f"{count} {unit}" for count, unit in parts if count]
    return " ".join(named[:2]) or "0 s"
