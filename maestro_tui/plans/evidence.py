"""Whether a heading, an item or a row is work: what its words, its place and its lines show.

Numbered headings, boxes and lists also structure documents that are no plan at all. Each question
here is asked of one candidate; families are built from the answers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import islice

from maestro_tui.plans.candidates import Candidate, list_class
from maestro_tui.plans.inline_files import (
    aside_files,
    inline_files,
    leading_file,
    owned_files,
    says_to_do,
)
from maestro_tui.plans.labels import labels_in
from maestro_tui.plans.sections import (
    NEVER_WORK,
    class_of_title,
    classes_above,
    is_plan_title,
)
from maestro_tui.plans.titles import is_work_heading, named

_FACTS = frozenset(
    [
        "files",
        "create",
        "modify",
        "delete",
        "test",
        "verify",
        "depends",
        "blocks",
        "marker",
        "agent",
    ]
)


def is_account(c: Candidate) -> bool:
    """Whether a heading stands in a section that only tells of tasks: a log, a table of times."""
    return bool(classes_above(c.section.parent) & NEVER_WORK) if c.section.parent else False


def says_something(c: Candidate) -> bool:
    """Whether anything stands beneath a heading."""
    return bool(c.section.children) or any(b.kind != "blank" for b in c.section.blocks)


def stands_in(c: Candidate, lines: set[int]) -> bool:
    """Whether it stands beneath a heading on one of these lines."""
    return c.section.line in lines or any(a.line in lines for a in c.section.ancestors())


def is_evident(c: Candidate) -> bool:
    """Whether a heading's own lines or place show that it is work."""
    if "work" in classes_above(c.section.parent) if c.section.parent else False:
        return True
    if any(names_phase(a.title) for a in c.section.ancestors()):
        return True
    return has_facts(c)


def names_phase(title: str) -> bool:
    """Whether a title names a phase or a stream."""
    return named(title, "phase") is not None or named(title, "stream") is not None


def has_facts(c: Candidate) -> bool:
    """Whether files, checks, an order or an agent stand beneath a candidate."""
    blocks = list(c.section.all_blocks()) if c.is_heading else c.blocks
    wanted = _FACTS - {"verify", "agent"} if c.family == "id" and c.id[:1].isdigit() else _FACTS
    return any(label.name in wanted and label.entries() for label in labels_in(blocks))


def is_step_of_work(c: Candidate) -> bool:
    """Whether a step is one of a plan rather than of a manual: it says what to write, or ticks."""
    if (
        c.status != "pending"
        or says_to_do(c.title)
        or has_facts(c)
        or writes_files(c)
        or is_in_plan(c)
    ):
        return True
    return any(b.checked is not None for b in c.section.all_blocks())


_WEAK = re.compile(r"part|layer|tier|cycle|level|block|group|batch|round", re.IGNORECASE)


def is_evident_phase(c: Candidate) -> bool:
    """Whether a phase is one by its word; parts and tiers need something to do beneath them."""
    if not _WEAK.match(c.word) or has_facts(c) or writes_files(c):
        return True
    blocks = list(c.section.all_blocks())
    inner = any(is_work_heading(s.title) for s in c.section.walk() if s is not c.section)
    return inner or any(b.checked is not None for b in blocks)


WHO = re.compile(r"(?:sub-?)?agent|worker|team|developer|engineer|squad", re.IGNORECASE)


def writes_files(c: Candidate) -> bool:
    """Whether the lines beneath a heading say which files are written."""
    return any(
        owned_files(b.text, b.line) or inline_files(b.text, b.line)
        for b in c.section.all_blocks()
        if b.kind in ("text", "item")
    )


def names_files(c: Candidate) -> bool:
    """Whether its own line names files that it writes."""
    return bool(aside_files(c.raw, c.line) or inline_files(c.raw, c.line, "modify"))


def is_among_steps(c: Candidate) -> bool:
    """Whether it stands right beneath "Steps": a step called "Metrics" is a step all the same."""
    parent = c.section.parent
    return parent is not None and parent.level > 1 and class_of_title(parent.title) == "work"


def is_evident_number(c: Candidate) -> bool:
    above = classes_above(c.section.parent or c.section)
    return (
        bool(above & {"work", "files"})
        or has_facts(c)
        or leading_file(c.title, c.line) is not None
        or writes_files(c)
    )


def is_in_plan(c: Candidate) -> bool:
    """Whether the document's own title, or a heading above, calls it a plan."""
    return any(is_plan_title(s.title) for s in c.section.ancestors())


def says_action(c: Candidate) -> bool:
    """Whether an item says what is to be done, in words, files or labels."""
    return says_to_do(c.raw) or names_files(c) or has_facts(c)


def mostly(items: Sequence[Candidate], holds: Callable[[Candidate], bool]) -> bool:
    """Whether something holds of at least half of them."""
    needed = (len(items) + 1) // 2
    return sum(1 for _ in islice(filter(holds, items), needed)) == needed


def is_said_work(c: Candidate) -> bool:
    """Whether an item's place, words, files or lines beneath say that it is work."""
    return (
        list_class(c.section) == "work"
        or says_to_do(c.title)
        or names_files(c)
        or has_facts(c)
        or c.checked is not None
    )


def is_row_of_work(c: Candidate) -> bool:
    """Whether the row of a table is a task, by its columns or by where the table stands."""
    above = (c.section, *c.section.ancestors())
    return (
        c.sure
        or bool(classes_above(c.section) & {"work", "dependencies"})
        or any(names_phase(s.title) for s in above)
    )


def own_class(c: Candidate) -> str:
    """What the title right above it says of the lines beneath."""
    return class_of_title(c.section.title) if c.section.level > 1 else ""
