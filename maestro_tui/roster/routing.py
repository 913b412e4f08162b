"""Which agent does a task: the one the plan names, else the best match, with the reasons.

The score has four visible parts, because a choice the user cannot check is a choice the user has
to make again: capability (what the agent owns), model fit, availability and expertise (words).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from maestro_tui.plans.globs import as_scope, is_glob, matches, overlap
from maestro_tui.plans.model import Task
from maestro_tui.roster.definitions import TIERS, AgentDefinition, tier_of
from maestro_tui.roster.discovery import GENERAL, Roster
from maestro_tui.roster.words import likeness, words


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each part of the score is worth, and what capability and expertise must reach.

    ``threshold`` looks at those two alone: a free agent on the right model is still the wrong
    agent when nothing about the task is its own.
    """

    capability: float = 40.0
    model_fit: float = 20.0
    availability: float = 20.0
    expertise: float = 20.0
    threshold: float = 12.0


DEFAULT_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Match:
    """The agent chosen for a task, how it scored, why, and who came second.

    ``rung`` says how it was found: named, nearest (a slip in the plan), matched, general.
    """

    agent: str
    score: float
    parts: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    runner_up: str = ""
    runner_up_score: float = 0.0
    rung: str = "matched"


@dataclass(frozen=True, slots=True)
class _Candidate:
    definition: AgentDefinition
    parts: dict[str, float]
    reason: str

    @property
    def score(self) -> float:
        return sum(self.parts.values())

    @property
    def evidence(self) -> float:
        return self.parts["capability"] + self.parts["expertise"]


def route(
    task: Task,
    roster: Roster,
    *,
    weights: Weights = DEFAULT_WEIGHTS,
    busy: Mapping[str, int] | None = None,
) -> Match:
    """The agent for a task; ``busy`` counts the attempts each agent is running right now."""
    candidates = _score_all(task, roster, weights, busy or {})
    general = next(c for c in candidates if c.definition.name == roster.general.name)
    ranked = sorted(
        (c for c in candidates if c is not general),
        key=lambda c: (c.evidence < weights.threshold, -round(c.score, 3), c.definition.name),
    )
    note = ""
    if task.agent:
        named = roster.get(task.agent)
        if named is not None:
            return _match(candidates, ranked, named, "named in the plan", "named")
        near = roster.nearest(task.agent)
        if near is not None:
            reason = f'nearest to "{task.agent}", which the plan names and no definition has'
            return _match(candidates, ranked, near, reason, "nearest")
        note = f'the plan names "{task.agent}", which no definition has; '
    if ranked and ranked[0].evidence >= weights.threshold:
        best = ranked[0]
        return _match(candidates, ranked, best.definition, note + best.reason, "matched")
    return _match(
        candidates, ranked, general.definition, note + _why_general(ranked, weights), "general"
    )


def _why_general(ranked: list[_Candidate], weights: Weights) -> str:
    best = max(ranked, key=lambda c: c.evidence, default=None)
    if best is None or not best.evidence:
        return "the task is in nobody's field"
    return (
        f"nobody fits: {best.definition.name} comes nearest with {best.evidence:.0f} of the "
        f"{weights.threshold:.0f} points that capability and expertise must reach"
    )


def _match(
    candidates: list[_Candidate],
    ranked: list[_Candidate],
    chosen: AgentDefinition,
    reason: str,
    rung: str,
) -> Match:
    own = next(c for c in candidates if c.definition is chosen)
    second = next((c for c in ranked if c.definition is not chosen and c.evidence > 0), None)
    return Match(
        chosen.name,
        round(own.score, 1),
        {name: round(value, 1) for name, value in own.parts.items()},
        reason,
        second.definition.name if second else "",
        round(second.score, 1) if second else 0.0,
        rung,
    )


