"""``maestro attempts``: every attempt at a task side by side; what was written is all kept."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import Any

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, Exit
from maestro_tui.cli.runs import client
from maestro_tui.cli.selecting import pick
from maestro_tui.core.state import Attempt, TaskRun
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.git.command import run_sync
from maestro_tui.engine.git.merging import keep_ref

_STAT = re.compile(r"(\d+) (file|insertion|deletion)")


def attempts(arguments: argparse.Namespace) -> int:
    """List the attempts with their ends and sizes, or compare two."""
    found = client(arguments)
    state = found.state
    name = pick(arguments.task, list(state.tasks), "task", "`maestro status` lists them")
    task = state.tasks[name]
    if arguments.diff:
        return _diff(found, task, *arguments.diff)
    rows = [_row(found, task, attempt) for attempt in task.attempts]
    if arguments.json:
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return DONE
    print(f"{name}: {task.state}, {len(rows)} attempt(s)")
    for row in rows:
        print(
            f"  {row['attempt']}  {row['outcome']:<10} {row['seconds']:7.1f} s"
            f"  {row['changes']:<24}  {sanitise(row['agent'])}"
        )
        for word in ("why", "instructions"):
            if row[word]:
                print(f"       {word}: {sanitise(row[word])[:160]}")
        if row["ref"]:
            print(f"       git diff {row['base'][:10]} {row['ref']}")
    if len(rows) > 1:
        print(f"maestro attempts {found.run} {name} --diff 1 {len(rows)} compares two")
    return DONE


def _row(found: RunClient, task: TaskRun, attempt: Attempt) -> dict[str, Any]:
    ref = keep_ref(found.run, task.task.key, attempt.number)
    commit = run_sync(["rev-parse", "-q", "--verify", ref], found.repo).stdout.strip()
    files = added = removed = 0
    if commit and attempt.base:
        stat = run_sync(["diff", "--shortstat", attempt.base, commit], found.repo).stdout
        numbers = {word: int(n) for n, word in _STAT.findall(stat)}
        files, added, removed = (numbers.get(w, 0) for w in ("file", "insertion", "deletion"))
    bad = [c for c in attempt.checks if not c["ok"]]
    why = attempt.error or "; ".join(f"{c['name']}: {c['detail']}" for c in bad)
    return {
        "attempt": attempt.number,
        "outcome": attempt.outcome or str(task.state),
        "agent": attempt.agent,
        "seconds": round(attempt.seconds, 3),
        "files": files,
        "added": added,
        "removed": removed,
        "changes": f"{files} file(s) +{added} -{removed}" if commit else "nothing kept",
        "checks": [dict(c) for c in attempt.checks],
        "why": why.splitlines()[0] if why else "",
        "instructions": attempt.instructions,
        "base": attempt.base,
        "ref": ref if commit else "",
        "log": str(Path(found.attempt_dir(task.id, attempt.number)) / "output.log"),
    }


def _diff(found: RunClient, task: TaskRun, one: int, other: int) -> int:
    """What the one attempt's files look like in the other."""
    refs = []
    paths: set[str] = set()
    for number in (one, other):
        if number > len(task.attempts):
            raise Exit(f"{task.id} has had {len(task.attempts)} attempt(s), not {number}")
        attempt = task.attempts[number - 1]
        ref = keep_ref(found.run, task.task.key, number)
        if run_sync(["rev-parse", "-q", "--verify", ref], found.repo).returncode:
            raise Exit(f"attempt {number} of {task.id} left nothing that could be compared")
        names = run_sync(["diff", "--name-only", "-z", attempt.base, ref], found.repo).stdout
        paths.update(filter(None, names.split("\0")))
        refs.append(ref)
    shown = run_sync(
        ["diff", "--stat", "--patch", "--no-color", "--no-ext-diff", *refs, "--",
         *(f":(top,literal){p}" for p in sorted(paths))],
        found.repo,
    )  # fmt: skip
    print(sanitise(shown.stdout) or f"attempts {one} and {other} wrote the same", end="\n")
    return DONE
