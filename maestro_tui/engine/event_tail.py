"""Reads what a runner reports, as it grows: every fact, but of mere talk only the last word.

A flooding agent talks many times a second, and all that is made of it here is one line of activity:
to decode the rest would cost more than everything else that is done for the agent.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

MOST = 4 << 20  # bytes at once
_TALK = re.compile(rb'\{"t":[0-9.e+-]+,"kind":"(?:text|activity)",')  # as the runner writes it


class EventTail:
    """The new whole lines of an attempt's events."""

    def __init__(self, path: Path, offset: int) -> None:
        self._path = str(path)
        self.offset = offset

    def read(self) -> list[dict[str, Any]]:
        """The events since the last call, oldest first; lines that are none are passed over."""
        try:
            if os.stat(self._path).st_size <= self.offset:
                return []
            with open(self._path, "rb", buffering=0) as file:
                file.seek(self.offset)
                data = file.read(MOST)
        except OSError:
            return []
        end = data.rfind(b"\n") + 1
        self.offset += end
        return _decoded(data[:end].split(b"\n"))


def _decoded(lines: list[bytes]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    talked = False
    for line in reversed(lines):
        if not line:
            continue
        if _TALK.match(line):
            if talked:
                continue
            talked = True
        try:
            item = json.loads(line.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            continue
        if isinstance(item, dict):
            found.append(item)
    return found[::-1]
