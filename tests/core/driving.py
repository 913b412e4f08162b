"""Strategies written in a line, and runs driven by hand: facts in, commands out."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import Any

from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core import rows
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import Attempt, Question, RunState, TaskRun
from maestro_tui.plans.model import Assignment, Edge, Gate, Plan, Strategy, Task, to_dict

BASE = "b" * 40
START = 1_000_000.0


def make_strategy(
    *lines: str,
    gates: Iterable[Gate] = (),
    mode: str = "waves",
    slots: int = 10,
    done: tuple[str, ...] = (),
    excluded: tuple[str, ...] = (),
    retries: int = 0,
    estimates: dict[str, float] | None = None,
    models: dict[str, str] | None = None,
) -> Strategy:
    """Tasks as ``"name"`` or ``"name < dependency dependency"``, in the document's order."""
    after: dict[str, tuple[str, ...]] = {}
    for line in lines:
        name, _, others = line.partition("<")
        after[name.strip()] = tuple(others.split())
    out = {*done, *excluded}
    depth: dict[str, int] = {}
    for name, others in after.items():
        depth[name] = 1 + max((depth[o] for o in others if o not in out), default=0)
    count = max((depth[n] for n in after if n not in out), default=0)
    waves = tuple(
        tuple(n for n in after if depth[n] == number and n not in out)
        for number in range(1, count + 1)
    )
    tasks = tuple(
        Task(
            id=n,
            title=f"Task {n}",
            key=n,
            status="done" if n in done else "pending",
            create=(f"{n}.txt",),
        )
        for n in after
    )
    edges = tuple(Edge(n, o, "user") for n, others in after.items() for o in others)
    assignments = tuple(
        Assignment(
            task=n,
            agent=f"agent-{n}",
            marker=f"{n}.md",
            owned=(f"{n}.txt",),
            after=others,
            wave=depth[n],
            estimate_s=(estimates or {}).get(n, 60.0),
            retries=retries,
            excluded=n in excluded,
            model=(models or {}).get(n, ""),
        )
        for n, others in after.items()
    )
    plan = Plan(title="A plan", tasks=tasks, edges=edges, gates=tuple(gates))
    return Strategy(
        plan=plan,
        assignments=assignments,
        edges=edges,
        waves=waves,
        gates=tuple(gates),
        mode=mode,
        max_parallel=slots,
    )


def created(strategy: Strategy, at: float = START, **options: Any) -> e.RunCreated:
    """The first event of a run of that strategy."""
    options.setdefault("approved", True)
    options.setdefault("deliver", "none")
    return e.RunCreated(
        at=at,
        run="r1",
        repo="/repo",
        strategy=to_dict(strategy),
        options=options,
        base_sha=BASE,
        base_branch="main",
    )


def through_json(event: e.Event) -> e.Event:
    """The event as the journal gives it back."""
    data = json.loads(json.dumps(rows.pack(event)))
    again = rows.unpack(type(event).__name__, event.at, data)
    assert again is not None
    return again


def snapshot(state: RunState) -> dict[str, Any]:
    """Everything in a state, comparable."""
    return dataclasses.asdict(state)


def unmoved(state: RunState) -> dict[str, Any]:
    """Everything but the clocks and the notices."""
    data = snapshot(state)
    del data["now"], data["idle_s"], data["notices"]
    return data


def task_of(command: c.Command) -> str:
    """The task a command is about."""
    return command.task if isinstance(command, c.AttemptCommand) else ""


