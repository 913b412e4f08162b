"""Reads a conflict out of git, and builds the tree of a person's choices; all in memory."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
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
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.commits import author
from maestro_tui.engine.git.names import case_collisions

_MARK = 31  # characters of a conflict marker no file has by chance
_SYMLINK, _SUBMODULE = "120000", "160000"
MAX_TEXT = 4 << 20  # a larger file is chosen as a whole


async def inspect(git: Git, task: str, head: str, commit: str) -> Conflict:
    """Everything a merge of ``commit`` into ``head`` disagrees on."""
    result = await git.run("merge-tree", "--write-tree", "-z", head, commit, codes=(0, 1))
    fields = os.fsdecode(result.out).split("\0")
    tree = fields[0].strip()
    end = fields.index("", 1) if "" in fields[1:] else len(fields)
    stages: dict[str, dict[str, Side]] = {}
    for entry in fields[1:end]:
        meta, _, path = entry.partition("\t")
        mode, blob, stage = meta.split(" ")
        stages.setdefault(path, {})[stage] = Side(mode, blob)
    said = _messages(fields[end + 1 :])
    files = []
    for path, sides in stages.items():
        kind, sentence, other = _kind(sides, said.get(path, []))
        files.append(await _file(git, path, kind, sentence, other, sides))
    files += await case_collisions(git, head, tree)
    return Conflict(task, head, commit, tree, tuple(files))


def _messages(fields: list[str]) -> dict[str, list[tuple[str, str, list[str]]]]:
    """git's sentences by path: (type, sentence, all paths it is about)."""
    found: dict[str, list[tuple[str, str, list[str]]]] = {}
    position = 0
    while position < len(fields) and fields[position].strip().isdigit():
        count = int(fields[position])
        paths = fields[position + 1 : position + 1 + count]
        kind, sentence = fields[position + 1 + count : position + 3 + count]
        if kind.startswith("CONFLICT"):
            for path in paths:
                found.setdefault(path, []).append((kind, sentence.strip(), paths))
        position += 3 + count
    return found


_KINDS = {
    "binary": "binary",
    "modify/delete": "modify/delete",
    "rename/delete": "rename/delete",
    "rename/rename": "rename/rename",
    "file/directory": "file/directory",
    "directory rename": "rename/rename",
    "submodule": "submodule",
    "distinct": "mode",
}


def _kind(
    sides: Mapping[str, Side], said: list[tuple[str, str, list[str]]]
) -> tuple[str, str, str]:
    """Which kind of conflict it is, git's sentence, and the other path it is about."""
    modes = {s.mode for s in sides.values()}
    sentence = said[-1][1] if said else ""
    for kind, text, paths in said:
        name = kind[kind.find("(") + 1 : kind.rfind(")")]
        for word, ours in _KINDS.items():
            if name.startswith(word):
                return ours, text, next((p for p in paths[1:] if p), "")
    if _SUBMODULE in modes:
        return "submodule", sentence, ""
    if _SYMLINK in modes:
        return "symlink", sentence, ""
    both = sides.get("2"), sides.get("3")
    if both[0] and both[1] and both[0].blob == both[1].blob and both[0].mode != both[1].mode:
        return "mode", sentence, ""
    if "1" not in sides:
        return "both-added", sentence, ""
    return "content", sentence, ""


async def _file(
    git: Git, path: str, kind: str, said: str, other: str, sides: Mapping[str, Side]
) -> ConflictFile:
    base, ours, theirs = (sides.get(n, Side()) for n in ("1", "2", "3"))
    parts: tuple[str | Hunk, ...] = ()
    plain = all(s.mode in ("", "100644", "100755") for s in sides.values())
    if plain and ours.blob and theirs.blob and ours.blob != theirs.blob and kind != "binary":
        parts = await _parts(git, ours.blob, base.blob, theirs.blob)
        if not parts:
            kind = "binary"
    answers = ["ours", "theirs"]
    if any(isinstance(p, Hunk) for p in parts):
        answers += ["both", "base"]
    elif base.blob:
        answers.append("base")
    answers += ["delete", "worktree"]
    return ConflictFile(path, kind, said, ours, base, theirs, tuple(answers), (), parts, other)


async def _parts(git: Git, ours: str, base: str, theirs: str) -> tuple[str | Hunk, ...]:
    """The file in pieces; nothing when a side is not text."""
    texts = []
    for blob in (ours, base, theirs):
        data = (await git.run("cat-file", "blob", blob)).out if blob else b""
        if b"\0" in data[:8000] or len(data) > MAX_TEXT:
            return ()
        texts.append(data)
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
        for path, side in await _entries(git, file, choice, worktree):
            name = os.fsencode(path)
            if side is None:
                lines.append(b"0 " + b"0" * 40 + b"\t" + name + b"\0")
            else:
                lines.append(f"{side.mode} {side.blob}\t".encode() + name + b"\0")
    with tempfile.TemporaryDirectory(prefix="maestro-index-") as folder:
        env = {"GIT_INDEX_FILE": f"{folder}/index"}
        await git.run("read-tree", conflict.tree, env=env)
        await git.run("update-index", "-z", "--index-info", stdin=b"".join(lines), env=env)
        tree = await git.text("write-tree", env=env)
    return await git.text(
        "commit-tree", tree, "-p", conflict.commit, "-p", conflict.head, "-m", message,
        env=author(agent),
    )  # fmt: skip


async def _entries(
    git: Git, file: ConflictFile, choice: FileChoice, worktree: Path
) -> list[tuple[str, Side | None]]:
    """What the index is to hold for a file: (path, side), None for nothing."""
    if file.kind == "case":
        return _case_entries(file, choice.whole)
    if choice.whole == "delete":
        return [(file.path, None)]
    if choice.whole == "worktree":
        return [(file.path, await _from_disk(git, file, worktree))]
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


def _case_entries(file: ConflictFile, answer: str) -> list[tuple[str, Side | None]]:
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
        mode = _SYMLINK
    elif path.is_file():
        data = path.read_bytes()
        mode = "100755" if os.access(path, os.X_OK) else "100644"
    elif path.exists():
        raise ChoiceError(f"{file.path} is a folder in the worktree; take a side instead")
    else:
        return None
    blob = os.fsdecode((await git.run("hash-object", "-w", "--stdin", stdin=data)).out).strip()
    return Side(mode, blob)
