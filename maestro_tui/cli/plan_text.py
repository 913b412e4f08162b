"""A plan as a readable tree: what was understood first, what is to be changed last."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.plans.analysis import Analysis
from maestro_tui.plans.durations import format_duration
from maestro_tui.plans.matrix import LEGEND, as_text, matrix_of, pairs_in_words
from maestro_tui.plans.model import Assignment, Diagnostic, Edge, Estimate, Plan, Stage, Task
from maestro_tui.plans.staging import in_words
from maestro_tui.plans.strategy import gates_of

STATUS = {"pending": "○", "doing": "●", "done": "✓", "deferred": "–", "cancelled": "✗"}
BASIS = {
    "stated": "stated by the plan",
    "history": "as in earlier runs",
    "default": "a default, not in the plan",
    "mixed": "partly stated, partly assumed",
}
_SOURCE = {
    "file-conflict": "added: both write the same files",
    "convention": "assumed from the order in the document",
    "inferred": "inferred",
}
_COLOURS = {"bold": "1", "quiet": "2", "id": "36", "good": "32", "warn": "33", "bad": "31"}


class Ink:
    """Colours for a terminal, nothing for anything else."""

    def __init__(self, coloured: bool) -> None:
        self.coloured = coloured

    def __call__(self, look: str, text: str) -> str:
        return f"\x1b[{_COLOURS[look]}m{text}\x1b[0m" if self.coloured and text else text


@dataclass(frozen=True, slots=True)
class Shown:
    """A plan and what could be worked out about it."""

    file: str
    plan: Plan
    analysis: Analysis | None = None
    problems: tuple[Diagnostic, ...] = ()
    agents: Mapping[str, Assignment] = field(default_factory=dict)
    stage: Stage | None = None
    at_once: int = 10

    @staticmethod
    def clean(text: str) -> str:
        """Untrusted text as one harmless line."""
        return " ".join(sanitise(text).split())

    def title(self, task_id: str) -> str:
        """A task's title, harmless."""
        return self.clean(self.plan.task(task_id).title)


def text_of(shown: Shown, ink: Ink, width: int) -> list[str]:
    """All lines of ``plan show``."""
    page = _Page(ink, width)
    _head(page, shown)
    _tree(page, shown)
    if shown.analysis is not None and shown.analysis.waves:
        _waves(page, shown, shown.analysis)
        _conflicts(page, shown, shown.analysis)
        _figures(page, shown.analysis.estimate)
    _findings(page, shown)
    return page.lines


class _Page:
    """Lines; what is too long goes on below, indented."""

    def __init__(self, ink: Ink, width: int) -> None:
        self.lines: list[str] = []
        self.ink, self.width = ink, width

    def head(self, words: str) -> None:
        self.lines += ["", self.ink("bold", words)]

    def item(self, name: str, value: str, *, indent: str = "  ", look: str = "quiet") -> None:
        value = Shown.clean(value)
        if not value:
            return
        lead = f"{indent}{self.ink(look, f'{name:<8}')} "
        rest = f"{indent}{'':<8} "
        rows = _wrapped(value, max(24, self.width - len(rest)))
        self.lines += [(lead if n == 0 else rest) + row for n, row in enumerate(rows)]

    def text(self, words: str, indent: str = "  ") -> None:
        for row in _wrapped(words, self.width - len(indent)):
            self.lines.append(indent + row)


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [text]


def _head(page: _Page, shown: Shown) -> None:
    plan, ink = shown.plan, page.ink
    page.lines += [ink("bold", row) for row in _wrapped(shown.clean(plan.title), page.width)]
    sure = {"high": "good", "medium": "warn"}.get(plan.confidence, "bad")
    reason = f": {shown.clean(plan.reason)}" if plan.reason else ""
    words = _wrapped(f"read as {plan.format}, confidence {plan.confidence}{reason}", page.width)
    marked = words[0].replace(plan.confidence, ink(sure, plan.confidence), 1)
    page.lines += [marked, *words[1:]]
    if plan.runner_up:
        page.text(
            f"could also be {plan.runner_up}: --format {plan.runner_up} reads it so", indent=""
        )
    if shown.stage is not None:
        page.lines += [ink("warn", row) for row in _wrapped(in_words(shown.stage), page.width)]
    done = sum(t.status == "done" for t in plan.tasks)
    files = {f for t in plan.tasks for f in t.files}
    parts = [f"{len(plan.tasks)} tasks", f"{len(plan.phases)} phases", f"{len(files)} files"]
    parts += [f"{done} done"] if done else []
    parts += [f"{len(shown.analysis.waves)} waves"] if shown.analysis else []
    page.lines.append(" · ".join([*parts, f"order: {plan.order}"]))


