"""Reads plans of phases: finds phases, streams and tasks, and joins them to what they need."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from maestro_tui.plans import orders
from maestro_tui.plans.commands import commands_in_fence
from maestro_tui.plans.document import Document
from maestro_tui.plans.expansion import chain
from maestro_tui.plans.facts import Facts, gather
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.marks import Heading, bare, parse_heading
from maestro_tui.plans.model import Diagnostic, Edge, Gate, Phase, Plan, Task
from maestro_tui.plans.outline import PHASE_WORDS, Work, find_phases, heading_label
from maestro_tui.plans.paths import find_paths
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.rehearsal_text import is_rehearsal

_NEGATIVE = re.compile(
    r"(out of scope|do not (touch|modify|change|edit)|files to (preserve|keep)|forbidden)",
    re.IGNORECASE,
)
_KINDS = {"task": "task", "phase": "phase", "stage": "phase"}
_CHECKS = re.compile(r"(final )?(verification|gates?|quality gates?|verify)\b", re.IGNORECASE)


class PhaseReader:
    """Reads one document; one object per document because much is found on the way."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.diagnostics: list[Diagnostic] = []
        self.phases: list[Phase] = []
        self.tasks: list[Task] = []
        self.edges: list[Edge] = []
        self.gates: list[Gate] = []
        self.targets: list[Target] = []
        self.pending: list[tuple[Target, Facts, Heading, int]] = []
        self.stated = False

    def read(self) -> Plan:
        """The plan with its edges resolved once every id is known."""
        works, problems = find_phases(self.document.phases)
        self.diagnostics += problems
        taken = self._child_ids(works)
        for work in works:
            self._phase(work, taken)
        self._unique_ids()
        self._resolve()
        whole = self._document_facts()
        self.edges += self._sections_order()
        ordered = self.stated or bool(self.edges)  # a chain inside a phase says nothing of phases
        self._modes()
        if not ordered:
            groups = [Task(p.id, p.title, line=p.line) for p in self.phases]
            self.edges += chain(groups, "convention")
        return Plan(
            title=self._title(),
            id=self.document.name,
            verify=tuple(dict.fromkeys(whole.verify)),
            forbidden=tuple(dict.fromkeys(whole.forbidden)),
            phases=tuple(self.phases),
            tasks=with_keys(self.tasks),
            edges=_distinct(self.edges),
            gates=tuple(self.gates),
            diagnostics=tuple(self.diagnostics),
        )

    def _title(self) -> str:
        for section in self.document.tree.walk():
            if section.level == 1 and not parse_heading(section.title, PHASE_WORDS):
                return bare(section.title)
        return clean(self.document.frontmatter.get("title", "")) or self.document.name or "Plan"

    def _child_ids(self, works: Sequence[Work]) -> set[str]:
        """Ids of streams and tasks, to see where phases need another name."""
        return {leaf.heading.id for w in works if w.children for leaf in w.leaves()}

    # Making phases and tasks

    def _phase(self, work: Work, taken: set[str]) -> None:
        heading = work.heading
        phase_id = heading.id
        if phase_id in taken:
            phase_id = f"Phase {heading.id}"
        owner = f"Phase {heading.id}"
        facts = gather(work.blocks, owner, work.extra)
        self.diagnostics += facts.diagnostics
        mode, most = facts.mode
        if mode == "unspecified":
            mode, most = heading.mode, heading.max_parallel
        if work.children:
            self._children(work, phase_id, facts.agent)
            files = tuple(facts.all_files())
            self.gates += [
                Gate(f"phase {heading.id}: {c}"[:60], c, "final", line=work.line)
                for c in facts.verify
            ]
            owner_id = phase_id
        else:
            task = self._task(work, phase_id, phase_id, facts)
            self.tasks.append(task)
            files, owner_id = (), task.id
        self.phases.append(Phase(phase_id, heading.title, mode, most, (), files, work.line))
        target = Target("phase", heading.id, heading.title, (owner_id,), "", work.line)
        self.targets.append(target)
        self.pending.append((target, facts, heading, work.line))

    def _children(self, work: Work, phase_id: str, agent: str) -> None:
        for child in work.children:
            leaves = child.leaves()
            group = [] if leaves[0] is child else [child]
            for leaf in leaves:
                kind = _KINDS.get(leaf.heading.kind, "stream")
                facts = gather(leaf.blocks, f"{kind.capitalize()} {leaf.heading.id}", leaf.extra)
                self.diagnostics += facts.diagnostics
                facts.agent = facts.agent or agent
                task = self._task(leaf, leaf.heading.id, phase_id, facts)
                if work.heading.status in ("done", "cancelled", "deferred"):
                    task = replace(task, status=work.heading.status)
                self.tasks.append(task)
                target = Target(kind, task.id, task.title, (task.id,), work.heading.id, task.line)
                self.targets.append(target)
                self.pending.append((target, facts, leaf.heading, task.line))
            for outer in group:
                self._stream_group(outer, [leaf.heading.id for leaf in leaves], work.heading.id)

    def _stream_group(self, stream: Work, ids: list[str], phase: str) -> None:
        """A stream that holds tasks: what it depends on, all of them do."""
        heading = stream.heading
        facts = gather(stream.blocks, f"Stream {heading.id}", stream.extra)
        self.diagnostics += facts.diagnostics
        target = Target("stream", heading.id, heading.title, tuple(ids), phase, stream.line)
        self.targets.append(target)
        self.pending.append((target, facts, heading, stream.line))

    def _task(self, work: Work, task_id: str, phase_id: str, facts: Facts) -> Task:
        heading = work.heading
        status = heading.status
        boxes = [b.checked for b in work.blocks if b.checked is not None]
        if status == "pending" and (work.checked or (boxes and all(boxes))):
            status = "done"
        stated = facts.status if facts.status != "pending" else ""
        return Task(
            id=task_id,
            title=heading.title,
            phase=phase_id,
            line=work.line,
            status=stated or status,
            optional=heading.optional,
            body=(f"{work.line}-{work.end}",),
            text=self._text(work),
            **facts.fields(),
        )

    def _text(self, work: Work) -> str:
        """The words the agent reads: the body without comments and rehearsal scripts."""
        lines = [
            self.document.lines[n - 1]
            for n in range(work.line + 1, work.end + 1)
            if n not in self.document.hidden
        ]
        return "\n".join(lines).strip()

    # Joining them

    def _unique_ids(self) -> None:
        """Streams called A in two phases become 1.A and 2.A; twice in one phase is an error."""
        count = Counter(task.id for task in self.tasks)
        seen = {task.id for task in self.tasks}
        numbers: Counter[str] = Counter()
        renamed: dict[int, str] = {}
        within: dict[tuple[str, str], str] = {}
        for n, task in enumerate(self.tasks):
            if count[task.id] == 1:
                continue
            phase = task.phase.removeprefix("Phase ")
            base = name = f"{phase}.{task.id}"
            while name in seen:
                numbers[base] += 1
                name = f"{base}-{numbers[base] + 1}"
            if (phase, task.id) in within:
                self._repeated(task)
            seen.add(name)
            within.setdefault((phase, task.id), name)
            renamed[task.line] = name
            self.tasks[n] = replace(task, id=name)
        if renamed:
            self._rename(renamed, within)

    def _repeated(self, task: Task) -> None:
        self.diagnostics.append(
            Diagnostic(
                "duplicate-id",
                "error",
                task.line,
                f"The id {task.id!r} is used twice in phase {task.phase}.",
                "Give each stream or task of a phase its own id.",
            )
        )

    def _rename(self, renamed: dict[int, str], within: dict[tuple[str, str], str]) -> None:
        """Carries new ids over to what refers to the old ones."""
        swap: dict[int, Target] = {}
        for n, target in enumerate(self.targets):
            if target.kind == "phase" and not target.phase:
                continue
            ids = tuple(within.get((target.phase, i), i) for i in target.ids)
            if target.line in renamed:
                ids = (renamed[target.line],)
            self.targets[n] = swap[id(target)] = replace(target, ids=ids)
        self.pending = [(swap.get(id(t), t), f, h, line) for t, f, h, line in self.pending]

    def _resolve(self) -> None:
        self.targets.sort(key=lambda t: t.line)
        resolver = Resolver(self.targets)
        for target, facts, heading, line in self.pending:
            if heading.after:
                found = resolver.resolve(heading.after, line, target)
                self._join(target, found.ids, "mode", line)
                self.diagnostics += found.diagnostics
            for label, value, at in facts.dependencies:
                strict = label != "prerequisites"
                found = resolver.resolve(value, at, target, strict=strict)
                self.stated = self.stated or (label == "depends") or bool(found.ids)
                self.diagnostics += found.diagnostics
                if label == "blocks":
                    for name in found.ids:
                        self.edges += [Edge(name, own, "label", at) for own in target.ids]
                else:
                    self._join(target, found.ids, "label", at)

    def _join(self, target: Target, after: Sequence[str], source: str, line: int) -> None:
        self.edges += [Edge(own, a, source, line) for own in target.ids for a in after if a != own]

    def _sections_order(self) -> list[Edge]:
        found = orders.read_orders(self.document.tree, Resolver(self.targets))
        have = {(e.task, e.after) for e in self.edges}
        self.stated = self.stated or bool(found)
        return [e for e in found if (e.task, e.after) not in have]

    def _modes(self) -> None:
        have = {(e.task, e.after) for e in self.edges}
        inside: dict[str, list[Task]] = {}
        for task in self.tasks:
            inside.setdefault(task.phase, []).append(task)
        for phase in self.phases:
            if phase.mode == "sequential":
                new = chain(inside.get(phase.id, ()), "mode", phase.line)
                self.edges += [e for e in new if (e.task, e.after) not in have]

    def _document_facts(self) -> Facts:
        """Gates and forbidden files stated outside every phase."""
        inside: set[int] = set()
        for phase, _ in self.document.phases:
            inside.update(range(phase.line, phase.end + 1))
        whole = Facts()
        for section in self.document.tree.walk():
            if section.line in inside:
                continue
            title = bare(section.title)
            facts = gather(section.blocks, "The plan")
            whole.verify += facts.verify
            whole.forbidden += facts.forbidden
            if _NEGATIVE.match(title):
                whole.forbidden += [
                    r.path for b in section.blocks if b.kind == "item" for r in find_paths(b.text)
                ]
            if _CHECKS.match(title) and section.level > 1:
                label = heading_label("verify", section)
                whole.verify += gather([], "The plan", [label]).verify
                for block in section.blocks:
                    if block.kind == "fence" and not is_rehearsal(block.info):
                        whole.verify += commands_in_fence(block.info, block.lines)
        return whole


def _distinct(edges: Sequence[Edge]) -> tuple[Edge, ...]:
    """Each pair once, as first stated, in the order of the lines."""
    first: dict[tuple[str, str], Edge] = {}
    for edge in edges:
        first.setdefault((edge.task, edge.after), edge)
    return tuple(sorted(first.values(), key=lambda e: e.line))
