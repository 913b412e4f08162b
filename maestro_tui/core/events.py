"""Facts, in the past tense. Each is one row of the journal and serialises to plain JSON.

``at`` is Unix seconds, taken by whoever observed the fact, so that folding needs no clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Anything that happened; ``task`` and ``attempt`` are empty where they do not apply."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptEvent(Event):
    """A fact about one attempt at one task."""

    task: str
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCreated(Event):
    """The user wants this strategy run on this repository, from this commit."""

    run: str
    repo: str
    strategy: dict[str, Any]
    options: dict[str, Any]
    base_sha: str
    base_branch: str  # empty when HEAD was detached
    dirty: tuple[str, ...] = ()  # uncommitted paths that are not part of the run
    script: str = ""  # path of the rehearsal script, when there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineStarted(Event):
    """An engine took the run over; ``attended`` tells whether a person can answer questions."""

    pid: int
    attended: bool
    policies: dict[str, Any] = field(default_factory=dict)  # overrides of the run's options


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSuspended(Event):
    """The engine left at a checkpoint: nothing runs, everything can go on later."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(Event):
    """Nothing is left to do. ``outcome``: done | failed | aborted | declined."""

    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Woke(Event):
    """A moment the machine was waiting for has come (a retry delay is over)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorktreeReady(AttemptEvent):
    """The attempt has a clean tree of its own, on its own branch, at ``base``."""

    path: str
    branch: str
    base: str
    notes: tuple[str, ...] = ()  # what it lacks, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentStarted(AttemptEvent):
    """The runner is up; ``start_time`` tells it from a later process with the same pid."""

    pid: int
    start_time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentReported(AttemptEvent):
    """News from a running agent: what it does, what it used, how far its events were read."""

    offset: int
    activity: str = ""
    usage: dict[str, float] = field(default_factory=dict)
    tools: int = 0
    parked_until: float = 0.0  # it waits for a limit of the service to pass; 0 = it works
    session: str = ""  # as the agent's own program names it
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionAsked(AttemptEvent):
    """A running agent wants to do something it may not do unasked, or to know something.

    ``form``: permission | question (``choices`` are its answers) | plan. ``rule`` is what "always"
    would allow.
    """

    request: str
    tool: str
    detail: str
    rule: str = ""
    form: str = "permission"
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionWithdrawn(AttemptEvent):
    """The agent does not wait for that answer any more."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionDelivered(AttemptEvent):
    """The answer has reached the agent's runner."""

    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionGiven(Event):
    """Someone says something to a task's agent.

    ``kind``: message (words, heard as soon as it can) | interrupt | model (its name) | pause |
    resume (also from a wait for a limit) | no-waiting (for limits, from now on) | stop | restart.
    """

    task: str
    kind: str
    text: str = ""
    by: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionDelivered(AttemptEvent):
    """It has reached the agent's runner."""

    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HandedOver(AttemptEvent):
    """The agent at work was told what the task ``source``, merged meanwhile, delivered.

    ``told`` is false when that left no document.
    """

    source: str
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkerSeen(AttemptEvent):
    """The completion marker exists; what it says is checked, not believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEnded(AttemptEvent):
    """The agent's process is gone.

    ``reason``: exited, timeout, stopped, crashed, spawn-error, lost.
    """

    ok: bool
    reason: str
    exit: int | None = None
    error: str = ""
    evidence: tuple[str, ...] = ()
    suspect: str = ""  # a dependency that may be the real cause
    usage: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkChecked(AttemptEvent):
    """What the agent left was committed and compared with what was asked."""

    checks: tuple[dict[str, Any], ...]  # {"name", "ok", "detail"}
    commit: str = ""
    files: tuple[str, ...] = ()
    stray: tuple[str, ...] = ()
    claims: dict[str, Any] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    suspect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged(AttemptEvent):
    """The attempt's commit is part of the integration branch, now at ``sha``."""

    sha: str
    previous: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRefused(AttemptEvent):
    """The merge did not happen because the change holds files of others."""

    stray: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeConflicted(AttemptEvent):
    """The attempt and the integration branch changed the same lines; both sides are kept."""

    paths: tuple[str, ...]
    others: tuple[str, ...] = ()  # tasks that wrote the other side
    worktree: str = ""
    evidence: tuple[str, ...] = ()
    head: str = ""  # the integration branch it was merged into
    files: tuple[dict[str, Any], ...] = ()  # path, kind, hunks (their number), writers


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictsForeseen(Event):
    """What would conflict if it were merged as it is now; replaces what was foreseen before.

    Each: ``task``, ``other`` (another running task, or the merged one whose files they are),
    ``paths``.
    """

    conflicts: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictResolved(AttemptEvent):
    """The attempt's branch now holds a commit without conflict."""

    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionRefused(AttemptEvent):
    """What was offered as a resolution is none (markers left, files missing, gates red)."""

    reason: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateEnded(Event):
    """A gate ran on the merged tree at ``sha``."""

    gate: str  # key of the gate run
    ok: bool
    sha: str
    exit: int | None = None
    seconds: float = 0.0
    log: str = ""
    tail: tuple[str, ...] = ()
    suspects: tuple[str, ...] = ()
    new: tuple[str, ...] = ()  # failures the base does not have
    known: tuple[str, ...] = ()  # failures of the base, still there: they do not block
    fixed: tuple[str, ...] = ()  # failures of the base that are gone
    flaky: tuple[str, ...] = ()  # failed once and not again
    guilty: str = ""  # the task whose merge turned it red, found by running it in between
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GateAdvanced(Event):
    """A running gate goes on to its next stage, which writes to another log."""

    gate: str
    stage: str
    log: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaveTagged(Event):
    """Every task of the wave is settled and its gates are green: a place to go back to."""

    wave: int
    sha: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolledBack(Event):
    """The integration branch is back at the end of ``wave``; what was dropped is under refs."""

    wave: int  # -1: not at a wave's end but right after the merge of ``task``
    sha: str
    kept: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackRequested(Event):
    """A person wants the run back at a point: base, wave:N, or task:ID (right after its merge)."""

    to: str
    by: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade(Event):
    """A person (or a policy, by name) answered a question."""

    question: str
    answer: str
    text: str = ""
    by: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopRequested(Event):
    """Someone wants the run to pause.

    ``mode``: checkpoint (now), drain (after the running agents), abort.
    """

    mode: str
    by: str = "user"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelChanged(Event):
    """The user turned the number of agents up or down."""

    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourcesChanged(Event):
    """The machine is short of something: at most ``limit`` agents (0: no longer)."""

    limit: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRequested(Event):
    """The user wants a task that was given up to be done after all."""

    task: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered(Event):
    """The base branch holds the run's work."""

    branch: str
    sha: str
    how: str  # fast-forward | merge
    document: str = ""  # the plan's, where it was to be marked
    marked: tuple[str, ...] = ()  # tasks that stand done in it
    note: str = ""  # why others that were merged do not


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRefused(Event):
    """The base branch was left as it is, because …"""

    reason: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectFailed(Event):
    """Maestro itself could not do something (disk full, git refused).

    ``effect`` is the command's key.
    """

    effect: str
    error: str
    task: str = ""
    attempt: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkKept(Event):
    """What lay in an attempt's worktree, and could not be written down before, is under a ref.

    No ``AttemptEvent``: by then the task may be at a later attempt.
    """

    task: str
    attempt: int
