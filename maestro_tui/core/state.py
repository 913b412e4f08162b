"""The state of a run: what the fold of its events amounts to.

Mutable on purpose (one owner, the machine); everything else reads it. Plain data only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from maestro_tui.core.options import RunOptions
from maestro_tui.plans.model import Assignment, Gate, Strategy, Task


class TaskState(StrEnum):
    """Where a task is. Each has a glyph and a word on the screen."""

    WAITING = "waiting"  # for its dependencies or its wave
    READY = "ready"  # for a slot
    PREPARING = "preparing"  # its worktree
    RUNNING = "running"
    CHECKING = "checking"  # what the agent left
    QUEUED = "queued"  # for the merge
    MERGING = "merging"
    CONFLICTED = "conflicted"  # the merge waits for a person
    MERGED = "merged"
    FAILED = "failed"  # waits for a decision
    BLOCKED = "blocked"  # something it depends on failed or was skipped
    SKIPPED = "skipped"
    EXCLUDED = "excluded"  # left out in the review
    DONE = "done"  # done before this run


ACTIVE = frozenset({TaskState.PREPARING, TaskState.RUNNING, TaskState.CHECKING})
MOVING = ACTIVE | {TaskState.QUEUED, TaskState.MERGING}
SATISFIED = frozenset({TaskState.MERGED, TaskState.DONE})
GIVEN_UP = frozenset({TaskState.SKIPPED, TaskState.EXCLUDED})

# Drivers whose agents hear what is said to them while they work.
INTERACTIVE = frozenset({"acp", "api", "claude"})
# Drivers whose attempts can be taken up again in their own session, and whose model can be chosen.
RESUMABLE = frozenset({"acp", "api", "claude"})
MODELLED = frozenset({"acp", "api", "claude"})

_S = TaskState
# What may follow what. A move that is not here is a bug, and the machine says so.
TRANSITIONS: dict[TaskState, frozenset[TaskState]] = {
    _S.WAITING: frozenset({_S.READY, _S.BLOCKED, _S.SKIPPED}),
    _S.READY: frozenset({_S.PREPARING, _S.WAITING, _S.BLOCKED, _S.SKIPPED}),
    _S.PREPARING: frozenset({_S.RUNNING, _S.FAILED, _S.WAITING, _S.SKIPPED}),
    _S.RUNNING: frozenset({_S.CHECKING, _S.FAILED, _S.WAITING, _S.SKIPPED}),
    _S.CHECKING: frozenset({_S.QUEUED, _S.FAILED, _S.WAITING, _S.SKIPPED}),
    _S.QUEUED: frozenset({_S.MERGING, _S.WAITING, _S.SKIPPED, _S.FAILED}),
    _S.MERGING: frozenset({_S.MERGED, _S.CONFLICTED, _S.FAILED, _S.WAITING, _S.SKIPPED}),
    _S.CONFLICTED: frozenset({_S.QUEUED, _S.WAITING, _S.SKIPPED, _S.FAILED}),
    _S.MERGED: frozenset({_S.WAITING}),
    _S.FAILED: frozenset({_S.WAITING, _S.SKIPPED, _S.CHECKING, _S.QUEUED}),
    _S.BLOCKED: frozenset({_S.WAITING, _S.SKIPPED}),
    _S.SKIPPED: frozenset({_S.WAITING}),
    _S.EXCLUDED: frozenset(),
    _S.DONE: frozenset(),
}


class RunStatus(StrEnum):
    """Where the run as a whole is."""

    REVIEW = "review"  # the strategy waits for a yes
    RUNNING = "running"
    WAITING = "waiting"  # nothing can move before a person answers
    STOPPING = "stopping"
    STOPPED = "stopped"  # at a checkpoint; resume goes on
    DELIVERING = "delivering"
    FINISHING = "finishing"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"
    DECLINED = "declined"


ENDED = frozenset({RunStatus.DONE, RunStatus.FAILED, RunStatus.ABORTED, RunStatus.DECLINED})

# Nothing moves before a person comes: time that says nothing about how fast the work goes.
RESTING = frozenset({RunStatus.REVIEW, RunStatus.WAITING, RunStatus.STOPPED})


@dataclass(frozen=True, slots=True)
class Option:
    """One answer to a question: ``hotkey`` in the dialog, ``key`` on the command line."""

    key: str
    label: str
    hotkey: str
    detail: str = ""
    text: str = ""  # "" | "optional" | "required": whether words go with it
    danger: bool = False  # loses or leaves work; asked twice


@dataclass(frozen=True, slots=True)
class Question:
    """Something only a person may decide, with the evidence first."""

    id: str
    # review failure stray gate conflict permission rolledback deliver trouble budget held
    kind: str
    title: str
    evidence: tuple[str, ...]
    options: tuple[Option, ...]
    task: str = ""
    attempt: int = 0
    subject: str = ""  # gate key, request id, …
    asked_at: float = 0.0
    default: str = ""
    tool: str = ""  # of a permission: what it is about, and what "always" would allow
    rule: str = ""

    def option(self, key: str) -> Option | None:
        """The option of that key, if the question has it."""
        return next((o for o in self.options if o.key == key), None)


@dataclass(frozen=True, slots=True)
class Answer:
    """How a question ended."""

    question: Question
    answer: str
    text: str
    by: str
    at: float


@dataclass(slots=True)
class Attempt:
    """One try at a task: its place, its process, what it used, what was found."""

    number: int
    created_at: float
    worktree: str = ""
    branch: str = ""
    base: str = ""
    pid: int = 0
    start_time: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    last_event_at: float = 0.0
    offset: int = 0
    activity: str = ""
    usage: dict[str, float] = field(default_factory=dict)
    tools: int = 0
    marker_at: float = 0.0
    ok: bool | None = None
    reason: str = ""
    exit: int | None = None
    error: str = ""
    checks: tuple[dict[str, Any], ...] = ()
    commit: str = ""
    merge_commit: str = ""  # what the queue merges; differs from commit after a resolution
    files: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    conflict_head: str = ""  # the integration branch's commit it conflicts with
    conflict_files: tuple[dict[str, Any], ...] = ()  # path, kind, hunks, writers
    choices: str = ""  # what a person chose by file and hunk, as core.conflicts reads it
    claims: dict[str, Any] = field(default_factory=dict)
    instructions: str = ""
    failure: str = ""  # what went wrong before, for the agent's eyes
    drop: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()
    stop: bool = False  # wanted by a person; the engine ends it
    unkept: bool = False  # what lies in its worktree could not be committed yet
    keep_tried: int = 0  # in vain, when the task had so many attempts
    resolve: str = ""  # how the conflict is to be resolved, once decided
    pending_answers: dict[str, tuple[bool, str]] = field(default_factory=dict)
    instructions_given: int = 0  # in mid-run, so far
    pending_instructions: dict[int, tuple[str, str]] = field(default_factory=dict)
    parked_until: float = 0.0
    paused: str = ""  # user | budget: it was told to wait
    ending: str = ""  # why it alone is ended: held (waits for its user) | restart
    afresh: bool = False  # what follows it begins anew, not in its session
    resumes: int = 0  # times it was taken up again in its session after a stop
    before_s: float = 0.0  # how long it had worked before that
    session: str = ""
    model: str = ""  # as the agent says
    handoffs: tuple[str, ...] = ()  # tasks whose results it is still to be told
    outcome: str = ""  # merged | failed | stopped | lost | superseded
    agent: str = ""

    @property
    def seconds(self) -> float:
        """How long the agent worked, 0 before its end."""
        last = max(0.0, self.ended_at - self.started_at) if self.ended_at else 0.0
        return self.before_s + last


@dataclass(slots=True)
class TaskRun:
    """A task in this run."""

    task: Task
    assignment: Assignment
    state: TaskState
    why: str = ""
    after: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()
    wave: int = 1
    rank: float = 0.0  # longest remaining path in seconds, this task included
    position: int = 0  # in the document
    attempts: list[Attempt] = field(default_factory=list)
    not_before: float = 0.0
    next_instructions: str = ""
    next_failure: str = ""
    agent: str = ""  # set when the user swapped it
    model: str = ""  # set when the user or a budget wants another
    heard_of: tuple[str, ...] = ()  # tasks it does not wait for, whose results concern it
    retries_used: int = 0
    lost: int = 0
    rules: tuple[str, ...] = ()  # what its agents may always do, by the user's answers
    extended: tuple[str, ...] = ()  # files the user allowed on top of the plan's
    foreseen: str = ""  # a conflict its merge would have as things stand, in words
    merged_sha: str = ""
    merged_at: float = 0.0
    queued_at: float = 0.0
    history: list[tuple[float, TaskState, str]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The task's id, as in the plan."""
        return self.task.id

    @property
    def attempt(self) -> Attempt | None:
        """The newest attempt."""
        return self.attempts[-1] if self.attempts else None

    @property
    def moving(self) -> bool:
        """Whether something is being done for it now, a decided conflict's resolution included."""
        if self.state is TaskState.CONFLICTED:
            return self.attempt is not None and bool(self.attempt.resolve)
        return self.state in MOVING

    @property
    def owned(self) -> tuple[str, ...]:
        """The patterns this task may write."""
        return (*self.assignment.owned, *self.extended)


