"""The machine: one fact in, new state, and the commands it calls for.

The same fold runs in the engine, behind every screen, in replay and in the tests. Facts about
attempts that are over, and repeated facts, change nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from maestro_tui.core import attempt_facts, rollback_facts, run_facts
from maestro_tui.core import events as e
from maestro_tui.core.commands import Command
from maestro_tui.core.outstanding import next_deadline, outstanding
from maestro_tui.core.scheduling import settle
from maestro_tui.core.state import RESTING, RunState

_RUN_HANDLERS = {**run_facts.HANDLERS, **rollback_facts.HANDLERS}


class Machine:
    """Folds events into :class:`RunState` and tells what is to be done.

    ``handle`` returns the commands that are new since the last call; ``outstanding`` all that
    stand, which is what a restarted engine carries out.
    """

    def __init__(self) -> None:
        self.state = RunState()
        self._known: set[str] = set()

    def handle(self, *events: e.Event) -> list[Command]:
        """Fold the events and return the commands they newly call for."""
        for event in events:
            self.apply(event)
        commands = self.outstanding()
        fresh = [c for c in commands if c.key not in self._known]
        self._known = {c.key for c in commands}
        return fresh

    def apply(self, event: e.Event) -> None:
        """Fold one event."""
        due = next_deadline(self.state)
        self._fold(event)
        if due is not None and due <= self.state.now:
            settle(self.state)  # any fact tells the time, not only ``Woke``

    def _fold(self, event: e.Event) -> None:
        state = self.state
        before, state.now = state.now, max(state.now, event.at)
        if state.started_at and state.status in RESTING:
            state.idle_s += state.now - before
        if isinstance(event, e.AttemptEvent):
            task = state.tasks.get(event.task)
            attempt = task.attempt if task else None
            if task is None or attempt is None or attempt.number != event.attempt:
                return
            handler = attempt_facts.HANDLERS.get(type(event))
            if handler is not None and handler(state, task, attempt, event):
                settle(state)
            return
        run_handler = _RUN_HANDLERS.get(type(event))
        if run_handler is not None:
            run_handler(state, event)
            settle(state)

    def outstanding(self) -> list[Command]:
        """Every command the state calls for."""
        return outstanding(self.state)

    def next_deadline(self) -> float | None:
        """When a ``Woke`` would change something, in Unix seconds."""
        return next_deadline(self.state)

    @property
    def stalled(self) -> bool:
        """Whether only a person can move the run on."""
        state = self.state
        return (
            not state.ended
            and bool(state.questions)
            and not self.outstanding()
            and self.next_deadline() is None
        )

    def story(self, task_id: str) -> list[tuple[float, str, str]]:
        """Why a task is where it is: (time, state, reason), oldest first."""
        return [(at, str(to), why) for at, to, why in self.state.tasks[task_id].history]


def fold(events: Iterable[e.Event]) -> Machine:
    """A machine that has seen all these events."""
    machine = Machine()
    for event in events:
        machine.apply(event)
    return machine
