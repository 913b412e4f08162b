"""Notices a changed theme file, so that its author sees the colours while choosing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from maestro_tui.config.themes import ThemeSpec, load_themes


class ThemeWatch:
    """The theme files of some folders; a look costs one ``stat`` a file."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = list(folders)
        self._seen = self._prints()

    def _prints(self) -> dict[str, tuple[int, int]]:
        found = {}
        for folder in self._folders:
            try:
                for path in folder.glob("*.toml"):
                    status = path.stat()
                    found[str(path)] = (status.st_mtime_ns, status.st_size)
            except OSError:
                continue  # gone between two looks
        return found

    def changed(self) -> tuple[list[ThemeSpec], list[str]] | None:
        """All themes anew and what is wrong with them; None when no file changed."""
        now = self._prints()
        if now == self._seen:
            return None
        self._seen = now
        return load_themes(self._folders)
