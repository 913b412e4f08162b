"""What goes wrong with a plan as a whole, said in one sentence the user can act on."""

from __future__ import annotations


class PlanError(Exception):
    """A plan cannot be read or run; the message names the file, the line and the next step.

    Exists apart from diagnostics because those describe a document that could at least be shown.
    """


class CycleError(PlanError):
    """The dependencies form a cycle; ``cycle`` holds the names, the first repeated at the end."""

    def __init__(self, message: str, cycle: tuple[str, ...]) -> None:
        super().__init__(message)
        self.cycle = cycle