class Run:
    """A run whose world is the test: every effect succeeds unless it is told otherwise."""

    def __init__(
        self, *lines: str, attended: bool = True, engine: bool = True, **settings: Any
    ) -> None:
        names = ("gates", "mode", "slots", "done", "excluded", "retries", "estimates", "models")
        chosen = {k: settings.pop(k) for k in names if k in settings}
        self.machine = Machine()
        self.events: list[e.Event] = []
        self.time = START
        self.post(created(make_strategy(*lines, **chosen), **settings))
        if engine:
            self.tell(e.EngineStarted, pid=1, attended=attended)

    @property
    def state(self) -> RunState:
        return self.machine.state

    def post(self, *events: e.Event) -> list[c.Command]:
        """Hand over facts; the commands they newly call for."""
        self.events.extend(events)
        return self.machine.handle(*events)

    def tell(self, kind: type[e.Event], **fields: Any) -> list[c.Command]:
        """A fact of this moment."""
        self.time += 1.0
        return self.post(kind(at=self.time, **fields))

    def about(self, kind: type[e.AttemptEvent], task: str, **fields: Any) -> list[c.Command]:
        """A fact about a task's newest attempt."""
        return self.tell(kind, task=task, attempt=self.attempt(task).number, **fields)

    def task(self, name: str) -> TaskRun:
        return self.state.tasks[name]

    def attempt(self, name: str) -> Attempt:
        attempt = self.state.tasks[name].attempt
        assert attempt is not None
        return attempt

    def states(self) -> dict[str, str]:
        return {t.id: str(t.state) for t in self.state.tasks.values()}

    def due(self) -> list[str]:
        """The keys of everything outstanding."""
        return [command.key for command in self.machine.outstanding()]

    def question(self, kind: str, task: str = "") -> Question:
        """The one open question of that kind."""
        found = [
            q
            for q in self.state.questions.values()
            if q.kind == kind and (not task or q.task == task)
        ]
        assert len(found) == 1, list(self.state.questions)
        return found[0]

    def answer(self, kind: str, answer: str, text: str = "", task: str = "") -> list[c.Command]:
        """A person answers the open question of that kind."""
        question = self.question(kind, task)
        return self.tell(e.DecisionMade, question=question.id, answer=answer, text=text)

    def sha(self) -> str:
        """A commit nobody has seen."""
        return f"{len(self.events):040x}"

    def succeed(self, command: c.Command) -> e.Event | None:
        """What comes of a command when all goes well."""
        self.time += 1.0
        return success(self.state, command, self.time, self.sha())

    def perform(self, command: c.Command) -> None:
        """Carry a command out."""
        event = self.succeed(command)
        if event is not None:
            self.post(event)

    def go(
        self,
        *,
        hold: tuple[str, ...] = (),
        until: Callable[[], bool] | None = None,
        limit: int = 2000,
    ) -> Run:
        """Carry out everything outstanding but what is held, until nothing is left to do."""
        for _ in range(limit):
            if until is not None and until():
                return self
            ready = [
                o
                for o in self.machine.outstanding()
                if not o.key.startswith(hold or ("-",)) and not isinstance(o, c.StopAgent)
            ]
            if not ready:
                assert until is None, f"nothing left to do: {self.states()}"
                return self
            self.perform(next((o for o in ready if isinstance(o, c.TagWave)), ready[0]))
        raise AssertionError(f"no end in sight: {self.due()}")

    def until_state(self, name: str, state: str) -> Run:
        """Carry on until that task is in that state; others are left where they are."""
        return self.go(
            until=lambda: self.task(name).state == state,
            hold=tuple(
                f"{kind}:{other}:"
                for other in self.state.tasks
                if other != name and other not in self._before(name)
                for kind in ("CreateWorktree", "RunAgent", "CheckWork", "Merge")
            ),
        )

    def _before(self, name: str) -> set[str]:
        wave = self.task(name).wave
        return {t.id for t in self.state.tasks.values() if t.wave < wave}

    def fail(self, name: str, **fields: Any) -> list[c.Command]:
        """The agent of a task ends badly."""
        self.until_state(name, "running")
        fields = {"reason": "exited", "exit": 1, "error": "exited with 1", **fields}
        return self.about(e.AgentEnded, name, ok=False, **fields)

    def leave_stray(self, name: str, *paths: str) -> list[c.Command]:
        """The agent of a task changed files that are not its own."""
        self.until_state(name, "checking")
        return self.about(
            e.WorkChecked,
            name,
            checks=({"name": "owned", "ok": False, "detail": "strays"},),
            files=paths,
            stray=paths,
        )

    def conflict(self, name: str, *paths: str) -> list[c.Command]:
        """The merge of a task conflicts."""
        self.until_state(name, "merging")
        return self.about(e.MergeConflicted, name, paths=paths or ("a.txt",), worktree="/c")

    def gate_ends(self, key: str, ok: bool, suspects: tuple[str, ...] = ()) -> list[c.Command]:
        """A gate that runs comes to its end."""
        assert self.state.gates[key].state == "running", self.state.gates[key]
        return self.tell(
            e.GateEnded,
            gate=key,
            ok=ok,
            sha=self.state.head,
            exit=0 if ok else 1,
            tail=() if ok else ("1 failed",),
            suspects=suspects,
        )

    def restart(self) -> Run:
        """The engine was killed and another one takes the run over."""
        self.machine = fold_again(self.events)
        self.tell(e.EngineStarted, pid=2, attended=True)
        return self


