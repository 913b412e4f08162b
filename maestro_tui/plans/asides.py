"""What a title or a sentence says in passing about order: ``Service (depends on Task 1)``.

People who write a plan by hand put the order where they think of it: in brackets after a title,
behind a dash, in the first sentence beneath. Whether the words name anything is for the resolver to
tell; here they are only found.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WAITS = (
    r"depend(?:s|ing|ent|encies|ency)?(?:\s+(?:up)?on)?|deps?|runs? after|comes? after|after|"
    r"needs?|requires?|blocked (?:by|on)|waits? (?:for|on)|following|"
    r"hängt ab von|abhängig von|benötigt|braucht|nach|dépend de|après|nécessite|depende de|"
    r"después de|tras|requiere|depois de|após|requer|dipende da|dopo|"
    r"依赖于?|依存|前提|前置|의존|선행"
)
_DONE = (
    r"(?:is|are|has been|have been)?\s*(?:complete[ds]?|done|finished|merged|ready|lands?|landed)"
)
_HOLDS_UP = r"blocks|unblocks|before|must precede|precedes"
_LEAD = (
    r"(?:(?:this|it|task|step|stream|phase|agent|work|can|could|must|should|may|will|only|be|is|to|"
    r"done|do|start(?:s|ed)?|begins?|runs?|run|comes?|goes|executed?|executes|proceeds?|strictly|"
    r"directly|then|also|please|and)\s+){0,6}"
)
_BRACKET = re.compile(
    rf"[(\[（]\s*(?:[^()\[\]（）]{{1,40}}?[,;]\s*)?{_LEAD}(?:({_WAITS})|({_HOLDS_UP}))(?:\s*[:：]\s*|\s+)([^()\[\]（）]+?)\s*[)\]）]",
    re.IGNORECASE,
)
_TAIL = re.compile(
    rf"(?:[,;.)\]`]|\s[-–—|])\s*{_LEAD}(?:({_WAITS})|({_HOLDS_UP}))\s*[:：]?\s+([^;()]+?)[\s.)*_]*$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(
    rf"{_LEAD}(?:({_WAITS})|({_HOLDS_UP}))\s+([^;.:()]*(?:\.\d[^;.:()]*)*)", re.IGNORECASE
)
_ONCE = re.compile(rf"{_LEAD}(?:once|when|as soon as)\s+([^,;.]+?)\s+{_DONE}\b", re.IGNORECASE)
_FREE = re.compile(
    r"(?:no|without) (?:dependenc(?:y|ies)|blockers?|prerequisites?)|(?:fully )?independent|"
    r"unabhängig|keine abhängigkeiten|sans dépendances?|sin dependencias",
    re.IGNORECASE,
)
_FREE_BRACKET = re.compile(rf"[(\[（]\s*(?:{_FREE.pattern})\s*[)\]）]", re.IGNORECASE)
# What every such word holds: looking for these first spares the grammar on most lines.
_STEMS = (
    "depend", "deps", "after", "need", "requi", "block", "wait", "follow", "once", "when",
    "as soon", "before", "preced", "nach ", "braucht", "tras ", "depois", "dipende", "dopo",
    "without ", "no ", "sans ", "sin ", "keine",
)  # fmt: skip
_MORE_STEMS = (
    "hängt", "abhängig", "benötigt", "dépend", "après", "nécessite", "después", "após",
    "unabhängig", "依赖", "依存", "前提", "前置", "의존", "선행",
)  # fmt: skip
_BREAK = re.compile(r"(?<=[^\d\s])[.;]\s+|(?<=\d)[.;]\s+(?=[A-Z])")
_REF = r"(?:(?:the\s+)?[^\W\d_]{3,12}\s+)?#?(?:[A-Za-z]{0,8}-?\d[\w.-]*|[A-Z])"
_REFS = re.compile(
    rf"{_REF}(?:\s*(?:,|、|&|\+|/|-|–|,?\s(?:and|und|et|y))\s*{_REF})*(?:\s+{_DONE})?|none|nothing",
    re.IGNORECASE,
)
_OWNER = re.compile(
    r"[(\[]\s*(?:(?:owner|agent|sub-?agent|assignee|assigned(?: to)?)\s*[:=]?\s*@?|@)"
    r"([\w-]+)\s*[)\]]"
    r"|(?<=\s)@([A-Za-z][\w-]*)(?=\s*$)",
    re.IGNORECASE,
)
_PATH = r"`?[\w./@*{}\[\]<>+-]*[./][\w./@*{}<>+-]+`?"
_FILES_BESIDE = re.compile(
    rf"\s*(?:[(\[]\s*{_PATH}(?:\s*(?:,|and|&|\+)\s*{_PATH})*\s*[)\]]"
    rf"|\s(?:[-–—]|->|→)\s+`[^`\s]*[./][^`\s]*`(?:\s*(?:,|and|&|\+)\s*`[^`\s]*[./][^`\s]*`)*)\s*$"
)
_TIME = re.compile(
    r"[(\[]\s*(?:est(?:imate)?\.?:?\s*|~\s*)?(\d+(?:[.,]\d+)?(?:\s?-\s?\d+)?\s*"
    r"(?:h|hrs?|hours?|mins?|minutes?|m|d|days?))\s*[,;)\]]",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"[*_`]")
_LONGEST = 400  # characters looked at; what an order is said in is short


@dataclass(frozen=True, slots=True)
class Aside:
    """An order said in passing: ``label`` is depends or blocks, ``value`` the words after it.

    ``in_body`` marks those of a sentence beneath the title, which may speak of inner steps.
    """

    label: str
    value: str
    line: int
    in_body: bool = False


def _may_say(text: str) -> bool:
    lower = text.lower()
    stems = _STEMS if text.isascii() else _STEMS + _MORE_STEMS
    for stem in stems:  # noqa: SIM110 - a generator costs more than all that is asked here
        if stem in lower:
            return True
    return False


def asides_in_title(text: str, line: int) -> list[Aside]:
    """The orders in brackets or at the end of a title, and "(no dependencies)" as an empty one."""
    text = text[-_LONGEST:]
    if not _may_say(text):
        return []
    plain = _EMPHASIS.sub("", text)
    if _FREE_BRACKET.search(plain):
        return [Aside("depends", "none", line)]
    found = [_aside(m, line) for m in _BRACKET.finditer(plain)]
    if not found and (tail := _TAIL.search(plain)) is not None:
        found = [_aside(tail, line)]
    return found


def asides_in_body(text: str, line: int) -> Iterator[Aside]:
    """The orders that whole sentences of a line state: ``Starts when Agent A is done.``"""
    text = text[:_LONGEST]
    if not _may_say(text):
        return
    for sentence in _BREAK.split(_EMPHASIS.sub("", text)):
        said = sentence.strip()
        if _FREE.fullmatch(said.rstrip(".")):
            yield Aside("depends", "none", line, in_body=True)
        elif (once := _ONCE.match(said)) is not None:
            yield Aside("depends", once[1], line, in_body=True)
        elif (found := _SENTENCE.match(said)) is not None:
            label = "blocks" if found[2] else "depends"
            yield Aside(label, found[3].strip(), line, in_body=True)


def agent_in_title(text: str) -> str:
    """The agent a title hands the work to: ``API (owner: @api-agent)``; empty when none."""
    found = (
        _OWNER.search(_EMPHASIS.sub("", text[-_LONGEST:])) if "@" in text or "(" in text else None
    )
    return (found[1] or found[2]) if found else ""


def time_in_title(text: str) -> str:
    """The time a title gives the work: ``Ledger table (2h)``; empty when it gives none."""
    found = _TIME.search(text[-_LONGEST:]) if "(" in text or "[" in text else None
    return found[1] if found else ""


def without_asides(title: str) -> str:
    """A title without what only says where, after what or by whom: those are shown apart."""

    def kept(found: re.Match[str]) -> str:
        return " " if _REFS.fullmatch(found[3]) else found[0]

    short, said = title, _may_say(title)
    if "(" in title or "[" in title or "@" in title or "（" in title:
        short = _OWNER.sub(" ", short)
        short = _BRACKET.sub(kept, _FREE_BRACKET.sub(" ", short)) if said else short
    tail = _TAIL.search(short) if said and short.count("(") == short.count(")") else None
    if tail is not None and tail.start() and _REFS.fullmatch(_EMPHASIS.sub("", tail[3]).strip()):
        closing = short[tail.start()] in ")]`"
        short = short[: tail.start() + closing].rstrip(" ,;-–—")
    short = " ".join(short.split())
    if not short.endswith((")", "]", "`")):
        return short or title
    alone = _FILES_BESIDE.sub("", short).strip()
    return (alone if len(alone) > 2 else short) or title


def _aside(found: re.Match[str], line: int) -> Aside:
    return Aside("blocks" if found[2] else "depends", found[3].split(";")[0].strip(), line)
