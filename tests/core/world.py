"""A world of chance for the machine: an engine that fails, dies and repeats itself, and a person.

It mirrors what the real engine does with commands (one effect per key, new ones only), keeps books
of its own about what runs and what is merged, and complains when the machine contradicts them.
"""

from __future__ import annotations

import random
from collections import Counter

from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core.attempt_facts import MAX_LOST
from maestro_tui.core.invariants import validate
from maestro_tui.core.machine import Machine
from maestro_tui.core.rollback import points
from maestro_tui.core.state import SATISFIED, Question, RunState, RunStatus, TaskState
from maestro_tui.plans.model import Strategy
from tests.core.driving import created, fold_again, snapshot, success, unmoved

# An old fact may be repeated only where the machine is not just waiting for one like it: the engine
# never repeats itself within one effect.
CONSUMED_IN: dict[type[e.Event], TaskState] = {
    e.WorkChecked: TaskState.CHECKING,
    e.Merged: TaskState.MERGING,
    e.MergeRefused: TaskState.MERGING,
    e.MergeConflicted: TaskState.MERGING,
    e.ConflictResolved: TaskState.CONFLICTED,
    e.ResolutionRefused: TaskState.CONFLICTED,
    e.AgentEnded: TaskState.RUNNING,
    e.WorktreeReady: TaskState.PREPARING,
    e.PermissionAsked: TaskState.RUNNING,
}
NEVER_REPEATED = (
    e.RunCreated,
    e.EngineStarted,
    e.RunSuspended,
    e.RunEnded,
    e.StopRequested,
    e.RetryRequested,
    e.ParallelChanged,
    e.RollbackRequested,
    e.ResourcesChanged,
    e.AgentReported,
    e.PermissionDelivered,
)


