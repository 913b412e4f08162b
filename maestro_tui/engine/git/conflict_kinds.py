"""What kind of conflict a path is in, and how to say so without git's words and commits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from maestro_tui.core.conflicts import Side

SYMLINK, SUBMODULE = "120000", "160000"
LFS = b"version https://git-lfs.github.com/spec/v1\n"
MERGED = "what is merged"

_STAND_IN = re.compile(r"(?P<path>.+)~(?:HEAD|[0-9a-f]{40}|[0-9a-f]{64})(?:_\d+)?\Z", re.S)
_KINDS = {
    "binary": "binary",
    "modify/delete": "modify/delete",
    "rename/delete": "rename/delete",
    "rename/rename": "rename/rename",
    "directory rename": "rename/rename",
    "submodule": "submodule",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One of git's sentences about a conflict."""

    kind: str
    text: str
    paths: Sequence[str]


def messages(fields: Sequence[str]) -> dict[str, list[Message]]:
    """git's sentences by each path they are about, from what ``merge-tree -z`` ends with."""
    found: dict[str, list[Message]] = {}
    position = 0
    while position < len(fields) and fields[position].strip().isdigit():
        count = int(fields[position])
        paths = fields[position + 1 : position + 1 + count]
        kind, sentence = fields[position + 1 + count : position + 3 + count]
        if kind.startswith("CONFLICT"):
            for path in paths:
                found.setdefault(path, []).append(Message(kind, sentence.strip(), paths))
        position += 3 + count
    return found


def real_path(name: str) -> str:
    """The path git could not use for both sides, where this is the name it gave one of them."""
    found = _STAND_IN.match(name)
    return found["path"] if found else name


def kind_of(sides: Mapping[str, Side], said: Sequence[Message], stand_in: str) -> tuple[str, str]:
    """Which kind of conflict it is, and the other path it is about."""
    modes = {s.mode for s in sides.values()}
    both = sides.get("2"), sides.get("3")
    special = "submodule" if SUBMODULE in modes else "symlink" if SYMLINK in modes else ""
    if stand_in:
        return (special, "") if both[0] and both[1] else ("file/directory", "")
    for message in said:
        name = message.kind[message.kind.find("(") + 1 : message.kind.rfind(")")]
        for word, ours in _KINDS.items():
            if name.startswith(word):
                return ours, next((p for p in message.paths[1:] if p), "")
    if special:
        return special, ""
    if both[0] and both[1] and both[0].blob == both[1].blob and both[0].mode != both[1].mode:
        return "mode", ""
    return ("content" if "1" in sides else "both-added"), ""


def in_words(
    kind: str, path: str, other: str, sides: Mapping[str, Side], task: str, said: Sequence[Message]
) -> str:
    """The conflict as a sentence about what is merged and what the task did."""
    ours, theirs = (sides.get(n, Side()) for n in ("2", "3"))
    one, two = (MERGED, task) if ours.blob else (task, MERGED)  # who has it, and who has not
    match kind:
        case "content":
            return "both change the same lines"
        case "both-added":
            return "both add it, each with other content"
        case "modify/delete":
            return f"{one} changes it, {two} deletes it"
        case "rename/delete":
            return f"{one} renames {other or 'it'} to {path}, {two} deletes it"
        case "rename/rename" if said and len(said[-1].paths) > 2 and len(sides) == 1:
            before, *after = said[-1].paths
            if path == before:
                return f"{MERGED} renames it to {after[0]}, {task} to {after[1]}"
            return f"{one} renames {before} to this, {two} to {after[path == after[0]]}"
        case "file/directory":
            return f"{one} has a file of this name, {two} a folder"
        case "binary":
            return "both change it and it is no text, so that one side is taken as a whole"
        case "lfs":
            return "both change what Git LFS keeps; a pointer is taken from one side as a whole"
        case "mode":
            return f"{MERGED} makes it {_sort(ours)}, {task} {_sort(theirs)}"
        case "symlink" | "submodule" if _sort(ours) != _sort(theirs) and ours.blob and theirs.blob:
            return f"{MERGED} makes it {_sort(ours)}, {task} {_sort(theirs)}"
        case "symlink" if ours.blob and theirs.blob:
            return "a link that leads elsewhere on each side"
        case "submodule" if ours.blob and theirs.blob:
            return f"{MERGED} takes the submodule to {ours.blob[:10]}, {task} to {theirs.blob[:10]}"
    return said[-1].text if said else ""


def _sort(side: Side) -> str:
    """What a mode makes of a path."""
    return {"100755": "executable", "100644": "a plain file", SYMLINK: "a link",
            SUBMODULE: "a submodule"}.get(side.mode, "nothing")  # fmt: skip


def cosmetic(base: bytes, side: bytes) -> str:
    """That a side changes nothing anybody would read, and what it does change; "" if it does."""
    if not base or base == side:
        return ""
    if side.replace(b"\r\n", b"\n") == base.replace(b"\r\n", b"\n"):
        return "line ends"
    return "white space" if b"".join(side.split()) == b"".join(base.split()) else ""
