"""A file that is one prompt for one agent: the whole file is the task."""

from __future__ import annotations

import re

from maestro_tui.plans.document import Document
from maestro_tui.plans.model import Plan
from maestro_tui.plans.prompts import prompt_plan


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
        return 0, "nothing says it is a prompt"

    def read(self, document: Document) -> Plan:
        """A plan of one task."""
        return prompt_plan(document)


FORMAT = PromptFile()
