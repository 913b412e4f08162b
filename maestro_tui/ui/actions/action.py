"""What an action is."""

from __future__ import annotations

from dataclasses import dataclass

RUN, MOVE, LOOK, ANSWER = "Run", "Move", "Look", "Answer"


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user can do with one key."""

    id: str
    keys: str  # comma-separated, the first is the one shown
    title: str
    tooltip: str
    group: str
    footer: bool = False  # shown there
    call: str = ""  # the method with its arguments, where not the id's own name
    first: bool = False  # before the key is taken as typed text

    @property
    def where(self) -> str:
        """The scope whose class carries it out: app, board, tree, …"""
        return self.id.split(".")[0]

    @property
    def method(self) -> str:
        """The name of the action there, with its arguments."""
        return self.call or self.id.split(".", 1)[1]
