"""Placeholder until the real log tabs are here; to be overwritten."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from textual.containers import Vertical


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A task's log."""

    task_id: str
    title: str
    glyph: str
    path: Path | None


class LogTabs(Vertical, can_focus=True):
    """Nothing yet."""

    def show(self, task_id: str) -> None:
        """Nothing yet."""

    def sync(self, entries: list[LogEntry]) -> None:
        """Nothing yet."""
