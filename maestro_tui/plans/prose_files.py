"""Files that prose says something is done to: ``Create `src/a.py` with the parser``.

Data formats hold their files in descriptions. Only a verb at the head of a sentence or list item
with the path as its object counts; every other path is a mention, because a path in a sentence is
as often read as written.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from maestro_tui.plans.model import Task
from maestro_tui.plans.paths import looks_like_path, strip_path, unsafe_reason

_VERBS = {
    "create": "create", "add": "create", "write": "create", "scaffold": "create",
    "modify": "modify", "update": "modify", "edit": "modify", "change": "modify",
    "extend": "modify", "refactor": "modify", "patch": "modify", "rewrite": "modify",
    "delete": "delete", "remove": "delete", "drop": "delete",
}  # fmt: skip
_HEAD = re.compile(
    r"^[\s>*+#-]*(?:\d+[.)]\s*)?(?:\[[ xX]\]\s*)?\*{0,2}"
    rf"({'|'.join(_VERBS)})s?\b:?\*{{0,2}}\s+(.*)$",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.;:!?])\s+|\n")
_WORD = re.compile(
    r"`([^`\n]{1,300})`|(?<![\w`/])([\w.@~()\[\]{}*-]*/[\w.@()\[\]{}*/-]*|[\w-]+\.\w{1,6})"
)
_FILLER = re.compile(
    r"^(?:(?:a|an|the|new|empty|existing|file|files|folder|directory|module|at|in|called|named)\s+)*",
    re.IGNORECASE,
)
_MOST = 100_000


@dataclass(slots=True)
class ProseFiles:
    """Paths by what the prose says is done to them."""

    actions: dict[str, list[str]] = field(default_factory=dict)
    mentions: list[str] = field(default_factory=list)

    def applied(self, task: Task) -> Task:
        """The task with these paths added to what it has already."""
        stated = set(task.files)
        out: dict[str, tuple[str, ...]] = {}
        for action in ("create", "modify", "delete", "test"):
            own: tuple[str, ...] = getattr(task, action)
            new = [p for p in self.actions.get(action, ()) if p not in stated]
            out[action] = (*own, *dict.fromkeys(new))
        taken = stated | {p for paths in out.values() for p in paths}
        mentions = dict.fromkeys((*task.mentions, *self.mentions))
        return replace(
            task,
            create=out["create"],
            modify=out["modify"],
            delete=out["delete"],
            test=out["test"],
            mentions=tuple(p for p in mentions if p not in taken),
        )


def files_in_prose(text: str) -> ProseFiles:
    """The files the sentences of a description state, and those they only mention."""
    out = ProseFiles()
    for sentence in _SENTENCE.split(text[:_MOST]):
        head = _HEAD.match(sentence[:2000])
        action = _VERBS[head[1].lower()] if head else ""
        object_at = _object(head[2]) if head else ""
        for found in _WORD.finditer(sentence[:5000]):
            path = strip_path(found[1] or found[2])
            if not _is_file(path, coded=found[1] is not None):
                continue
            if action and object_at == path:
                kind = "test" if action == "create" and _is_test(path) else action
                out.actions.setdefault(kind, []).append(path)
            else:
                out.mentions.append(path)
    return out


def _object(rest: str) -> str:
    """The path that is the verb's object: nothing but articles stands before it."""
    plain = _FILLER.sub("", rest, count=1)
    found = _WORD.match(plain)
    return strip_path(found[1] or found[2]) if found else ""


def _is_file(path: str, *, coded: bool) -> bool:
    if not looks_like_path(path) or unsafe_reason(path) or re.search(r"[(){}<>]", path):
        return False
    last = path.rstrip("/").rsplit("/", 1)[-1]
    suffixed = re.search(r"\w\.[A-Za-z]\w{0,5}$", last) is not None
    if "/" not in path:
        return coded and suffixed
    return path.endswith("/") or suffixed or (coded and "." in last)


def _is_test(path: str) -> bool:
    return re.search(r"(^|/)tests?/|(^|/)test_|[._]test\.|\.spec\.|_spec\.", path) is not None