def _tree(page: _Page, shown: Shown) -> None:
    plan = shown.plan
    analysis = shown.analysis
    edges: dict[str, list[Edge]] = {}
    for edge in analysis.edges if analysis else plan.edges:
        edges.setdefault(edge.task, []).append(edge)
    if analysis:
        for edge in analysis.advisory:
            edges.setdefault(edge.task, []).append(edge)
        # Orders of tasks that will not run are no part of the analysis, and still stated.
        running = {name for wave in analysis.waves for name in wave}
        for edge in plan.edges:
            if edge.task not in running:
                edges.setdefault(edge.task, []).append(edge)
    members: dict[str, list[Task]] = {}
    known = {p.id for p in plan.phases}
    for task in plan.tasks:
        members.setdefault(task.phase if task.phase in known else "", []).append(task)
    for phase in plan.phases:
        facts = [phase.mode] if phase.mode != "unspecified" else []
        facts += [f"at most {phase.max_parallel} at once"] if phase.max_parallel else []
        facts += [f"after {', '.join(phase.after)}"] if phase.after else []
        facts += [f"line {phase.line}"] if phase.line else []
        name = f"{shown.clean(phase.id)}  {shown.clean(phase.title)}"
        note = page.ink("quiet", f"   ({shown.clean(', '.join(facts))})") if facts else ""
        page.lines.append("")
        page.lines += [page.ink("bold", row) for row in _wrapped(name, page.width)]
        page.lines[-1] += note
        _tasks(page, shown, members.get(phase.id, []), edges)
    if members.get(""):
        page.lines.append("")
        _tasks(page, shown, members[""], edges)


def _tasks(
    page: _Page, shown: Shown, tasks: Sequence[Task], edges: Mapping[str, Sequence[Edge]]
) -> None:
    waves = shown.analysis.waves if shown.analysis else ()
    wave_of = {name: n for n, wave in enumerate(waves, 1) for name in wave} if tasks else {}
    longest = set(shown.analysis.critical_path) if shown.analysis else set()
    for n, task in enumerate(tasks):
        last = n == len(tasks) - 1
        facts = [task.status, task.kind if task.kind != "work" else ""]
        facts += ["optional" if task.optional else ""]
        facts += [f"wave {wave_of[task.id]}" if task.id in wave_of else ""]
        facts += ["◆ on the critical path" if task.id in longest else ""]
        facts += [f"line {task.line}" if task.line else ""]
        look = {"done": "good", "cancelled": "bad", "deferred": "quiet"}.get(task.status, "bold")
        branch = "  └─ " if last else "  ├─ "
        indent = "       " if last else "  │    "
        glyph = page.ink(look, STATUS.get(task.status, "○"))
        name = shown.clean(task.id)
        room = page.width - len(indent) - len(name) - 2
        rows = _wrapped(shown.clean(task.title), max(24, room))
        page.lines.append(f"{branch}{glyph} {page.ink('id', name)}  {rows[0]}")
        page.lines += [f"{indent}{'':<{len(name)}}  {row}" for row in rows[1:]]
        for row in _wrapped(" · ".join(filter(None, facts)), page.width - len(indent)):
            page.lines.append(indent + page.ink("quiet", row))
        _task(page, shown, task, edges.get(task.id, ()), indent)


def _task(page: _Page, shown: Shown, task: Task, edges: Sequence[Edge], indent: str) -> None:
    for kind in ("create", "modify", "delete", "test", "scope"):
        page.item(kind, ", ".join(getattr(task, kind)), indent=indent)
    said: dict[str, list[str]] = {}
    for edge in edges:
        if edge.source == "import":
            page.item("advice", f"after {edge.after}? {edge.note}", indent=indent, look="warn")
            continue
        line = f", line {edge.line}" if edge.line else ""
        why = _SOURCE.get(edge.source, edge.source)
        said.setdefault(f"({why}{line})", []).append(edge.after)
    for why, names in said.items():
        page.item("after", f"{', '.join(names)}  {why}", indent=indent)
    for command in task.verify:
        page.item("check", command, indent=indent)
    a = shown.agents.get(task.id)
    if a is not None:
        second = f", else {a.runner_up}" if a.runner_up else ""
        page.item("agent", f"{a.agent}{second}: {a.agent_reason}", indent=indent)
    if task.estimate:
        page.item("estimate", f"{task.estimate}  (stated by the plan)", indent=indent)


