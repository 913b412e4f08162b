"""Runs for the screens' tests: real events folded by the real machine, no engine, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from maestro_tui.core import events as e
from maestro_tui.core.conflicts import Conflict
from maestro_tui.core.machine import Machine
from maestro_tui.core.options import RunOptions
from maestro_tui.core.state import RunState, TaskRun
from maestro_tui.plans.model import (
    Assignment,
    Edge,
    Gate,
    Phase,
    Plan,
    Strategy,
    Task,
    to_dict,
)

START = 1_700_000_000.0
HOSTILE = "Notify [/x] \x1b]0;owned\x07\x1b[31m\u202eevil\u202c 通知サービス שלום"


@dataclass
class T:
    """A task of a test plan, in a line."""

    id: str
    title: str
    after: tuple[str, ...] = ()
    phase: str = "p1"
    agent: str = "general-purpose"
    files: tuple[str, ...] = ()
    status: str = "pending"
    excluded: bool = False
    estimate_s: float = 60.0


SHOP = (
    T("1.1", "Database migration", (), "p1", "database-migration", ("migrations/001.sql",)),
    T("1.2", "Models and schemas", ("1.1",), "p1", "models-schemas", ("app/models/*.py",)),
    T("1.3", "Validation rules", ("1.1",), "p1", "validation-security", ("app/validate.py",)),
    T("2.1", "Service layer", ("1.2", "1.3"), "p2", "service-layer", ("app/services/*.py",)),
    T("2.2", "Upload pipeline", ("1.2",), "p2", "pipeline-queue", ("app/pipeline/*.py",)),
    T("3.1", "HTTP routes", ("2.1", "2.2"), "p3", "api-router", ("app/routes/*.py",)),
    T("3.2", "Tests and monitoring", ("3.1",), "p3", "testing-monitoring", ("tests/*.py",)),
)
PHASES = (Phase("p1", "Foundation"), Phase("p2", "Processing"), Phase("p3", "Surface"))
GATES = (Gate("unit tests", "python -m pytest -q"), Gate("types", "mypy app", when="final"))


def a_strategy(
    tasks: tuple[T, ...] = SHOP,
    *,
    title: str = "Document shop",
    phases: tuple[Phase, ...] = PHASES,
    gates: tuple[Gate, ...] = GATES,
    mode: str = "waves",
    max_parallel: int = 4,
) -> Strategy:
    """A strategy built by hand: waves by depth, one assignment a task."""
    depth: dict[str, int] = {}
    left_out = {t.id for t in tasks if t.excluded or t.status == "done"}
    for t in tasks:
        depth[t.id] = 1 + max((depth[a] for a in t.after if a not in left_out), default=0)
    count = max((depth[t.id] for t in tasks if t.id not in left_out), default=0)
    waves = tuple(
        tuple(t.id for t in tasks if depth[t.id] == n and t.id not in left_out)
        for n in range(1, count + 1)
    )
    plan = Plan(
        title=title,
        source="shop.md",
        phases=phases,
        tasks=tuple(
            Task(
                id=t.id,
                title=t.title,
                key=t.id.replace(".", "-"),
                phase=t.phase,
                status=t.status,
                create=t.files,
                text=f"Write the {t.title.lower()}.",
            )
            for t in tasks
        ),
        edges=tuple(Edge(t.id, a, "label") for t in tasks for a in t.after),
    )
    return Strategy(
        plan=plan,
        assignments=tuple(
            Assignment(
                task=t.id,
                agent=t.agent,
                marker=f"{t.agent.split('-')[0].upper()}_COMPLETE.md",
                owned=t.files,
                after=t.after,
                wave=depth[t.id],
                estimate_s=t.estimate_s,
                excluded=t.excluded,
            )
            for t in tasks
        ),
        edges=plan.edges,
        waves=waves,
        gates=gates,
        mode=mode,
        max_parallel=max_parallel,
    )


@dataclass
class Calls:
    """What the screen asked of the engine."""

    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    limits: list[int] = field(default_factory=list)
    retries: list[tuple[str, str]] = field(default_factory=list)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    rollbacks: list[str] = field(default_factory=list)
    engines: int = 0


class FakeSource:
    """A ``RunSource`` whose engine is the test: each verb feeds the events of that fact."""

    def __init__(
        self,
        strategy: Strategy | None = None,
        *,
        folder: Path = Path("/nonexistent"),
        options: RunOptions | None = None,
        started: bool = True,
    ) -> None:
        self.machine = Machine()
        self.conflicts: dict[str, Conflict] = {}
        self.folder = folder
        self.clock = START
        self.calls = Calls()
        self.alive = True
        self.polls = 0
        self.obeys = True  # carry decisions out at once, as an engine would
        self._seq = 0
        self._seen = 0
        self.feed(
            e.RunCreated(
                at=self.clock,
                run="shop-1",
                repo="/repo",
                strategy=to_dict(strategy or a_strategy()),
                options=to_dict(options or RunOptions(driver="rehearsal", approved=True)),
                base_sha="b" * 40,
                base_branch="main",
            )
        )
        if started:
            self.feed(e.EngineStarted(at=self.clock, pid=4242, attended=True))

    # -- the protocol --------------------------------------------------------------------------
    @property
    def state(self) -> RunState:
        return self.machine.state

    @property
    def seq(self) -> int:
        return self._seq

    def poll(self) -> bool:
        self.polls += 1
        news = self._seq != self._seen
        self._seen = self._seq
        return news

    def engine_alive(self) -> bool:
        return self.alive

    def start_engine(self) -> None:
        self.calls.engines += 1
        self.alive = True

    def decide(self, question: str, answer: str, text: str = "") -> bool:
        self.calls.decisions.append((question, answer, text))
        if question not in self.state.questions:
            return False
        if self.obeys:
            self.feed(e.DecisionMade(at=self.clock, question=question, answer=answer, text=text))
        return True

    async def conflict(self, task: str) -> Conflict:
        if task not in self.conflicts:
            raise LookupError(f"there is no conflict of {task}")
        return self.conflicts[task]

    def stop(self, mode: str) -> None:
        self.calls.stops.append(mode)

    def set_parallel(self, limit: int) -> None:
        self.calls.limits.append(limit)
        self.feed(e.ParallelChanged(at=self.clock, limit=limit))

    def rollback(self, to: str) -> None:
        self.calls.rollbacks.append(to)

    def retry(self, task: str, text: str = "") -> None:
        self.calls.retries.append((task, text))

    def instruct(self, task: str, text: str, kind: str = "message") -> None:
        self.calls.told.append((task, text, kind))

    def attempt_dir(self, task: str, attempt: int) -> Path:
        return self.folder / self.state.tasks[task].task.key / str(attempt)

    def log_end(self, task: str, attempt: int) -> int | None:
        return None

    # -- the engine's part -----------------------------------------------------------------------
    def now(self) -> float:
        """The clock to hand to the app."""
        return self.clock

    def feed(self, *events: e.Event) -> None:
        """Facts, folded at once and new to the next poll."""
        for event in events:
            self.machine.apply(event)
            self._seq += 1

    def wait(self, seconds: float) -> FakeSource:
        """Time passes."""
        self.clock += seconds
        return self

    def task(self, task: str) -> TaskRun:
        return self.state.tasks[task]

    def _number(self, task: str) -> int:
        attempt = self.task(task).attempt
        assert attempt is not None, f"{task} has no attempt"
        return attempt.number

    def start(self, *tasks: str) -> FakeSource:
        """Their worktrees are there and their agents run."""
        for task in tasks:
            number = self._number(task)
            at, key = self.clock, self.task(task).task.key
            self.feed(
                e.WorktreeReady(
                    at=at,
                    task=task,
                    attempt=number,
                    path=f"/repo/.maestro/worktrees/shop-1/{key}",
                    branch=f"maestro/shop-1/{key}-{number}",
                    base="b" * 40,
                ),
                e.AgentStarted(at=at, task=task, attempt=number, pid=100, start_time=1.0),
            )
        return self

    def report(self, task: str, activity: str = "", **usage: float) -> FakeSource:
        """The agent says what it does, and what it used so far."""
        attempt = self.task(task).attempt
        assert attempt is not None
        self.feed(
            e.AgentReported(
                at=self.clock,
                task=task,
                attempt=attempt.number,
                offset=attempt.offset + 1,
                activity=activity,
                usage=usage,
                tools=attempt.tools + 1,
            )
        )
        return self

    def end(self, task: str, *, ok: bool = True, error: str = "", **more: Any) -> FakeSource:
        """The agent's process is gone."""
        self.feed(
            e.AgentEnded(
                at=self.clock,
                task=task,
                attempt=self._number(task),
                ok=ok,
                reason="exited",
                exit=0 if ok else 1,
                error=error,
                **more,
            )
        )
        return self

    def check(self, task: str, *bad: str, files: tuple[str, ...] = (), **more: Any) -> FakeSource:
        """Its work was compared with what was asked; ``bad`` names the checks that failed."""
        names = ("marker", "committed", "owned", "files", "check")
        details = {
            "marker": self.task(task).assignment.marker,
            "committed": "c0ffee1234",
            "owned": f"{len(files)} file(s)",
            "files": "as claimed",
            "check": "python -m pytest -q (exit 0, 1.2 s)",
        }
        self.feed(
            e.WorkChecked(
                at=self.clock,
                task=task,
                attempt=self._number(task),
                checks=tuple({"name": n, "ok": n not in bad, "detail": details[n]} for n in names),
                commit="c0ffee1234",
                files=files,
                **more,
            )
        )
        return self

    def merge(self, task: str) -> FakeSource:
        """It is part of the integration branch."""
        self.feed(
            e.Merged(
                at=self.clock,
                task=task,
                attempt=self._number(task),
                sha=f"{len(self.state.merges) + 1:040x}",
                previous=self.state.head,
            )
        )
        return self

    def clash(self, task: str, *paths: str, others: tuple[str, ...] = ()) -> FakeSource:
        """Its merge conflicts."""
        self.feed(
            e.MergeConflicted(
                at=self.clock,
                task=task,
                attempt=self._number(task),
                paths=paths,
                others=others,
                evidence=("both sides changed lines 10-14",),
            )
        )
        return self

    def work(self, task: str, seconds: float = 60.0, files: tuple[str, ...] = ()) -> FakeSource:
        """A task from its worktree to its merge."""
        self.start(task).wait(seconds).end(task)
        return self.check(task, files=files or (f"{task}.py",)).merge(task)

    def gate(self, key: str, ok: bool = True, **more: Any) -> FakeSource:
        """A gate ran."""
        self.feed(
            e.GateEnded(
                at=self.clock,
                gate=key,
                ok=ok,
                sha=self.state.head,
                exit=0 if ok else 1,
                seconds=3.2,
                **more,
            )
        )
        return self

    def tag(self, wave: int) -> FakeSource:
        """A wave is over."""
        self.feed(e.WaveTagged(at=self.clock, wave=wave, sha=self.state.head))
        return self

    def ask_permission(self, task: str, tool: str = "Bash", detail: str = "make") -> FakeSource:
        """A running agent wants a yes."""
        request = f"p{self._seq}"
        self.feed(
            e.PermissionAsked(
                at=self.clock,
                task=task,
                attempt=self._number(task),
                request=request,
                tool=tool,
                detail=detail,
            )
        )
        return self

    def finish(self, outcome: str = "done") -> FakeSource:
        """The engine ends the run."""
        self.feed(e.RunEnded(at=self.clock, outcome=outcome))
        self.alive = False
        return self


