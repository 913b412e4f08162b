"""Order stated apart from the tasks: dependency sections, arrows and Mermaid drawings."""

from __future__ import annotations

import json
import re
from itertools import pairwise, product

from maestro_tui.plans.ascii_graph import drawn_edges
from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Edge
from maestro_tui.plans.phrases import NOBODY, Phrases
from maestro_tui.plans.refs import Resolver, Target
from maestro_tui.plans.table_tasks import Row, rows_of

_SECTION = re.compile(  # for titles in lower case
    r"\b(dependenc(y|ies)|execution order|order of execution|implementation order|build order|"
    r"merge order|ordering|sequenc(e|ing)|critical path|execution strategy)\b"
    r"|依存関係|実行順|実装順|依赖|(?:执行|实施|实现|執行|實施|實作)(?:顺序|順序)"
    r"|의존|실행 ?순서|thứ tự|dependencias|dépendances|"
    r"abhängigkeiten"
)
_WITHIN = re.compile(r"\W*within (?:each|every|a|one)\b", re.IGNORECASE)
_DOWN = re.compile(r"[↓▼⬇│|]+(?:\s*\([^()]*\))?")  # a line that only leads to the next
_QUOTED = re.compile(r'"([\w.-]+)"')
_EMPHASIS = re.compile(r"[*_`]")
_WIDE = str.maketrans("（）‖", "(),")  # side by side is no order: "T1 ‖ T2 → T3" names both
_ARROW = re.compile(r"\s*(?:-{1,3}>|={1,2}>|→|⇒|➜|➔)\s*")
_NEEDS = re.compile(
    r"^(.{1,80}?)\s*(?:—|–|-|:)?\s*\b(?:depends? on|needs?|requires?|runs? after|after|blocked by|"
    r"waits? for|depende d[aeo]s?|dépend d[eu]s?|hängt ab von|зависит от|依赖于?)\b:?\s+(.+)$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"^(.{1,80}?)\s+(?:must\s+)?(?:be\s+|comes?\s+|runs?\s+)?(?:done\s+|complete\s+)?"
    r"\b(?:before|blocks|unblocks)\b:?\s+(.+)$",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"^([^:：.]{1,80}?)\s*[:：]\s+(.+)$")
_SENTENCE = re.compile(r"(?<=[\w)])[.;]\s+|\s+[-–—]\s+")
_BARE_NEEDS = re.compile(
    r"^(?:all |can (?:only )?(?:start|begin|run|proceed|"
    r"be (?:started|built|done|developed|implemented))|starts?|begins?|must (?:start|come|run)|"
    r"runs?|executes?|\s)*"
    r"(?:depends? (?:up)?on|needs?|requires?|after|blocked by|waits? for|once)\s+(.+)$",
    re.IGNORECASE,
)
_DEPENDS = re.compile(r"depends (?:up)?on\s+([^→]+?)\s*→", re.IGNORECASE)
_BARE_BEFORE = re.compile(
    r"^(?:must |should |be |complete[ds]? |done |finish(?:ed)? |comes? |\s)*(?:before|blocks?|"
    r"unblocks?)\s+(.+)$",
    re.IGNORECASE,
)
_HOLDS_UP = re.compile(
    r"no user stor(?:y|ies) (?:work )?(?:can|may|should|must) (?:begin|start) (?:until|"
    r"before) this phase is (?:complete|done|finished)",
    re.IGNORECASE,
)
_NAMED_NODE = re.compile(r"((?:\w+ )?[\w.-]+)\s*(?::|\s[-–—]\s)")
_MERMAID_NODE = re.compile(r"\b([A-Za-z]\w*)\s*(?:\[+\"?|\(+\"?|\{+\"?)([^\])}\"]+)")
_MOST_ARROWS = 50_000  # of one drawing: "A & B --> C & D" multiplies
_NODE_TEXT, _AND = re.compile(r"[\[({]+\"?[^\])}]*\"?[\])}]+"), re.compile(r"\s*&\s*")
_MERMAID_ARROW = re.compile(r"\s*(?:-{2,3}>|-\.+->|={2,}>|--[^->|]+-->)\s*(?:\|[^|]*\|)?\s*")


def read_orders(root: Section, resolver: Resolver) -> list[Edge]:
    """Edges stated in sections about order and in Mermaid drawings anywhere."""
    edges: list[Edge] = []
    phrases = Phrases(resolver)
    lines = {t.line for t in resolver.targets}
    phases = {t.line: t for t in phrases.phases}
    about_order: set[int] = set()  # lines of the sections that are, and of those in them
    work: set[int] = set()
    for section in root.walk():
        above = section.parent.line if section.parent and section.parent.level else -1
        if above in about_order or _speaks_of_order(section):
            about_order.add(section.line)
        if above in work or section.line in lines:
            work.add(section.line)
        if _WITHIN.match(section.title):
            continue  # "Within each story: models before services" speaks of every one, of none
        about, phase = section.line in about_order, section.line in work
        found: list[Edge] = []
        if section.line in phases:
            edges += _held_up(section, phases[section.line], phrases)
        for block in section.blocks:
            if block.kind == "fence" and block.info.lower().startswith("mermaid"):
                found += _mermaid(block, phrases)
            elif block.kind == "table":
                found += _from_table(block, phrases)
            elif about and not phase:
                found += _from_block(block, phrases)
        if about and any(b.kind == "fence" and _draws_tasks(b, phrases) for b in section.blocks):
            found = [e for e in found if not _coarse(e, phrases)]
        edges += found
    seen = {(e.task, e.after): e for e in reversed(edges) if e.task != e.after}
    return list(seen.values())[::-1]


