"""Reads a Markdown plan of any kind: chooses its tasks, gathers their facts, joins them.

The formats differ in which headings or boxes are tasks and in what order is meant where none is
stated; a :class:`Style` says that, and everything else is the same for all of them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from maestro_tui.plans import conventions
from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.choosing import RANK, Choice, fill
from maestro_tui.plans.document import Document
from maestro_tui.plans.document_facts import Whole, document_facts
from maestro_tui.plans.grouping import Group, group_tasks
from maestro_tui.plans.joining import Joining, Member
from maestro_tui.plans.keys import Keys, Unique, clean
from maestro_tui.plans.marks import bare, mode_in
from maestro_tui.plans.model import Diagnostic, Phase, Plan, Task
from maestro_tui.plans.task_facts import Found, task_facts
from maestro_tui.plans.twins import Twins, is_full

_NOTES = ("specs/", "docs/", ".")  # where plans lie, and what is written about the work
_MOST_PATHS = 3000  # each is looked for at the end of all others
_OPTIONAL = re.compile(r"\boptional\b")


@dataclass(frozen=True, slots=True)
class Style:
    """What one format does its own way."""

    rank: tuple[str, ...] = RANK
    order: str = conventions.PHASES
    action: str = ""  # what is done to a file when no word says it
    labels_only: bool = False  # files stand under labels, never in the prose of a task
    references: bool = False  # a "References" list names the files that are changed
    flat: bool = False  # where no path names a folder, a name alone is that of a file at the top
    unlabelled: bool = True  # files of prose count where labels give none


@dataclass(slots=True)
class Outcome:
    """A plan together with how its tasks were found, so that a format can say how sure it is."""

    plan: Plan
    choice: Choice | None


def read_markdown(document: Document, style: Style) -> Outcome:
    """The plan a style finds in a document; one without tasks when nothing in it is surely work."""
    choice = document.choice(style.rank)
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
        self.members: list[Member] = []
        self.parallel: set[str] = set()
        self.keys = Keys()

    def plan(self) -> Plan:
        """Everything in the order in which each step needs the one before."""
        chosen = self._distinct(self.choice.tasks)
        groups, of = group_tasks(chosen, self.choice)
        names = self._names(chosen, of)
        whole = document_facts(self.document, chosen)
        for candidate, name, group in zip(chosen, names, of, strict=True):
            self._task(candidate, name, group, whole)
        self._complete_names(whole.known)
        by_phase = self.choice.family == "phase"
        joining = Joining(self.document, self.members, groups, by_phase)
        phases = self._phases(groups)
        # Streams are begun together; only what they state orders them.
        beside = by_phase and all(c.family == "stream" for c in chosen)
        order = conventions.FREE if beside else self.style.order
        edges = joining.join(phases, order, self.parallel)
        return Plan(
            title=document_title(self.document),
            id=self.document.name,
            verify=tuple(dict.fromkeys(whole.verify)),
            forbidden=tuple(dict.fromkeys(whole.forbidden)),
            phases=tuple(phases),
            tasks=tuple(m.task for m in self.members),
            edges=tuple(edges),
            gates=tuple(g for group in groups for g in group.gates),
            diagnostics=(
                *self.diagnostics, *joining.diagnostics, *whole.diagnostics,
                *self._count_remark(chosen),
            ),
        )  # fmt: skip

    # Which tasks, and what they are called

    def _distinct(self, tasks: Sequence[Candidate]) -> list[Candidate]:
        """Each piece of work once: of accounts with one id under one heading the fullest."""
        out: list[Candidate] = []
        known = Twins(any_home=self.choice.family == "phase")
        for task in tasks:
            at = known.find(task)
            if at is None:
                if task.id and (first := known.beside(task)) is not None:
                    self._doubled(task, out[first])
                known.add(task, len(out))
                out.append(task)
                continue
            first_account = out[at]
            better = is_full(task) and not is_full(first_account)
            keep, drop = (task, first_account) if better else (first_account, task)
            out[at] = keep
            known.add(keep, at)
            self.diagnostics.append(
                Diagnostic(
                    "duplicate-id", "warning", drop.line,
                    f"{drop.id!r} appears again; it is read from line {keep.line} only.",
                    "Give it an id of its own, or remove the repeated account.",
                )
            )  # fmt: skip
        return out

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
        count = Counter(m.id for m in members if m.id)
        # "A" to "E" over all phases name themselves; "1" in a phase would be taken for Phase 1.
        again = any(count[m.id] > 1 or m.id.isdigit() for m in members if m.family != "phase")
        inner = self.choice.family == "phase-item" and again
        unique = Unique()
        out = []
        for n, (member, group) in enumerate(zip(members, of, strict=True), 1):
            name = member.id or str(n)
            streams = inner and member.family != "phase"
            inside = group is not None and name.startswith(f"{group.short}.")
            if group is not None and member.id and not inside and (count[name] > 1 or streams):
                name = f"{group.short}.{name}"
            out.append(unique.name(name, "{}-{}"))
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

    def _task(self, c: Candidate, name: str, group: Group | None, whole: Whole) -> None:
        owner = f"Task {name}"
        found = task_facts(
            c, owner, self.style.action, whole.known,
            labels_only=self.style.labels_only, references=self.style.references,
        )  # fmt: skip
        if not found.facts.files:
            for ref in whole.files.get(c.id, ()):
                found.facts.add_file(ref.path, ref.action or "modify", ref.line, owner)
        self.diagnostics += found.facts.diagnostics
        status = self._status(c, found)
        if status == "pending":
            status = whole.statuses.get(c.id, status)
        if (
            group is not None
            and group.status in ("done", "cancelled", "deferred")
            and status == "pending"
            and not (c.optional and c.checked is False)  # left out, while the group went on
        ):
            status = group.status
        task = Task(
            id=name,
            title=c.title,
            key=self.keys.key(name, c.title),
            phase=group.id if group else (name if self.choice.family == "phase" else ""),
            line=c.line,
            status=status,
            optional=c.optional or _says_optional(c.raw[:120].lower()),
            body=(f"{c.line}-{c.end}",),
            text=self._text(c),
            prompt=found.prompt,
            mentions=tuple(found.mentions),
            **found.facts.fields(),
        )
        if c.parallel or c.family == "stream":
            self.parallel.add(name)
        self.members.append(Member(task, c, found, group))

    def _complete_names(self, known: Iterable[str]) -> None:
        """Names without a folder become the one file that other lines name in full, or mentions."""
        self._complete_paths()
        if not any(member.found.bare for member in self.members):
            return
        tails: dict[str, set[str]] = {}
        for member in self.members:
            for path in member.task.files:
                tails.setdefault(path.rsplit("/", 1)[-1], set()).add(path)
        for path in known:
            tails.setdefault(path.rsplit("/", 1)[-1], set()).add(path)
        flat = self.style.flat and all("/" not in p or p.startswith(_NOTES) for p in _all(tails))
        for n, member in enumerate(self.members):
            task = member.task
            for ref in member.found.bare:
                full = tails.get(ref.path, set())
                if flat and not full and not ref.path.endswith(".md"):
                    full = {ref.path}
                if len(full) == 1:
                    task = _with_file(task, next(iter(full)), ref.action)
                elif ref.path not in task.mentions:
                    task = replace(task, mentions=(*task.mentions, ref.path))
            if task is not member.task:
                self.members[n] = replace(member, task=task)

    def _complete_paths(self) -> None:
        """``routers/notes.py`` is the ``backend/app/routers/notes.py`` that another task names."""
        paths = list(dict.fromkeys(p for m in self.members for p in m.task.files if "/" in p))
        if len(paths) > _MOST_PATHS:
            return
        tops = Counter(p.split("/", 1)[0] for p in paths)
        full: dict[str, str] = {}
        for path in paths:
            if tops[path.split("/", 1)[0]] == 1 and not path.endswith("/"):
                fits = [p for p in paths if p.endswith("/" + path)]
                if len(fits) == 1:
                    full[path] = fits[0]
        if not full:
            return
        for n, member in enumerate(self.members):
            task = member.task
            if not full.keys().isdisjoint(task.files):
                kinds = {
                    k: tuple(dict.fromkeys(full.get(p, p) for p in getattr(task, k)))
                    for k in ("create", "modify", "delete", "test")
                }
                self.members[n] = replace(member, task=replace(task, **kinds))  # type: ignore[arg-type]

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
        lines = self.document.lines[c.line : c.end]
        if hidden := self.document.hidden:
            numbered = enumerate(lines, c.line + 1)
            lines = tuple(line for n, line in numbered if n not in hidden)
        text = "\n".join(lines).strip()
        return text if c.is_heading or not c.raw else f"{c.raw}\n{text}".strip()

    def _phases(self, groups: Sequence[Group]) -> list[Phase]:
        if self.choice.family == "phase":
            return [
                Phase(m.task.id, m.task.title, *mode_in(m.candidate.raw), line=m.task.line)
                for m in self.members
            ]
        return [
            Phase(g.id, g.title, g.mode, g.max_parallel, (), tuple(g.files), g.line) for g in groups
        ]

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


def _all(tails: dict[str, set[str]]) -> Iterable[str]:
    return (path for paths in tails.values() for path in paths)


def _says_optional(text: str) -> bool:
    return "optional" in text and _OPTIONAL.search(text) is not None


def _with_file(task: Task, path: str, action: str) -> Task:
    if path in task.files:
        return task
    if action == "delete":
        return replace(task, delete=(*task.delete, path))
    if action == "test":
        return replace(task, test=(*task.test, path))
    return replace(task, modify=(*task.modify, path))