def fresh(**more: Any) -> FakeSource:
    """Nothing has started yet: the first worktree is being made."""
    return FakeSource(**more)


def midway(**more: Any) -> FakeSource:
    """Wave 1 merged and gated, wave 2 runs, one agent reports money."""
    source = FakeSource(**more)
    source.work("1.1", 42, files=("migrations/001.sql",)).gate("w1-1").tag(1)
    source.wait(3).start("1.2", "1.3")
    source.wait(20).report("1.2", "Write app/models/document.py", input=18_000, output=2_100)
    source.report("1.3", "Bash: python -m pytest -q tests/test_validate.py", cost_usd=0.12)
    return source.wait(9)


def failing(**more: Any) -> FakeSource:
    """An agent of wave 2 failed and waits for a person."""
    source = midway(**more)
    return source.end(
        "1.3",
        ok=False,
        error="exit 1: ImportError: no module named 'app.models'",
        evidence=(
            "Last lines of its log:",
            '  File "app/validate.py", line 3, in <module>',
            "ImportError: no module named 'app.models'",
        ),
        suspect="1.1",
    )


def waiting_for_delivery() -> FakeSource:
    """Everything is merged; only the user can go on."""
    return FakeSource(a_strategy((T("1", "Only task"),), phases=(), gates=())).work("1")


