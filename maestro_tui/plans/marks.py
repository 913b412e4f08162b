"""Ids, titles and done marks in headings: ``## ~~Phase 2: Models~~ ✅ (sequential)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from maestro_tui.plans.keys import clean

_DONE = re.compile(
    r"✅|☑|✔|✓|[（(](?:已?完了|已?完成|完了済み?|완료)[)）]|\[[xX]\]|~~.+~~|[(\[]\s*(done|completed?|implemented|finished)\b[^)\]]{0,80}[)\]]"
    r"|(?<![\w-])(DONE|COMPLETED?|IMPLEMENTED|FINISHED)(?![\w-])"
    r"|\s[-–—:]\s*(done|completed?|implemented|finished)\s*$",
)
_DONE_WORD = re.compile(
    r"(done|completed?|implemented|finished|closed|merged|✅.*|✔.*|\[x\].*)", re.I
)
_DOING = re.compile(
    r"🚧|🔄|⏳|[(\[]\s*(in[ -]progress|doing|wip|started)\s*[)\]]|\bIN[ -]PROGRESS\b"
)
_DEFERRED = re.compile(
    r"⏭|[(\[]\s*(deferred|postponed|skipped|later|on hold)\b[^)\]]{0,80}[)\]]", re.I
)
_CANCELLED = re.compile(
    r"❌|[(\[]\s*(cancell?ed|dropped|won't do|obsolete)\b[^)\]]{0,80}[)\]]", re.I
)
_OPTIONAL = re.compile(r"[(\[]\s*optional\s*[)\]]", re.I)
_MODE = re.compile(
    r"[(\[]([^()\[\]]{0,120}\b(?:sequential|parallel|single|concurrent(?:ly)?)\b[^()\[\]]{0,120})[)\]]",
    re.I,
)
_AFTER = re.compile(
    r"[(\[]\s*((?:after|needs?|requires?|depends on|blocked by)\s+[^()\[\]]+)[)\]]", re.I
)
_MOST = re.compile(r"(\d+)\s*(?:parallel\s+)?(?:streams?|agents?|tasks?|at once|at a time)")
_MAXIMUM = re.compile(r"max(?:imum)?\s*(?:of\s*)?(\d+)")
_IN_ORDER = re.compile(r"\b(non|not|no)[ -]parallel|\bsequential|\bsingle\b|one at a time")
_EMPTY_BOX = re.compile(r"^\[[ /-]?\]\s*")
_EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)|(?<=\S)(\*{1,3}|_{1,3})(?!\w)")
_ORNAMENT = re.compile(r"^[^\w([#]+")
_BARE_ID = re.compile(r"(\d+(?:\.\d+)+[a-z]?)[:.)]?\s+(\S.*)$")
_STATUS_WORDS = {
    "done": _DONE_WORD,
    "doing": re.compile(r"(in[ -]progress|doing|started|wip|active|🚧.*|🔄.*)", re.I),
    "deferred": re.compile(r"(deferred|postponed|skipped|on hold|later)", re.I),
    "cancelled": re.compile(r"(❌ ?)?(cancell?ed|dropped|won't do|obsolete|abandoned)", re.I),
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of work, taken apart."""

    kind: str
    id: str
    title: str
    status: str = "pending"
    optional: bool = False
    mode: str = "unspecified"
    max_parallel: int = 0
    after: str = ""  # "(after Phase 1)" in the heading


def status_word(text: str) -> str:
    """The status a ``Status:`` value means: pending unless it is a known word."""
    plain = text.strip("*`_ .")
    for status, pattern in _STATUS_WORDS.items():
        if pattern.fullmatch(plain) or (status == "done" and re.match(r"[✅✔]", plain)):
            return status
    return "pending"


def status_in(text: str) -> str:
    """The status that marks in a heading or a line state."""
    if not _MARK_SIGN.search(text) and not _MARK_WORD.search(text.lower()):
        return "pending"
    if _CANCELLED.search(text):
        return "cancelled"
    if _DONE.search(text):
        return "done"
    if _DEFERRED.search(text):
        return "deferred"
    return "doing" if _DOING.search(text) else "pending"


