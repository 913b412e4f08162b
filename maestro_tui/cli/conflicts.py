"""``maestro conflicts``: the conflicts a run waits with, file by file and place by place."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import shlex

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.runs import client
from maestro_tui.cli.selecting import pick
from maestro_tui.core.conflicts import Conflict, ConflictFile
from maestro_tui.core.state import Question
from maestro_tui.engine.client import RunClient

MOST_LINES = 12  # of a side


def conflicts(arguments: argparse.Namespace) -> int:
    """Print every conflict that waits, with both sides and how to answer."""
    found = client(arguments)
    open_ones = {q.task: q for q in found.state.questions.values() if q.kind == "conflict"}
    if not open_ones:
        raise Exit(f"{found.run} waits with no conflict", FAILED)
    names = list(open_ones)
    if arguments.task:
        names = [pick(arguments.task, names, "conflicted task", "`maestro status` lists them")]
    looked = [(open_ones[n], asyncio.run(found.conflict(n))) for n in names]
    if arguments.json:
        print(json.dumps([dataclasses.asdict(c) for _, c in looked], indent=1, ensure_ascii=False))
        return DONE
    for question, conflict in looked:
        _print(found, question, conflict)
    return DONE


def _print(found: RunClient, question: Question, conflict: Conflict) -> None:
    print(f"≠ {sanitise(question.title)}")
    print(f"  as files: {sanitise(question.subject)}")
    for file in conflict.files:
        _print_file(conflict.task, file)
    example = " ".join(f"{shlex.quote(f.path)}=theirs" for f in conflict.files[:2])
    print(f'  maestro decide {found.run} {question.id} resolve --text "{example}"')


def _print_file(task: str, file: ConflictFile) -> None:
    by = f", merged side by {', '.join(file.writers)}" if file.writers else ""
    print(f"  {sanitise(file.path)}: {file.kind}{by}   [{' | '.join(file.answers)}]")
    if file.said:
        print(f"    {sanitise(file.said)}")
    for number, hunk in enumerate(file.hunks, start=1):
        print(f"    #{number}")
        sides = (("ours, merged", hunk.ours), ("base", hunk.base), (f"theirs, {task}", hunk.theirs))
        for name, lines in sides:
            print(f"      {name}:")
            for line in lines[:MOST_LINES]:
                print(f"        {sanitise(line.rstrip())}")
            if len(lines) > MOST_LINES:
                print(f"        … {len(lines) - MOST_LINES} more lines")
