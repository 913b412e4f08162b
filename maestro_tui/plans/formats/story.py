"""BMAD stories: acceptance criteria, and tasks under "Tasks / Subtasks"; else one task."""

from __future__ import annotations

import re

from maestro_tui.plans import conventions
from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan
from maestro_tui.plans.whole_file import whole_file

_STORY = re.compile(
    r"^[^\w\n]*as an? .{2,200}?\bi (want|need|would like)\b|^[^\w\n]*user story\b|^## Story\b",
    re.I | re.M | re.S,
)
_CRITERIA = re.compile(r"^#{2,4}[ \t]+[^\w\n]*acceptance criteria\b", re.IGNORECASE | re.MULTILINE)
_TASKS = re.compile(r"^#{2,4}[ \t]+[^\w\n]*(dev )?(tasks|subtasks)\b", re.IGNORECASE | re.MULTILINE)
_RECORD = re.compile(
    r"^#{2,4}[ \t]+[^\w\n]*(dev agent record|dev notes|qa results|story)\b",
    re.IGNORECASE | re.MULTILINE,
)
_STYLE = Style(rank=("box-id", "task", "box"), order=conventions.SEQUENTIAL)


class Story:
    """The boxes of its tasks are the work; boxes of its criteria are not."""

    name = "bmad"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By a user story with acceptance criteria, surer with BMAD's own sections."""
        text = document.sample
        if document.is_data or not _CRITERIA.search(text) or not _STORY.search(text[:6000]):
            return 0, "no user story with acceptance criteria"
        if len(re.findall(r"^#{1,4}[ \t]+[^\w\n]*(?:epic|task|story) \d", text, re.I | re.M)) > 2:
            return 20, "several stories in one document"
        signs = [bool(_TASKS.search(text)), bool(_RECORD.search(text))]
        return 64 + 12 * sum(signs), "a user story with acceptance criteria"

    def read(self, document: Document) -> Plan:
        """Its tasks in order, or the story itself where it lists none."""
        if _TASKS.search(document.sample):
            plan = read_markdown(document, _STYLE).plan
            if plan.tasks:
                return plan
        return whole_file(document, "story")


FORMAT = Story()
