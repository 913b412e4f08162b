"""Reads a conflict out of git, and builds the tree of a person's choices; all in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from maestro_tui.core.conflicts import (
    ChoiceError,
    Conflict,
    ConflictFile,
    FileChoice,
    Hunk,
    Side,
    resolve_text,
)
from maestro_tui.engine.git import conflict_kinds as kinds
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.commits import author
from maestro_tui.engine.git.names import case_collisions

_MARK = 31  # characters of a conflict marker no file has by chance
MAX_TEXT = 4 << 20  # a larger file is chosen as a whole
Entries = list[tuple[str, Side | None]]


async def inspect(git: Git, task: str, head: str, commit: str) -> Conflict:
    """Everything a merge of ``commit`` into ``head`` disagrees on."""
    result = await git.run("merge-tree", "--write-tree", "-z", head, commit, codes=(0, 1))
    fields = os.fsdecode(result.out).split("\0")
    tree = fields[0].strip()
    end = fields.index("", 1) if "" in fields[1:] else len(fields)
    stages: dict[str, dict[str, Side]] = {}
    stand_ins: dict[str, str] = {}
    for entry in fields[1:end]:
        meta, _, name = entry.partition("\t")
        mode, blob, stage = meta.split(" ")
        path = kinds.real_path(name) if name.endswith((head, commit)) else name
        if path != name:
            stand_ins[path] = name
        stages.setdefault(path, {})[stage] = Side(mode, blob)
    said = kinds.messages(fields[end + 1 :])
    found = [
        await _file(git, task, path, sides, said.get(path, []), stand_ins.get(path, ""))
        for path, sides in stages.items()
    ]
    for file in await case_collisions(git, head, tree):
        if file.path not in stages:  # else it is asked about already
            found.append(file)
    words = {head: kinds.MERGED, commit: f"what {task} wrote"}
    return Conflict(task, head, commit, tree, tuple(_without_commits(f, words) for f in found))


def _without_commits(file: ConflictFile, words: Mapping[str, str]) -> ConflictFile:
    said = file.said
    for sha, word in words.items():
        said = said.replace(sha, word)
    return replace(file, said=said)


async def _file(
    git: Git,
    task: str,
    path: str,
    sides: Mapping[str, Side],
    said: Sequence[kinds.Message],
    stand_in: str,
) -> ConflictFile:
    kind, other = kinds.kind_of(sides, said, stand_in)
    base, ours, theirs = (sides.get(n, Side()) for n in ("1", "2", "3"))
    parts: tuple[str | Hunk, ...] = ()
    texts: tuple[bytes, ...] = ()
    plain = all(s.mode in ("", "100644", "100755") for s in sides.values())
    if plain and ours.blob and theirs.blob and ours.blob != theirs.blob and kind != "binary":
        texts = await _texts(git, ours.blob, base.blob, theirs.blob)
        parts = await _parts(git, texts) if texts else ()
        if not parts:
            kind = "binary"
        if all(t.startswith(kinds.LFS) for t in texts if t) and texts:
            kind, parts = "lfs", ()
    words = kinds.in_words(kind, path, other, sides, task, said)
    if parts:
        for who, text in ((kinds.MERGED, texts[0]), (task, texts[2])):
            only = kinds.cosmetic(texts[1], text)
            words += f"; {who} changes only {only}" if only else ""
    return ConflictFile(
        path, kind, words, ours, base, theirs, _answers(kind, base, parts), (), parts, other,
        stand_in,
    )  # fmt: skip


def _answers(kind: str, base: Side, parts: Sequence[str | Hunk]) -> tuple[str, ...]:
    if kind == "file/directory":
        return ("ours", "theirs", "both", "worktree")
    if any(isinstance(p, Hunk) for p in parts):
        return ("ours", "theirs", "both", "base", "delete", "worktree")
    return ("ours", "theirs", *(("base",) if base.blob else ()), "delete", "worktree")


async def _texts(git: Git, *blobs: str) -> tuple[bytes, ...]:
    """What is in them; nothing when one is not text."""
    found = []
    for blob in blobs:
        data = (await git.run("cat-file", "blob", blob)).out if blob else b""
        if b"\0" in data[:8000] or len(data) > MAX_TEXT:
            return ()
        found.append(data)
    return tuple(found)


async def _parts(git: Git, texts: Sequence[bytes]) -> tuple[str | Hunk, ...]:
    """The file in pieces, from what it is on our side, in the base, on their side."""
    with tempfile.TemporaryDirectory(prefix="maestro-merge-") as folder:
        names = []
        for name, data in zip(("ours", "base", "theirs"), texts, strict=True):
            path = Path(folder) / name
            path.write_bytes(data)
            names.append(str(path))
        merged = await git.run(
            "merge-file", "-p", "-q", "--diff3", f"--marker-size={_MARK}", *names,
            codes=tuple(range(256)),
        )  # fmt: skip
    return _cut(merged.out.decode("utf-8", "surrogateescape"))


def _cut(text: str) -> tuple[str | Hunk, ...]:
    """Text and hunks out of a merge with marked sides."""
    parts: list[str | Hunk] = []
    sides: dict[str, list[str]] = {}
    same: list[str] = []
    where = ""
    for line in text.splitlines(keepends=True) if "\r" not in text else _lines(text):
        mark = line[:_MARK]
        if not where and mark == "<" * _MARK:
            parts.append("".join(same))
            same, sides, where = [], {"ours": [], "base": [], "theirs": []}, "ours"
        elif where == "ours" and mark == "|" * _MARK:
            where = "base"
        elif where == "base" and mark == "=" * _MARK:
            where = "theirs"
        elif where == "theirs" and mark == ">" * _MARK:
            parts.append(Hunk(*(tuple(sides[n]) for n in ("ours", "base", "theirs"))))
            where = ""
        elif where:
            sides[where].append(line)
        else:
            same.append(line)
    parts.append("".join(same))
    return tuple(p for p in parts if p != "")


def _lines(text: str) -> list[str]:
    """Lines that end at a line feed only: git knows no other."""
    found = text.split("\n")
    return [line + "\n" for line in found[:-1]] + ([found[-1]] if found[-1] else [])


async def build(
    git: Git,
    conflict: Conflict,
    choices: Mapping[str, FileChoice],
    worktree: Path,
    agent: str,
    message: str,
) -> str:
    """The merge with every choice carried out, as a commit on both sides; ChoiceError if one is
    missing or cannot be.
    """
    known = {f.path for f in conflict.files}
    strangers = sorted(set(choices) - known)
    if strangers:
        raise ChoiceError(
            f"{strangers[0]} is not in conflict; these are: {', '.join(sorted(known))}"
        )
    lines: list[bytes] = []
    for file in conflict.files:
        choice = choices.get(file.path)
        if choice is None:
            raise ChoiceError(f"{file.path} has no answer; it may be {', '.join(file.answers)}")
        if choice.whole and choice.whole not in file.answers:
            raise ChoiceError(
                f"{file.path}={choice.whole}: a {file.kind} conflict is answered with "
                + ", ".join(file.answers)
            )
        entries = await _entries(git, file, choice, worktree)
        if file.kind == "file/directory":
            entries = await _in_its_place(git, conflict.tree, file, choice.whole, entries)
        elif file.stand_in:
            entries.insert(0, (file.stand_in, None))
        lines += [_index_line(path, side) for path, side in entries]
    with tempfile.TemporaryDirectory(prefix="maestro-index-") as folder:
        env = {"GIT_INDEX_FILE": f"{folder}/index"}
        await git.run("read-tree", conflict.tree, env=env)
        await git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
        tree = await git.text("write-tree", env=env)
    return await git.text(
        "commit-tree", tree, "-p", conflict.commit, "-p", conflict.head, "-m", message,
        env=author(agent),
    )  # fmt: skip


def _index_line(path: str, side: Side | None) -> bytes:
    name = os.fsencode(path)
    if side is None:
        return b"0 " + b"0" * 40 + b"\t" + name + b"\0"
    return f"{side.mode} {side.blob}\t".encode() + name + b"\0"


async def _in_its_place(
    git: Git, tree: str, file: ConflictFile, answer: str, entries: Entries
) -> Entries:
    """A file where the other side has a folder: the one, the other, or the file beside it."""
    gone: Entries = [(file.stand_in, None)]
    if answer == "both":
        name = f"{file.path}.{'ours' if file.ours.blob else 'theirs'}"
        if (await git.run("ls-tree", "-z", tree, "--", name)).out:
            raise ChoiceError(f"{file.path}=both would overwrite {name}; take a side instead")
        return [*gone, (name, file.ours if file.ours.blob else file.theirs)]
    if entries[0][1] is None:
        return gone
    beneath = await git.run("ls-tree", "-r", "-z", "--name-only", tree, "--", f"{file.path}/")
    folder = [(n, None) for n in os.fsdecode(beneath.out).split("\0") if n]
    return [*gone, *folder, *entries]


async def _entries(git: Git, file: ConflictFile, choice: FileChoice, worktree: Path) -> Entries:
    """What the index is to hold for a file: (path, side), None for nothing."""
    if file.kind == "case":
        return _case_entries(file, choice.whole)
    if choice.whole == "delete":
        return [(file.path, None)]
    if choice.whole == "worktree":
        return [(file.path, await _from_disk(git, file, worktree))]
    if file.kind == "file/directory" and choice.whole == "both":
        return []
    if choice.text is None and not (file.hunks and (choice.hunks or choice.whole)):
        side = {"ours": file.ours, "theirs": file.theirs, "base": file.base}.get(choice.whole)
        if side is None:
            raise ChoiceError(f"{file.path} is answered as a whole: {', '.join(file.answers)}")
        return [(file.path, side if side.blob else None)]
    text = resolve_text(file, choice).encode("utf-8", "surrogateescape")
    blob = os.fsdecode((await git.run("hash-object", "-w", "--stdin", stdin=text)).out).strip()
    mode = file.theirs.mode or file.ours.mode or "100644"
    if file.base.mode and file.theirs.mode == file.base.mode:
        mode = file.ours.mode or mode  # a mode only the merged side changed
    return [(file.path, Side(mode, blob))]


def _case_entries(file: ConflictFile, answer: str) -> Entries:
    if answer == "ours":
        return [(file.path, None)]
    if answer == "theirs":
        return [(file.other, None), (file.path, file.theirs)]
    return [(file.path, file.theirs)]


async def _from_disk(git: Git, file: ConflictFile, worktree: Path) -> Side | None:
    """The file as a person left it in the conflict's worktree."""
    path = worktree / file.path
    if path.is_symlink():
        data = os.fsencode(os.readlink(path))
        mode = kinds.SYMLINK
    elif path.is_file():
        data = path.read_bytes()
        mode = "100755" if os.access(path, os.X_OK) else "100644"
    elif path.is_dir() and file.kind == "file/directory":
        return None
    elif path.exists():
        raise ChoiceError(f"{file.path} is a folder in the worktree; take a side instead")
    else:
        return None
    blob = os.fsdecode((await git.run("hash-object", "-w", "--stdin", stdin=data)).out).strip()
    return Side(mode, blob)
