"""What in a Markdown plan could be a task, sorted into families that exclude one another.

Half of all plans hold two or more families (phases with numbered headings and boxes, say); a reader
that mixed them would hand one piece of work to two agents. So all are found first, with their
bodies, and one is chosen afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice

from maestro_tui.plans.asides import without_asides
from maestro_tui.plans.blocks import Block, Section
from maestro_tui.plans.file_words import is_file
from maestro_tui.plans.keys import clean
from maestro_tui.plans.labels import Label, label_name
from maestro_tui.plans.marks import bare, mode_in, status_in, status_word
from maestro_tui.plans.outline import heading_label
from maestro_tui.plans.paths import find_paths
from maestro_tui.plans.sections import NEVER_WORK, NO_WORK, class_of_title
from maestro_tui.plans.table_tasks import rows_of
from maestro_tui.plans.titles import is_work_heading, lists_work, named

_ID_HEADING = re.compile(
    r"\[?((?:PR |MR )?#\d+|[A-Z]{1,10}-?\d+(?:\.\d+)*[a-z]?|\d+(?:\.\d+)+[a-z]?|\d+[A-Za-z]|"
    r"\d{1,3}-\d{1,3}"
    r"|[a-z]{2,12}(?:-[a-z]+)*-(?=[a-z0-9]*\d)[a-z0-9]{2,6}(?:\.\d+)*)\]?(?:\s*[:.)：]|\s+[-–—]+|\s)\s*(\S.*)$"
)
_NUMBERED = re.compile(r"(\d{1,3})(?:[.):：]|\s+[-–—])\s*(\S.*)$")
_LETTERED = re.compile(r"([A-Z])[.):]\s+(\S.*)$")
_CALLED = re.compile(  # "Agent: database-migration"
    r"(task|work ?package|stream|work ?stream|track|(?:sub-?)?agent)\s*[:：]\s*(\S.*)$",
    re.IGNORECASE,
)
_BOX_ID = re.compile(
    r"(?:\[[A-Z]+\]\s*)?[*_`]*(?:(?:task|TASK|Task)[\s-]+)?"
    r"(T\d{1,6}[A-Za-z]?|\d+(?:\.\d+)*[a-z]?(?=[.):]|\*|\s)|[A-Z]{2,10}-\d+|[A-Z]\d{1,3}(?=[.:)\s*]))"
    r"[*_`]*\s*[.):：]?[*_`]*\s*(?:[-–—]\s*)?(\S.*)?$"
)
_ITEM_ID = re.compile(  # "**EH-1.1: title**", "**Task 2** - title", "**#17**: title"
    r"[*_]{2}(?:(?:(?:Task|Story|Ticket|Issue)\s+#?|#)(?=\d)|(?=[A-Z]{1,8}-?\d))([A-Z]{0,8}-?\d+(?:\.\d+)*[a-z]?)[*_]{0,2}\s*(?:[:：.]|[-–—])\s*(\S.*)$"
)
_OWN_ID = re.compile(  # "1. A1 - title", "Agent A: title": what others call it
    r"[*_`]*(?:(?i:agent|stream|track|worker|team|task|dev(?:eloper)?)\s+#?(?=(?:[A-Za-z]|\d+)\b)"
    r"(\w+)|([A-Z]{1,6}-?\d+(?:\.\d+)*[a-z]?))[*_`]*\s*(?:[:：]|\s[-–—])[*_]*\s+(\S.*)$"
)
_LINE = re.compile(  # "Step 2 - Write the loader", a line of its own
    r"(?:task|step|schritt|aufgabe|étape|paso)\s+#?(\d+[a-z]?)\s*(?:[:：.)]|\s[-–—])\s+(\S.*)$",
    re.IGNORECASE,
)
_BOX_FILE = re.compile(r"[*_`\[]*((?:[\w.-]+/)*(\d{1,3}[a-z]?)[-_]([\w-]+)\.(?:md|txt|prompt))\b")
_TAGGED = re.compile(r"^\W*\[?(NEW|MODIFY|DELETE|UPDATE|ADD|MOVE|RENAME)\]?\W", re.IGNORECASE)
_PARALLEL = re.compile(r"\W*\[P\]|.*?[\[(](P|parallel)[\])]")
_WORD, _CODE = re.compile(r"[^\W\d_]+"), re.compile(r"[A-Z]+-?\d+$")
_STEP = re.compile(r"[*_]*step\s*\d", re.IGNORECASE)
_BOLD = re.compile(r"\*\*(.+?)\*\*[:：]?\s*")
_STRONG = re.compile(r"\*\*|(?<![\w/`])__(?=\w)|(?<=\w)__(?![\w.])")  # not of __init__.py
_ALL_BOLD = re.compile(r"(\*\*|__)[^*_]+(\*\*|__)")
_EDGES = re.compile(r"^[*_]+|[*_]+$")
_EMPHASIS = re.compile(r"[*_`]")
_OPENS_LABEL = re.compile(r"[^:]{1,30}:\s")
_STRUCK = re.compile(r"~~|✅|❌|⏭|🚧")
_CLOSED = re.compile("~~|✅|完了|完成|완료")
_FLAG = re.compile(r"\s*[\[(](P|parallel|US\d+|Story ?\d+|\d+h)[\])]\s*", re.IGNORECASE)


@dataclass(slots=True)
class Candidate:
    """A heading or list item that may be a task, with all that stands beneath it."""

    family: str
    id: str  # "" when the document gives none
    title: str
    raw: str  # the title as written, with its paths and marks
    line: int
    end: int
    section: Section  # the heading itself, or the section its item stands in
    blocks: list[Block] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)  # sub-headings such as "#### Files"
    checked: bool | None = None
    optional: bool = False
    parallel: bool = False
    status: str = "pending"
    indent: int = 0
    prompt: str = ""  # where the item is the name of a file with the words
    word: str = ""  # "Epic" of "Epic 2", as written
    sure: bool = False  # of a row: whether the columns of its table alone say that it is work

    @property
    def is_heading(self) -> bool:
        """Whether it is a heading rather than an item of a list."""
        return self.section.line == self.line


def find_candidates(root: Section) -> dict[str, list[Candidate]]:
    """Every candidate by family, each family in document order."""
    out: dict[str, list[Candidate]] = {}
    for section in root.walk():
        for candidate in _of_heading(section) if section.level else ():
            out.setdefault(candidate.family, []).append(candidate)
        for candidate in _of_items(section):
            out.setdefault(candidate.family, []).append(candidate)
    return out


def _of_heading(section: Section) -> Iterator[Candidate]:
    above = [class_of_title(a.title) for a in section.ancestors() if a.level > 1]
    if any(c in NEVER_WORK for c in above) and not any(
        is_work_heading(a.title) for a in section.ancestors()
    ):
        return
    if section.level == 1 and any(s.level for s in section.children) and _alone(section):
        return  # the title of the document
    for kind in ("task", "step", "stream", "phase"):
        found = named(section.title, kind)
        if found is not None:
            word = _WORD.match(bare(section.title))
            yield _heading(section, kind, *found, word=word[0] if word else kind)
            return
    plain = bare(section.title)
    called = _CALLED.match(plain) if section.level > 1 else None
    if called is not None:
        slug = called[2] if re.fullmatch(r"[\w.-]+", called[2]) else ""
        family = "task" if called[1].lower().startswith(("task", "work")) else "stream"
        yield _heading(section, family, slug, called[2], word=called[1])
        return
    ident = _ID_HEADING.match(plain)
    if ident is not None and not _CODE.match(ident[2]):
        yield _heading(section, "id", ident[1], ident[2])
        return
    numbered = _NUMBERED.match(plain) or _LETTERED.match(plain)
    if numbered is not None:
        yield _heading(section, "numbered", numbered[1], numbered[2])
        return
    tagged = any(_is_tagged(c.title) for c in section.children)
    if (tagged and not _TAGGED.match(section.title)) or _has_files_and_steps(section):
        yield _heading(section, "component", "", plain)


def _has_files_and_steps(section: Section) -> bool:
    """Whether a heading stands over what a task holds: ``**Files:**`` and boxes ``Step 1``."""
    steps = files = False
    for block in section.blocks:
        if block.kind == "item":
            steps = steps or (block.checked is not None and _STEP.match(block.text) is not None)
        elif block.kind == "text":
            files = files or block.text.startswith("**Files")
    return steps and files


def _is_tagged(title: str) -> bool:
    """Whether a heading is that of one file: ``[NEW] x``, or ``Modify src/a.py``."""
    found = _TAGGED.match(title)
    if found is None:
        return False
    return "[" in title[: found.start(1)] or any(is_file(r.path) for r in find_paths(title))


def _alone(section: Section) -> bool:
    parent = section.parent
    if parent is None:
        return True
    titles = (s for s in parent.children if s.level == 1)
    return len(list(islice(titles, 2))) < 2


def _heading(section: Section, family: str, name: str, title: str, word: str = "") -> Candidate:
    parallel = mode_in(section.title)[0] == "parallel" or "[P]" in section.title
    title = without_asides(_FLAG.sub(" ", title).strip())
    return Candidate(
        family, name, clean(title) or bare(section.title), section.title, section.line, section.end,
        section, status=status_in(section.title), parallel=parallel, word=word,
    )  # fmt: skip


def list_class(section: Section) -> str:
    """What the lists in a section are: a heading of work makes them work, whatever its words."""
    for one in (section, *section.ancestors()):
        if one.level <= 1:
            break
        if is_work_heading(one.title):
            return "work"
        found = class_of_title(one.title)
        if found:
            return found
    return ""


def _of_items(section: Section) -> Iterator[Candidate]:
    kind = list_class(section)
    if kind in NEVER_WORK and not _NUMBERED.match(bare(section.title)):
        return
    label = ""
    found: list[Candidate] = []
    for number, block in enumerate(section.blocks):
        if block.kind == "table" and kind not in NO_WORK - {"files"}:
            yield from _of_table(section, block)
        if block.kind == "text" and block.indent == 0:
            label = _label_class(block.text)
            line = _LINE.match(block.text) if kind not in NO_WORK else None
            if line is not None:
                yield Candidate(
                    "line", line[1], _title(line[2]), line[2], block.line, block.line, section
                )
        if block.kind != "item" or label in NEVER_WORK:
            continue
        candidate = _item(section, _joined(section.blocks, number), kind)
        if candidate is not None:
            candidate.blocks = _item_body(section.blocks, number, candidate)
            last = candidate.blocks[-1] if candidate.blocks else block
            candidate.end = max(last.end, last.line)
            found.append(candidate)
    yield from found


def _of_table(section: Section, block: Block) -> Iterator[Candidate]:
    for row in rows_of(block):
        yield Candidate(
            "table", row.id, clean(row.title), row.title, row.line, row.line, section,
            labels=list(row.labels), sure=row.sure,
            status=status_word(row.status) if row.status else "pending",
        )  # fmt: skip


def _joined(blocks: list[Block], number: int) -> Block:
    """An item with the lines it wraps onto, so that its title and its paths are whole."""
    block = blocks[number]
    if number + 1 == len(blocks) or blocks[number + 1].kind != "text":
        return block
    text = block.text
    for more in blocks[number + 1 : number + 4]:
        wraps = more.kind == "text" and more.line == block.line + 1 + text.count("\n")
        if not wraps or more.text.startswith(("*", "_", "|", "<")) or _OPENS_LABEL.match(more.text):
            break
        text += "\n" + more.text
    return replace(block, text=" ".join(text.split("\n"))) if text is not block.text else block


def _label_class(text: str) -> str:
    """The class of a bold label over a list: ``**Acceptance criteria:**``."""
    plain = _EMPHASIS.sub("", text).strip()
    alone = plain.endswith((":", "：")) or _ALL_BOLD.fullmatch(text.strip())
    return class_of_title(plain.rstrip(":：")) if alone and len(plain) < 80 else ""


def _item(section: Section, block: Block, kind: str) -> Candidate | None:
    text = block.text
    start = text[:80]
    parallel = ("[" in start or "(" in start) and _PARALLEL.match(start) is not None
    base = Candidate(
        "", "", "", text, block.line, block.line, section, [], [], block.checked,
        block.optional, parallel, _item_status(block), block.indent,
    )  # fmt: skip
    if block.checked is not None:
        ident = _BOX_ID.match(text)
        file = _BOX_FILE.match(text) if "." in text else None
        if file:
            base.family, base.id, base.title = "box-id", file[2], _title(file[3].replace("-", " "))
            base.prompt = file[1]
        elif ident and (ident[2] or "").strip("*_ ") and _counts(ident[1], section, kind):
            base.family, base.id = "box-id", ident[1]
            base.title = _title(_whole_code(text, ident))
        elif _STEP.match(text):
            return None
        elif kind not in NO_WORK:
            base.family, base.title = "box", _title(text)
    elif (ident := _ITEM_ID.match(text)) and kind not in NO_WORK:
        base.family, base.id = "item-id", ident[1]
        base.title = _title(_EDGES.sub("", ident[2] or ""))
    elif block.marker[:1].isdigit() and kind not in NO_WORK:
        own = _OWN_ID.match(text)
        base.family, base.id, base.title = "ordered", block.marker[:-1], _title(text)
        if own is not None:
            base.id, base.title = own[1] or own[2], _title(_whole_bold(text, own[3]))
    elif not block.indent and kind not in NO_WORK and lists_work(section.title):
        own = _OWN_ID.match(text)
        base.family, base.title = "bullet", _title(text)
        if own is not None:
            base.id, base.title = own[1] or own[2], _title(_whole_bold(text, own[3]))
    return base if base.family else None


def _whole_bold(text: str, rest: str) -> str:
    """The title behind an id, with the stars that its own were opened with."""
    return f"**{rest}" if text.startswith("**") and rest.count("**") % 2 else rest


def _whole_code(text: str, found: re.Match[str]) -> str:
    """The title behind an id, with the backtick that opens its first word of code."""
    rest = found[2] or ""
    opens = rest.count("`") % 2 == 1 and text[found.start(2) - 1] == "`"
    return f"`{rest}" if opens else rest


def _counts(name: str, section: Section, kind: str) -> bool:
    """Whether a box with an id is a task: in a section of checks only if it bears its number."""
    if kind != "verification" and kind not in NEVER_WORK:
        return True
    numbered = _NUMBERED.match(bare(section.title))
    if numbered is not None:
        return name.split(".")[0] == numbered[1]
    return name[:1].isalpha() and kind == "verification"


def _item_status(block: Block) -> str:
    if block.checked:
        return "done"
    if block.checked is None:
        return status_in(block.text) if _CLOSED.search(block.text) else "pending"
    return block.state if block.state != "pending" else status_in_box(block.text)


def status_in_box(text: str) -> str:
    """The status of an open box: strike-through or an icon may still close it."""
    return status_in(text) if _STRUCK.match(text) else "pending"


def _title(text: str | None) -> str:
    text = text or ""
    if "[" in text or "(" in text:
        text = _FLAG.sub(" ", text).strip()
    text = without_asides(text)
    bold = _BOLD.match(text)
    if bold and len(bold[1]) > 3:
        return clean(bare(bold[1])).rstrip(":： ")
    plain = _STRONG.sub("", text) if "**" in text or "__" in text else text
    return clean(plain).rstrip(":： ")


_LAZY = 50  # lines without indentation that still belong to the item above


def _item_body(blocks: list[Block], number: int, head: Candidate) -> list[Block]:
    """What belongs to an item: deeper items and indented text until one as shallow as itself."""
    out: list[Block] = []
    gap = False
    for at in range(number + 1, len(blocks)):
        block = blocks[at]
        if block.kind == "blank":
            gap = True
            out.append(block)
            continue
        if block.kind in ("rule",):
            break
        deeper = block.indent > head.indent
        lazy = len(out) < _LAZY and block.kind == "text" and not gap
        lazy = lazy and not _label_class(block.text)
        if not deeper and not lazy:
            break
        out.append(block)
        gap = False
    while out and out[-1].kind == "blank":
        out.pop()
    return out


def fill_heading(candidate: Candidate, stops: set[int]) -> None:
    """Gives a heading its blocks and those of its sub-headings, up to other pieces of work."""
    candidate.blocks, candidate.labels = [], []  # another choice may have filled it before
    todo = [candidate.section]
    last = candidate.section.line
    while todo:
        section = todo.pop()
        if section is not candidate.section:
            if section.line in stops:
                continue
            name = label_name(bare(section.title))
            if name and name not in ("requirements", "status"):
                candidate.labels.append(heading_label(name, section))
                last = max(last, section.end)
                continue
            candidate.blocks.append(Block("heading", section.line, section.title))
        candidate.blocks += section.blocks
        todo.extend(reversed(section.children))
        ends = [max(b.end, b.line) for b in section.blocks]
        last = max([last, *ends])
    candidate.end = last
