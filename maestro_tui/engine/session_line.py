"""A run's line in the list of runs, which the engine keeps up to date."""

from __future__ import annotations

from maestro_tui.core.state import RunState, TaskState
from maestro_tui.engine.journal import Journal, JournalLocked, Session


class SessionLine:
    """Writes the line when something on it has changed."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._written: tuple[str, int] = ("", -1)

    def update(self, state: RunState) -> None:
        """Once more after each step; what is the same is not written again."""
        shown = (str(state.status), state.count(TaskState.MERGED))
        if shown == self._written:
            return
        try:
            self._journal.note(session_of(state))
        except JournalLocked:
            return  # the next step writes it
        self._written = shown


def session_of(state: RunState) -> Session:
    """The run's line in the list of runs."""
    strategy = state.strategy
    assert strategy is not None
    return Session(
        run=state.run,
        title=strategy.plan.title,
        plan=strategy.plan.source,
        status=str(state.status),
        tasks=len(state.tasks),
        merged=state.count(TaskState.MERGED),
        created_at=state.created_at,
        updated_at=state.now,
    )
