"""How often a request that failed is made again, and after how long.

The package would do it by itself, but in silence: for as long as the service says, and not at all
once an answer has begun.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maestro_tui.agents.drivers.api.verdicts import Failure

TRIES = 5  # of one request
SILENT_TRIES = 2  # each of them takes minutes
_FIRST_S, _LONGEST_S = 0.5, 8.0


class Patience:
    """With one request; an answer ends it. Exists so that a person is told of every wait."""

    def __init__(self) -> None:
        self.tries = 0  # that failed

    def answered(self) -> None:
        """The next request has all its tries."""
        self.tries = 0

    def most(self, failure: Failure) -> int:
        """How many tries there are at such failures."""
        return SILENT_TRIES if failure.silent else TRIES

    def wait(self, failure: Failure) -> float | None:
        """Seconds until the next try; None where there is none left."""
        self.tries += 1
        if not failure.again or self.tries >= self.most(failure):
            return None
        soon: float = min(_FIRST_S * 2.0 ** (self.tries - 1), _LONGEST_S)
        return failure.after or soon * random.uniform(0.75, 1.0)
