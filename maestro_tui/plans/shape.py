"""A plan as JSON, Mermaid and Graphviz text: the same facts for scripts and for pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from maestro_tui.plans.analysis import Analysis, analyse, transitive_reduction
from maestro_tui.plans.errors import CycleError, PlanError
from maestro_tui.plans.estimates import Known
from maestro_tui.plans.expansion import stated_edges
from maestro_tui.plans.model import ADVISORY_SOURCES, Diagnostic, Edge, Estimate, Plan, Stage
from maestro_tui.plans.staging import LARGE_PLAN_FILES, stage_of


def try_analyse(
    plan: Plan,
    *,
    repo: Path | None = None,
    repo_bytes: int = 0,
    max_parallel: int = 10,
    owned: Mapping[str, Sequence[str]] | None = None,
    models: Mapping[str, str] | None = None,
    known: Known | None = None,
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    """The analysis, or why there is none: a plan with a cycle is still shown."""
    try:
        found = analyse(
            plan,
            repo=repo,
            repo_bytes=repo_bytes,
            max_parallel=max_parallel,
            owned=owned,
            models=models,
            known=known,
        )
        return found, ()
    except PlanError as error:
        told = any(d.severity == "error" for d in plan.diagnostics)
        if not plan.tasks and told:
            return None, ()
        code = "cycle" if isinstance(error, CycleError) else "not-analysable"
        return None, (Diagnostic(code, "error", _line_in(str(error)), str(error)),)


def _line_in(text: str) -> int:
    found = re.match(r"[^\n]*?:(\d+): ", text)
    return int(found[1]) if found else 0


def try_stage(plan: Plan, limit: int = LARGE_PLAN_FILES) -> Stage | None:
    """The stage of a very large plan, where its order can be worked out."""
    try:
        return stage_of(plan, limit)
    except PlanError:
        return None


def as_json(
    plan: Plan, analysis: Analysis | None = None, stage: Stage | None = None
) -> dict[str, Any]:
    """Everything ``plan show --json`` prints, in plain JSON types.

    ``edges`` are those of the document as it gives them, phase edges included, then those the
    analysis added; edges that are only advice say so. Without an analysis one is attempted; a plan
    that cannot be analysed comes with empty waves and a diagnostic that says why.
    """
    found: tuple[Diagnostic, ...] = ()
    if analysis is None:
        analysis, found = try_analyse(plan)
    result = analysis or Analysis(estimate=Estimate())
    given = {(e.task, e.after) for e in plan.edges}
    edges = list(plan.edges)
    # A heading's "(sequential)" is stated too, although the reader leaves the spelling out to us.
    edges += [
        e for e in stated_edges(plan) if e.source == "mode" and (e.task, e.after) not in given
    ]
    edges += [e for e in result.edges if e.source == "file-conflict"]
    edges += result.advisory
    needs = [_plain(n) | {"slots": dict(n.slots)} for n in result.needs]
    return {
        "title": plan.title,
        "id": plan.id,
        "source": plan.source,
        "source_sha256": plan.source_sha256,
        "format": plan.format,
        "confidence": plan.confidence,
        "reason": plan.reason,
        "runner_up": plan.runner_up,
        "order": plan.order,
        "verify": list(plan.verify),
        "forbidden": list(plan.forbidden),
        "phases": [_plain(p) for p in plan.phases],
        "tasks": [_plain(t) for t in plan.tasks],
        "edges": [_plain(e) | {"advisory": e.source in ADVISORY_SOURCES} for e in edges],
        "gates": [_plain(g) for g in plan.gates],
        "waves": [list(wave) for wave in result.waves],
        "conflicts": [_plain(c) for c in result.conflicts],
        "critical_path": list(result.critical_path),
        "estimate": _plain(result.estimate),
        "needs": needs,
        "stage": _plain(stage) if stage is not None else None,
        "diagnostics": [_plain(d) for d in (*plan.diagnostics, *found, *result.diagnostics)],
    }


def _plain(value: Any) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(value).items()}


def drawn_edges(plan: Plan, analysis: Analysis | None = None) -> tuple[Edge, ...]:
    """The edges a drawing shows: no redundant ones, or those stated when there is a cycle."""
    if analysis is None:
        analysis, _ = try_analyse(plan)
    return plan.edges if analysis is None else transitive_reduction(analysis.edges)


def as_mermaid(plan: Plan, analysis: Analysis | None = None) -> str:
    """A Mermaid flowchart, phases as subgraphs; dashed arrows are orders Maestro added."""
    nodes = {task.id: f"t{n}" for n, task in enumerate(plan.tasks)}
    groups = {phase.id: f"p{n}" for n, phase in enumerate(plan.phases)}
    out = ["flowchart TD"]
    for phase_id, phase_title in [(p.id, p.title) for p in plan.phases] + [("", "")]:
        inside = [t for t in plan.tasks if t.phase == phase_id]
        if not phase_id:
            inside = [t for t in plan.tasks if t.phase not in groups]
        if phase_id:
            out.append(f'  subgraph {groups[phase_id]}["{_quoted(f"{phase_id}: {phase_title}")}"]')
        out += [f'    {nodes[t.id]}["{_quoted(f"{t.id}: {t.title}")}"]' for t in inside]
        if phase_id:
            out.append("  end")
    for edge in drawn_edges(plan, analysis):
        left = nodes.get(edge.after) or groups.get(edge.after)
        right = nodes.get(edge.task) or groups.get(edge.task)
        arrow = "-.->" if edge.source in ("file-conflict", "convention", "inferred") else "-->"
        if left and right:
            out.append(f"  {left} {arrow} {right}")
    for edge in analysis.advisory if analysis else ():
        out.append(f"  {nodes[edge.after]} -.->|import| {nodes[edge.task]}")
    return "\n".join(out) + "\n"


def _quoted(text: str) -> str:
    """Text inside Mermaid quotes: its own entity codes, so that no label ends the string."""
    return re.sub(r"[\"#<>&`\\\[\]{}|]", lambda m: f"#{ord(m[0])};", text)


def as_dot(plan: Plan, analysis: Analysis | None = None) -> str:
    """A Graphviz digraph of the tasks; dashed arrows are orders Maestro added."""
    out = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    known = {task.id for task in plan.tasks}
    out += [f"  {_dot(t.id)} [label={_dot(f'{t.id}: {t.title}')}];" for t in plan.tasks]
    for edge in drawn_edges(plan, analysis):
        style = " [style=dashed]" if edge.source in ("file-conflict", "convention") else ""
        if {edge.task, edge.after} <= known:
            out.append(f"  {_dot(edge.after)} -> {_dot(edge.task)}{style};")
    for edge in analysis.advisory if analysis else ():
        look = 'style=dotted, label="import", constraint=false'
        out.append(f"  {_dot(edge.after)} -> {_dot(edge.task)} [{look}];")
    return "\n".join([*out, "}"]) + "\n"


def _dot(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'
