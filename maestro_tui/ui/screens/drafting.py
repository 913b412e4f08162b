"""A strategy under review: changed step by step, analysed at once, every step undoable."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Gate, Strategy
from maestro_tui.plans.strategy import ORDERS
from maestro_tui.plans.strategy import revise as default_revise

_NEXT_WHEN = {"wave": "final", "final": "task", "task": "wave"}

Revise = Callable[..., Strategy]


class Drafting:
    """Holds the newest strategy and those before it; a change that cannot be is refused."""

    def __init__(self, strategy: Strategy, revise: Revise = default_revise) -> None:
        self._steps = [strategy]
        self._revise = revise
        self._parallel = strategy.max_parallel if strategy.max_parallel > 1 else 4
        self.error = ""

    @property
    def strategy(self) -> Strategy:
        """As it is now."""
        return self._steps[-1]

    @property
    def first(self) -> Strategy:
        """As it was proposed."""
        return self._steps[0]

    @property
    def changed(self) -> bool:
        """Whether anything differs from the proposal."""
        return len(self._steps) > 1

    def change(self, **what: Any) -> bool:
        """Apply a change of :func:`maestro_tui.plans.strategy.revise`; False sets ``error``."""
        try:
            new = self._revise(self.strategy, **what)
        except PlanError as error:
            self.error = str(error)
            return False
        self.error = ""
        if new != self.strategy:
            self._steps.append(new)
        return True

    def undo(self) -> bool:
        """Take the last change back; False when there is none."""
        self.error = ""
        if not self.changed:
            return False
        self._steps.pop()
        return True

    def take(self, strategy: Strategy) -> None:
        """Another strategy as a whole, as when the document is read another way."""
        self.error = ""
        if strategy != self.strategy:
            self._steps.append(strategy)

    def next_order(self) -> bool:
        """What counts where the plan says nothing: its convention, one by one, or nothing."""
        at = ORDERS.index(self.strategy.plan.order) if self.strategy.plan.order in ORDERS else 0
        return self.change(order=ORDERS[(at + 1) % len(ORDERS)])

    def take_advice(self, task: str = "") -> int:
        """Make the advice about a task, or all of it, an order; how much there was."""
        pairs = [(e.task, e.after) for e in self.strategy.advisory if task in ("", e.task)]
        return len(pairs) if pairs and self.change(after_add=pairs) else 0

    def take_whole(self) -> bool:
        """Take the later stages of a very large plan in."""
        return self.change(whole=True)

    def turn(self, step: int) -> bool:
        """One agent more or fewer at once."""
        return self.change(max_parallel=max(1, self.strategy.max_parallel + step))

    def toggle_sequential(self) -> bool:
        """One agent at a time, or as many as before."""
        now = self.strategy.max_parallel
        if now > 1:
            self._parallel = now
        return self.change(max_parallel=1 if now > 1 else self._parallel)

    def toggle_mode(self) -> bool:
        """Wave by wave, or each task as soon as its own dependencies are merged."""
        return self.change(mode="streaming" if self.strategy.mode == "waves" else "waves")

    def toggle_excluded(self, task: str) -> bool:
        """Leave a task out, or take it in again."""
        if self.strategy.assignment(task).excluded:
            return self.change(include={task})
        return self.change(exclude={task})

    def toggle_excluded_with_dependents(self, task: str) -> bool:
        """The same together with everything that needs it, or everything it needs."""
        edges = [(e.after, e.task) for e in self.strategy.edges]
        if self.strategy.assignment(task).excluded:
            # Edges of tasks that are left out are no longer in the strategy; the proposal has them.
            edges = [(e.task, e.after) for e in self.first.edges]
            return self.change(include=_reach(task, edges) & self._tasks())
        return self.change(exclude=_reach(task, edges) & self._tasks())

    def _tasks(self) -> set[str]:
        return {a.task for a in self.strategy.assignments}

    def order_after(self, task: str, wanted: Sequence[str]) -> bool:
        """The tasks this one waits for are these."""
        now = self.strategy.assignment(task).after
        return self.change(
            after_add=[(task, a) for a in wanted if a not in now],
            after_remove=[(task, a) for a in now if a not in wanted],
        )

    def to_wave(self, task: str, wanted: str) -> bool:
        """Move a task to another wave: behind one of the wave before, or freed from guesses.

        What the plan states is not dropped by a number; the refusal names it.
        """
        strategy = self.strategy
        now = strategy.assignment(task).wave
        if not wanted.strip().isdigit() or not 0 < int(wanted) <= len(strategy.waves) + 1:
            self.error = f"A wave is a number from 1 to {len(strategy.waves) + 1}."
            return False
        wave = int(wanted)
        if wave > now:
            behind = _reach(task, [(e.after, e.task) for e in strategy.edges])
            ahead = [t for t in strategy.waves[wave - 2] if t not in behind]
            if not ahead:
                self.error = f"Every task of wave {wave - 1} waits for {task} already."
                return False
            return self.change(after_add=[(task, ahead[0])])
        place = {t: n for n, names in enumerate(strategy.waves, 1) for t in names}
        late = [e for e in strategy.edges if e.task == task and place[e.after] >= wave]
        stated = [e for e in late if e.source not in ("user", "convention", "import", "inferred")]
        if stated:
            edge = stated[0]
            line = f", line {edge.line}" if edge.line else ""
            self.error = (
                f"{task} waits for {edge.after} of wave {place[edge.after]} ({edge.source}{line}); "
                "change after or files first."
            )
            return False
        return self.change(after_remove=[(e.task, e.after) for e in late])

    def set_gate(self, number: int, command: str) -> bool:
        """Another command for a gate; an empty one takes the gate away, a new number adds one."""
        gates = list(self.strategy.gates)
        command = command.strip()
        if number < len(gates):
            old = gates[number]
            gates[number : number + 1] = [replace(old, run=command)] if command else []
        elif command:
            gates.append(Gate(_gate_name(command, {g.name for g in gates}), command))
        return self.change(gates=gates)

    def toggle_gate(self, number: int) -> bool:
        """After each wave, only at the end, after each task."""
        gates = list(self.strategy.gates)
        old = gates[number]
        gates[number] = replace(old, when=_NEXT_WHEN.get(old.when, "wave"), waves=())
        return self.change(gates=gates)


def _reach(start: str, edges: Sequence[tuple[str, str]]) -> set[str]:
    found = {start}
    todo = [start]
    while todo:
        here = todo.pop()
        for a, b in edges:
            if a == here and b not in found:
                found.add(b)
                todo.append(b)
    return found


def _gate_name(command: str, taken: set[str]) -> str:
    base = name = " ".join(command.split())[:40].strip()
    number = 1
    while name in taken:
        number += 1
        name = f"{base} ({number})"
    return name