def fold_again(events: Iterable[e.Event]) -> Machine:
    """A machine that has read these events from a journal."""
    machine = Machine()
    for event in events:
        machine.apply(through_json(event))
    return machine


def success(state: RunState, command: c.Command, at: float, sha: str) -> e.Event | None:
    """The fact that follows from a command when all goes well."""
    match command:
        case c.CreateWorktree(task, number):
            return e.WorktreeReady(
                at=at,
                task=task,
                attempt=number,
                path=f"/w/{task}",
                branch=f"x/{task}/{number}",
                base=state.head,
            )
        case c.RunAgent(task, number):
            attempt = state.tasks[task].attempt
            assert attempt is not None
            if attempt.stop:
                return e.AgentEnded(at=at, task=task, attempt=number, ok=False, reason="stopped")
            return e.AgentEnded(at=at, task=task, attempt=number, ok=True, reason="exited", exit=0)
        case c.AnswerAgent(task, number, request):
            return e.PermissionDelivered(at=at, task=task, attempt=number, request=request)
        case c.CheckWork(task, number):
            return e.WorkChecked(
                at=at,
                task=task,
                attempt=number,
                checks=({"name": "marker", "ok": True, "detail": ""},),
                commit=sha,
                files=(f"{task}.txt",),
            )
        case c.KeepWork(task, number):
            return e.WorkKept(at=at, task=task, attempt=number)
        case c.Merge(task, number):
            return e.Merged(at=at, task=task, attempt=number, sha=sha, previous=state.head)
        case c.ResolveConflict(task, number):
            return e.ConflictResolved(at=at, task=task, attempt=number, commit=sha)
        case c.StopAgent():
            return None
        case _:
            return _success_of_run(state, command, at)


def _success_of_run(state: RunState, command: c.Command, at: float) -> e.Event:
    match command:
        case c.RunGate(gate):
            return e.GateEnded(at=at, gate=gate, ok=True, sha=state.head, exit=0)
        case c.TagWave(wave):
            return e.WaveTagged(at=at, wave=wave, sha=state.head)
        case c.Rollback(-1, task, sha):
            return e.RolledBack(at=at, wave=-1, sha=sha, kept="refs/kept", task=task)
        case c.Rollback(wave):
            known = max((n for n in state.wave_tags if n <= wave), default=0)
            sha = state.wave_tags.get(known, state.base_sha)
            return e.RolledBack(at=at, wave=known, sha=sha, kept="refs/kept")
        case c.Deliver():
            return e.Delivered(at=at, branch="main", sha=state.head, how="fast-forward")
        case c.Suspend(reason):
            return e.RunSuspended(at=at, reason=reason)
        case c.Finish(outcome):
            return e.RunEnded(at=at, outcome=outcome)
    raise AssertionError(command)
