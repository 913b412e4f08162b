"""``maestro plan show|check|export|edit|done``: what a plan says, without running anything."""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, USAGE
from maestro_tui.cli.opening import read
from maestro_tui.cli.plan_files import done, edit, export
from maestro_tui.cli.plan_show import root_of, show
from maestro_tui.plans.model import Diagnostic, Plan
from maestro_tui.plans.shape import try_analyse

_ADVICE = frozenset({"import-unordered", "import-against-order"})


def plan(arguments: argparse.Namespace) -> int:
    """Show, check, export or edit a plan, or mark a task of it done."""
    found = read([arguments.file], arguments.format, arguments.order)
    actions = {"show": show, "check": _check, "export": export, "edit": edit, "done": done}
    return actions[arguments.action](arguments, found)


def _problems(name: str, found: tuple[Diagnostic, ...]) -> None:
    for item in dict.fromkeys(found):
        where = f"{name}:{item.line}" if item.line else name
        print(f"{where}: {item.severity}: {sanitise(item.text)}")
        if item.hint:
            print(f"    {sanitise(item.hint)}")


def _check(arguments: argparse.Namespace, plan: Plan) -> int:
    analysis, problems = try_analyse(plan, repo=root_of(Path(arguments.repo).expanduser()))
    found = tuple(dict.fromkeys((*plan.diagnostics, *problems)))
    advice = [d for d in analysis.diagnostics if d.code in _ADVICE] if analysis else []
    bad = [d for d in found if d.severity == "error"]
    if arguments.json:
        rows = [
            {"code": d.code, "severity": d.severity, "line": d.line, "text": d.text, "hint": d.hint}
            for d in (*found, *advice)
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
    else:
        _problems(arguments.file, found)
        if advice:
            what = "an import speaks" if len(advice) == 1 else f"{len(advice)} imports speak"
            print(
                f"{arguments.file}: {what} for an order the plan does not state; "
                f"see `maestro plan show {shlex.quote(arguments.file)}`"
            )
        verdict = f"{len(bad)} error(s)" if bad else f"can be run: {len(plan.tasks)} tasks"
        print(f"{arguments.file}: {verdict}")
    return USAGE if bad or not plan.tasks else DONE
