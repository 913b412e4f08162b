"""Which of PyYAML's loaders may read a text: the fast one, or the one that survives any nesting.

The fast one is C and recursive: some 100,000 brackets overrun its stack and end the whole program.
The other raises RecursionError, which can be told.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

_DEEPEST = 1000  # levels; the fast loader bears many more, and no text means that many
_LEAD = re.compile(r"^[ \t?:-]+", re.MULTILINE)
_FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def loader_for(text: str) -> Any:
    """The loader class for that text."""
    return yaml.SafeLoader if _may_be_deep(text) else _FAST


def _may_be_deep(text: str) -> bool:
    """Whether values could stand inside one another beyond what is safe; rather once too often."""
    if 2 * max((len(m[0]) for m in _LEAD.finditer(text)), default=0) > _DEEPEST:
        return True
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    open_ones = 0
    for line in text.split("\n"):
        opened = line.count("[") + line.count("{")
        # What is closed in a comment or within quotes is perhaps not closed at all.
        sure = opened and not any(mark in line for mark in "\"'#")
        open_ones += max(0, opened - line.count("]") - line.count("}")) if sure else opened
        if opened > _DEEPEST or open_ones > _DEEPEST:
            return True
    return False