def _score_all(
    task: Task, roster: Roster, weights: Weights, busy: Mapping[str, int]
) -> list[_Candidate]:
    definitions = roster.definitions
    if roster.get(GENERAL) is None:
        definitions = (*definitions, roster.general)
    wanted = _wanted(task)
    files = _written(task)
    tier = wanted_tier(task)
    out = []
    said = words(" ".join((task.title, *task.files)))
    for definition in definitions:
        offered = roster.vocabulary.get(definition.name, {})
        share, claim = _capability(task, definition, files)
        like = likeness(wanted, offered, roster.rarity)
        if files and not _can_write(definition):
            share, claim, like = 0.0, "", 0.0
        parts = {
            "capability": weights.capability * share,
            "model_fit": weights.model_fit * _model_fit(definition, tier),
            "availability": weights.availability * _availability(definition, busy),
            "expertise": weights.expertise * like,
        }
        if not claim:
            shared = [word for root, word in said.items() if root in offered]
            claim = f"the task speaks of {', '.join(shared[:4])}" if shared else ""
        out.append(_Candidate(definition, parts, claim))
    return out


def _wanted(task: Task) -> dict[str, float]:
    """The words that describe the task: its title most, then its paths, then its first lines."""
    out: dict[str, float] = {}
    for word in words(task.text[:600]):
        out[word] = 0.15
    for path in task.files:
        for word in words(path):
            out[word] = 0.5
    for word in words(task.title):
        out[word] = 1.0
    return out


def _written(task: Task) -> list[str]:
    """The paths that say what the task is about: tests beside the work are left out."""
    scopes = (as_scope(path) for path in task.scope)
    work = dict.fromkeys((*task.create, *task.modify, *task.delete, *scopes))
    telling = [path for path in work if not _is_test(path)]
    return telling or list(task.files)


def _is_test(path: str) -> bool:
    pure = PurePosixPath(path)
    return bool({"tests", "test", "__tests__"} & set(pure.parts)) or pure.name.startswith("test_")


def _capability(task: Task, definition: AgentDefinition, files: list[str]) -> tuple[float, str]:
    """The share of the task's files the agent owns, else half of what its name shares with it."""
    if definition.owns and files:
        hits = {glob: [f for f in files if _owns(glob, f)] for glob in definition.owns}
        covered = {file for found in hits.values() for file in found}
        if covered:
            globs = ", ".join(glob for glob, found in hits.items() if found)
            return len(covered) / len(files), f"owns {globs}"
        return 0.0, ""
    named = list(words(definition.name))
    title = words(task.title)
    share = sum(word in title for word in named) / len(named) if named else 0.0
    return share / 2, ""


_WRITING = ("write", "edit", "bash", "shell", "patch", "execute", "run", "*", "all")


def _can_write(definition: AgentDefinition) -> bool:
    """Whether its tools let it change a file; an agent that lists none has them all."""
    tools = [tool.lower() for tool in definition.tools]
    return not tools or any(word in tool for tool in tools for word in _WRITING)


def _owns(glob: str, path: str) -> bool:
    if is_glob(path) or path.endswith("/"):
        return overlap(path, glob)
    return matches(path, glob)


def _availability(definition: AgentDefinition, busy: Mapping[str, int]) -> float:
    running = busy.get(definition.name, 0)
    return max(0.0, 1.0 - running / (definition.max_parallel or 10))


def _model_fit(definition: AgentDefinition, wanted: str) -> float:
    """1 on the wanted tier, half one tier away; an agent without a tier runs on any."""
    if not definition.tier:
        return 0.75
    return max(0.0, 1.0 - abs(TIERS.index(definition.tier) - TIERS.index(wanted)) / 2)


def wanted_tier(task: Task) -> str:
    """The model tier a task asks for: stated, else by its complexity."""
    stated = tier_of(task.tier) or tier_of(task.model)
    return stated or {"low": "haiku", "critical": "opus"}.get(complexity(task), "sonnet")


_CRITICAL = words("payment billing encryption incident outage vulnerability breach")
_HARD = words(
    "security authentication authorisation authorization migration concurrency distributed "
    "protocol transaction performance architecture refactor rewrite scheduler"
)
_EASY = words("typo readme documentation docs comment rename wording changelog greeting hello")


def complexity(task: Task) -> str:
    """low, medium, high or critical, from what the title names and how many files it writes."""
    title = words(task.title)
    files = len(_written(task))
    if any(word in title for word in _CRITICAL):
        return "critical"
    points = min(files // 4, 2) + any(word in title for word in _HARD)
    points -= any(word in title for word in _EASY)
    if points >= 2:
        return "high"
    return "low" if points < 0 else "medium"
