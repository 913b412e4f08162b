"""What people have told the agent, written down: no runner's death may lose it.

Some agents take words only between their turns, others have them in a queue of their own; both are
gone with a killed program. Words are repeated until a turn that had them has come to its end.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from maestro_tui.agents import files
from maestro_tui.agents.drivers.past import AGAIN, ANEW, reminder

if TYPE_CHECKING:
    from maestro_tui.agents.secrets import Redactor

FILE = "words.jsonl"
_UNHEARD = "\n\nThe operator said this to you before the interruption, and you may have missed it:"
_ALL = "\n\nThe operator has told you since you were given this task:"


class Words:
    """The words of one attempt, those of earlier runners included."""

    def __init__(self, folder: str, redactor: Redactor) -> None:
        self._path = os.path.join(folder, FILE)
        self._redact = redactor
        self._said: list[str] = []
        self._heard: set[int] = set()
        for line in files.LineReader(self._path).read():
            if isinstance(line.get("said"), str):
                self._said.append(line["said"])
            elif isinstance(line.get("heard"), list):
                self._heard.update(n for n in line["heard"] if isinstance(n, int))

    def say(self, text: str) -> None:
        """Somebody says this; it has not been heard yet."""
        self._said.append(text)
        files.append_line(self._path, {"said": self._redact.text(text)})

    def carried_by(self, prompt: str) -> set[int]:
        """Which of the words not heard so far are part of what the agent is sent."""
        return {n for n in self._open() if self._said[n] in prompt}

    def heard(self, numbers: set[int]) -> None:
        """The turn that had these is at its end."""
        new = sorted(numbers - self._heard)
        if new:
            self._heard.update(new)
            files.append_line(self._path, {"heard": new})

    def unheard(self) -> str:
        """For an agent that goes on in its session; empty where it knows all."""
        return _listed(_UNHEARD, [self._said[n] for n in self._open()])

    def all(self) -> str:
        """For an agent that knows nothing any more."""
        return _listed(_ALL, self._said)

    def _open(self) -> list[int]:
        return [n for n in range(len(self._said)) if n not in self._heard]


def again(log: str, task: str, words: Words, *, continued: bool) -> str:
    """What an interrupted agent is told: that it goes on, or, where it knows nothing, its task."""
    if continued:
        return AGAIN + reminder(log) + words.unheard()
    return task + ANEW + reminder(log) + words.all()


def _listed(head: str, words: list[str]) -> str:
    return head + "".join(f"\n- {text}" for text in words) if words else ""
