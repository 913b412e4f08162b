"""Facts that a task keeps in a YAML fence: ``files:`` and ``depends_on:`` with a list beneath.

Plans written for agents put what is data into a fence of its own. Only keys that say what the lists
hold are read; everything else in such a fence is an example as often as not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.facts import Facts
from maestro_tui.plans.file_words import is_file
from maestro_tui.plans.paths import find_paths

_KEY = re.compile(
    r"\s*(?:(files|paths|file_scope|owns|files?_to_modify|modify)|(files?_to_create|create|creates)|"
    r"(depends_on|dependencies|wait_for|waits_for|needs|requires|after|blocked_by))"
    r"\s*:\s*(?:\[(.*)\])?\s*$",
    re.IGNORECASE,
)
_ENTRY = re.compile(r"\s*-\s+(\S.*)$")
_PROGRESS = re.compile(r"\s+(?:reach|is|are|at)\w*\s.*$")  # "A1 reaches 50% (models)"


def facts_of_fences(blocks: Sequence[Block], facts: Facts, owner: str) -> None:
    """Adds the files and the order that YAML fences among the blocks state."""
    for block in blocks:
        if block.kind == "fence" and block.info.split(" ")[0].lower() in ("yaml", "yml"):
            _fence(block, facts, owner)


def _fence(block: Block, facts: Facts, owner: str) -> None:
    files: list[tuple[str, str, int]] = []
    key: re.Match[str] | None = None
    for line, text in enumerate(block.lines, block.line + 1):
        entry = _ENTRY.match(text)
        if entry is None:
            if text.strip():
                key = _KEY.match(text)
            entries = key[4].split(",") if key is not None and key[4] else []
        else:
            entries = [entry[1]]
        for value in (e.strip(" \"'") for e in entries):
            if key is None or not value:
                continue
            if key[3]:
                facts.dependencies.append(("depends", _PROGRESS.sub("", value), line))
            else:
                files.append((value, "create" if key[2] else "", line))
    if facts.files:
        return
    for value, action, line in files:
        for ref in find_paths(value, line)[:1]:
            if is_file(ref.path):
                facts.add_file(ref.path, ref.action or action, line, owner)
