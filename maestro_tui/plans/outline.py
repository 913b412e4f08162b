"""The outline of a plan of phases: which headings and list items are pieces of work, and whose."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.labels import Label, LabelItem, label_name
from maestro_tui.plans.marks import Heading, bare, parse_heading
from maestro_tui.plans.model import Diagnostic
from maestro_tui.plans.sections import class_of_title

PHASE_WORDS = "phase|stage|fase|フェーズ|阶段|단계"
CHILD_WORDS = "work ?stream|stream|track|task"
_NO_WORK = re.compile(
    r"(time ?line|schedule|gantt|summary|overview|risks?|appendix|references?|change ?log|"
    r"history|out of scope|do not|non-goals|glossary|retrospective)\b",
    re.IGNORECASE,
)


_OWN_LABEL = re.compile(r"\*\*[^*`]{2,40}(?::\*\*|\*\*:)")


@dataclass(slots=True)
class Work:
    """A phase, stream or task as found: its heading and the blocks that are its own."""

    heading: Heading
    line: int
    end: int
    blocks: list[Block]
    extra: list[Label] = field(default_factory=list)
    children: list[Work] = field(default_factory=list)
    checked: bool | None = None

    def leaves(self) -> list[Work]:
        """The innermost pieces: tasks in streams rather than the streams."""
        inner = [leaf for child in self.children for leaf in child.leaves()]
        return inner or [self]

    @property
    def empty(self) -> bool:
        """Whether nothing stands under the heading."""
        return not self.children and not self.extra and all(b.kind == "blank" for b in self.blocks)


def phase_sections(root: Section) -> list[tuple[Section, Heading]]:
    """The sections whose heading names a phase, outside timelines and other accounts of them."""
    out = []
    inside: dict[int, str] = {}
    for section in root.walk():
        heading = parse_heading(section.title, PHASE_WORDS) if section.level else None
        if heading is None or any(_tells_only(a) for a in section.ancestors()):
            continue
        outer = next((inside[a.line] for a in section.ancestors() if a.line in inside), "")
        if outer and _is_part(heading.id, outer):
            continue
        inside[section.line] = heading.id
        out.append((section, heading))
    return out


def _tells_only(section: Section) -> bool:
    """Whether a section only gives an account of phases: a summary, a table of times."""
    if _NO_WORK.match(bare(section.title)):
        return True
    return section.level > 1 and class_of_title(section.title) in ("timeline", "log")


def _is_part(name: str, outer: str) -> bool:
    """Whether phase 1.2 or 1a is a part of phase 1 rather than a phase written a level too deep."""
    return name != outer and re.match(rf"{re.escape(outer)}[.A-Za-z]", name) is not None


def find_phases(
    sections: Sequence[tuple[Section, Heading]],
) -> tuple[list[Work], list[Diagnostic]]:
    """Every phase once, in document order; of repeated ones the first that says something."""
    best: dict[str, Work] = {}
    problems: list[Diagnostic] = []
    for section, heading in sections:
        work = _work_of(section, heading)
        first = best.setdefault(heading.id, work)
        if first is work:
            continue
        fuller = (first.empty and not work.empty) or (work.children and not first.children)
        keep, drop = (work, first) if fuller else (first, work)
        best[heading.id] = keep
        problems.append(
            Diagnostic(
                "duplicate-phase",
                "warning",
                drop.line,
                f"Phase {heading.id} appears again; it is read from line {keep.line} only.",
                "Give the phases different numbers, or remove the repeated heading.",
            )
        )
    return sorted(best.values(), key=lambda w: w.line), problems


def _work_of(section: Section, heading: Heading) -> Work:
    work = Work(heading, section.line, section.end, [])
    _take(section, work)
    if not work.children:
        work.children = _item_children(work)
    return work


def _take(section: Section, work: Work) -> None:
    """Collects a section's blocks; sub-headings are children, labels or just more text."""
    work.blocks += section.blocks
    is_task = work.heading.kind == "task"
    for child in section.children:
        title = bare(child.title)
        heading = None if is_task else parse_heading(child.title, CHILD_WORDS, bare_ids=True)
        phase = parse_heading(child.title, PHASE_WORDS)
        if phase is not None and not is_task and _is_part(phase.id, work.heading.id):
            heading = phase
        name = label_name(title)
        if heading is not None and not _NO_WORK.match(title):
            inner = Work(heading, child.line, child.end, [])
            _take(child, inner)
            work.children.append(inner)
        elif phase is not None:
            continue  # a phase of its own, written a level too deep
        elif name and name not in ("requirements", "status"):
            work.extra.append(heading_label(name, child))
        else:
            _take(child, work)


def heading_label(name: str, section: Section) -> Label:
    """A heading such as ``#### Files`` with its list, as the label it stands for."""
    label = Label(name, bare(section.title), "", section.line)
    for block in section.all_blocks():
        if block.kind == "text" and block.text.startswith("**") and _OWN_LABEL.match(block.text):
            break  # what it says is no more of the list
        if block.kind in ("item", "text", "quote") and block.text:
            label.items.append(LabelItem(block.text, block.line))
        elif block.kind == "fence":
            label.fences.append(block)
    return label


def _item_children(work: Work) -> list[Work]:
    """Streams and tasks written as list items: ``- **Stream A**: title`` with lines beneath."""
    out: list[Work] = []
    rest: list[Block] = []
    level = -1
    for block in work.blocks:
        heading = None
        if block.kind == "item" and (level < 0 or block.indent <= level):
            heading = parse_heading(block.text, CHILD_WORDS)
        if heading is not None:
            level = block.indent
            out.append(Work(heading, block.line, block.line, [], checked=block.checked))
        elif out and level >= 0 and (block.indent > level or block.kind == "blank"):
            out[-1].blocks.append(block)
            out[-1].end = max(out[-1].end, block.end or block.line)
        else:
            level = -1 if block.kind != "blank" else level
            rest.append(block)
    for child in out:
        while child.blocks and child.blocks[-1].kind == "blank":
            child.end = child.blocks.pop().line - 1
    if out:
        work.blocks = rest
    return [_with_inline(child) for child in out]


_INLINE = re.compile(r"\s*(?:;|\s[|·—–-]|,)?\s+(?=\**[A-Za-z][A-Za-z ]{2,24}\**:)")


def _with_inline(child: Work) -> Work:
    """``- Stream A: title; Files: a.py`` has labels on the item's own line."""
    parts = _INLINE.split(child.heading.title)
    named = [p for p in parts[1:] if label_name(p.split(":", 1)[0])]
    if named and len(named) == len(parts) - 1:
        child.heading = replace(child.heading, title=parts[0].strip(" ;,—–-"))
        child.blocks = [*(Block("text", child.line, p) for p in named), *child.blocks]
    return child
