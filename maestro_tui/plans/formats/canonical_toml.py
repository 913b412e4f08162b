"""The canonical plan, ``*.plan.toml``."""

from __future__ import annotations

import re

from maestro_tui.plans.canonical import parse_plan
from maestro_tui.plans.document import Document
from maestro_tui.plans.model import Plan


class CanonicalToml:
    """Maestro's own format: every fact under its own key."""

    name = "canonical"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By suffix, or by the tables it cannot do without."""
        foreign = re.search(r"^\[\[(steps|legs|template)\]\][ \t]*$", document.text, re.M)
        if document.path.lower().endswith(".toml") and foreign:
            return 30, "the file's name ends in .toml, but it holds [[steps]] of another tool"
        if document.path.lower().endswith(".toml"):
            return 100, "the file's name ends in .toml"
        tables = re.search(r"^\[\[task\]\][ \t]*$", document.text, re.M)
        schema = re.search(r"^schema\s*=\s*\d", document.text, re.M)
        if tables and schema and not re.search(r"^(#{2,6} |```)", document.text, re.M):
            return 90, "it holds a schema number and [[task]] tables"
        return 0, "no [[task]] tables"

    def read(self, document: Document) -> Plan:
        """The plan, with a diagnostic for every key that is not one of the schema."""
        return parse_plan(document)


FORMAT = CanonicalToml()