def _waves(page: _Page, shown: Shown, analysis: Analysis) -> None:
    page.head(f"Waves, up to {shown.at_once} agents at once")
    e = analysis.estimate
    for n, wave in enumerate(analysis.waves):
        need = analysis.needs[n]
        slots = ", ".join(f"{count} {tier}" for tier, count in need.slots if tier != "unknown")
        facts = [f"about {format_duration(e.wave_s[n])}"]
        facts += [f"${e.wave_cost_low[n]:.2f} to ${e.wave_cost_high[n]:.2f}"]
        facts += [f"{need.worktrees} worktree" + ("s" if need.worktrees != 1 else "")]
        facts += [_size(need.disk_bytes)] if need.disk_bytes else []
        facts += [slots] if slots else []
        page.item(f"{n + 1}", ", ".join(wave), look="bold")
        page.text(page.ink("quiet", " · ".join(facts)), indent=" " * 11)
    for gate in gates_of(shown.plan):
        page.item(
            "gate", gate.run if gate.when == "final" else f"{gate.run}  (after each {gate.when})"
        )
    length = format_duration(e.critical_s)
    page.head(f"Critical path, {length} at least")
    page.text(" → ".join(map(shown.clean, analysis.critical_path)))


def _conflicts(page: _Page, shown: Shown, analysis: Analysis) -> None:
    if not analysis.conflicts:
        return
    page.head("Tasks that meet in files")
    matrix = matrix_of(analysis.conflicts, [t.id for t in shown.plan.tasks])
    page.lines += [f"  {sanitise(row)}" for row in as_text(matrix, page.width - 2)]
    page.text(LEGEND)
    for pair, why in pairs_in_words(analysis.conflicts):
        page.text(shown.clean(f"{pair}: {why}" if why else pair))


def _figures(page: _Page, e: Estimate) -> None:
    page.head("Estimate")
    runs = f"{e.history_runs} run{'s' if e.history_runs != 1 else ''}"
    history = f"history ({runs})" if e.history_runs else "history"
    counts = [(e.stated, "stated"), (e.history, f"from {history}"), (e.default, "by default")]
    tasks = ", ".join(f"{n} {word}" for n, word in counts if n)
    tasks = f": {tasks}" if e.basis == "mixed" else ""
    basis = history if e.basis == "history" else BASIS.get(e.basis, e.basis)
    page.item("time", f"{format_duration(e.total_s)}  ({basis}{tasks})")
    page.item("one by 1", f"{format_duration(e.sequential_s)}")
    if e.tokens_high:
        bases = {"history": history, "mixed": f"partly from {history}"}
        why = bases.get(e.tokens_basis, "a default band per task, nothing measured")
        page.item("tokens", f"{e.tokens_low:,} to {e.tokens_high:,}  ({why})")
        unknown = f"; no price for {', '.join(e.unpriced)}" if e.unpriced else ""
        page.item(
            "cost",
            f"${e.cost_low:.2f} to ${e.cost_high:.2f}  (prices of {e.prices}, cached context; "
            f"where the model is not known, of a middle to a large one{unknown})",
        )


def _findings(page: _Page, shown: Shown) -> None:
    found = [*shown.plan.diagnostics, *shown.problems]
    # What the analysis adds about files stands in the matrix already.
    extra = shown.analysis.diagnostics if shown.analysis else ()
    found += [d for d in extra if d.code not in ("file-conflict", "import-unordered")]
    if not found:
        return
    page.head("To know")
    order = ("error", "warning", "info")
    for item in sorted(dict.fromkeys(found), key=lambda d: (order.index(d.severity), d.line)):
        look = {"error": "bad", "warning": "warn"}.get(item.severity, "quiet")
        where = f"{shown.file}:{item.line}" if item.line else shown.file
        page.lines.append(f"  {page.ink(look, item.severity)}  {page.ink('quiet', where)}")
        page.text(shown.clean(item.text), indent="      ")
        if item.hint:
            page.text("→ " + shown.clean(item.hint), indent="      ")


def _size(count: int) -> str:
    number = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024 or unit == "GiB":
            return f"{number:.0f} {unit}"
        number /= 1024
    return ""
