"""Which question is shown when: one at a time, the most blocking first, never twice unasked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maestro_tui.core.questions import dependents_of
from maestro_tui.core.state import Question, RunState

if TYPE_CHECKING:
    from maestro_tui.ui.dialogs.inbox import Waiting


@dataclass(slots=True)
class Asking:
    """Remembers what was put off and what was answered; the run's state has the rest."""

    put_off: set[str] = field(default_factory=set)
    answered: set[str] = field(default_factory=set)

    def waiting(self, state: RunState) -> list[Waiting]:
        """Every open question, most blocking first; answered ones last."""
        from maestro_tui.ui.dialogs.inbox import Waiting

        found = [
            Waiting(q, blocked_by(state, q), q.id in self.answered)
            for q in state.questions.values()
        ]
        found.sort(key=lambda w: (w.answered, -w.blocks, w.question.asked_at))
        return found

    def open_ones(self, state: RunState) -> list[Question]:
        """Those a person has still to answer, most blocking first."""
        return [w.question for w in self.waiting(state) if not w.answered]

    def next(self, state: RunState) -> Question | None:
        """What to show by itself: the first that was not put off."""
        return next((q for q in self.open_ones(state) if q.id not in self.put_off), None)

    def tasks(self, state: RunState) -> frozenset[str]:
        """The tasks that wait for the user."""
        return frozenset(q.task for q in self.open_ones(state) if q.task)

    def forget(self, state: RunState) -> None:
        """Drop what the state no longer asks; ids are never used twice."""
        self.put_off &= state.questions.keys()
        self.answered &= state.questions.keys()


def blocked_by(state: RunState, question: Question) -> int:
    """How many tasks cannot start before this is answered."""
    if question.kind in ("gate", "rolledback", "trouble", "review"):
        return _rest(state)
    task = state.tasks.get(question.task)
    if task is None:
        return 0
    return len(dependents_of(state, task))


def _rest(state: RunState) -> int:
    """These hold everything that has not started."""
    return sum(1 for t in state.tasks.values() if not t.attempts)