def mode_in(text: str) -> tuple[str, int]:
    """``sequential``, ``parallel`` or ``unspecified``, and the most at once (0 = not stated)."""
    lower = text.lower()
    if _IN_ORDER.search(lower):
        return "sequential", 0
    if "parallel" not in lower and not _TOGETHER.search(lower):
        return "unspecified", 0
    number = _MOST.search(lower) or _MAXIMUM.search(lower)
    return "parallel", int(number[1]) if number and len(number[1]) < 5 else 0


_TOGETHER = re.compile(r"\bconcurrent(ly)?\b|\bat the same time\b")


_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,:;/'&+#`-]*")
_MARK_SIGN = re.compile("[✅☑✔✓❌⏭🚧🔄⏳~]|完了|完成|완료|\\[[xX]\\]")
_MARK_WORD = re.compile(
    "done|complete|implemented|finished|in[ -]progress|doing|wip|started|deferred|postponed|"
    "skipped|later|on hold|cancel|dropped|won't do|obsolete"
)


def _unmarked(text: str) -> bool:
    """Whether a title is one of the many that bear no mark of any kind, only code at most."""
    return _PLAIN.fullmatch(text) is not None and not _MARK_WORD.search(text.lower())


def bare(text: str) -> str:
    """A heading's words: emphasis, boxes, emoji and status marks taken off."""
    return _short_bare(text) if len(text) <= 200 else _bare(text)


def _bare(text: str) -> str:
    if _unmarked(text):
        return " ".join(text.replace("`", "").split()).rstrip(" -:")
    text = _DONE.sub(lambda m: m[0][2:-2] if m[0].startswith("~~") else " ", text)
    text = text.replace("~~", "")
    for pattern in (_DOING, _DEFERRED, _CANCELLED, _OPTIONAL):
        text = pattern.sub(" ", text)
    text = _EMPTY_BOX.sub("", text.strip())
    text = _EMPHASIS.sub("", text).replace("`", "")
    return clean(_ORNAMENT.sub("", text.strip()).strip()).rstrip(" -–—:")


_short_bare = lru_cache(maxsize=1 << 15)(_bare)  # every reader asks for the same titles


@lru_cache(maxsize=16)
def _heading_of(words: str) -> re.Pattern[str]:
    return re.compile(
        rf"({words})s?[\s#:]*(\d+(?:\.\d+)*[A-Za-z]?|[A-Z]{{1,3}}-?\d+(?:\.\d+)*|[A-Z]|"
        rf"[IVX]+)(?![\w])\s*(?:[:.)：、]|[-–—]+)?\s*(.*)$",
        re.IGNORECASE,
    )


def parse_heading(text: str, words: str, *, bare_ids: bool = False) -> Heading | None:
    """A heading that starts with one of the words (a regex) and an id; None when it does not.

    ``bare_ids`` also takes ``1.2 Title`` without a word.
    """
    plain = bare(text)
    found = _heading_of(words).match(plain)
    if found is not None:
        kind, name, title = found[1].lower(), found[2], found[3]
    elif bare_ids and (numbered := _BARE_ID.match(plain)):
        kind, name, title = "task", numbered[1], numbered[2]
    else:
        return None
    aside = "(" in plain or "[" in plain
    mode = _MODE.search(plain) if aside else None
    how, most = mode_in(mode[1]) if mode else ("unspecified", 0)
    after = _AFTER.search(plain) if aside else None
    title = _MODE.sub("", _AFTER.sub("", title)) if aside else title
    name = name.upper() if len(name) == 1 else name
    return Heading(
        kind="".join(kind.split()),
        id=name,
        title=clean(title).strip(" -–—:") or plain,
        status=status_in(text),
        optional=bool(_OPTIONAL.search(text)),
        mode=how,
        max_parallel=most,
        after=after[1] if after else "",
    )