def finished(outcome: str = "done", **more: Any) -> FakeSource:
    """A run from the first worktree to delivery; with ``failed``, its last task was skipped."""
    source = FakeSource(**more)
    source.work("1.1", 42).gate("w1-1").tag(1)
    source.start("1.2", "1.3").report("1.2", "", input=52_000, output=6_000, cost_usd=0.41)
    source.wait(80).end("1.2").check("1.2", files=("app/models/a.py", "app/models/b.py"))
    source.merge("1.2").end("1.3").check("1.3", files=("app/validate.py",)).merge("1.3")
    source.gate("w2-1").tag(2).start("2.1", "2.2").wait(95)
    source.end("2.1").check("2.1", files=("app/services/s.py",)).merge("2.1")
    source.end("2.2").check("2.2", files=("app/pipeline/p.py",)).merge("2.2")
    source.gate("w3-1").tag(3).work("3.1", 50).gate("w4-1").tag(4)
    if outcome == "failed":
        source.start("3.2").wait(30).end("3.2", ok=False, error="exit 1: 2 tests failed")
        source.decide("fail-3-2-1", "skip")
    else:
        source.work("3.2", 40).gate("w5-1").tag(5)
    source.gate("final-2")
    if outcome == "failed":
        source.decide("deliver-0", "leave")
    else:
        source.decide("deliver-0", "merge")
        source.feed(
            e.Delivered(at=source.clock, branch="main", sha=source.state.head, how="fast-forward")
        )
    source.calls.decisions.clear()
    return source.finish(outcome)
