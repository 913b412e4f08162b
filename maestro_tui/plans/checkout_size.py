"""How large a checkout of a repository is, from git's own index: no walk, no process."""

from __future__ import annotations

import struct
from pathlib import Path

_FIXED = 62  # bytes of an entry before its path
_SIZE_AT, _FLAGS_AT = 36, 60
_EXTENDED = 0x4000
_MAX_INDEX = 256 << 20


def checkout_bytes(root: Path) -> int:
    """The size of all tracked files, or 0 where that is not known."""
    try:
        index = _git_dir(root) / "index"
        if index.stat().st_size > _MAX_INDEX:
            return 0
        return _sum(index.read_bytes())
    except (OSError, ValueError, struct.error, IndexError):
        return 0


def _git_dir(root: Path) -> Path:
    git = root / ".git"
    if git.is_dir():
        return git
    words = git.read_text(encoding="utf-8").strip()  # a worktree's: "gitdir: /path"
    if not words.startswith("gitdir: "):
        raise ValueError("no repository")
    return (root / words.removeprefix("gitdir: ")).resolve()


def _sum(data: bytes) -> int:
    magic, version, count = struct.unpack_from(">4sII", data)
    if magic != b"DIRC" or version not in (2, 3, 4):
        raise ValueError("no index")
    at, total = 12, 0
    for _ in range(count):
        total += struct.unpack_from(">I", data, at + _SIZE_AT)[0]
        flags = struct.unpack_from(">H", data, at + _FLAGS_AT)[0]
        path = at + _FIXED + (2 if flags & _EXTENDED else 0)
        if version == 4:
            while data[path] & 0x80:  # how much of the path before is kept
                path += 1
            at = data.index(0, path + 1) + 1
        else:
            end = data.index(0, path)
            at += (end - at + 8) // 8 * 8
    return total
