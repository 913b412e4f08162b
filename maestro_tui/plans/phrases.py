"""What a phrase of an order section refers to: ``Setup (T001–T004)``, ``all user stories``.

Such sections speak of phases by a word of their title. A word counts only when it stands in the
title of a phase of this plan; anything else stays prose and makes no edge.
"""

from __future__ import annotations

import re
from functools import cached_property

from maestro_tui.plans.marks import bare
from maestro_tui.plans.refs import Resolver, Target

NOBODY = Target("task", "", "", ())
_STOP = frozenset(
    [
        "the", "all", "any", "each", "every", "this", "that", "its", "and", "for", "with", "from",
        "into", "code", "codes", "phase", "phases", "task", "tasks", "work", "story", "completion",
        "complete", "completed", "done", "being", "must", "written", "desired", "first", "other",
        "within", "start", "can", "before", "after", "should", "are", "have", "been", "ready",
        "implementation", "impl", "core",
    ]
)  # fmt: skip
_WHOLE = re.compile(
    r"\b(impl|implementation|implement|everything|anything else|the rest)\b", re.IGNORECASE
)
_TESTS = re.compile(r"\btest|\btdd\b", re.IGNORECASE)
_SETUP = re.compile(
    r"\b(setup|set-up|foundation|foundational|prerequisite|scaffold|init)", re.IGNORECASE
)
_INSIDE = re.compile(r"\(([^()]*\d[^()]*)\)")
_ASIDE = re.compile(r"\([^()]*\)")
_FLAG = re.compile(r"P\d+|US\d+")
_STORY = re.compile(r"\b(?:user )?stor(?:y|ies) #?(\d+)|\bus(\d+)\b")
_STORIES = re.compile(
    r"\b(all|any|every|each)\b.*\bstor(y|ies)\b|^(the )?(\w+ed )?user stor(ies|y implementations)\b"
)
_STORY_TITLE = re.compile(r"\b(?:story|us) ?(\d+)\b")


class Phrases:
    """Reads phrases against the phases and tasks of one plan."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.known = frozenset(resolver.by_id)  # ids in lower case
        self.phases = [t for t in resolver.targets if t.kind == "phase"]
        self._read: dict[tuple[str, int], list[str]] = {}

    # The indexes wait for a phrase that needs them.

    @cached_property
    def _words(self) -> dict[str, set[int]]:
        out: dict[str, set[int]] = {}
        for n, phase in enumerate(self.phases):
            for word in _stems(phase.title):
                out.setdefault(word, set()).add(n)
        return out

    @cached_property
    def _stories(self) -> dict[str, list[str]]:
        out: dict[str, list[str]] = {}
        for phase in self.phases:
            for name in _STORY_TITLE.findall(_folded(phase.title)):
                out.setdefault(name, []).extend(phase.ids)
        return out

    @cached_property
    def _owners(self) -> dict[tuple[str, ...], Target]:
        out: dict[tuple[str, ...], Target] = {}
        for target in self.resolver.targets:
            out.setdefault(target.ids, target)
        return out

    def owner(self, ids: list[str]) -> Target:
        """Who speaks, where the ids name one phase or task: "all others" leaves it out."""
        return self._owners.get(tuple(ids), NOBODY)

    def resolve(self, text: str, line: int, owner: Target = NOBODY) -> list[str]:
        """The ids a phrase refers to; nothing when it refers to no phase or task."""
        known = (text, id(owner))  # a drawing names each of its nodes many times
        if known not in self._read:
            self._read[known] = self._resolved(text, line, owner)
        return self._read[known]

    def _resolved(self, text: str, line: int, owner: Target) -> list[str]:
        inside = _INSIDE.search(text) if "(" in text else None
        # "User stories (Phase 3+)" are told by the words, not by the first of them.
        named = inside[1].strip() if inside is not None else ""
        if inside is not None and not _FLAG.fullmatch(named) and named[-1:] != "+":
            found = self.resolver.resolve(inside[1], line, owner, strict=False).ids
            if found:
                return found
        plain = _ASIDE.sub(" ", text) if "(" in text else text
        story = self._story(plain)
        if story:
            return story
        found = self.resolver.resolve(plain.strip(" .:"), line, owner, strict=False).ids
        return found or self._by_words(plain)

    def _story(self, text: str) -> list[str]:
        """``User Story 2`` and ``US2`` name the phase titled so; "all user stories" all."""
        lower = text.lower()
        number = _STORY.search(lower)
        if number:
            return list(dict.fromkeys(self._stories.get(number[1] or number[2], ())))
        if "stor" in lower and _STORIES.search(lower):
            return list(dict.fromkeys(i for ids in self._stories.values() for i in ids))
        return []

    def _by_words(self, text: str) -> list[str]:
        out: list[str] = []
        for part in re.split(r",|;|\band\b|&|\+", text):
            hits = [n for word in part.split("/") for n in self._phases_of(word)]
            if "/" in part and hits:
                # What lies between belongs to the range.
                hits = list(range(min(hits), max(hits) + 1))
            if not hits and _WHOLE.search(part):
                hits = [
                    n for n, t in enumerate(self.phases)
                    if not _TESTS.search(t.title) and not _SETUP.search(t.title)
                ]  # fmt: skip
            out += [i for n in hits for i in self.phases[n].ids]
        return list(dict.fromkeys(out))

    def _phases_of(self, part: str) -> list[int]:
        wanted = _stems(part)
        if not wanted:
            return []
        having = [self._words.get(word, set()) for word in wanted]
        exact = set.intersection(*having)
        if not exact and len(wanted) > 1:
            exact = self._words.get(_last(part), set()) or self._first_part(part)
        return sorted(exact)

    def _first_part(self, part: str) -> set[int]:
        """``Foundational logic``: the phase a plan begins with, whatever is said of it there."""
        first = part.split()[0].lower()
        return self._words.get(_stem(first), set()) if _SETUP.match(first) else set()


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", " ", bare(text).lower()).strip()


def _stems(text: str) -> set[str]:
    """Words without plural and common endings, those that carry no meaning left out."""
    words = re.findall(r"[^\W\d_]{2,}", text.lower())
    return {_stem(w) for w in words if w not in _STOP}


def _last(text: str) -> str:
    words = [w for w in re.findall(r"[^\W\d_]{2,}", text.lower()) if w not in _STOP]
    return _stem(words[-1]) if words else ""


def _stem(word: str) -> str:
    word = re.sub(r"(?<=\w{2})ies$", "y", word)
    return re.sub(r"(?<=\w{3}[^s])s$", "", word)
