"""The files a repository tracks and their sizes, from git's own index: no walk, no process."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

_FIXED = 62  # bytes of an entry before its path
_SIZE_AT, _FLAGS_AT = 36, 60
_EXTENDED = 0x4000
_MAX_INDEX = 256 << 20


def checkout_bytes(root: Path) -> int:
    """The size of all tracked files, or 0 where that is not known."""
    try:
        return sum(size for _, size in _entries(_index(root)))
    except (OSError, ValueError, struct.error, IndexError):
        return 0


def tracked_files(root: Path) -> tuple[str, ...]:
    """The paths of all tracked files from the root, or none where that is not known."""
    try:
        return tuple(os.fsdecode(path) for path, _ in _entries(_index(root)))
    except (OSError, ValueError, struct.error, IndexError):
        return ()


def _index(root: Path) -> bytes:
    index = _git_dir(root) / "index"
    if index.stat().st_size > _MAX_INDEX:
        raise ValueError("too large to look into")
    return index.read_bytes()


def _git_dir(root: Path) -> Path:
    git = root / ".git"
    if git.is_dir():
        return git
    words = git.read_text(encoding="utf-8").strip()  # a worktree's: "gitdir: /path"
    if not words.startswith("gitdir: "):
        raise ValueError("no repository")
    return (root / words.removeprefix("gitdir: ")).resolve()


def _entries(data: bytes) -> Iterator[tuple[bytes, int]]:
    magic, version, count = struct.unpack_from(">4sII", data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("no index")
    at, name = 12, b""
    for _ in range(count):
        size = struct.unpack_from(">I", data, at + _SIZE_AT)[0]
        flags = struct.unpack_from(">H", data, at + _FLAGS_AT)[0]
        path = at + _FIXED + (2 if flags & _EXTENDED else 0)
        if version == 4:
            dropped, path = _varint(data, path)  # how much of the path before is cut off
            end = data.index(0, path)
            name = name[: len(name) - dropped] + data[path:end]
            at = end + 1
        else:
            end = data.index(0, path)
            name = data[path:end]
            at += (end - at + 8) // 8 * 8
        yield name, size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = data[at] & 0x7F
    while data[at] & 0x80:
        at += 1
        value = ((value + 1) << 7) | (data[at] & 0x7F)
    return value, at + 1
