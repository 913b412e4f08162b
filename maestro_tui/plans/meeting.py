"""Which of very many path patterns could mean the same file, without comparing all with all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from maestro_tui.plans import globs

# Patterns that nothing cheap tells apart are compared in full this often. What is left is taken to
# meet: too much order is a slow run, too little is two agents in one file.
MAX_COMPARED = 250_000

_LAST = "\U0010ffff"


class _Trie:
    """Patterns by their literal leading segments, so that few pairs need comparing."""

    def __init__(self) -> None:
        self.children: dict[str, _Trie] = {}
        self.here: list[str] = []
        self.size = 0  # patterns here and beneath

    def add(self, pattern: str) -> None:
        node = self
        node.size += 1
        for segment in globs.static_prefix(pattern):
            node = node.children.setdefault(segment, _Trie())
            node.size += 1
        node.here.append(pattern)

    def candidates(self, pattern: str) -> tuple[int, Iterable[str]]:
        """How many there are beneath the pattern's literal start, and all that could meet it."""
        node = self
        above: list[str] = []
        for segment in globs.static_prefix(pattern):
            above += node.here
            found = node.children.get(segment)
            if found is None:
                return 0, above
            node = found
        return node.size, _chain(above, node)


def _chain(above: list[str], node: _Trie) -> Iterable[str]:
    yield from above
    todo = [node]
    while todo:
        node = todo.pop()
        yield from node.here
        todo.extend(node.children.values())


class _Heads:
    """Patterns by the literal start of their last segment: tells ``**/a*.py`` from ``**/b*.py``."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self.of = {p: globs.last_head(p) for p in patterns}
        self.open = [p for p in patterns if not self.of[p]]
        pairs = sorted((head, p) for p, head in self.of.items() if head)
        self.heads = [head for head, _ in pairs]
        self.patterns = [p for _, p in pairs]

    def candidates(self, head: str) -> list[str]:
        """All whose last segment could be equal to one that starts like this."""
        out = list(self.open)
        for length in range(1, len(head)):
            shorter = head[:length]
            at = bisect_left(self.heads, shorter)
            while at < len(self.heads) and self.heads[at] == shorter:
                out.append(self.patterns[at])
                at += 1
        out += self.patterns[bisect_left(self.heads, head) : bisect_left(self.heads, head + _LAST)]
        return out


def meeting_patterns(patterns: Sequence[str]) -> dict[str, list[str]]:
    """For each pattern those others that could mean the same file, itself included."""
    trie = _Trie()
    for pattern in patterns:
        trie.add(pattern)
    heads = _Heads(patterns)
    out: dict[str, list[str]] = {p: [p] for p in patterns}
    tails = {p: globs.literal_tail(p) for p in patterns}
    done: set[str] = set()
    compared = 0
    for pattern in patterns:
        if not (globs.is_glob(pattern) or pattern.endswith("/")):
            continue  # two literals meet only when equal; a wide one reports the pair
        done.add(pattern)
        tail, head = tails[pattern], heads.of[pattern]
        count, others = trie.candidates(pattern)
        if head and count > 64:
            others = heads.candidates(head)
        for other in others:
            end = tails[other]
            if other in done or not (tail.endswith(end) or end.endswith(tail)):
                continue  # cheap, and rules out nearly all pairs
            compared += 1
            if compared > MAX_COMPARED or globs.overlap(pattern, other):
                out[pattern].append(other)
                out[other].append(pattern)
    return out
