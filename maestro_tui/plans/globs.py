"""Path patterns: does a path match, and can two patterns ever mean the same file?

Written here because the standard library's ``fnmatch`` lets ``*`` cross ``/`` and nothing in it
answers the second question, on which parallel work rests. ``*`` and ``?`` stay within a segment,
``**`` is any depth, ``{a,b}`` alternatives, ``[a-z]`` one character, and a trailing ``/`` means
everything beneath (and the path itself). Patterns are anchored at the repository root.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_MAGIC = re.compile(r"[*?\[\]{}]")
_TOKEN = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)
_MAX_ALTERNATIVES = 64
ANY_DEPTH = "**"


def is_glob(pattern: str) -> bool:
    """Whether the text is more than a literal path."""
    return bool(re.search(r"[*?]|\[.+\]|\{[^{}]*,[^{}]*\}", pattern))


def as_scope(pattern: str) -> str:
    """A scope entry as a pattern: a bare directory (no suffix, no glob) means all beneath it."""
    last = pattern.rstrip("/").rsplit("/", 1)[-1]
    if pattern.endswith("/") or is_glob(pattern) or "." in last.lstrip("."):
        return pattern
    return pattern + "/"


def matches(path: str, pattern: str) -> bool:
    """Whether the pattern covers that file."""
    return any(rx.fullmatch(_tidy(path)) is not None for rx in _compiled(pattern))


def overlap(first: str, second: str) -> bool:
    """Whether some file could match both patterns; errs on the side of yes, never of no."""
    if first == second:
        return True
    return any(_segments_meet(a, b) for a in alternatives(first) for b in alternatives(second))


def static_prefix(pattern: str) -> tuple[str, ...]:
    """The leading literal segments: two patterns can meet only if one's extend the other's."""
    out: list[str] = []
    for segment in _tidy(pattern).split("/"):
        if not segment or _MAGIC.search(segment):
            break
        out.append(segment)
    return tuple(out)


def literal_tail(pattern: str) -> str:
    """The characters every match ends with; empty when nothing is certain."""
    return "" if pattern.endswith("/") else _MAGIC.split(pattern)[-1]


def last_head(pattern: str) -> str | None:
    """The literal start of the last segment, or None when the last segment can be anything.

    Two patterns that both have one can meet only where one start continues the other.
    """
    if pattern.endswith("/") or "{" in pattern:
        return None
    last = _tidy(pattern).rsplit("/", 1)[-1]
    return None if last == ANY_DEPTH else _MAGIC.split(last, maxsplit=1)[0]


class Segments(NamedTuple):
    """A pattern without braces, cut at ``/``; ``beneath`` when it ended in one."""

    parts: tuple[str, ...]
    beneath: bool


@lru_cache(maxsize=65536)
def alternatives(pattern: str) -> tuple[Segments, ...]:
    """The pattern with its braces multiplied out."""
    out = []
    for text in _expand(pattern):
        beneath = text.endswith("/")
        parts = tuple(p for p in _tidy(text).split("/") if p)
        out.append(Segments(parts, beneath))
    return tuple(dict.fromkeys(out))


def _tidy(path: str) -> str:
    path = path.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    return re.sub(r"/{2,}", "/", path)


def _expand(pattern: str) -> list[str]:
    done: list[str] = []
    todo = [pattern]
    while todo:
        text = todo.pop(0)
        found = re.search(r"\{([^{}]*,[^{}]*)\}", text)
        if found is None:
            done.append(text)
        elif len(done) + len(todo) > _MAX_ALTERNATIVES:
            # Too many to list: a wildcard covers them all, which is the safe direction.
            todo.append(text[: found.start()] + "*" + text[found.end() :])
        else:
            todo += [text[: found.start()] + w + text[found.end() :] for w in found[1].split(",")]
    return done


@lru_cache(maxsize=65536)
def _compiled(pattern: str) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_regex(s), re.DOTALL) for s in alternatives(pattern))


def _regex(segments: Segments) -> str:
    out = ""
    parts = segments.parts
    for index, part in enumerate(parts):
        last = index == len(parts) - 1
        if part == ANY_DEPTH:
            out += r".*" if last else r"(?:[^/]+/)*"
        else:
            out += _segment_regex(part) + ("" if last else "/")
    if segments.beneath:
        out += r"(?:/.*)?" if parts else r".*"
    return out


@lru_cache(maxsize=65536)
def _segment_regex(segment: str) -> str:
    out = ""
    for token in _TOKEN.findall(segment):
        if token == "*":
            out += "" if out.endswith("[^/]*") else "[^/]*"
        elif token == "?":
            out += "[^/]"
        elif len(token) > 2 and token[0] == "[":
            out += _class_regex(token)
        else:
            out += re.escape(token)
    return out


def _class_regex(token: str) -> str:
    body = token[1:-1]
    negated = body.startswith("!") and len(body) > 1
    body = body[1:] if negated else body
    safe = re.sub(r"([\\\[\]^&~|])", r"\\\1", body)
    text = f"[{'^/' if negated else ''}{safe}]"
    try:
        re.compile(text)
    except re.error:  # a reversed range such as [z-a]
        return "[^/]"
    return text


def _segments_meet(a: Segments, b: Segments) -> bool:
    first = (*a.parts, ANY_DEPTH) if a.beneath else a.parts
    second = (*b.parts, ANY_DEPTH) if b.beneath else b.parts
    if ANY_DEPTH not in first and ANY_DEPTH not in second:
        return len(first) == len(second) and all(
            _segment_meets(x, y) for x, y in zip(first, second, strict=True)
        )
    return _deep_meet(first, second)


def _deep_meet(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(first) and j == len(second):
            return True
        a = first[i] if i < len(first) else None
        b = second[j] if j < len(second) else None
        if a == ANY_DEPTH:
            todo.append((i + 1, j))
            if b is not None:
                todo.append((i, j + 1))
        if b == ANY_DEPTH:
            todo.append((i, j + 1))
            if a is not None:
                todo.append((i + 1, j))
        if a is not None and b is not None and ANY_DEPTH not in (a, b) and _segment_meets(a, b):
            todo.append((i + 1, j + 1))
    return False


@lru_cache(maxsize=65536)
def _segment_meets(a: str, b: str) -> bool:
    """Whether one name could match both segment patterns."""
    a_magic, b_magic = _MAGIC.search(a), _MAGIC.search(b)
    if not a_magic and not b_magic:
        return a == b
    if not a_magic:
        return re.fullmatch(_segment_regex(b), a, re.DOTALL) is not None
    if not b_magic:
        return re.fullmatch(_segment_regex(a), b, re.DOTALL) is not None
    return _tokens_meet(tuple(_TOKEN.findall(a)), tuple(_TOKEN.findall(b)))


def _tokens_meet(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    seen: set[tuple[int, int]] = set()
    todo = [(0, 0)]
    while todo:
        i, j = todo.pop()
        if (i, j) in seen:
            continue
        seen.add((i, j))
        if i == len(a) and j == len(b):
            return True
        x = a[i] if i < len(a) else ""
        y = b[j] if j < len(b) else ""
        if x == "*":
            todo.append((i + 1, j))
            if y:
                todo.append((i, j + 1))
        if y == "*":
            todo.append((i, j + 1))
            if x:
                todo.append((i + 1, j))
        if x and y and "*" not in (x, y) and _characters_meet(x, y):
            todo.append((i + 1, j + 1))
    return False


def _characters_meet(x: str, y: str) -> bool:
    if len(x) == 1 and len(y) == 1 and "?" not in (x, y):
        return x == y
    if len(x) > 2 and len(y) == 1 and y != "?":
        return re.fullmatch(_class_regex(x), y) is not None
    if len(y) > 2 and len(x) == 1 and x != "?":
        return re.fullmatch(_class_regex(y), x) is not None
    return True  # two classes, or a class and "?": say yes rather than work it out
