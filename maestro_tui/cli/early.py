"""Asks git where a run would start from, while the rest of the program is still being imported."""

from __future__ import annotations

import threading
from pathlib import Path

from maestro_tui.engine.git.repository import Base, read_base


class EarlyBase:
    """The base of a repository, looked up beside the main thread: git is another process anyway."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder).expanduser()
        self._base: Base | None = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        try:
            self._base = read_base(self._folder)
        except Exception as error:
            self._error = error

    def result(self) -> Base:
        """The base, or the exception that looking it up ended in."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        assert self._base is not None
        return self._base
