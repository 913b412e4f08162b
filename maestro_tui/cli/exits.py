"""Exit codes, and the one exception that carries them."""

from __future__ import annotations

DONE = 0
FAILED = 1
USAGE = 2
WAITING = 3
INTERRUPTED = 130


class Exit(Exception):
    """Ends a command with a message for the user and an exit code."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
