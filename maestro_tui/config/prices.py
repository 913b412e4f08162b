"""Reads ``[prices]``: what the user pays for a model's tokens."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from maestro_tui.config.errors import ConfigError, shown
from maestro_tui.config.toml_lines import line_of, nearest

_FIGURES = ("input", "output", "cache_read", "cache_write", "cache_write_1h")


def read_prices(path: Path, text: str, table: dict[str, Any]) -> dict[str, Mapping[str, float]]:
    """USD per million tokens by model and figure; ConfigError names the line."""
    out: dict[str, Mapping[str, float]] = {}
    for model, row in table.items():
        section = f"prices.{model}"
        line = line_of(text, section)
        if not isinstance(row, dict):
            raise ConfigError(path, line, f'write [prices."{model}"] with input and output')
        for figure, value in row.items():
            line = line_of(text, section, figure)
            if figure not in _FIGURES:
                hint = nearest(figure, _FIGURES)
                raise ConfigError(path, line, f'unknown price "{figure}" of {model}, {hint}')
            if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
                wanted = "USD per million tokens, 0 or more"
                raise ConfigError(
                    path, line, f"prices.{model}.{figure} must be {wanted}, not {shown(value)}"
                )
        out[model] = {figure: float(value) for figure, value in row.items()}
    return out
