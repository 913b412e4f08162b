"""What is wrong with a configuration file, in words that name the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any


class ConfigError(Exception):
    """A configuration that cannot be used: file, line, what is wrong and what to write."""

    def __init__(self, path: Path, line: int, text: str) -> None:
        super().__init__(f"{path}:{line}: {text}")
        self.path = path
        self.line = line
        self.text = text


def shown(value: Any) -> str:
    """A value as it was written, cut to what fits a message."""
    return repr(value)[:60] if not isinstance(value, str) else f'"{value[:60]}"'
