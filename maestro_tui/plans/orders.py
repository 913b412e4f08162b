"""Order stated apart from the tasks: dependency sections, arrows and Mermaid drawings."""

from __future__ import annotations

import re
from itertools import pairwise

from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Diagnostic, Edge
from maestro_tui.plans.refs import Resolver, Target

_SECTION = re.compile(
    r".*\b(dependenc(y|ies)|execution order|order of execution|ordering|sequenc(e|ing)|"
    r"critical path)\b",
    re.IGNORECASE,
)
_ARROW = re.compile(r"\s*(?:-{1,3}>|={1,2}>|→|⇒|➜|➔)\s*")
_NEEDS = re.compile(
    r"^(.{1,80}?)\s*(?:—|–|-|:)?\s*\b(?:depends? on|needs?|requires?|runs? after|after|blocked by|"
    r"waits? for)\b:?\s+(.+)$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(.{1,80}?)\s+(?:must\s+)?(?:be\s+|comes?\s+|runs?\s+)?(?:done\s+|complete\s+)?"
    r"\b(?:before|blocks|unblocks)\b:?\s+(.+)$",
    re.IGNORECASE,
)
_MERMAID_NODE = re.compile(r"\b([A-Za-z]\w*)\s*(?:\[+\"?|\(+\"?|\{+\"?)([^\])}\"]+)")
_MERMAID_ARROW = re.compile(r"\s*(?:-{2,3}>|-\.+->|={2,}>|--[^->|]+-->)\s*(?:\|[^|]*\|)?\s*")

Found = tuple[list[Edge], list[Diagnostic], bool]


def read_orders(root: Section, resolver: Resolver) -> Found:
    """Edges stated in sections about order and in Mermaid drawings anywhere.

    The third value tells whether the document states any order this way.
    """
    edges: list[Edge] = []
    lines = {t.line for t in resolver.targets}
    for section in root.walk():
        about = section.level > 1 and _SECTION.fullmatch(bare(section.title).split("(")[0].strip())
        phase = _is_work(section, lines)
        for block in section.blocks:
            if block.kind == "fence" and block.info.lower().startswith("mermaid"):
                edges += _mermaid(block, resolver)
            elif about and not phase:
                edges += _from_block(block, resolver)
    seen = {(e.task, e.after): e for e in reversed(edges) if e.task != e.after}
    return list(seen.values())[::-1], [], bool(seen)


def _is_work(section: Section, lines: set[int]) -> bool:
    return section.line in lines or any(a.line in lines for a in section.ancestors())


def _from_block(block: Block, resolver: Resolver) -> list[Edge]:
    if block.kind == "fence":
        out = []
        for n, line in enumerate(block.lines, 1):
            out += _arrows(line, block.line + n, resolver)
        return out
    if block.kind not in ("item", "text", "quote"):
        return []
    text = re.sub(r"[*_`]", "", block.text)
    found = _arrows(text, block.line, resolver)
    if found or _ARROW.search(text):
        return found
    needs = _NEEDS.match(text)
    if needs:
        return _pair(needs[2], needs[1], "section", block.line, resolver)
    before = _BEFORE.match(text)
    return _pair(before[1], before[2], "section", block.line, resolver) if before else []


def _arrows(text: str, line: int, resolver: Resolver) -> list[Edge]:
    parts = _ARROW.split(text.strip(" │├└─|"))
    out = []
    for left, right in pairwise(parts):
        out += _pair(left, right, "arrow", line, resolver)
    return out


def _pair(before: str, after: str, source: str, line: int, resolver: Resolver) -> list[Edge]:
    """Edges from all that the one side names to all that the other names."""
    nobody = Target("task", "", "", ())
    firsts = resolver.resolve(before.strip(" .:"), line, nobody, strict=False).ids
    thens = resolver.resolve(after.strip(" .:"), line, nobody, strict=False).ids
    return [Edge(t, f, source, line) for t in thens for f in firsts if t != f]


def _mermaid(block: Block, resolver: Resolver) -> list[Edge]:
    names: dict[str, str] = {}
    for line in block.lines:
        for node, label in _MERMAID_NODE.findall(line):
            names.setdefault(node, label.split("<br")[0])
    out = []
    for n, line in enumerate(block.lines, 1):
        text = re.sub(r"[\[({]+\"?[^\])}]*\"?[\])}]+", "", line)
        parts = [p.strip(" ;") for p in _MERMAID_ARROW.split(text)]
        for left, right in pairwise(parts):
            for a in re.split(r"\s*&\s*", left):
                for b in re.split(r"\s*&\s*", right):
                    before, after = names.get(a, a), names.get(b, b)
                    out += _mermaid_pair(before, after, block.line + n, resolver)
    return out


def _mermaid_pair(before: str, after: str, line: int, resolver: Resolver) -> list[Edge]:
    def short(text: str) -> str:
        return text if not re.match(r"(\w+ )?[\w.-]+:", text) else text.split(":", 1)[0]

    return _pair(short(before), short(after), "mermaid", line, resolver)
