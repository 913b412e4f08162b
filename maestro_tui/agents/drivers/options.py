"""A driver's own options, read from the spec with care: a wrong kind counts as not set."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Options:
    """The spec's ``options``. Exists so that no driver doubts what kind a value is of."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options

    def text(self, key: str) -> str:
        """An option that is text; empty where it is not set."""
        value = self._options.get(key)
        return value if isinstance(value, str) else ""

    def texts(self, key: str) -> list[str]:
        """An option that is a list of texts."""
        value = self._options.get(key)
        return [v for v in value if isinstance(v, str)] if isinstance(value, (list, tuple)) else []

    def number(self, key: str) -> float:
        """An option that is a number; 0 where it is not set."""
        value = self._options.get(key)
        good = isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        return float(value) if good else 0.0  # type: ignore[arg-type]

    def table(self, key: str) -> dict[str, Any]:
        """An option that is a table."""
        value = self._options.get(key)
        return value if isinstance(value, dict) else {}
