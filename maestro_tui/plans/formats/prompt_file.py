"""A file that is one prompt for one agent: the whole file is the task."""

from __future__ import annotations

import re
from dataclasses import replace

from maestro_tui.plans.document import Document
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Plan
from maestro_tui.plans.prompts import prompt_plan
from maestro_tui.plans.whole_file import whole_file


class PromptFile:
    """Recognised only by where it lies or by what its heading says; any text can be a prompt."""

    name = "prompt"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By a prompts folder, a frontmatter of prompts, or a heading with the word prompt."""
        if not document.path.lower().endswith((".md", ".markdown", ".txt")) or not document.text:
            return 0, "not a text file"
        if re.search(r"(^|/)prompts?/[^/]+$", document.path.replace("\\", "/")):
            return 45, "it lies in a prompts folder"
        first = next((s for s in document.tree.walk() if s.level == 1), None)
        if first is not None and re.search(r"\bprompt\b", first.title, re.IGNORECASE):
            return 40, "its title calls it a prompt"
        if first is not None and _ASKS.match(bare(first.title)):
            parts = {m for s in document.tree.walk() if s.level > 1 for m in _parts(s.title)}
            if len(parts) > 2 and "aim" in parts:
                return 56, "a title that asks for something, with objective and requirements"
        return 0, "nothing says it is a prompt"

    def read(self, document: Document) -> Plan:
        """A plan of one task."""
        plan = prompt_plan(document)
        files = whole_file(document, "prompt").tasks
        if plan.tasks and not plan.tasks[0].files and files:
            own = replace(
                plan.tasks[0],
                create=files[0].create,
                modify=files[0].modify,
                delete=files[0].delete,
            )
            plan = replace(plan, tasks=(own, *plan.tasks[1:]))
        return plan


_ASKS = re.compile(
    r"(fix|remove|add|implement|create|update|migrate|refactor|improve|write|build|replace|convert|enhance|integrate|"
    r"clean ?up|set ?up|extract|introduce|support|enable|rewrite|redesign|optimi[sz]e|develop|"
    r"design|analy[sz]e)\b",
    re.IGNORECASE,
)
_PART_WORDS = {
    name: re.compile(pattern)
    for name, pattern in {
    "aim": r"objectives?|goals?|task|mission", "needs": r"(technical |functional )?requirements?|"
        r"specific fixes.*",
    "criteria": r"(success|acceptance) criteria|definition of done", "background": r"context|"
        r"background|problem( statement)?",
    "how": r"implementation( (steps|approach|details|plan|strategy))?|approach|strategy|focus "
           r"areas",
    "files": r"(target |affected )?files( to \w+)?|deliverables", "tests": r"testing( "
        r"requirements| strategy)?",
    }.items()
}  # fmt: skip


def _parts(title: str) -> list[str]:
    plain = bare(title).lower()
    return [name for name, pattern in _PART_WORDS.items() if pattern.fullmatch(plain)]


FORMAT = PromptFile()
