"""Which words a task and an agent share, and how much each of them says.

A word that half the roster uses ("code", "tests") says little; one that a single agent uses says
who is meant. No model is asked: the same plan must be routed the same way every time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping

_WORD = re.compile(r"[a-z][a-z0-9+#]+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")

# Words of every task and every description; they tell agents apart from nothing.
_COMMON = """
    a about add added adds after all also an and any app apply are as at be before both build
    builds but by can change changes check checks code create creates do does done each every
    existing file files first fix fixes for from get give given gives has have how if implement
    implements implementation in into is it its keep kept make makes md more must need needed new
    no not of off on one only or other our out over phase place plan provide py set should small so
    specialist src step support system task tasks than that the their them then there these they
    this through to toml two under up update updates use used user uses using via want what when
    where which while who will with without work works write writes written you your
    agent agents expert proactively
"""
_STOP = frozenset(_COMMON.split())
_ENDINGS = (
    "ions",
    "ion",
    "ors",
    "or",
    "ings",
    "ing",
    "ers",
    "er",
    "ies",
    "es",
    "ed",
    "s",
    "y",
    "e",
)


def stem(word: str) -> str:
    """A word without its ending, so that "queues" meets "queue" and "validators" "validation"."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word


def words(text: str) -> dict[str, str]:
    """The telling words of a text in order: each stem once, with the word as first written."""
    out: dict[str, str] = {}
    for word in _WORD.findall(_CAMEL.sub(" ", text).replace("_", " ").lower()):
        if word not in _STOP:
            out.setdefault(stem(word), word)
    return out


def rarity(documents: Iterable[Iterable[str]]) -> dict[str, float]:
    """How much each word says: 1.0 when one document has it, less the more have it."""
    counts: dict[str, int] = {}
    for document in documents:
        for word in set(document):
            counts[word] = counts.get(word, 0) + 1
    return {word: 1.0 / (1.0 + math.log(count)) for word, count in counts.items()}


def likeness(
    wanted: Mapping[str, float], offered: Iterable[str], rare: Mapping[str, float]
) -> float:
    """The share of the wanted words' weight that is offered: 0 to 1.

    A word nobody in the roster knows counts in full against everybody: a task about something
    else must not be won by the one word it happens to share.
    """
    total = sum(weight * rare.get(word, 1.0) for word, weight in wanted.items())
    have = set(offered)
    hits = [weight * rare.get(word, 1.0) for word, weight in wanted.items() if word in have]
    # One word alone is an accident as often as not.
    return sum(hits) / total * min(1.0, len(hits) / 2) if total else 0.0
