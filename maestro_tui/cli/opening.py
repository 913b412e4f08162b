"""From arguments to a strategy: plan, repository, settings, roster and script put together."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from maestro_tui.agents.drivers.acp.presets import PRESETS
from maestro_tui.cli.exits import Exit
from maestro_tui.cli.marking import markable
from maestro_tui.config.errors import ConfigError
from maestro_tui.config.paths import db_path
from maestro_tui.config.settings import Settings, load_settings
from maestro_tui.core.budget_questions import budget_lines
from maestro_tui.core.options import RunOptions
from maestro_tui.engine.acp_options import acp_command, acp_missing
from maestro_tui.engine.driver_options import api_missing, claude_missing, claude_program
from maestro_tui.engine.git.repository import Base, RepositoryError, read_base
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.estimates import Known
from maestro_tui.plans.model import Assignment, Diagnostic, Plan, Strategy, Task
from maestro_tui.plans.prices import price_table, with_prices
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.rehearsal import load_rehearsal
from maestro_tui.plans.strategy import draft
from maestro_tui.plans.tracked import checkout_bytes
from maestro_tui.roster.assign import assigner
from maestro_tui.roster.discovery import load_roster
from maestro_tui.roster.routing import Weights

POLICIES = {
    "on_failure": "on_failure",
    "on_gate_failure": "on_gate_failure",
    "on_conflict": "on_conflict",
    "permission_policy": "permission_policy",
    "deliver": "deliver",
    "mark_done": "mark_done",
    "retries": "retries",
    "retry_delay": "retry_delay_s",
    "budget": "budget_run",
    "wave_budget": "budget_wave",
    "agent_budget": "budget_agent",
    "on_budget": "on_budget",
}


@dataclass(frozen=True, slots=True)
class Opening:
    """Everything a run needs, before anything is created."""

    base: Base
    plan: Plan
    strategy: Strategy
    options: RunOptions
    script: Path | None
    notes: tuple[str, ...]
    assign: Callable[[Task], Assignment]
    reread: Callable[[str], Strategy] | None = None
    known: Known = field(default_factory=Known)


def read(files: list[str], form: str | None = None, order: str = "") -> Plan:
    """The plan of these files; refuses one that cannot be read.

    ``order`` is used in place of the plan's own: ``convention`` is what the format's own tools
    would do where nothing is stated, ``strict`` one by one, ``explicit`` only what is stated.
    """
    plan = _read(files, form)
    return dataclasses.replace(plan, order=order) if order else plan


def _read(files: list[str], form: str | None) -> Plan:
    try:
        if len(files) > 1:
            from maestro_tui.plans.prompts import read_prompt_files

            return read_prompt_files([Path(f) for f in files])
        return with_company(read_plan(files[0], format=form), Path(files[0]))
    except PlanError as error:
        raise Exit(str(error)) from error


def with_company(plan: Plan, file: Path) -> Plan:
    """The plan with a remark where an exported plan and its document may say different things."""
    notes: list[Diagnostic] = []
    if plan.source and file.suffix == ".toml" and plan.source_sha256:
        places = (file.parent / plan.source, Path(plan.source))
        document = next((p for p in places if p.is_file()), None)
        if document is not None and _sha256(document) != plan.source_sha256:
            notes.append(
                Diagnostic(
                    "document-changed",
                    "warning",
                    0,
                    f"{document} has changed since this plan was exported from it.",
                    f"Take them in, your edits kept: maestro plan export {document} --update",
                )
            )
    else:
        beside = file.with_name(f"{file.name.removesuffix(file.suffix)}.plan.toml")
        if beside != file and beside.is_file():
            notes.append(
                Diagnostic(
                    "exported-beside",
                    "info",
                    0,
                    f"{beside} was exported beside it; what was edited there is not used here.",
                    f"To run the edited plan: maestro run {beside}",
                )
            )
    return dataclasses.replace(plan, diagnostics=(*plan.diagnostics, *notes)) if notes else plan


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""


def refuse_errors(plan: Plan, name: str) -> None:
    """Exit 2 with all errors of the plan, each with its line and what to write."""
    if plan.errors:
        lines = [f"{name}: the plan cannot be run:"]
        for item in plan.errors:
            where = f"{name}:{item.line}: " if item.line else f"{name}: "
            lines.append(f"  {where}{item.text}" + (f" ({item.hint})" if item.hint else ""))
        raise Exit("\n".join(lines))
    if not plan.tasks:
        raise Exit(
            f"{name}: no tasks found; see `maestro plan show {name}` for what was understood"
        )


def open_run(arguments: argparse.Namespace, find_base: Callable[[], Base] | None = None) -> Opening:
    """Read, check and analyse; nothing is created. ``Exit`` 2 for everything that is wrong."""
    try:
        base = find_base() if find_base else read_base(Path(arguments.repo).expanduser())
    except RepositoryError as error:
        raise Exit(str(error)) from error
    settings = _settings(base.root)
    plan = read(arguments.plan, arguments.format, arguments.order)
    refuse_errors(plan, arguments.plan[0])
    script = script_of(arguments.plan, plan)
    command = arguments.agent_command or shlex.join(settings.run.agent_command)
    settings = _with_acp_agent(settings, arguments.acp_agent or "")
    wanted = arguments.driver or ("acp" if arguments.acp_agent else settings.run.driver)
    driver = _driver(wanted, command, script, settings)
    options = run_options(arguments, settings, driver, command)
    timeout_s = arguments.timeout if arguments.timeout is not None else settings.run.timeout_s
    assign = assignment_of(base.root, settings, driver, timeout_s)
    known = earlier(base.root, settings, rehearsed=driver == "rehearsal")
    drafted = partial(
        draft,
        known=known,
        assign=assign,
        mode=arguments.mode or settings.run.mode,
        max_parallel=arguments.max_parallel or settings.run.max_parallel,
        repo=base.root,
        repo_bytes=checkout_bytes(base.root),
        large_plan_files=settings.run.large_plan_files,
    )
    try:
        strategy = drafted(plan)
    except PlanError as error:
        raise Exit(str(error)) from error
    if not any(strategy.waves):
        raise Exit(
            f"{arguments.plan[0]}: every task is done, deferred or cancelled; nothing to run"
        )
    document = markable(base, arguments.plan, plan)
    options = dataclasses.replace(options, document=document.path)
    wanted = arguments.mark_done if arguments.mark_done is not None else _only_no(settings)
    said = document.note(wanted=wanted, delivers=options.deliver == "merge")
    notes = (*_notes(base, plan), *([said] if said else []), *budget_lines(options))
    return Opening(
        base=base,
        plan=plan,
        strategy=strategy,
        options=options,
        script=script,
        notes=notes,
        assign=assign,
        reread=_reread(arguments.plan, arguments.order, drafted),
        known=known,
    )


def assignment_of(
    root: Path, settings: Settings, driver: str, timeout_s: float | None = None
) -> Callable[[Task], Assignment]:
    """Who does a task, by the agents the repository and the settings offer."""
    return assigner(
        load_roster(root, Path.home(), [Path(p) for p in settings.agents.folders]),
        driver=driver,
        timeout_s=timeout_s,
        weights=Weights(**dataclasses.asdict(settings.routing)),
    )


def earlier(root: Path, settings: Settings, *, rehearsed: bool) -> Known:
    """What earlier runs in this repository took, and what tokens cost."""
    prices = with_prices(price_table(), settings.prices)
    journal = db_path(root)
    if not journal.is_file():
        return Known(prices=prices)
    from maestro_tui.engine.history import earlier_runs  # SQLite only where there is something

    return earlier_runs(journal, rehearsed=rehearsed, prices=prices)


def _reread(
    files: list[str], order: str, drafted: Callable[[Plan], Strategy]
) -> Callable[[str], Strategy] | None:
    """The same document as another format, for the review; prompt files have only one reading."""
    if len(files) != 1:
        return None

    def reread(form: str) -> Strategy:
        return drafted(read(files, form, order))

    return reread


def _settings(root: Path) -> Settings:
    try:
        return load_settings(root)
    except ConfigError as error:
        raise Exit(str(error)) from error


def script_of(files: list[str], plan: Plan) -> Path | None:
    """The plan with its rehearsal script beside or inside it; None when it has none."""
    if len(files) != 1:
        return None
    path = Path(files[0]).resolve()
    try:
        script = load_rehearsal(path, [task.id for task in plan.tasks])
    except PlanError as error:
        raise Exit(str(error)) from error
    return path if script.script else None


def _with_acp_agent(settings: Settings, wanted: str) -> Settings:
    """``--acp-agent`` before the settings: a known name, else a command."""
    if not wanted:
        return settings
    known = wanted in PRESETS
    command = () if known else tuple(_split(wanted, "--acp-agent"))
    acp = dataclasses.replace(settings.acp, agent=wanted if known else "", command=command)
    return dataclasses.replace(settings, acp=acp)


def _driver(wanted: str, command: str, script: Path | None, settings: Settings) -> str:
    missing = ""
    if wanted == "auto":
        wanted = "command" if command else "rehearsal" if script else ""
    if wanted in ("", "claude"):
        missing = claude_missing(settings.claude.program)
        if missing and wanted:
            raise Exit(f"--driver claude: {missing}")
        wanted = "" if missing else "claude"
    if not wanted:
        raise Exit(
            'no agent to run: give --agent-command "CMD ..." (the prompt comes on its stdin), or '
            f"--driver rehearsal for a dry run without any agent; for Claude Code: {missing}"
        )
    if wanted == "acp" and (missing := acp_missing(settings.acp.agent, settings.acp.command)):
        raise Exit(f"--driver acp: {missing}")
    if wanted == "api" and (missing := api_missing(settings.api.key_env)):
        raise Exit(f"--driver api: {missing}")
    if wanted == "command":
        if not command:
            raise Exit('--driver command needs --agent-command "CMD ..."')
        program = _split(command)[0]
        if "/" not in program and shutil.which(program) is None:
            raise Exit(f"--agent-command: {program} is not on PATH; install it or give its path")
    return wanted


def _split(command: str, flag: str = "--agent-command") -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise Exit(f"{flag} {command!r}: {error}") from error
    if not words:
        raise Exit(f"{flag} is empty")
    # The agent runs in a worktree: a path relative to where the user stands must stay true.
    head = Path(words[0]).expanduser()
    if "/" in words[0] and not head.is_absolute():
        words[0] = str(Path.cwd() / head)
    if "/" in words[0] and not Path(words[0]).exists():
        raise Exit(f"{flag}: {words[0]} does not exist")
    if "/" in words[0] and shutil.which(words[0]) is None:
        raise Exit(
            f"{flag}: {words[0]} is not an executable file; make it one with chmod +x, or "
            "name its interpreter before it"
        )
    return words


def policies(arguments: argparse.Namespace) -> dict[str, Any]:
    """What the command line says about answering by itself; only what was given."""
    found = {
        field: getattr(arguments, name)
        for name, field in POLICIES.items()
        if getattr(arguments, name, None) is not None
    }
    if arguments.yes:
        found |= {"approved": True, "deliver_approved": True}
    return found


_HEAVY = ("acp", "api", "claude")  # seconds of a processor at each start


def run_options(
    arguments: argparse.Namespace, settings: Settings, driver: str, command: str
) -> RunOptions:
    """The command line above the settings above the defaults."""
    run = settings.run
    base = RunOptions(
        driver=driver,
        agent_command=tuple(_split(command)) if driver == "command" else (),
        deliver=run.deliver,
        mark_done=run.mark_done,
        on_failure=run.on_failure,
        on_gate_failure=run.on_gate_failure,
        on_conflict=run.on_conflict,
        permission_policy=run.permission_policy,
        retries=2 if run.retries is None else run.retries,
        retry_delay_s=run.retry_delay_s,
        launch_delay_s=_first(
            run.launch_delay_s, 2.0 if driver in ("claude", "acp", "api") else 0.0
        ),
        worktree_root=run.worktree_root,
        setup=run.setup,
        setup_timeout_s=run.setup_timeout_s,
        copy=run.copy,
        port_base=run.port_base,
        ports=run.ports,
        lfs=run.lfs,
        pools=dataclasses.asdict(settings.pools),
        pack_days=settings.archive.pack_days,
        prune_days=settings.archive.prune_days,
        permission_allow=settings.permissions.allow,
        permission_deny=settings.permissions.deny,
        agents=_agents(settings, driver),
        agent_folders=settings.agents.folders,
        budget_agent=settings.budget.agent,
        budget_wave=settings.budget.wave,
        budget_run=settings.budget.run,
        on_budget=settings.budget.on_limit,
        budget_model=settings.budget.cheaper_model,
        prices={model: dict(row) for model, row in settings.prices.items()},
    )
    return dataclasses.replace(base, **policies(arguments))


def _agents(settings: Settings, driver: str) -> dict[str, Any]:
    """The driver's own settings, those that are set; the program as it is found now."""
    if driver not in ("acp", "api", "claude"):
        return {}
    table = dataclasses.asdict(getattr(settings, driver))
    found = {k: v for k, v in table.items() if v or k in _EMPTY_SAYS}
    if driver == "claude":
        found["program"] = claude_program(settings.claude.program)
    elif driver == "acp":
        found["command"] = acp_command(settings.acp.agent, settings.acp.command)
    elif settings.prices:
        found["prices"] = {model: dict(row) for model, row in settings.prices.items()}
    return found


_EMPTY_SAYS = frozenset({"setting_sources", "silence_s"})


def _first(given: float | None, default: float) -> float:
    return default if given is None else given


def _only_no(settings: Settings) -> bool | None:
    """A setting is a wish for all plans: only its no is one for this plan, too."""
    return None if settings.run.mark_done else False


def _notes(base: Base, plan: Plan) -> tuple[str, ...]:
    notes = []
    if base.dirty:
        some = ", ".join(base.dirty[:4]) + (" …" if len(base.dirty) > 4 else "")
        notes.append(
            f"{len(base.dirty)} uncommitted change(s) are not part of this run: {some}. "
            f"It starts from the commit {base.sha[:10]}"
        )
    if not base.branch:
        notes.append("HEAD is detached; delivery will move it forward, no branch")
    notes += [f"{d.line}: {d.text}" for d in plan.diagnostics if d.severity == "warning"]
    return tuple(notes)
