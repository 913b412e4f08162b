"""``maestro plan export|edit|done``: the commands that write a plan or its document."""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, FAILED, USAGE, Exit
from maestro_tui.config.editor import editor_command
from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Diagnostic, Plan
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.reread import merge, stamped
from maestro_tui.plans.writeback import mark


def export(arguments: argparse.Namespace, plan: Plan) -> int:
    """Writes the canonical plan, or brings an edited one up to its document."""
    source = Path(arguments.file)
    target = _target(source, arguments.output)
    if not plan.tasks:
        raise Exit(f"{source}: no tasks found; nothing to export")
    if not target.exists():
        _write(target, dump_plan(stamped(plan)))
        print(target)
        return DONE
    if not arguments.update:
        raise Exit(
            f"{target} exists; --update takes in what changed in {source} and keeps your edits, "
            "-o names another file"
        )
    if target.resolve() == source.resolve():
        raise Exit(f"{target} is the exported plan itself; name the document it was made from")
    old = read_plan(target)
    if old.errors:
        _told(str(target), old.errors)
        raise Exit(f"{target} cannot be read; correct it first: maestro plan edit {target}")
    new, notes = merge(old, plan)
    _write(target, dump_plan(new))
    print(f"{target}: brought up to {source}")
    _told(str(source), notes)
    return DONE


def edit(arguments: argparse.Namespace, plan: Plan) -> int:
    """Opens the canonical plan in the user's editor, and says at once whether it still reads."""
    source = Path(arguments.file)
    target = (
        source if plan.format == "canonical" or source.suffix == ".toml" else _target(source, "")
    )
    if not target.exists():
        if not plan.tasks:
            raise Exit(f"{source}: no tasks found; nothing to edit")
        _write(target, dump_plan(stamped(plan)))
    command = editor_command()
    try:
        code = subprocess.run([*command, str(target)], check=False).returncode
    except OSError as error:
        raise Exit(f"{command[0]}: {error.strerror}; set $EDITOR") from error
    if code:
        raise Exit(f"{command[0]} ended with {code}; {target} is as it left it", FAILED)
    read = read_plan(target)
    _told(str(target), [d for d in read.diagnostics if d.severity != "info"])
    if read.errors:
        print(f"{target}: {len(read.errors)} error(s); edit it again: maestro plan edit {target}")
        return USAGE
    print(f"{target}: reads well, {len(read.tasks)} tasks. Next: maestro run {target}")
    return DONE


def done(arguments: argparse.Namespace, plan: Plan) -> int:
    """Marks tasks done (or open again) in the document: one box or one status each."""
    source = Path(arguments.file)
    if not arguments.task:
        raise Exit(f"Name the tasks to mark: maestro plan done {source} {_example(plan)}")
    status = "pending" if arguments.undo else "done"
    text = source.read_bytes().decode("utf-8")
    new = text
    try:
        for name in arguments.task:
            new = mark(new, plan, name, status)
            plan = read_plan(source, text=new, format=arguments.format or plan.format)
    except PlanError as error:
        raise Exit(str(error)) from error
    if new != text:
        _write(source, new)
    print(f"{source}: {', '.join(arguments.task)} marked {status}")
    return DONE


def _example(plan: Plan) -> str:
    return plan.tasks[0].id if plan.tasks else "TASK"


def _target(source: Path, named: str) -> Path:
    if named:
        return Path(named)
    name = source.name.removesuffix(".plan.md").removesuffix(source.suffix)
    return source.with_name(f"{name}.plan.toml")


def _write(target: Path, text: str) -> None:
    """All of it or nothing: written beside the file and renamed over it."""
    try:
        with tempfile.NamedTemporaryFile(
            "w",
            encoding="utf-8",
            newline="",
            dir=target.parent,
            prefix=f".{target.name}.",
            delete=False,
        ) as file:
            file.write(text)
        if target.exists():
            os.chmod(file.name, target.stat().st_mode & 0o7777)
        else:
            os.chmod(file.name, 0o644)
        os.replace(file.name, target)
    except OSError as error:
        raise Exit(f"{target}: cannot be written: {error.strerror}") from error


def _told(name: str, found: tuple[Diagnostic, ...] | list[Diagnostic]) -> None:
    for item in found:
        where = f"{name}:{item.line}" if item.line else name
        print(
            f"{where}: {sanitise(item.text)}" + (f" ({sanitise(item.hint)})" if item.hint else "")
        )
