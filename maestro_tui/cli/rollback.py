"""``maestro rollback`` and ``maestro rescue``: back to an earlier state, and what is kept of it."""

from __future__ import annotations

import argparse
import json

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.repository import repository
from maestro_tui.cli.runs import client
from maestro_tui.core.rollback import NoSuchPoint, point_of, points, preview
from maestro_tui.engine.git.command import run_sync
from maestro_tui.engine.git.rescue import Kept, restore, things_kept


def rollback(arguments: argparse.Namespace) -> int:
    """Show what going back would drop; with ``--yes`` ask for it."""
    found = client(arguments)
    state = found.state
    if not arguments.to:
        print(f"{found.run} can go back to:")
        for point in points(state):
            drops = preview(state, point).drops
            print(f"  {point.name:<20} {point.sha[:10]}  drops {len(drops)} merge(s)")
        print(f"maestro rollback {found.run} POINT shows what that would drop")
        return DONE
    if state.delivered is not None:
        raise Exit(f"{found.run} is delivered already; `git revert` undoes it there", FAILED)
    try:
        point = point_of(state, arguments.to)
    except NoSuchPoint as error:
        raise Exit(str(error)) from error
    seen = preview(state, point)
    print(f"Back to {point.name} ({point.sha[:10]}):")
    for word, names in (("keeps", seen.keeps), ("drops", seen.drops), ("stops", seen.stops)):
        for name in names:
            task = state.tasks[name]
            files = len(task.attempt.files) if task.attempt and word != "stops" else 0
            size = f", {files} file(s)" if files else ""
            print(f"  {word} {name} — {sanitise(task.task.title)}{size}")
    print("What is dropped stays under refs (maestro rescue) and is done again after your answer.")
    if not arguments.yes:
        print("Nothing was changed; --yes does it.")
        return DONE
    found.rollback(point.name)
    if not found.engine_alive():
        print(f"Noted; `maestro resume {found.run}` does it")
    return DONE


def rescue(arguments: argparse.Namespace) -> int:
    """List what is kept of runs, or make a branch of one of them."""
    repo = repository(arguments.repo)
    kept = things_kept(repo, arguments.run)
    if arguments.restore:
        return _restore(arguments, kept)
    if arguments.json:
        print(json.dumps([k.as_dict() for k in kept], indent=1, ensure_ascii=False))
        return DONE
    if not kept:
        print("nothing is kept" + (f" of {arguments.run}" if arguments.run else ""))
        return DONE
    run = ""
    for thing in kept:
        if thing.run != run:
            run = thing.run
            print(run)
        where = "in HEAD" if thing.merged else "only here"
        print(f"  {thing.name:<32} {thing.sha[:10]}  {thing.when}  {where:<9}  "
              f"{sanitise(thing.subject)[:60]}")  # fmt: skip
    print("maestro rescue RUN --restore NAME [--branch BRANCH] makes a branch of one")
    return DONE


def _restore(arguments: argparse.Namespace, kept: list[Kept]) -> int:
    wanted = arguments.restore
    found = [k for k in kept if wanted in (k.name, k.ref) or k.sha.startswith(wanted)]
    names = {k.ref for k in found}
    if len(names) != 1:
        near = ", ".join(k.name for k in (found or kept)[:8]) or "nothing is kept"
        raise Exit(f"{wanted}: {'several are' if found else 'no such thing is'} kept; {near}")
    thing = found[0]
    repo = repository(arguments.repo)
    branch = arguments.branch or f"rescue/{thing.run}/{thing.name}"
    if run_sync(["check-ref-format", "--branch", branch], repo).returncode:
        raise Exit(f"--branch {branch}: not a branch name")
    problem = restore(repo, thing, branch)
    if problem:
        raise Exit(problem, FAILED)
    print(f"{branch} is now {thing.sha[:10]}: {sanitise(thing.subject)}")
    print(f"git switch {branch}   # or: git diff HEAD...{branch}")
    return DONE
