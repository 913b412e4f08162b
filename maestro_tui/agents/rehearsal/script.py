"""Carries out an attempt's script from its first step to the completion document."""

from __future__ import annotations

import os
import sys

from maestro_tui.agents import files
from maestro_tui.agents.rehearsal.steps import Steps
from maestro_tui.agents.rehearsal.tree import StepFailed, Tree
from maestro_tui.agents.rehearsal.voice import Voice
from maestro_tui.agents.spec import Spec, SpecError, read_spec

_GLOB = frozenset("*?[{")


def carry_out() -> int:
    """Do what the spec of MAESTRO_ATTEMPT_DIR says, in the current folder; the exit code."""
    folder = os.environ.get("MAESTRO_ATTEMPT_DIR", "")
    try:
        spec = read_spec(os.path.join(folder, files.SPEC))
    except SpecError as error:
        print(error, file=sys.stderr)
        return 2
    voice, tree = Voice(f"{spec.run}-{spec.task}-{spec.attempt}"), Tree(os.getcwd())
    voice.begin(os.getcwd())
    steps = Steps(spec, voice, tree, os.path.join(folder, files.CONTROL))
    try:
        if spec.steps:
            for step in spec.steps:
                steps.do(step)
        else:
            _improvise(spec, voice, steps)
        if not steps.marker_settled:
            steps.do({"do": "marker"})
    except StepFailed as failure:
        voice.say(f"{failure}\n")
        return failure.code
    voice.end(f"{spec.title or spec.task} is done")
    return 0


def _improvise(spec: Spec, voice: Voice, steps: Steps) -> None:
    """Without a script: a placeholder for each new file, so that a plan can be tried dry."""
    voice.text(f"Rehearsing {spec.task}: {spec.title}")
    new = [p for p in spec.create if not _GLOB & set(p) and not steps.tree.exists(p)]
    for path in new:
        if path.endswith("/"):
            path += ".gitkeep"
        steps.do({"do": "write", "path": path, "text": _placeholder(path, spec)})
    voice.text(f"{len(new)} placeholder{'' if len(new) == 1 else 's'} written")


def _placeholder(path: str, spec: Spec) -> str:
    """Something that is valid in a file of that name, and does nothing."""
    note = f"Placeholder for {spec.task}, written in a rehearsal."
    note = " ".join(note.replace('"', "'").replace("\\", "/").split())
    match os.path.splitext(path)[1].lower():
        case ".py" | ".pyi":
            return f'"""{note}"""\n'
        case ".md" | ".txt" | ".rst":
            return f"{note}\n"
        case ".json":
            return "{}\n"
        case ".js" | ".ts" | ".jsx" | ".tsx" | ".go" | ".rs" | ".c" | ".h" | ".java" | ".kt":
            return f"// {note}\n" if not path.endswith(".go") else f"// {note}\npackage main\n"
        case ".sh" | ".toml" | ".yaml" | ".yml" | ".cfg" | ".ini" | ".rb":
            return f"# {note}\n"
        case ".sql":
            return f"-- {note}\n"
        case ".css":
            return "/* " + note.replace("*/", "") + " */\n"
        case ".html":
            return "<!doctype html>\n<title>Placeholder</title>\n"
    return ""