def _held_up(section: Section, phase: Target, phrases: Phrases) -> list[Edge]:
    """``No user story work can begin until this phase is complete``, said within the phase."""
    out: list[Edge] = []
    for block in section.blocks:
        if block.kind in ("text", "quote") and _HOLDS_UP.search(block.text):
            stories = phrases.resolve("all user stories", block.line)
            out += [Edge(s, i, "section", block.line) for s in stories for i in phase.ids if s != i]
    return out


def _draws_tasks(block: Block, phrases: Phrases) -> bool:
    """Whether a drawing joins the tasks of phases rather than whole phases."""
    phases = {i for t in phrases.phases for i in t.ids}
    drawn = drawn_edges(block.lines, phrases.known)
    return any(not set(phrases.resolve(before, block.line)) <= phases for before, _, _ in drawn)


def _coarse(edge: Edge, phrases: Phrases) -> bool:
    """Whether an arrow joins whole phases, where a drawing beside it joins the tasks in them."""
    phases = {i for t in phrases.phases for i in t.ids}
    return edge.source == "arrow" and {edge.task, edge.after} <= phases


def _speaks_of_order(section: Section) -> bool:
    if section.level < 2:
        return False
    title = bare(section.title).split("(")[0].lower()
    return _SECTION.search(title) is not None


def _from_block(block: Block, phrases: Phrases) -> list[Edge]:
    if block.kind == "fence":
        out = _waves(block, phrases) or _downwards(block, phrases)
        if out:
            return out
        for before, after, row in drawn_edges(block.lines, phrases.known):
            out += _pair(before, after, "arrow", block.line + row + 1, phrases)
        for n, line in enumerate(block.lines, 1):
            out += _from_line(line, block.line + n, phrases)
        return out
    if block.kind not in ("item", "text", "quote"):
        return []
    return _from_line(_EMPHASIS.sub("", block.text), block.line, phrases)


def _waves(block: Block, phrases: Phrases) -> list[Edge]:
    """``{"waves": [{"id": 0, "tasks": ["1.1"]}, ...]}``, as Kiro writes its dependency graph."""
    if not block.info.lower().startswith("json") or not any('"waves"' in x for x in block.lines):
        return []
    try:
        waves = json.loads("\n".join(block.lines))["waves"]
        named = [[str(name) for name in wave["tasks"]] for wave in waves]
    except (ValueError, KeyError, TypeError, RecursionError):
        return []
    at = {name: n for n, line in enumerate(block.lines, 1) for name in _QUOTED.findall(line)}
    out: list[Edge] = []
    for before, after in pairwise(named):
        firsts = [i for name in before for i in phrases.resolve(name, block.line)]
        for name in after:
            line = block.line + at.get(name, 0)
            thens = phrases.resolve(name, line)
            out += [Edge(t, f, "section", line) for t in thens for f in firsts if t != f]
    return out


def _downwards(block: Block, phrases: Phrases) -> list[Edge]:
    """One name below another with an arrow between: ``Setup (T001-T002)``, ``↓``, ``Models``."""
    rows = [(n, line.rstrip()) for n, line in enumerate(block.lines, 1) if line.strip()]
    names, arrows = rows[::2], rows[1::2]
    if len(names) < 2 or len(names) != len(arrows) + 1:
        return []
    if not all(_DOWN.fullmatch(text.strip()) for _, text in arrows):
        return []
    out: list[Edge] = []
    for row, text in names:
        for left, right in pairwise(_ARROW.split(text.strip())):
            out += _pair(left, right, "arrow", block.line + row, phrases)
    for ((_, above), (row, below)), (_, arrow) in zip(pairwise(names), arrows, strict=True):
        column = len(arrow) - len(arrow.lstrip())
        before, after = _name_at(above, column), _name_at(below, column)
        out += _pair(before, after, "arrow", block.line + row, phrases)
    return out


def _name_at(text: str, column: int) -> str:
    """The name of a row of names that stands nearest to a column."""
    parts: list[tuple[int, str]] = []
    start = 0
    for arrow in (*_ARROW.finditer(text), None):
        end = arrow.start() if arrow is not None else len(text)
        part = text[start:end]
        first = start + len(part) - len(part.lstrip())
        middle = (first + start + len(part.rstrip())) // 2
        parts.append((abs(middle - column), part.strip()))
        start = arrow.end() if arrow is not None else end
    return min(parts)[1]


