"""Reads a Markdown plan of any kind: chooses its tasks, gathers their facts, joins them.

The formats differ in which headings or boxes are tasks and in what order is meant where none is
stated; a :class:`Style` says that, and everything else is the same for all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maestro_tui.plans import conventions, orders
from maestro_tui.plans.candidates import Candidate, find_candidates
from maestro_tui.plans.choosing import RANK, Choice, choose, fill
from maestro_tui.plans.document import Document
from maestro_tui.plans.document_facts import document_facts
from maestro_tui.plans.grouping import Group, group_tasks
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.marks import bare, mode_in
from maestro_tui.plans.model import Diagnostic, Edge, Phase, Plan, Task
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.task_facts import Found, task_facts


@dataclass(frozen=True, slots=True)
class Style:
    """What one format does its own way."""

    rank: tuple[str, ...] = RANK
    order: str = conventions.PHASES
    action: str = ""  # what is done to a file when no word says it
    labels_only: bool = False  # files stand under labels, never in the prose of a task
    references: bool = False  # a "References" list names the files that are changed
    unlabelled: bool = True  # files of prose count where labels give none


@dataclass(slots=True)
class Outcome:
    """A plan together with how its tasks were found, so that a format can say how sure it is."""

    plan: Plan
    choice: Choice | None


def read_markdown(document: Document, style: Style) -> Outcome:
    """The plan a style finds in a document; one without tasks when nothing in it is surely work."""
    choice = choose(find_candidates(document.tree), style.rank)
    if choice is None:
        title = document_title(document)
        return Outcome(Plan(title, id=document.name), None)
    fill(choice)
    return Outcome(_Reading(document, style, choice).plan(), choice)


def document_title(document: Document) -> str:
    """The first heading of level 1, else the frontmatter's title, else the file's name."""
    for section in document.tree.walk():
        if section.level == 1:
            return bare(section.title) or document.name
    front = document.frontmatter
    return clean(front.get("title", "") or front.get("name", "")) or document.name or "Plan"


class _Reading:
    """One document being read; an object because ids, phases and edges refer to one another."""

    def __init__(self, document: Document, style: Style, choice: Choice) -> None:
        self.document = document
        self.style = style
        self.choice = choice
        self.diagnostics: list[Diagnostic] = []
        self.groups: list[Group] = []
        self.tasks: list[Task] = []
        self.found: list[Found] = []
        self.parallel: set[str] = set()
        self.edges: list[Edge] = []

    def plan(self) -> Plan:
        """Everything in the order in which each step needs the one before."""
        members = self._distinct(self.choice.tasks)
        self.groups, of = group_tasks(members, self.choice)
        names = self._names(members, of)
        whole = document_facts(self.document, members)
        for candidate, name, group in zip(members, names, of, strict=True):
            self._task(candidate, name, group, whole.known)
        self._complete_names()
        self._join(members, names, of)
        phases = self._phases()
        self._orders(phases)
        return Plan(
            title=document_title(self.document),
            id=self.document.name,
            verify=tuple(dict.fromkeys(whole.verify)),
            forbidden=tuple(dict.fromkeys(whole.forbidden)),
            phases=tuple(phases),
            tasks=with_keys(self.tasks),
            edges=_distinct_edges(self.edges),
            gates=tuple(g for group in self.groups for g in group.gates),
            diagnostics=(*self.diagnostics, *whole.diagnostics, *self._count_remark(members)),
        )

    # Which tasks, and what they are called

    def _distinct(self, tasks: Sequence[Candidate]) -> list[Candidate]:
        """Each piece of work once: of accounts with one id under one heading the fullest."""
        seen: dict[str, list[int]] = {}
        out: list[Candidate] = []
        for task in tasks:
            twins = seen.setdefault(task.id, []) if task.id else []
            at = next((n for n in twins if self._same(out[n], task)), None)
            if at is None:
                if any(_home(out[n]) == _home(task) for n in twins):
                    self._doubled(task, out[twins[0]])
                twins.append(len(out))
                out.append(task)
                continue
            first = out[at]
            keep, drop = (task, first) if _full(task) and not _full(first) else (first, task)
            out[at] = keep
            self.diagnostics.append(
                Diagnostic(
                    "duplicate-id", "warning", drop.line,
                    f"{drop.id!r} appears again; it is read from line {keep.line} only.",
                    "Give it an id of its own, or remove the repeated account.",
                )
            )  # fmt: skip
        return out

    def _same(self, a: Candidate, b: Candidate) -> bool:
        """Whether two candidates of one id are two accounts of one piece of work."""
        if self.choice.family == "phase" or bare(a.title).lower() == bare(b.title).lower():
            return True
        return _home(a) == _home(b) and not (_full(a) and _full(b))

    def _doubled(self, task: Candidate, first: Candidate) -> None:
        self.diagnostics.append(
            Diagnostic(
                "duplicate-id",
                "warning",
                task.line,
                f"The id {task.id!r} is used on line {first.line} too; what depends on it means "
                "that one.",
                "Give one of them another id.",
            )
        )

    def _names(self, members: Sequence[Candidate], of: Sequence[Group | None]) -> list[str]:
        """Unique ids: as written, else with the group's in front, else numbered."""
        inner = self.choice.family == "phase-item"
        count = Counter(m.id for m in members if m.id)
        taken: set[str] = set()
        out = []
        for n, (member, group) in enumerate(zip(members, of, strict=True), 1):
            name = member.id or str(n)
            if (
                group is not None
                and member.id
                and (count[name] > 1 or (inner and member.family != "phase"))
            ):
                name = f"{group.short}.{name}"
            base, more = name, 1
            while name in taken:
                more += 1
                name = f"{base}-{more}"
            taken.add(name)
            out.append(name)
        if any(not m.id for m in members):
            self.diagnostics.append(
                Diagnostic(
                    "ids-made", "info", members[0].line,
                    f"The tasks have no ids of their own; they are numbered 1 to {len(members)}.",
                    "Give them ids, such as '- [ ] T001 ...' or '### Task 1: ...', to refer to "
                    "them.",
                )
            )  # fmt: skip
        return out

    def _task(self, c: Candidate, name: str, group: Group | None, known: dict[str, str]) -> None:
        owner = f"Task {name}"
        found = task_facts(c, owner, self.style.action, known,
                           labels_only=self.style.labels_only, references=self.style.references)  # fmt: skip
        self.diagnostics += found.facts.diagnostics
        status = self._status(c, found)
        if (
            group is not None
            and group.status in ("done", "cancelled", "deferred")
            and status == "pending"
        ):
            status = group.status
        task = Task(
            id=name,
            title=c.title,
            phase=group.id if group else (name if self.choice.family == "phase" else ""),
            line=c.line,
            status=status,
            optional=c.optional or bool(re.search(r"\boptional\b", c.raw[:120], re.I)),
            body=(f"{c.line}-{c.end}",),
            text=self._text(c),
            prompt=found.prompt,
            mentions=tuple(found.mentions),
        )
        task = replace(found.facts.applied(task), status=status)
        if c.parallel:
            self.parallel.add(name)
        self.tasks.append(task)
        self.found.append(found)

    def _complete_names(self) -> None:
        """Names without a folder become the one file that other lines name in full, or mentions."""
        tails: dict[str, set[str]] = {}
        for task in self.tasks:
            for path in task.files:
                tails.setdefault(path.rsplit("/", 1)[-1], set()).add(path)
        for n, (task, found) in enumerate(zip(self.tasks, self.found, strict=True)):
            for ref in found.bare:
                full = tails.get(ref.path, set())
                if len(full) == 1:
                    path = next(iter(full))
                    kind = "modify" if ref.action in ("", "create") else ref.action
                    if path not in task.files:
                        task = replace(task, **{kind: (*getattr(task, kind), path)})
                elif ref.path not in task.mentions:
                    task = replace(task, mentions=(*task.mentions, ref.path))
            self.tasks[n] = task

    def _status(self, c: Candidate, found: Found) -> str:
        if c.status != "pending":
            return c.status
        if found.facts.status and found.facts.status != "pending":
            return found.facts.status
        if c.checked is None and c.is_heading:
            boxes = [b.checked for b in c.blocks if b.checked is not None]
            if boxes and all(boxes):
                return "done"
        return "pending"

    def _text(self, c: Candidate) -> str:
        hidden = self.document.hidden
        numbered = enumerate(self.document.lines[c.line : c.end], c.line + 1)
        text = "\n".join(line for n, line in numbered if n not in hidden).strip()
        return text if c.is_heading or not c.raw else f"{c.raw}\n{text}".strip()

    # How they depend on one another

    def _join(
        self, members: Sequence[Candidate], names: Sequence[str], of: Sequence[Group | None]
    ) -> None:
        targets = [
            Target("task", m.id or n, m.title, (n,), g.short if g else "", m.line)
            for m, n, g in zip(members, names, of, strict=True)
        ]  # fmt: skip
        own = [replace(t, id=n) for t, n in zip(targets, names, strict=True) if t.id != n]
        inside: dict[str, list[str]] = {}
        for name, group in zip(names, of, strict=True):
            if group is not None:
                inside.setdefault(group.id, []).append(name)
        phases = [
            Target("phase", g.short, g.title, (g.id,), "", g.line) for g in self.groups
        ]  # fmt: skip
        self.targets = [*targets, *own, *phases]
        if self.choice.family == "phase":
            self.targets += [replace(t, kind="phase") for t in targets]
        resolver = Resolver(sorted(self.targets, key=lambda t: t.line))
        for target, found in zip(targets, self.found, strict=True):
            self._depend(resolver, target, found.facts.dependencies, strict=False)
            for phrase, line in found.uses:
                self._uses(resolver, target, phrase, line, inside)
        for phase, group in zip(phases, self.groups, strict=True):
            self._depend(resolver, phase, group.dependencies, strict=False)
            if group.after:
                found_ids = resolver.resolve(group.after, group.line, phase, strict=False).ids
                self.edges += [
                    Edge(group.id, a, "mode", group.line) for a in found_ids if a != group.id
                ]
        self.resolver = resolver

    def _depend(
        self,
        resolver: Resolver,
        owner: Target,
        stated: Sequence[tuple[str, str, int]],
        *,
        strict: bool,
    ) -> None:
        for label, value, line in stated:
            answer = resolver.resolve(value, line, owner, strict=strict)
            self.diagnostics += [d for d in answer.diagnostics if label != "prerequisites"]
            for name in answer.ids:
                for mine in owner.ids:
                    pair = (name, mine) if label == "blocks" else (mine, name)
                    if pair[0] != pair[1]:
                        self.edges.append(Edge(pair[0], pair[1], "label", line))

    def _uses(
        self,
        resolver: Resolver,
        owner: Target,
        phrase: tuple[str, str],
        line: int,
        inside: dict[str, list[str]],
    ) -> None:
        """``Uses the parser from Phase 1``: the task there that is called so, else the phase."""
        what, where = phrase
        titles = {t.id: t.title for t in self.tasks}
        for name in resolver.resolve(where, line, owner, strict=False).ids:
            if name == owner.phase:
                continue
            words = set(re.findall(r"\w{4,}", what.lower()))
            fits = [
                t for t in inside.get(name, [])
                if len(words & set(re.findall(r"\w{4,}", titles[t].lower()))) >= 2
            ]  # fmt: skip
            self.edges += [Edge(owner.ids[0], a, "label", line) for a in fits or [name]]

    def _phases(self) -> list[Phase]:
        if self.choice.family == "phase":
            return [
                Phase(t.id, t.title, *mode_in(c.raw), line=t.line)
                for t, c in zip(self.tasks, self._distinct_quiet(), strict=True)
            ]  # fmt: skip
        return [
            Phase(g.id, g.title, g.mode, g.max_parallel, (), tuple(g.files), g.line)
            for g in self.groups
        ]

    def _distinct_quiet(self) -> list[Candidate]:
        by_line = {c.line: c for c in self.choice.tasks}
        return [by_line[t.line] for t in self.tasks]

    def _orders(self, phases: Sequence[Phase]) -> None:
        found, problems, _ = orders.read_orders(self.document.tree, self.resolver)
        have = {(e.task, e.after) for e in self.edges}
        self.edges += [e for e in found if (e.task, e.after) not in have]
        self.diagnostics += problems
        self.edges += self._modes(phases)
        stated = any(f.facts.dependencies for f in self.found) or any(
            e.source in ("section", "arrow", "mermaid", "table") for e in self.edges
        )
        style = self.style.order
        if stated and style not in (conventions.MARKED, conventions.FREE):
            style = conventions.FREE
        self.edges += conventions.default_order(
            style, self.tasks, phases, self.edges, self.parallel
        )

    def _modes(self, phases: Sequence[Phase]) -> list[Edge]:
        """What headings say: a sequential phase is a chain, and phases with modes follow each other."""
        out: list[Edge] = []
        with_mode = [p for p in phases if p.mode != "unspecified"]
        if self.choice.family == "phase":
            return []
        for phase in with_mode:
            if phase.mode == "sequential":
                inside = [t for t in self.tasks if t.phase == phase.id]
                out += [
                    Edge(b.id, a.id, "mode", phase.line)
                    for a, b in zip(inside, inside[1:], strict=False)
                ]  # fmt: skip
        if len(with_mode) > 1 and any(p.mode == "sequential" for p in with_mode):
            out += [
                Edge(b.id, a.id, "mode", b.line) for a, b in zip(phases, phases[1:], strict=False)
            ]  # fmt: skip
        have = {(e.task, e.after) for e in self.edges}
        return [e for e in out if (e.task, e.after) not in have]

    def _count_remark(self, members: Sequence[Candidate]) -> list[Diagnostic]:
        declared = re.search(
            r"\b(\d{1,4})\s+(?:sub-?)?tasks\b|総タスク数\D{0,12}(\d{1,4})",
            self.document.text[:200_000],
        )
        if declared is None:
            return []
        number = int(declared[1] or declared[2])
        line = self.document.text.count("\n", 0, declared.start()) + 1
        inside = any(m.line <= line <= m.end for m in members)
        if number == len(members) or inside or number < 2:
            return []
        return [
            Diagnostic(
                "declared-count", "info", line,
                f"The document speaks of {number} tasks here; {len(members)} were found.",
                "Check that none is missing; the count in a text is often out of date.",
            )
        ]  # fmt: skip


def _home(task: Candidate) -> object:
    parent = task.section.parent if task.is_heading else task.section
    return parent.line if parent is not None else 0


def _full(task: Candidate) -> bool:
    return any(b.kind != "blank" for b in task.blocks)


def _distinct_edges(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    first: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        if edge.task != edge.after:
            first.setdefault((edge.task, edge.after), edge)
    return tuple(sorted(first.values(), key=lambda e: e.line or 10**9))
