"""spec-kit's tasks.md: ``- [ ] T012 [P] [US1] do something in path``."""

from __future__ import annotations

import re

from maestro_tui.plans import conventions
from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Plan

_LINE = re.compile(r"^[ \t]*[-*][ \t]+(?:\[[ xX~-]\]\s+)?\**T\d{3}[a-z]?\b", re.MULTILINE)
_STYLE = Style(rank=("box-id",), order=conventions.MARKED, action="create", flat=True)


class SpecKit:
    """Phases follow each other; neighbours marked [P] run together; a path stands in every line."""

    name = "speckit"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By its task lines."""
        lines = len(_LINE.findall(document.sample))
        if lines < 2 or document.is_data:
            return 0, "no '- [ ] T001' lines"
        return 92, f"{lines} task lines such as '- [ ] T001'"

    def read(self, document: Document) -> Plan:
        """The plan; files that no verb speaks of are created."""
        return read_markdown(document, _STYLE).plan


FORMAT = SpecKit()