def _from_line(text: str, line: int, phrases: Phrases) -> list[Edge]:
    text = text if text.isascii() else text.translate(_WIDE)
    label = _LABELLED.match(text.strip())
    if label is not None and "→" in text and (needs := _DEPENDS.match(label[2])):
        # "Story 2: depends on Story 1 → search": the arrow leads to what comes of it.
        return _pair(needs[1], label[1], "section", line, phrases)
    found = _arrows(text, line, phrases)
    if found or _ARROW.search(text):
        return found
    subject, rest = (label[1], label[2]) if label else ("", text.strip())
    out: list[Edge] = []
    for sentence in _SENTENCE.split(rest):
        out += _from_sentence(sentence.strip(), subject, line, phrases)
    return out or ([] if not label else _from_sentence(text.strip(), "", line, phrases))


def _from_sentence(text: str, subject: str, line: int, phrases: Phrases) -> list[Edge]:
    """One sentence: with a subject of its own, or about the label in front of it."""
    bare_needs = _BARE_NEEDS.match(text) if subject else None
    if bare_needs:
        return _pair(bare_needs[1], subject, "section", line, phrases)
    bare_before = _BARE_BEFORE.match(text) if subject else None
    if bare_before:
        return _pair(subject, bare_before[1], "section", line, phrases)
    needs = _NEEDS.match(text)
    if needs:
        return _pair(needs[2], needs[1], "section", line, phrases)
    before = _BEFORE.match(text)
    return _pair(before[1], before[2], "section", line, phrases) if before else []


def _from_table(block: Block, phrases: Phrases) -> list[Edge]:
    """A column "Depends on" in a table whose rows are tasks or phases of this plan."""
    out: list[Edge] = []
    for row in rows_of(block, ranges=True):
        if not row.after:
            continue
        resolver = phrases.resolver
        targets = resolver.by_id.get(row.id.lower(), []) or resolver.titled(row.title)
        ids = list(targets[0].ids) if targets else _range(row, phrases)
        if ids:
            found = phrases.resolve(row.after, row.line, targets[0] if targets else NOBODY)
            out += [Edge(t, a, "table", row.line) for t in ids for a in found if a != t]
    return out


def _range(row: Row, phrases: Phrases) -> list[str]:
    """The tasks of a row that speaks of several: "F1-F4"."""
    several = re.search(r"[-–,]", row.id)
    return phrases.resolve(row.id, row.line) if several else []


def _arrows(text: str, line: int, phrases: Phrases) -> list[Edge]:
    parts = _ARROW.split(text.strip(" │├└─|"))
    if len(parts) > 2 and any(_mixed(part, line, phrases) for part in parts[1:-1]):
        return []
    out = []
    for left, right in pairwise(parts):
        out += _pair(left, right, "arrow", line, phrases)
    return out


def _mixed(part: str, line: int, phrases: Phrases) -> bool:
    """Whether ids stand among other words: "T1 → oracle, T2 → deep" assigns, it does not order."""
    found = [bool(phrases.resolve(piece, line)) for piece in part.split(",")]
    return any(found) and not all(found)


def _pair(before: str, after: str, source: str, line: int, phrases: Phrases) -> list[Edge]:
    """Edges from all that the one side names to all that the other names."""
    thens = phrases.resolve(after, line)
    firsts = phrases.resolve(before, line, phrases.owner(thens)) if thens else []
    return [Edge(t, f, source, line) for t in thens for f in firsts if t != f]


def _mermaid(block: Block, phrases: Phrases) -> list[Edge]:
    names: dict[str, str] = {}
    for line in block.lines:
        for node, label in _MERMAID_NODE.findall(line):
            names.setdefault(node, label.split("<br")[0])
    out: dict[tuple[str, str], Edge] = {}
    asked: set[tuple[str, str]] = set()
    for n, line in enumerate(block.lines, 1):
        text = _NODE_TEXT.sub("", line)
        parts = [p.strip(" ;") for p in _MERMAID_ARROW.split(text)]
        for left, right in pairwise(parts):
            firsts, thens = dict.fromkeys(_AND.split(left)), dict.fromkeys(_AND.split(right))
            for pair in product(firsts, thens):
                if len(asked) > _MOST_ARROWS:
                    return list(out.values())  # more than any plan draws
                if pair in asked:
                    continue  # drawn before; its first line is what counts
                asked.add(pair)
                before, after = (names.get(p, p) for p in pair)
                for edge in _mermaid_pair(before, after, block.line + n, phrases):
                    out.setdefault((edge.task, edge.after), edge)
    return list(out.values())


def _mermaid_pair(before: str, after: str, line: int, phrases: Phrases) -> list[Edge]:
    def short(text: str) -> str:
        first = text.split(" ", 1)[0].strip(":.)")
        if first.lower() in phrases.known and any(c.isdigit() for c in first):
            return first  # "1.2 Parser - done", "T004 Routes"
        found = _NAMED_NODE.match(text)
        return found[1] if found else text

    return _pair(short(before), short(after), "mermaid", line, phrases)
