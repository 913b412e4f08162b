"""How the tasks of a Markdown plan depend on one another: what is stated, then what is usual."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from maestro_tui.plans import conventions, orders
from maestro_tui.plans.asides import Aside
from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.document import Document
from maestro_tui.plans.grouping import Group
from maestro_tui.plans.model import Diagnostic, Edge, Phase, Task
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.task_facts import Found

_STEP = re.compile(r"\b(?:steps?|schritte?|étapes?|pasos?|passos?)\b", re.IGNORECASE)
_NAMES_WORK = re.compile(
    r"(?:the )?(?:phases?|tasks?|steps?|streams?|agents?|waves?)\b", re.IGNORECASE
)


@dataclass(slots=True)
class Member:
    """A task of the plan with where it came from."""

    task: Task
    candidate: Candidate
    found: Found
    group: Group | None


@dataclass(slots=True)
class Joining:
    """Edges of one plan; ``phases_are_tasks`` where each phase is a task of its own."""

    document: Document
    members: Sequence[Member]
    groups: Sequence[Group]
    phases_are_tasks: bool
    edges: list[Edge] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stated: bool = False  # whether a task says what it waits for, be it nothing

    def join(self, phases: Sequence[Phase], style: str, parallel: Collection[str]) -> list[Edge]:
        """Every edge once, in the order of the lines that state them."""
        resolver = self._labels()
        self._new(orders.read_orders(self.document.tree, resolver))
        self._new([] if self.phases_are_tasks else self._modes(phases))
        drawn = any(e.source in ("section", "arrow", "mermaid", "table") for e in self.edges)
        if (self.stated or drawn) and style not in (conventions.MARKED, conventions.FREE):
            style = conventions.FREE
        tasks = [m.task for m in self.members]
        if style == conventions.MARKED and self._places_all(tasks):
            style = conventions.FREE
        self.edges += conventions.default_order(style, tasks, phases, self.edges, parallel)
        first: dict[tuple[str, str], Edge] = {}
        for edge in self.edges:
            if edge.task != edge.after:
                first.setdefault((edge.task, edge.after), edge)
        return sorted(first.values(), key=lambda e: e.line or 10**9)

    def _places_all(self, tasks: Sequence[Task]) -> bool:
        """Whether an order section names nearly every task, so that nothing is left to custom."""
        named = {i for e in self.edges if e.source == "section" for i in (e.task, e.after)}
        return sum(1 for t in tasks if t.id in named) * 5 >= len(tasks) * 4

    def _new(self, found: Sequence[Edge]) -> None:
        have = {(e.task, e.after) for e in self.edges}
        self.edges += [e for e in found if (e.task, e.after) not in have]

    def _labels(self) -> Resolver:
        """The edges that stand beneath tasks and phases; what was needed to read them."""
        own = [_target(m) for m in self.members]
        phases = [Target("phase", g.short, g.title, (g.id,), "", g.line) for g in self.groups]
        called = [
            replace(t, id=m.task.id)
            for t, m in zip(own, self.members, strict=True)
            if t.id != m.task.id
        ]
        targets = [*own, *called, *phases]
        if self.phases_are_tasks:
            targets += [replace(t, kind="phase") for t in own]
        resolver = Resolver(sorted(targets, key=lambda t: t.line))
        inside: dict[str, list[Task]] = {}
        for member in self.members:
            if member.group is not None:
                inside.setdefault(member.group.id, []).append(member.task)
        for target, member in zip(own, self.members, strict=True):
            if self._depend(resolver, target, member.found.facts.dependencies):
                self.stated = True
            for aside in member.found.asides:
                if not _inner_step(aside, member):
                    self._passing(resolver, target, aside)
            for phrase, line in member.found.uses:
                self._uses(resolver, target, phrase, line, inside)
        for phase, group in zip(phases, self.groups, strict=True):
            self._depend(resolver, phase, group.dependencies)
            if group.after:
                ids = resolver.resolve(group.after, group.line, phase, strict=False).ids
                self.edges += [Edge(group.id, a, "mode", group.line) for a in ids if a != group.id]
        return resolver

    def _depend(
        self, resolver: Resolver, owner: Target, stated: Sequence[tuple[str, str, int]]
    ) -> bool:
        """Adds what the labels state; false when all they name lies outside the plan."""
        told = False
        for label, value, line in stated:
            answer = resolver.resolve(value, line, owner, strict=False)
            self.diagnostics += [d for d in answer.diagnostics if label != "prerequisites"]
            told = told or bool(answer.ids) or not answer.diagnostics
            for name in answer.ids:
                for mine in owner.ids:
                    task, after = (name, mine) if label == "blocks" else (mine, name)
                    if task != after:
                        self.edges.append(Edge(task, after, "label", line))
        return told

    def _passing(self, resolver: Resolver, owner: Target, aside: Aside) -> None:
        """Adds an order said in passing, where all its words name tasks or phases of the plan."""
        answer = resolver.resolve(aside.value, aside.line, owner, strict=False)
        if answer.diagnostics and not (answer.ids and _NAMES_WORK.match(aside.value)):
            return
        self.stated = True
        for name in answer.ids:
            for mine in owner.ids:
                task, after = (name, mine) if aside.label == "blocks" else (mine, name)
                if task != after:
                    self.edges.append(Edge(task, after, "label", aside.line))

    def _uses(
        self,
        resolver: Resolver,
        owner: Target,
        phrase: tuple[str, str],
        line: int,
        inside: dict[str, list[Task]],
    ) -> None:
        """``Uses the parser from Phase 1``: the task there that is called so, else the phase."""
        what, where = phrase
        words = _long_words(what)
        for name in resolver.resolve(where, line, owner, strict=False).ids:
            if name == owner.phase:
                continue
            fits = [
                t.id
                for t in inside.get(name, [])
                if words and len(words & _long_words(t.title)) > 1
            ]
            self.edges += [Edge(owner.ids[0], a, "label", line) for a in fits or [name]]

    def _modes(self, phases: Sequence[Phase]) -> list[Edge]:
        """What headings say: a sequential phase is a chain, phases with modes follow each other."""
        out: list[Edge] = []
        inside: dict[str, list[str]] = {}
        for member in self.members:
            inside.setdefault(member.task.phase, []).append(member.task.id)
        for phase in phases:
            if phase.mode == "sequential":
                chain = pairwise(inside.get(phase.id, ()))
                out += [Edge(b, a, "mode", phase.line) for a, b in chain]
        modes = [p.mode for p in phases if p.mode != "unspecified"]
        out += self._rounds()
        if len(modes) > 1 and "sequential" in modes:
            out += [Edge(b.id, a.id, "mode", b.line) for a, b in pairwise(phases)]
        return out

    def _rounds(self) -> list[Edge]:
        """Waves follow one another, save where most tasks say themselves what they wait for."""
        rounds = [g for g in self.groups if g.round]
        told = sum(1 for m in self.members if m.found.facts.dependencies or m.found.asides)
        if told * 2 > len(self.members):
            return []
        return [Edge(b.id, a.id, "convention", b.line) for a, b in pairwise(rounds) if not b.after]


def _inner_step(aside: Aside, member: Member) -> bool:
    """Whether a sentence beneath a title speaks of the steps inside the task."""
    if not aside.in_body or not _STEP.search(aside.value):
        return False
    if member.candidate.family not in ("step", "numbered", "ordered", "box", "box-id"):
        return True
    return any(b.kind == "item" and b.marker[:1].isdigit() for b in member.candidate.blocks)


def _target(member: Member) -> Target:
    c, group = member.candidate, member.group
    name = member.task.id
    return Target("task", c.id or name, c.title, (name,), group.short if group else "", c.line)


def _long_words(text: str) -> set[str]:
    return set(re.findall(r"\w{4,}", text.lower()))
