"""``maestro plan show``: a plan as it was understood, for people and for programs."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

from maestro_tui.cli.exits import DONE, USAGE, Exit
from maestro_tui.cli.opening import assignment_of, earlier, script_of
from maestro_tui.cli.plan_text import Ink, Shown, text_of
from maestro_tui.config.errors import ConfigError
from maestro_tui.config.settings import Settings, load_settings
from maestro_tui.plans.analysis import transitive_reduction
from maestro_tui.plans.drawing import draw
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.expansion import runs
from maestro_tui.plans.model import Assignment, Plan
from maestro_tui.plans.shape import as_dot, as_json, as_mermaid, try_analyse, try_stage
from maestro_tui.plans.tracked import checkout_bytes

_MOST_PROPOSED = 2000  # tasks: for more, who does what is worked out by a run


def show(arguments: argparse.Namespace, plan: Plan) -> int:
    """Print the plan; a plan with a cycle or another error is shown all the same."""
    shown = look(arguments, plan)
    if arguments.json:
        data = as_json(plan, shown.analysis, shown.stage)
        data["agents"] = [
            {"task": a.task, "agent": a.agent, "reason": a.agent_reason, "runner_up": a.runner_up}
            for a in shown.agents.values()
        ]
        if shown.analysis is None:
            rows = [d for d in shown.problems if d not in plan.diagnostics]
            known = {row["code"] for row in data["diagnostics"]}
            data["diagnostics"] += [_row(d) for d in rows if d.code not in known]
        _print(json.dumps(data, indent=1, ensure_ascii=False))
    elif arguments.graph == "mermaid":
        _print(as_mermaid(plan, shown.analysis))
    elif arguments.graph == "dot":
        _print(as_dot(plan, shown.analysis))
    elif arguments.graph == "text":
        return _drawn(shown)
    else:
        columns = shutil.get_terminal_size((100, 24)).columns
        _print("\n".join(text_of(shown, Ink(_coloured()), max(60, min(columns, 140)))))
    return DONE


def look(arguments: argparse.Namespace, plan: Plan) -> Shown:
    """The plan with everything that can be said about it from here."""
    root = root_of(Path(arguments.repo).expanduser())
    settings = _settings(root)
    rehearsed = _rehearsed(arguments.file, plan, settings)
    agents = _agents(root, plan, settings)
    limit, at_once = settings.run.large_plan_files, settings.run.max_parallel
    analysis, problems = try_analyse(
        plan,
        repo=root,
        repo_bytes=checkout_bytes(root),
        max_parallel=at_once,
        owned={name: a.owned for name, a in agents.items()},
        models={name: a.model for name, a in agents.items()},
        known=replace(
            earlier(root, settings, rehearsed=rehearsed),
            agents={name: a.agent for name, a in agents.items()},
        ),
    )
    return Shown(arguments.file, plan, analysis, problems, agents, try_stage(plan, limit), at_once)


def _row(item: object) -> dict[str, object]:
    names = ("code", "severity", "line", "text", "hint")
    return {name: getattr(item, name) for name in names}


def root_of(folder: Path) -> Path:
    """The repository around a folder, or the folder itself: a plan is shown anywhere."""
    here = folder.resolve()
    for candidate in (here, *here.parents):
        if (candidate / ".git").exists():
            return candidate
    return here


def _settings(root: Path) -> Settings:
    """What is configured; a mistake in it does not hide the plan."""
    try:
        return load_settings(root)
    except ConfigError as error:
        print(f"maestro: {error}; the defaults are used", file=sys.stderr)
        return Settings()


def _rehearsed(file: str, plan: Plan, settings: Settings) -> bool:
    """Whether a run of it with nothing said on the command line would be a rehearsal."""
    if settings.run.driver != "auto":
        return settings.run.driver == "rehearsal"
    try:
        return not settings.run.agent_command and script_of([file], plan) is not None
    except Exit:
        return False  # a broken script is for the run to complain about


def _agents(root: Path, plan: Plan, settings: Settings) -> dict[str, Assignment]:
    """Who would be proposed for each task; nobody where that cannot be worked out."""
    tasks = [task for task in plan.tasks if runs(task)]
    if len(tasks) > _MOST_PROPOSED or len({t.id for t in plan.tasks}) < len(plan.tasks):
        return {}
    try:
        assign = assignment_of(root, settings, "command")
        return {task.id: assign(task) for task in tasks}
    except (PlanError, OSError) as error:
        print(f"maestro: agents are not proposed: {error}", file=sys.stderr)
        return {}


def _drawn(shown: Shown) -> int:
    if shown.analysis is None:
        for item in shown.problems:
            print(f"maestro: {item.text}", file=sys.stderr)
        return USAGE
    found = shown.analysis
    titles = {t.id: shown.title(t.id) for t in shown.plan.tasks}
    rows = draw(found.waves, transitive_reduction(found.edges), found.critical_path)
    wide = max((len(row.lanes) for row in rows), default=0)
    for row in rows:
        words = f"{shown.clean(row.task)}  {titles[row.task]}" if row.task else ""
        after = f"   after {', '.join(map(shown.clean, row.after))}" if row.after else ""
        _print(f"{row.lanes:<{wide}}  {words}{after}".rstrip())
    return DONE


def _coloured() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not plain


def _print(text: str) -> None:
    """Print where the terminal may not have every character."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
