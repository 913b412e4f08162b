"""Plans of the superpowers kind: ``### Task N: title``, a **Files:** list, boxes for its steps."""

from __future__ import annotations

import re

from maestro_tui.plans import conventions
from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan

_TASK = re.compile(r"^#{2,5}[ \t]+(?:\S+[ \t]+)?Task[ \t]+\d", re.MULTILINE | re.IGNORECASE)
_STEP = re.compile(r"^[ \t]*(?:[-*][ \t]+\[[ xX]\]\s+)?\*\*Step\s+\d", re.MULTILINE)
_FILES = re.compile(r"^[ \t]*(?:[-*][ \t]*)?\*\*Files?:?\*\*", re.MULTILINE)
_HEAD = re.compile(r"superpowers:|For agentic workers|For Claude:", re.IGNORECASE)
_STYLE = Style(rank=("task", "step"), order=conventions.SEQUENTIAL)


class Superpowers:
    """One task after the other by convention, each with steps that are not tasks."""

    name = "superpowers"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By Task headings with Files lists or Step lines; surer with the skill's own words."""
        tasks = len(_TASK.findall(document.sample))
        if not tasks:
            return 0, "no '### Task N' heading"
        signs = [bool(_FILES.search(document.sample)), bool(_STEP.search(document.sample))]
        head = bool(_HEAD.search(document.sample[:4000])) or "superpowers/plans" in document.path
        if not head and not all(signs):
            return 0, "Task headings without Files lists and Step lines"
        return 70 + 10 * sum(
            signs
        ) + 8 * head, f"{tasks} '### Task N' headings with files and steps"

    def read(self, document: Document) -> Plan:
        """The plan, in the order of the document."""
        return read_markdown(document, _STYLE).plan


FORMAT = Superpowers()
