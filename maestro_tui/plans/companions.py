"""Documents that stand beside a plan: what was found out before it and what is reported after it.

They speak of the plan's phase and tasks in headings and lists of its own shape, so a reader of
plans would take them for one; their title, or the data at their top, says what they are.
"""

from __future__ import annotations

import re

from maestro_tui.plans.document import Document

_KIND = (
    r"(?:summary|research|context|discussion(?: log)?|validation(?: strategy)?|retrospective|"
    r"verification(?: report| results)?|(?:locked )?decisions)"
)
_TITLE = re.compile(
    r"#\s+(?:"
    rf"(?:phase|quick task)\s+[\w.-]+(?:\s+{_KIND}|\s*:\s*summary)(?:\s+[-–—]\s.*|\s*:\s.*|$)"
    rf"|phase\s+[\w.-]+\s*:\s.*\s[-–—]+\s+{_KIND}(?:\s*(?:&|and)\s+{_KIND})?"
    r"|phase\s+[\w.-]+\s*:\s.*\sverification report"
    r"|phase\s+[\w.-]+\s*(?:[:–—-].*)?\splan\s+\d.*\ssummary(?::.*)?"
    r"|(?:project\s+)?research summary(?:\s*[:–—-].*)?"
    r"|summary\s*[-–—:]\s*plan\s+\d.*|(?:plan\s+)?\d+-\d+\s+summary\b.*|summary\s+\d+-\d+\b.*"
    r")\s*",
    re.IGNORECASE,
)
_FACTS = frozenset({"key-files", "key-decisions", "tech-stack", "patterns-established"})
_HEAD_LINES = 120  # data at the top and the title stand within as many


def told_apart(document: Document) -> str:
    """Why a document is one that stands beside a plan; empty when nothing says so."""
    if document.is_data or "<task" in document.sample.lower():
        return ""
    front = document.frontmatter
    if "subsystem" in front and not _FACTS.isdisjoint(front):
        return "the data at its top is that of a summary of work done"
    first = document.frontmatter_end
    for line in document.lines[first : first + _HEAD_LINES]:
        if line.startswith("# "):
            found = _TITLE.fullmatch(line.strip())
            return (
                f"its title says it stands beside a plan: {line[2:80].strip()!r}" if found else ""
            )
    return ""
