"""Kiro's tasks.md: boxes numbered 1 and 1.1, ``_Requirements: 1.2_`` beneath them."""

from __future__ import annotations

import re

from maestro_tui.plans import conventions
from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan

_BOX = re.compile(r"^[ \t]*[-*][ \t]+\[[ xX~-]\]\*?\s+\d+(?:\.\d+)*\.?\s", re.MULTILINE)
_TRACE = re.compile(r"_(?:Requirements?|Validates|要件|需求)\s*[:：]", re.IGNORECASE)
_STYLE = Style(rank=("box-id",), order=conventions.MARKED)


class Kiro:
    """Numbered boxes whose parents are groups by their number, not by their indentation."""

    name = "kiro"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By numbered boxes with traces to requirements, or the folder they lie in."""
        boxes = len(_BOX.findall(document.sample))
        if not boxes:
            return 0, "no numbered boxes"
        folder = "/.kiro/" in f"/{document.path}"
        traced = bool(_TRACE.search(document.sample))
        score = 82 * traced or 70 * folder
        return score + 12 * (traced and folder), f"{boxes} numbered boxes traced to requirements"

    def read(self, document: Document) -> Plan:
        """The plan, one task after the other except those marked (P)."""
        return read_markdown(document, _STYLE).plan


FORMAT = Kiro()
