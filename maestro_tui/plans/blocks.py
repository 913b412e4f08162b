"""The block tree of a Markdown document: sections holding lines, items, tables and fences.

Every block carries its line number, because all that is read from a plan is shown with the line it
came from. Line by line rather than a CommonMark tree: plans put ``Files:`` and ``Needs:`` on
neighbouring lines of what is one paragraph to CommonMark, and nest fences it would close.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from maestro_tui.plans.fences import FenceSpan

MAX_TITLE = 500  # of a longer heading only the start is its title
_HEADING = re.compile(r"^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$")
_ITEM = re.compile(r"^(\s*)([-*+•]|\d{1,9}[.)])(?:\s+(.*))?$")
_STATES = {" ": "pending", "~": "doing", "/": "doing", "-": "cancelled", ">": "deferred"}
_BOX = re.compile(r"^\\?\[([ xX✓✔~/>-])\\?\](\*?)(?:\s+|$)(.*)$")
_TABLE_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
_UNDERLINE = re.compile(r" {0,3}={3,}\s*")
_CELL_END = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^\s{0,3}([-*_])(?:\s*\1){2,}\s*$")
# A bold line that names a kind of work stands for a heading one or more levels below the last.
_BOLD_HEADING = re.compile(
    r"^\s{0,3}\*\*(\W*(phase|stage|stream|work ?stream|track|task|group|wave|batch|epic|milestone|"
    r"agent)"
    r"\s+#?\w[^*]*)\*\*(?::?\s*|(:|\s+[-–—]+|)\s*(\S.*))$",
    re.IGNORECASE,
)
# So does one that gives a ticket's id: "**WI-2: Ledger service** (3h, after WI-1)".
_BOLD_TICKET = re.compile(
    r"^\*\*(\[?[A-Z]{1,8}-?\d+(?:\.\d+)*[a-z]?\]?\s*(?:[:：.]|[-–—]\s)[^*]*)\*\*:?\s*(\([^()]*\))?\s*$"
)
_HEADING_WORD = re.compile(r"^ {0,3}#{1,6}\s+\W*([a-z]+)\s+#?\w", re.IGNORECASE | re.MULTILINE)
_SUMMARY = re.compile(r"^\s*(?:<details[^>]*>)?\s*<summary>(.*?)</summary>", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]*>|[*_`]")
_PLAIN_HEADING = re.compile(
    r"^(phase|stage|wave|batch|milestone)\s+#?\d+\b[^.|`*]{0,80}$", re.IGNORECASE
)
_PLAIN_TITLE = re.compile(r"[A-ZÀ-ÞА-Я][^\W\d_]+( [\w()/&'-]+){0,7}$")
_HEADING_WITHIN = re.compile(r" {0,3}#{2,6}\s|\*\*[^*]+\*\*:?\s*$")
_PLAIN_FIRST = frozenset("pPsSwWbBmMſ")  # what it may begin with, whatever the case
_RULE_MARKS, _BULLETS, _BOX_MARKS = frozenset("-*_"), frozenset("-*+•"), frozenset("[\\")
_BOLD_DEPTH = {
    "phase": 1, "stage": 1, "task": 3, "group": 1, "wave": 1, "batch": 1, "epic": 1, "milestone": 1,
}  # fmt: skip


@dataclass(slots=True)  # not frozen: there is one for every line, and it would take twice as long
class Block:
    """One line, or one fence or table. ``text`` is without marker; ``lines`` the fence's content.

    ``kind``: text | item | fence | table | quote | rule | comment | blank.
    """

    kind: str
    line: int
    text: str = ""
    indent: int = 0
    end: int = 0
    marker: str = ""
    checked: bool | None = None
    state: str = "pending"  # of a box: pending | doing | done | deferred | cancelled
    optional: bool = False
    info: str = ""
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(slots=True)
class Section:
    """A heading with what stands under it. The root has level 0 and no title."""

    level: int
    title: str
    line: int
    end: int = 0
    blocks: list[Block] = field(default_factory=list)
    children: list[Section] = field(default_factory=list)
    parent: Section | None = None

    def walk(self) -> Iterator[Section]:
        """The section and all below it, in document order."""
        todo = [self]
        while todo:
            section = todo.pop()
            yield section
            todo.extend(reversed(section.children))

    def all_blocks(self) -> Iterator[Block]:
        """The blocks of the section and of all below it."""
        for section in self.walk():
            yield from section.blocks

    def ancestors(self) -> Iterator[Section]:
        """The sections it stands in, the nearest first, without the root."""
        section = self.parent
        while section is not None and section.level:
            yield section
            section = section.parent


def build_tree(lines: Sequence[str], fences: Sequence[FenceSpan], start: int = 0) -> Section:
    """The tree of the lines from ``start`` (0-based) on; earlier ones are frontmatter."""
    return _Builder(lines, fences).build(start)


class _Builder:
    def __init__(self, lines: Sequence[str], fences: Sequence[FenceSpan]) -> None:
        self.lines = lines
        self.fences = {span.first: span for span in fences}
        self.root = Section(0, "", 0)
        self.open = [self.root]
        self.heading_level = 0
        self.comment_open = False
        self.named: frozenset[str] | None = None
        self.flat: bool | None = None  # whether no heading divides the document

    def build(self, start: int) -> Section:
        number = start
        while number < len(self.lines):
            number = self._step(number)
        for section in self.open:
            section.end = len(self.lines)
        return self.root

    def _step(self, number: int) -> int:
        """Reads the block at a line and returns the line after it."""
        line = self.lines[number]
        span = self.fences.get(number)
        if span is not None:
            return self._fence(number, span)
        text = line.strip()
        if not text:
            return self._blank(number)
        first = text[0]
        if first == "<" and text.startswith("<!--"):
            return self._comment(number)
        heading = _HEADING.match(line) if first == "#" else None
        if heading is not None:
            self.heading_level = len(heading[1])
            self._open(len(heading[1]), heading[2] or "", number)
            return number + 1
        if self._is_setext(number):
            self.heading_level = 1
            self._open(1, line.strip(), number)
            return number + 2
        bold = self._spoken(number, first)
        if bold is not None and self._opens(bold):
            self._bold(bold, number)
            return number + 1
        if self._is_title(number):
            self._open(2, line.strip(), number)
            return number + 1
        ticket = _BOLD_TICKET.match(line) if line.startswith("**") else None
        if ticket is not None:
            title = f"{ticket[1]} {ticket[2]}" if ticket[2] else ticket[1]
            self._open(self.heading_level + 3, title.rstrip(": "), number)
            return number + 1
        if "|" in line and number + 1 < len(self.lines):
            rule = self.lines[number + 1]
            if "|" in rule and _TABLE_RULE.match(rule):
                return self._table(number)
        self._add(_line_block(line, number))
        return number + 1

    def _spoken(self, number: int, first: str) -> re.Match[str] | None:
        """A line that stands for a heading, told by its first character before anything else."""
        line = self.lines[number]
        if first == "*":
            return _BOLD_HEADING.match(line)
        if first == "<":
            return self._summary(line)
        return self._over_list(number) if first in _PLAIN_FIRST else None

    def _opens(self, bold: re.Match[str]) -> bool:
        """Whether a bold start of a line heads what follows, rather than beginning a sentence."""
        if not bold[4]:
            return True
        if not bold[3] and not re.fullmatch(r"\([^()]*\):?", bold[4]):
            return False
        if self.named is None:  # the words of real headings: what is said of those is an account
            titles = (m[1].lower() for line in self.lines if (m := _HEADING_WORD.match(line)))
            self.named = frozenset(titles)
        return bold[2].lower().replace(" ", "") not in self.named

    def _bold(self, bold: re.Match[str], number: int) -> None:
        """``**Wave 2** (after wave 1)``; what follows a colon is its first line."""
        depth = _BOLD_DEPTH.get(bold[2].lower(), 2)
        aside = bold[4] or ""
        title = f"{bold[1]} {aside}" if aside and not bold[3] else bold[1]
        self._open(self.heading_level + depth, title.rstrip(": "), number)
        if aside and bold[3]:
            self._add(_line_block(aside, number))

    def _summary(self, line: str) -> re.Match[str] | None:
        """``<summary><b>Task 1: title</b></summary>`` folds a task away; it stands all the same."""
        found = _SUMMARY.match(line) if "<summary" in line else None
        return _BOLD_HEADING.match(f"**{_MARKUP.sub('', found[1]).strip()}**") if found else None

    def _over_list(self, number: int) -> re.Match[str] | None:
        """``Wave 1 (parallel)`` as a paragraph of its own right above a list heads that list."""
        line = self.lines[number]
        if not _PLAIN_HEADING.match(line):
            return None
        before = self.lines[number - 1] if number else ""
        below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
        if before.strip() or not _ITEM.match(below):
            return None
        return _BOLD_HEADING.match(f"**{line.strip().rstrip(':')}**")

    def _is_title(self, number: int) -> bool:
        """Whether a short paragraph right above a list heads it, where no heading divides a text.

        Documents that come from a mail or a chat have lost their marks: "Steps" is all there is.
        """
        if self.flat is False or not _PLAIN_TITLE.match(self.lines[number]):
            return False
        if self.flat is None:
            self.flat = not any(_HEADING_WITHIN.match(line) for line in self.lines)
        below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
        return self.flat and not self.lines[number - 1].strip() and _ITEM.match(below) is not None

    def _blank(self, number: int) -> int:
        here = self.open[-1].blocks
        if not here or here[-1].kind != "blank":  # one stands for all
            here.append(Block("blank", number + 1))
        return number + 1

    def _is_setext(self, number: int) -> bool:
        below = self.lines[number + 1] if number + 1 < len(self.lines) else ""
        line = self.lines[number]
        return (
            "===" in below
            and _UNDERLINE.fullmatch(below) is not None
            and bool(line.strip())
            and not line.startswith(("<<<<<<<", "|||||||", "    "))
            and _ITEM.match(line) is None
        )

    def _add(self, block: Block) -> None:
        self.open[-1].blocks.append(block)

    def _open(self, level: int, title: str, number: int) -> None:
        while self.open[-1].level >= level:
            self.open.pop().end = number
        section = Section(level, title.strip()[:MAX_TITLE], number + 1, parent=self.open[-1])
        self.open[-1].children.append(section)
        self.open.append(section)

    def _fence(self, number: int, span: FenceSpan) -> int:
        last = span.last if span.closed else span.last + 1
        content = tuple(_dedent(line, span.indent) for line in self.lines[number + 1 : last])
        self._add(
            Block(
                "fence", number + 1, "", span.indent, span.last + 1, info=span.info, lines=content
            )
        )
        return span.last + 1

    def _comment(self, number: int) -> int:
        last = len(self.lines) if self.comment_open else number
        while last < len(self.lines) and "-->" not in self.lines[last]:
            last += 1
        if last == len(self.lines):
            self.comment_open = True  # no later one is closed either
            last = number  # never closed: only this line, or the rest of the plan would vanish
        text = "\n".join(self.lines[number : last + 1])
        self._add(Block("comment", number + 1, text, end=last + 1))
        rest = self.lines[last].split("-->", 1)[-1].strip() if "-->" in self.lines[last] else ""
        if rest:
            self._add(_line_block(rest, last))
        return last + 1

    def _table(self, number: int) -> int:
        rows = [_cells(self.lines[number])]
        last = number + 2
        while last < len(self.lines) and "|" in self.lines[last] and self.lines[last].strip():
            if last in self.fences or _HEADING.match(self.lines[last]):
                break
            rows.append(_cells(self.lines[last]))
            last += 1
        self._add(Block("table", number + 1, end=last, rows=tuple(rows)))
        return last


def _line_block(line: str, number: int) -> Block:
    wide = line.expandtabs(4) if "\t" in line else line
    indent = len(wide) - len(wide.lstrip())
    text = line.strip()
    first = text[:1]
    if first in _RULE_MARKS and _RULE.match(line):
        return Block("rule", number + 1)
    if first == ">":
        return Block("quote", number + 1, text.lstrip("> "), indent)
    item = _ITEM.match(wide) if first in _BULLETS or first.isdecimal() else None
    if item is None:
        return Block("text", number + 1, text, indent)
    content = (item[3] or "").strip()
    box = _BOX.match(content) if content[:1] in _BOX_MARKS else None
    if box is None:
        return Block("item", number + 1, content, indent, 0, item[2])
    return Block(
        "item",
        number + 1,
        box[3].strip(),
        indent,
        0,
        item[2],
        box[1] in "xX✓✔",
        _STATES.get(box[1], "done"),
        bool(box[2]),
    )


def _dedent(line: str, indent: int) -> str:
    wide = line.expandtabs(4) if line[:1] == "\t" else line
    lead = len(wide) - len(wide.lstrip(" "))
    return wide[min(indent, lead) :]


def _cells(line: str) -> tuple[str, ...]:
    text = line.strip().removeprefix("|").removesuffix("|")
    return tuple(cell.strip().replace("\\|", "|") for cell in _CELL_END.split(text))
