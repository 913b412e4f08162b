"""Deployment plans in Markdown: ``## Phase N: title`` with streams or tasks and labels beneath."""

from __future__ import annotations

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.document import Document
from maestro_tui.plans.labels import labels_in
from maestro_tui.plans.model import Plan
from maestro_tui.plans.outline import phase_sections
from maestro_tui.plans.phases import PhaseReader


class MaestroMarkdown:
    """The style the product was made for; phases are tasks, or groups of the streams in them."""

    name = "maestro"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By its phase headings, and surer when labels with files or order stand beneath them."""
        if document.path.lower().endswith((".toml", ".json", ".jsonl")):
            return 0, "not Markdown"
        found = phase_sections(document.tree)
        if not found:
            return 0, "no heading such as '## Phase 1: title'"
        labelled = sum(1 for section, _ in found if _has_labels(section))
        score = (85 if labelled * 2 >= len(found) else 60 if labelled * 3 > len(found) else 30) + (len(found) > 1) * 5
        return score, f"{len(found)} phase headings, {labelled} with labels such as Files:"

    def read(self, document: Document) -> Plan:
        """The plan, phases and their streams with every labelled fact."""
        return PhaseReader(document).read()


def _has_labels(section: Section) -> bool:
    wanted = {"files", "create", "modify", "delete", "test", "depends", "marker"}
    return any(label.name in wanted for label in labels_in(list(section.all_blocks())))


FORMAT = MaestroMarkdown()
