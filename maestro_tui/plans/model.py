"""What a plan is, once read: tasks, phases, edges, and the strategy to carry them out.

Everything here is frozen data of plain JSON types, so that a plan can be journaled, compared,
folded by the pure core and shown by any screen. Standard library only.
"""

from __future__ import annotations

import dataclasses
import types
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

SCHEMA = 1

CHOSEN = "chosen by you"  # the reason of a format that was not recognised but asked for

Severity = Literal["error", "warning", "info"]

# Where an edge comes from. The first seven are stated by the document; the user checks the others.
STATED_SOURCES = frozenset(
    {"label", "section", "table", "mermaid", "arrow", "frontmatter", "mode", "user"}
)

# Edges that only advise: shown, never waited for until the user makes them an order.
ADVISORY_SOURCES = frozenset({"import"})


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding of the reader, with the line it is about and what to write instead.

    Exists so that nothing is guessed silently. ``line`` is 1-based, 0 when no line applies.
    """

    code: str
    severity: Severity
    line: int
    text: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """A group of tasks with an order of its own (``after`` names other phases)."""

    id: str
    title: str
    mode: str = "unspecified"  # sequential | parallel | unspecified
    max_parallel: int = 0  # 0 = no limit stated
    after: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    line: int = 0
    read: str = ""  # digest of what the reader said, in an exported plan


@dataclass(frozen=True, slots=True)
class Task:
    """One unit of work for one agent: what to do, which files it may write, how it is checked.

    ``id`` is as written in the plan and unique; ``key`` is safe in branch and file names.
    ``text`` is the task's body, the words the agent will read. ``estimate_s`` is seconds, 0 when
    the plan states none.
    """

    id: str
    title: str
    key: str = ""
    phase: str = ""
    line: int = 0
    kind: str = "work"  # work | checkpoint | gate | prompt | subplan
    status: str = "pending"  # pending | doing | done | deferred | cancelled
    optional: bool = False
    body: tuple[str, ...] = ()  # line spans in the source: "62-94"
    text: str = ""
    prompt: str = ""  # path of the prompt file, where the task is a file
    create: tuple[str, ...] = ()
    modify: tuple[str, ...] = ()
    delete: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()  # globs and directories
    mentions: tuple[str, ...] = ()
    verify: tuple[str, ...] = ()  # commands, proposals until approved
    agent: str = ""
    model: str = ""
    tier: str = ""
    marker: str = ""
    estimate: str = ""
    estimate_s: float = 0.0
    timeout_s: float = 0.0  # seconds; 0 = the configured default
    requirements: tuple[str, ...] = ()
    read: str = ""  # digest of what the reader said, in an exported plan

    @property
    def files(self) -> tuple[str, ...]:
        """Every path or glob the task may write, in reading order, without repeats."""
        return tuple(
            dict.fromkeys((*self.create, *self.modify, *self.delete, *self.test, *self.scope))
        )


@dataclass(frozen=True, slots=True)
class Edge:
    """``task`` starts only after ``after``; ``source`` and ``line`` say who says so."""

    task: str
    after: str
    source: str
    line: int = 0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """A command Maestro runs on the merged tree.

    ``when``: "wave" (after each), "task" (after each merge; what depends on it waits) or "final".
    """

    name: str
    run: str
    when: str = "wave"
    waves: tuple[int, ...] = ()  # 1-based; empty = every wave
    timeout_s: float = 600.0
    line: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A document, understood. Field names are those of the canonical TOML and of ``--json``."""

    title: str
    id: str = ""
    source: str = ""  # path of the document, as given
    source_sha256: str = ""
    format: str = "generic"
    confidence: str = "high"  # high | medium | low
    reason: str = ""  # why this format
    runner_up: str = ""
    order: str = "convention"  # strict | convention | explicit
    verify: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    phases: tuple[Phase, ...] = ()
    tasks: tuple[Task, ...] = ()
    edges: tuple[Edge, ...] = ()
    gates: tuple[Gate, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    read: str = ""  # digest of what the reader said of the plan's head, in an exported plan

    def task(self, task_id: str) -> Task:
        """The task of that id; KeyError names it when there is none."""
        for task in self.tasks:
            if task.id == task_id:
                return task
        raise KeyError(task_id)

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that forbid a run."""
        return tuple(d for d in self.diagnostics if d.severity == "error")


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two tasks that meet in files: both write a place, or the one imports what the other writes.

    ``serialised`` tells whether an edge was added, ``ordered`` whether the second waits for the
    first at all; an import without an order is only advice.
    """

    first: str
    second: str
    kind: str  # same-file | glob-overlap | import
    paths: tuple[str, ...]
    serialised: bool = False
    ordered: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds and money before anything runs; ``basis`` labels where each figure comes from."""

    total_s: float = 0.0  # with the chosen mode and parallelism
    sequential_s: float = 0.0
    critical_s: float = 0.0
    wave_s: tuple[float, ...] = ()
    tokens_low: int = 0
    tokens_high: int = 0
    cost_low: float = 0.0  # USD
    cost_high: float = 0.0
    basis: str = "default"  # of the times: stated | history | default | mixed
    stated: int = 0  # tasks by the basis of their time
    history: int = 0
    default: int = 0
    wave_cost_low: tuple[float, ...] = ()
    wave_cost_high: tuple[float, ...] = ()
    wave_tokens_low: tuple[int, ...] = ()
    wave_tokens_high: tuple[int, ...] = ()
    tokens_basis: str = "default"  # history | default | mixed | none (no model is called)
    prices: str = ""  # the day of the price table
    unpriced: tuple[str, ...] = ()  # models without a price: reckoned as of unknown models
    history_runs: int = 0  # earlier runs behind the figures that rest on history


@dataclass(frozen=True, slots=True)
class WaveNeeds:
    """What one wave takes while it runs; 0 stands for nothing or for not known."""

    agents: int = 0  # at once
    slots: tuple[tuple[str, int], ...] = ()  # model tier, tasks of the wave that want it
    worktrees: int = 0
    disk_bytes: int = 0  # of those worktrees
    ports: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """The part of a very large plan that is launched first, to be looked at before the rest."""

    title: str
    number: int  # 1-based
    of: int
    tasks: tuple[str, ...]
    later: tuple[str, ...]
    files: int  # of the whole plan
    limit: int


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who does a task and how: the part of the strategy the user can change task by task."""

    task: str
    agent: str
    agent_reason: str = ""
    runner_up: str = ""
    role: str = ""  # the agent definition's text, given to the agent
    driver: str = "command"
    model: str = ""
    marker: str = ""
    owned: tuple[str, ...] = ()
    after: tuple[str, ...] = ()  # direct dependencies after analysis
    wave: int = 1  # 1-based
    estimate_s: float = 0.0
    estimate_basis: str = ""  # stated | history | default
    timeout_s: float = 1800.0
    retries: int = 0
    verify: tuple[str, ...] = ()
    excluded: bool = False
    excluded_reason: str = ""


@dataclass(frozen=True, slots=True)
class Strategy:
    """The plan plus every decision needed to run it; what the review shows and the engine runs.

    ``edges`` are task-to-task only (phase edges expanded, conflicts serialised) and acyclic;
    ``waves`` lists task ids, excluded and already-done tasks left out.
    """

    plan: Plan
    assignments: tuple[Assignment, ...]
    edges: tuple[Edge, ...] = ()
    waves: tuple[tuple[str, ...], ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    critical_path: tuple[str, ...] = ()
    estimate: Estimate = field(default_factory=Estimate)
    gates: tuple[Gate, ...] = ()
    mode: str = "waves"  # waves | streaming
    max_parallel: int = 10
    advisory: tuple[Edge, ...] = ()  # worth a thought, waited for by nobody
    needs: tuple[WaveNeeds, ...] = ()
    stage: Stage | None = None

    def assignment(self, task_id: str) -> Assignment:
        """The assignment of that task; KeyError names it when there is none."""
        for assignment in self.assignments:
            if assignment.task == task_id:
                return assignment
        raise KeyError(task_id)


T = TypeVar("T")


def to_dict(value: Any) -> Any:
    """A dataclass tree as plain JSON types, defaults left out, so journals stay small."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        out = {}
        for f in dataclasses.fields(value):
            item = getattr(value, f.name)
            if f.default is not dataclasses.MISSING and item == f.default:
                continue
            out[f.name] = to_dict(item)
        return out
    if isinstance(value, (tuple, list)):
        return [to_dict(v) for v in value]
    if isinstance(value, dict):
        return {str(k): to_dict(v) for k, v in value.items()}
    return value


_HINTS: dict[type, dict[str, Any]] = {}


def from_dict(cls: type[T], data: dict[str, Any]) -> T:
    """The inverse of :func:`to_dict`; unknown keys are ignored so that newer journals open."""
    hints = _HINTS.get(cls)
    if hints is None:
        hints = _HINTS[cls] = get_type_hints(cls)
    names = {f.name for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    return cls(**{k: _build(hints[k], v) for k, v in data.items() if k in names})


def _build(hint: Any, value: Any) -> Any:
    origin = get_origin(hint)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        inner = [a for a in get_args(hint) if a is not type(None)]
        return _build(inner[0], value) if len(inner) == 1 else value
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return from_dict(hint, value)
    if origin is tuple:
        args = get_args(hint)
        if len(args) == 2 and args[1] is Ellipsis:
            return tuple(_build(args[0], v) for v in value)
        return tuple(_build(a, v) for a, v in zip(args, value, strict=False))
    if origin is list:
        return [_build(get_args(hint)[0], v) for v in value]
    if origin is dict:
        return {k: _build(get_args(hint)[1], v) for k, v in value.items()}
    return value
