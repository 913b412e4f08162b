"""``maestro plan show|check|export``: what a plan says, without running anything."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, USAGE, Exit
from maestro_tui.cli.opening import read
from maestro_tui.plans.durations import format_duration
from maestro_tui.plans.model import Diagnostic, Plan
from maestro_tui.plans.shape import as_dot, as_json, as_mermaid, try_analyse
from maestro_tui.plans.strategy import gates_of


def plan(arguments: argparse.Namespace) -> int:
    """Show, check or export a plan."""
    found = read([arguments.file], arguments.format)
    actions = {"show": _show, "check": _check, "export": _export}
    return actions[arguments.action](arguments, found)


def _show(arguments: argparse.Namespace, plan: Plan) -> int:
    analysis, problems = try_analyse(plan)
    if arguments.json:
        print(json.dumps(as_json(plan, analysis), indent=1, ensure_ascii=False))
        return DONE
    if arguments.graph:
        draw = as_mermaid if arguments.graph == "mermaid" else as_dot
        print(draw(plan, analysis))
        return DONE
    print(sanitise(plan.title))
    reason = f" — {sanitise(plan.reason)}" if plan.reason else ""
    print(f"{plan.format}, confidence {plan.confidence}{reason}; {len(plan.tasks)} tasks")
    edges = analysis.edges if analysis else plan.edges
    for phase in plan.phases:
        print(f"\n{phase.id}  {sanitise(phase.title)}")
        _tasks(plan, [t.id for t in plan.tasks if t.phase == phase.id], edges)
    loose = [t.id for t in plan.tasks if t.phase not in {p.id for p in plan.phases}]
    _tasks(plan, loose, edges)
    if analysis:
        print("\nWaves")
        for number, wave in enumerate(analysis.waves, start=1):
            print(f"  {number}: {', '.join(wave)}")
        for gate in gates_of(plan):
            when = "after each wave" if gate.when == "wave" else "at the end"
            print(f"Gate {when}: {sanitise(gate.run)}")
        print(f"Critical path: {' → '.join(analysis.critical_path)}")
        for conflict in analysis.conflicts:
            note = "serialised" if conflict.serialised else "already ordered"
            paths = ", ".join(conflict.paths[:4])
            print(f"Both write {sanitise(paths)}: {conflict.first}, {conflict.second} ({note})")
        total = analysis.estimate
        print(
            f"Estimated {format_duration(total.total_s)}, one after the other "
            f"{format_duration(total.sequential_s)} ({total.basis})"
        )
    _problems(arguments.file, (*plan.diagnostics, *problems))
    return DONE


def _tasks(plan: Plan, names: list[str], edges: object) -> None:
    for name in names:
        task = plan.task(name)
        mark = "✓" if task.status == "done" else "·"
        print(f"  {mark} {name}  {sanitise(task.title)}   (line {task.line})")
        for word in ("create", "modify", "delete", "test", "scope"):
            paths = getattr(task, word)
            if paths:
                print(f"      {word}: {sanitise(', '.join(paths))}")
        for command in task.verify:
            print(f"      check: {sanitise(command)}")
        for edge in edges if isinstance(edges, tuple) else ():
            if edge.task == name:
                line = f", line {edge.line}" if edge.line else ""
                print(f"      after {edge.after}   ({edge.source}{line})")


def _problems(name: str, found: tuple[Diagnostic, ...]) -> None:
    for item in dict.fromkeys(found):
        where = f"{name}:{item.line}" if item.line else name
        print(f"{where}: {item.severity}: {sanitise(item.text)}")
        if item.hint:
            print(f"    {sanitise(item.hint)}")


def _check(arguments: argparse.Namespace, plan: Plan) -> int:
    _, problems = try_analyse(plan)
    found = tuple(dict.fromkeys((*plan.diagnostics, *problems)))
    bad = [d for d in found if d.severity == "error"]
    if arguments.json:
        rows = [
            {"code": d.code, "severity": d.severity, "line": d.line, "text": d.text, "hint": d.hint}
            for d in found
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        _problems(arguments.file, found)
        verdict = f"{len(bad)} error(s)" if bad else f"can be run: {len(plan.tasks)} tasks"
        print(f"{arguments.file}: {verdict}")
    return USAGE if bad or not plan.tasks else DONE


def _export(arguments: argparse.Namespace, plan: Plan) -> int:
    from maestro_tui.plans.canonical import dump_plan

    source = Path(arguments.file)
    target = Path(arguments.output) if arguments.output else source.with_suffix(".plan.toml")
    if target.exists():
        raise Exit(f"{target} exists; name another file with -o")
    if not plan.tasks:
        raise Exit(f"{source}: no tasks found; nothing to export")
    try:
        target.write_text(dump_plan(plan), encoding="utf-8")
    except OSError as error:
        raise Exit(f"{target}: cannot be written: {error.strerror}") from error
    print(target)
    return DONE
