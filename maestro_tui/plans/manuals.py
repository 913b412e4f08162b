"""Documents whose lists are no work: a README lists features, the notes of a meeting what was said.

Only lists without ids are in doubt; what bears an id or a heading of work is work in any document.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.file_words import file_words
from maestro_tui.plans.marks import bare

_TITLES = 200  # as many headings tell what kind of document it is
_MANUAL = re.compile(
    r"install(ation|ing)?|usage|licen[cs]e|contribut(ing|ors|ions?)|getting started|quick ?start|"
    r"faq|credits|acknowledge?ments|support|badges|screenshots|community"
)
_MEETING = re.compile(r"agenda|attendees|participants|present|minutes|notes|decisions|next meeting")
_TO_DO = re.compile(r"to-?\s?do|tasks|plan|next steps|road ?map|milestone", re.IGNORECASE)


def may_plan(members: Sequence[Candidate]) -> bool:
    """Whether lists without ids can be work here: not those of a manual, nor talk at a meeting."""
    if not members:
        return False
    root = members[0].section
    while root.parent is not None:
        root = root.parent
    titles = [bare(s.title).lower() for s in islice(root.walk(), 1, _TITLES)]
    if sum(1 for t in set(titles) if _MANUAL.fullmatch(t)) > 2:
        return all(_TO_DO.search(c.section.title) for c in members)
    if sum(1 for t in set(titles) if _MEETING.fullmatch(t)) > 1:
        return any(file_words(c.raw) for c in members)
    return True