class World:
    """One run in a world of chance; the same seed gives the same story."""

    def __init__(self, strategy: Strategy, options: dict[str, object], seed: int) -> None:
        self.dice = random.Random(seed)
        self.machine = Machine()
        self.journal: list[e.Event] = []
        self.running: dict[str, c.Command] = {}
        self.asked: dict[tuple[str, int], str] = {}  # agents that wait for an answer
        self.spoken: set[tuple[str, int]] = set()
        self.time = 1000.0
        self.peace = False
        self.lost: Counter[str] = Counter()
        self.starts: Counter[tuple[str, int]] = Counter()
        self._limit = strategy.max_parallel
        self._post(created(strategy, **options))
        self._engine()

    @property
    def state(self) -> RunState:
        return self.machine.state

    # -- the engine --------------------------------------------------------------------------------

    def _post(self, *events: e.Event) -> None:
        before = {t.id: t.state for t in self.state.tasks.values()}
        fresh = self.machine.handle(*events)
        self.journal.extend(events)
        assert validate(self.state) == [], (validate(self.state), events)
        for command in fresh:
            self._check_start(command, before)
            if command.key not in self.running:
                self.running[command.key] = command
        kinds = {type(command) for command in self.machine.outstanding()}
        assert not {c.KeepWork, c.Finish} <= kinds, "the run ends while work is being kept"

    def _check_start(self, command: c.Command, before: dict[str, TaskState]) -> None:
        if not isinstance(command, c.CreateWorktree):
            return
        task = self.state.tasks[command.task]
        unmet = [d for d in task.after if self.state.tasks[d].state not in SATISFIED]
        if before.get(command.task) is not TaskState.PREPARING:
            assert not unmet, f"{command.task} starts before {unmet}"
            self.starts[command.task, command.attempt] += 1
            assert self.starts[command.task, command.attempt] == 1
        agents = [t for t in self.state.tasks.values() if t.state in ("preparing", "running")]
        assert len(agents) <= max(self._limit, self.state.max_parallel), "more agents than slots"

    def _engine(self) -> None:
        self._post(
            e.EngineStarted(at=self._now(), pid=self.dice.randint(2, 9999), attended=self._luck(9))
        )

    def _now(self) -> float:
        self.time += self.dice.choice([0.0, 0.1, 1.0, 30.0])
        return self.time

    def _luck(self, tenths: int) -> bool:
        return self.dice.random() * 10 < tenths

    def _sha(self) -> str:
        return f"{len(self.journal):040x}"

    # -- one step ----------------------------------------------------------------------------------

    def step(self) -> bool:
        """Something happens; False when nothing more can."""
        if self.state.ended:
            return self._after_the_end()
        if self.state.status is RunStatus.STOPPED:
            self.running.clear()
            self._engine()
            return True
        if not self.peace and self._disturb():
            return True
        if self.running and self._luck(8):
            self._finish(self.dice.choice(list(self.running.values())))
            return True
        if self.state.questions and (self._luck(5) or not self.running):
            self._decide(self.dice.choice(list(self.state.questions.values())))
            return True
        if self.running:
            self._finish(self.dice.choice(list(self.running.values())))
            return True
        deadline = self.machine.next_deadline()
        assert deadline is not None, self._stuck()
        self.time = max(self.time, deadline)
        self._post(e.Woke(at=self.time))
        return True

    def _stuck(self) -> str:
        return (
            f"nothing runs, nobody is asked: {self.state.status}, "
            f"{[(t.id, str(t.state), t.why) for t in self.state.tasks.values()]}, "
            f"outstanding {[o.key for o in self.machine.outstanding()]}, "
            f"gates {[(g.key, g.state) for g in self.state.gates.values()]}"
        )

    def _after_the_end(self) -> bool:
        skipped = [t.id for t in self.state.tasks.values() if t.state is TaskState.SKIPPED]
        if self.peace or not skipped or not self._luck(3):
            return False
        self.running.clear()
        self._post(e.RetryRequested(at=self._now(), task=self.dice.choice(skipped)))
        return True

    def _disturb(self) -> bool:
        """Something nobody waits for; False when this step stays calm."""
        chance = self.dice.random()
        if chance < 0.05:
            self._restart()
        elif chance < 0.15:
            self._repeat()
        elif chance < 0.16:
            mode = self.dice.choice(["checkpoint", "drain", "checkpoint", "drain", "abort"])
            self._post(e.StopRequested(at=self._now(), mode=mode))
        elif chance < 0.18:
            limit = self.dice.randint(0, 6)
            self._limit = max(self._limit, limit)
            self._post(e.ParallelChanged(at=self._now(), limit=limit))
        elif chance < 0.185:
            point = self.dice.choice(points(self.state))
            self._post(e.RollbackRequested(at=self._now(), to=point.name))
        elif chance < 0.19:
            limit = self.dice.randint(0, 3)
            self._post(e.ResourcesChanged(at=self._now(), limit=limit, reason="memory"))
        elif chance < 0.20:
            name = self.dice.choice(list(self.state.tasks))
            self._post(e.RetryRequested(at=self._now(), task=name, text="again"))
        else:
            return False
        return True

    def _restart(self) -> None:
        """kill -9 of the engine: all that is left is the journal."""
        again = fold_again(self.journal)
        assert snapshot(again.state) == snapshot(self.state)
        assert again.outstanding() == self.machine.outstanding()
        self.machine = again
        self.running.clear()
        self._engine()

    def _repeat(self) -> None:
        """An old fact comes once more: nothing may change."""
        event = self.dice.choice(self.journal)
        if isinstance(event, NEVER_REPEATED) or self._awaited(event):
            return
        before = unmoved(self.state)
        self._post(event)
        assert unmoved(self.state) == before, event

    def _awaited(self, event: e.Event) -> bool:
        if isinstance(event, e.GateEnded):
            return self.state.gates[event.gate].state == "running"
        if isinstance(event, e.EffectFailed):
            return event.effect in self.running
        if isinstance(event, (e.Delivered, e.DeliveryRefused)):
            return self.state.deliver_now
        if isinstance(event, e.WaveTagged):
            return f"TagWave:{event.wave}" in self.running
        if isinstance(event, e.RolledBack):
            return any(k.startswith("Rollback:") for k in self.running)
        if isinstance(event, e.AttemptEvent):
            task = self.state.tasks[event.task]
            return task.state is CONSUMED_IN.get(type(event))
        return isinstance(event, e.DecisionMade) and event.question in self.state.questions

    # -- effects -----------------------------------------------------------------------------------

    def _finish(self, command: c.Command) -> None:
        """A running effect goes a step further, mostly to its end."""
        match command:
            case c.RunAgent():
                self._agent(command)
                return
            case c.StopAgent() | c.AnswerAgent():
                pass
            case _ if not self.peace and self._luck(1) and self._luck(5):
                self._fail(command)
                return
        del self.running[command.key]
        event = None if self.peace else self._mishap(command)
        if event is None:
            event = success(self.state, command, self._now(), self._sha())
        if isinstance(command, c.AnswerAgent):
            self.asked.pop((command.task, command.attempt), None)
        if event is not None:
            self._post(event)

    def _fail(self, command: c.Command) -> None:
        del self.running[command.key]
        task = command.task if isinstance(command, c.AttemptCommand) else ""
        number = command.attempt if isinstance(command, c.AttemptCommand) else 0
        self._post(
            e.EffectFailed(
                at=self._now(), effect=command.key, error="disk full", task=task, attempt=number
            )
        )

    def _mishap(self, command: c.Command) -> e.Event | None:
        """What else may come of a command; None for success."""
        at = self._now()
        if self._luck(7):
            return None
        match command:
            case c.CheckWork(task, number):
                name = self.dice.choice(["owned", "marker", "verify"])
                stray = ("other.txt",) if name == "owned" else ()
                return e.WorkChecked(
                    at=at,
                    task=task,
                    attempt=number,
                    checks=({"name": name, "ok": False, "detail": "no"},),
                    stray=stray,
                    suspect=self._suspect(task),
                )
            case c.Merge(task, number):
                if self._luck(8):
                    return e.MergeConflicted(
                        at=at, task=task, attempt=number, paths=("x",), worktree="/c"
                    )
                return e.MergeRefused(at=at, task=task, attempt=number, stray=("x",))
            case c.ResolveConflict(task, number):
                return e.ResolutionRefused(at=at, task=task, attempt=number, reason="markers")
            case c.RunGate(gate):
                merged = [t for _, t in self.state.merges]
                suspects = (self.dice.choice(merged),) if merged and self._luck(6) else ()
                return e.GateEnded(
                    at=at, gate=gate, ok=False, sha=self.state.head, exit=1, suspects=suspects
                )
            case c.Deliver():
                return e.DeliveryRefused(at=at, reason="the base has moved", paths=("x",))
        return None

    def _suspect(self, task: str) -> str:
        others = self.state.tasks[task].after
        return self.dice.choice(others) if others and self._luck(3) else ""

    def _agent(self, command: c.RunAgent) -> None:
        task, number = command.task, command.attempt
        attempt = self.state.tasks[task].attempts[number - 1]
        name = (task, number)
        stays = not self.peace and self._luck(3)
        if name in self.asked and not attempt.stop and stays:
            return
        if name in self.asked and not attempt.stop and not self._luck(2):
            return  # it waits for its answer
        if not attempt.stop and stays and name not in self.spoken:
            self.spoken.add(name)
            self._speak(task, number)
            return
        del self.running[command.key]
        self.asked.pop(name, None)
        self._post(self._agent_end(task, number, attempt.stop))

    def _speak(self, task: str, number: int) -> None:
        at = self._now()
        self._post(e.AgentStarted(at=at, task=task, attempt=number, pid=9, start_time=at))
        if self._luck(5):
            self._post(
                e.AgentReported(
                    at=at, task=task, attempt=number, offset=5, activity="…", usage={"input": 3.0}
                )
            )
        if self._luck(5):
            self._post(
                e.PermissionAsked(
                    at=at, task=task, attempt=number, request="p1", tool="Bash", detail="rm"
                )
            )
            self.asked[task, number] = "p1"

    def _agent_end(self, task: str, number: int, stop: bool) -> e.AgentEnded:
        at = self._now()
        if stop and not self._luck(1):
            return e.AgentEnded(at=at, task=task, attempt=number, ok=False, reason="stopped")
        if self.peace or self._luck(7):
            return e.AgentEnded(at=at, task=task, attempt=number, ok=True, reason="exited", exit=0)
        reasons = ["exited", "timeout", "crashed", "spawn-error", "lost", "lost"]
        reason = self.dice.choice(reasons)
        self.lost[task] += reason == "lost" and not stop
        return e.AgentEnded(
            at=at,
            task=task,
            attempt=number,
            ok=False,
            reason=reason,
            error="no",
            suspect=self._suspect(task),
        )

    # -- the person --------------------------------------------------------------------------------

    def _decide(self, question: Question) -> None:
        keys = [o.key for o in question.options]
        answer = question.default if self.peace else self.dice.choice(keys)
        if answer == "abort" and not self._luck(1):
            answer = question.default
        if question.kind == "review" and self._luck(9):
            answer = "yes"
        self._post(
            e.DecisionMade(
                at=self._now(), question=question.id, answer=answer, text="do it another way"
            )
        )

    # -- to the end --------------------------------------------------------------------------------

    def live(self, wild: int) -> None:
        """That many steps of chance, then peace until the end."""
        for _ in range(wild):
            if not self.step():
                break
        self.peace = True
        self.running = {c.key: c for c in self.running.values()}
        bound = 400 + 80 * len(self.state.tasks)
        for _ in range(bound):
            if not self.step():
                break
        else:
            raise AssertionError(f"no end after {bound} quiet steps: {self._stuck()}")
        assert self.state.ended
        for task in self.state.tasks.values():
            assert task.lost <= MAX_LOST
