"""Any other Markdown plan: whatever family of headings, items or boxes is surely its work."""

from __future__ import annotations

from dataclasses import replace

from maestro_tui.plans.document import Document
from maestro_tui.plans.markdown_plan import Style, read_markdown
from maestro_tui.plans.model import Diagnostic, Plan

_STYLE = Style()


class Generic:
    """Free-form plans; tried last, so it is never surer than a format that was recognised."""

    name = "generic"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By whether the document holds anything that is surely a task."""
        if document.path.lower().endswith((".toml", ".json", ".jsonl")) or document.is_data:
            return 0, "not Markdown"
        choice = document.choice(_STYLE.rank)
        if choice is None:
            return 0, "no headings, items or boxes that are surely work"
        return {"high": 58, "medium": 50, "low": 40}[choice.confidence], choice.reason

    def read(self, document: Document) -> Plan:
        """The plan, with a remark where another family could have been meant."""
        outcome = read_markdown(document, _STYLE)
        plan = outcome.plan
        if (
            outcome.choice is None
            or outcome.choice.confidence == "high"
            or not outcome.choice.alternative
        ):
            return plan
        remark = Diagnostic(
            "other-tasks",
            "warning" if outcome.choice.confidence == "low" else "info",
            outcome.choice.tasks[0].line,
            f"Read {outcome.choice.reason}; {outcome.choice.alternative} could have been meant.",
            "Write the tasks as '### Task 1: title' headings to make it certain.",
        )
        return replace(plan, diagnostics=(*plan.diagnostics, remark))


FORMAT = Generic()