@dataclass(slots=True)
class GateRun:
    """A gate at the end of one wave (or of the run), or after one task's merge."""

    key: str
    gate: Gate
    wave: int  # 0 = final
    task: str = ""  # after whose merge it runs, where it is one task's
    state: str = "pending"  # pending running passed failed accepted
    runs: int = 0
    sha: str = ""
    exit: int | None = None
    seconds: float = 0.0
    log: str = ""
    tail: tuple[str, ...] = ()
    stage: str = ""  # of a running gate: what it is doing, besides simply running
    fixes: int = 0  # automatic re-spawns so far
    new: tuple[str, ...] = ()  # failures the base does not have
    known: tuple[str, ...] = ()  # failures of the base that are still there
    fixed: tuple[str, ...] = ()
    flaky: tuple[str, ...] = ()
    guilty: str = ""
    notes: tuple[str, ...] = ()

    @property
    def delta(self) -> str:
        """The comparison with the base in a few words; "" when there is nothing to say."""
        parts = [
            f"{len(names)} {word}"
            for names, word in (
                (self.new, "new"),
                (self.known, "failing before"),
                (self.fixed, "fixed"),
                (self.flaky, "flaky"),
            )
            if names
        ]
        return ", ".join(parts)


@dataclass(slots=True)
class RunState:
    """Everything known about a run."""

    run: str = ""
    repo: str = ""
    strategy: Strategy | None = None
    options: RunOptions = field(default_factory=RunOptions)
    status: RunStatus = RunStatus.REVIEW
    created_at: float = 0.0
    started_at: float = 0.0
    ended_at: float = 0.0
    now: float = 0.0  # time of the newest event
    idle_s: float = 0.0  # since the start, at rest until a person came
    base_sha: str = ""
    base_branch: str = ""
    dirty: tuple[str, ...] = ()
    accepted: bool = False  # the strategy, by the user
    script: str = ""
    head: str = ""  # integration branch
    tasks: dict[str, TaskRun] = field(default_factory=dict)
    waves: list[list[str]] = field(default_factory=list)
    merges: list[tuple[str, str]] = field(default_factory=list)  # (commit, task), oldest first
    wave_tags: dict[int, str] = field(default_factory=dict)
    gates: dict[str, GateRun] = field(default_factory=dict)
    # gate command -> (commit it was last settled at, passed | accepted)
    green: dict[str, tuple[str, str]] = field(default_factory=dict)
    # gate command -> failures of the base it was let through with the last time
    tolerated: dict[str, tuple[str, ...]] = field(default_factory=dict)
    foreseen: tuple[dict[str, Any], ...] = ()  # conflicts to come: task, other, paths
    questions: dict[str, Question] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    notices: list[tuple[float, str]] = field(default_factory=list)
    rules: tuple[str, ...] = ()  # what every agent may always do, by the user's answers
    max_parallel: int = 10
    # why there are fewer agents than that for now: source -> (limit, reason)
    throttles: dict[str, tuple[int, str]] = field(default_factory=dict)
    failures: list[float] = field(default_factory=list)  # when attempts failed, lately
    mode: str = "waves"
    attended: bool = True
    budget_extra: dict[str, float] = field(default_factory=dict)  # raised by; scope -> USD
    budget_warned: dict[str, float] = field(default_factory=dict)
    budget_asked: dict[str, int] = field(default_factory=dict)
    engine_pid: int = 0
    stopping: str = ""  # checkpoint | drain | abort
    stop_reason: str = ""
    rollback_to: int | None = None
    rollback_task: tuple[str, str] | None = None  # (task, commit of its merge) to go back to
    held_tasks: tuple[str, ...] = ()  # dropped by such a roll-back: they wait for an answer
    held_after: int | None = None  # waves after this one wait for an answer
    rollbacks: int = 0
    delivery: int = 0  # tries so far
    deliver_now: bool = False
    delivered: Delivery | None = None
    left: bool = False  # the user chose to leave the result on its branch
    suspended: str = ""

    def task(self, task_id: str) -> TaskRun:
        """That task in this run."""
        return self.tasks[task_id]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ENDED

    def count(self, *states: TaskState) -> int:
        """How many tasks are in one of these states."""
        return sum(1 for t in self.tasks.values() if t.state in states)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Where the work ended up."""

    branch: str
    sha: str
    how: str
    document: str = ""
    marked: tuple[str, ...] = ()
    note: str = ""
