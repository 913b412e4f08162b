"""Deployment plans in Markdown: ``## Phase N: title`` with streams or tasks and labels beneath."""

from __future__ import annotations

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.choosing import Choice
from maestro_tui.plans.document import Document
from maestro_tui.plans.inline_files import inline_files, leading_file
from maestro_tui.plans.labels import Label, labels_in
from maestro_tui.plans.model import Plan
from maestro_tui.plans.phases import PhaseReader

_WANTED = frozenset({"files", "create", "modify", "delete", "test", "depends", "marker"})
_FILES = _WANTED - {"depends"}


class MaestroMarkdown:
    """The style the product was made for; phases are tasks, or groups of the streams in them."""

    name = "maestro"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By its phase headings, and surer when labels with files or order stand beneath them."""
        if document.path.lower().endswith((".toml", ".json", ".jsonl")):
            return 0, "not Markdown"
        found = document.phases
        if not found:
            return 0, "no heading such as '## Phase 1: title'"
        labels = [_labels(section) for section, _ in found]
        labelled = sum(1 for those in labels if any(x.written.isascii() for x in those))
        said = f"{len(found)} phase headings, {labelled} with labels such as Files:"
        choice = document.choice()
        if choice is not None and not _ours(choice, labelled):
            return 30, f"{said}, but its tasks are {choice.reason.split('from ')[-1]}"
        # Without labels of this style the general reader sees more: files and checks in sentences.
        inner = choice is not None and choice.family in ("task", "id", "step")
        told = any(_speaks_of_files(section) for section, _ in found)
        if told and not any(x.name in _FILES for those in labels for x in those):
            return 39, f"{said}; its files stand in sentences"
        plain = 45 if inner or any(labels) else 59
        score = 85 if labelled * 2 >= len(found) else 60 if labelled else plain
        return score + (len(found) > 1) * 5, said

    def read(self, document: Document) -> Plan:
        """The plan, phases and their streams with every labelled fact."""
        return PhaseReader(document).read()


def _labels(section: Section) -> list[Label]:
    return [x for x in labels_in(list(section.all_blocks())) if x.name in _WANTED]


def _speaks_of_files(section: Section) -> bool:
    """Whether sentences and items name files, which only the general reader looks for."""
    return any(
        inline_files(b.text, b.line) or leading_file(b.text, b.line)
        for b in section.all_blocks()
        if b.kind in ("text", "item")
    )


def _ours(choice: Choice, labelled: int) -> bool:
    """Whether the tasks chosen are of the kinds this style has: phases, streams, tasks in them."""
    if choice.family == "phase" and all(t.family == "stream" for t in choice.tasks):
        return False  # although there are phases: they only say when the streams are started
    if choice.family == "phase-item":
        return labelled > 0 or all(t.family in ("stream", "phase") for t in choice.tasks)
    return choice.family in ("phase", "task", "id", "step")


FORMAT = MaestroMarkdown()
