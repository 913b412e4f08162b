"""Sisyphus plans: numbered boxes with "What to do", "References" and "Acceptance Criteria"."""

from __future__ import annotations

import re

from maestro_tui.plans import conventions
from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan

_BOX = re.compile(r"^[-*][ \t]+\[[ xX~-]\]\s+\**(?:Task\s+)?\d+(?:\.\d+)*[.):]", re.MULTILINE)
_WHAT = re.compile(r"^[ \t]+(?:[-*][ \t]+)?\*\*What to do\*\*", re.MULTILINE | re.IGNORECASE)
_STYLE = Style(rank=("box-id",), order=conventions.SEQUENTIAL, references=True)


class Sisyphus:
    """Each box is a task; what it refers to is what it changes."""

    name = "sisyphus"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By its boxes and their fixed labels, or the folder it lies in."""
        boxes, what = len(_BOX.findall(document.sample)), len(_WHAT.findall(document.sample))
        if not boxes or not (what or ".sisyphus/" in document.path):
            return 0, "no numbered boxes with 'What to do'"
        return 90, f"{boxes} numbered boxes with 'What to do'"

    def read(self, document: Document) -> Plan:
        """The plan, one task after the other where it states no order."""
        return read_markdown(document, _STYLE).plan


FORMAT = Sisyphus()
