"""OpenSpec's tasks.md: ``## 1. Section`` with ``- [ ] 1.1 task`` boxes."""

from __future__ import annotations

import re

from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan

_SECTION = re.compile(r"^##[ \t]+\d+\.?\s+\S", re.MULTILINE)
_BOX = re.compile(r"^[ \t]*[-*][ \t]+\[[ xX~-]\]\s+\d+\.\d+(?:\.\d+)*\s", re.MULTILINE)
_STYLE = Style(rank=("box-id",))


class OpenSpec:
    """Section after section; the files stand in the sentences."""

    name = "openspec"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By numbered sections over boxes numbered alike."""
        boxes, sections = len(_BOX.findall(document.sample)), len(_SECTION.findall(document.sample))
        if not boxes or not sections:
            return 0, "no '## 1.' sections with '- [ ] 1.1' boxes"
        folder = "openspec/" in document.path
        return 84 + 12 * folder, f"{sections} numbered sections with {boxes} boxes"

    def read(self, document: Document) -> Plan:
        """The plan, section after section."""
        return read_markdown(document, _STYLE).plan


FORMAT = OpenSpec()
