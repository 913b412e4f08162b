"""The imports of a Python source, kept by the hash of its content.

Parsing is the slow part of the analysis, and the same files are looked at again with every change
made in the review. The file beside the journal spares the next program the same work; it is only
written where Maestro's folder exists already, and one that cannot be read is as good as none.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import stat
import warnings
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple, dataclass
from pathlib import Path

VERSION = 1
MAX_BYTES = 1 << 20  # of one source; larger ones are generated, not written
MAX_KEPT = 20_000  # sources
_MAX_CACHE_BYTES = 32 << 20


@dataclass(frozen=True, slots=True)
class Import:
    """One name of one import statement; ``bound`` is what it is called in the importing file."""

    level: int
    module: str
    name: str
    bound: str
    line: int


_SEEN: dict[str, tuple[Import, ...]] = {}  # of this process, by hash


def parse_imports(data: bytes) -> tuple[Import, ...]:
    """What a source imports, anywhere in it; nothing when it is no Python that can be read."""
    try:
        text = data.decode("utf-8-sig")
        if "import" not in text:
            return ()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray backslash in it is not the user's matter
            tree = ast.parse(text)
        return tuple(_found(tree))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()


def _found(tree: ast.AST) -> Iterator[Import]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                bound = alias.asname or alias.name.split(".")[0]
                yield Import(0, alias.name, "", bound, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                bound = alias.asname or alias.name
                yield Import(node.level, node.module or "", alias.name, bound, node.lineno)


class ImportCache:
    """Imports by content; in memory for this process, on disk for the next."""

    def __init__(self, file: Path | None = None) -> None:
        self.file = file
        self._loaded: dict[str, tuple[Import, ...]] | None = None
        self._new: dict[str, tuple[Import, ...]] = {}

    @classmethod
    def of(cls, repo: Path) -> ImportCache:
        """The repository's; without Maestro's folder in it, nothing is written."""
        folder = repo / ".maestro"
        return cls(folder / "imports.json" if folder.is_dir() else None)

    @property
    def _kept(self) -> dict[str, tuple[Import, ...]]:
        """What the file holds; read when something is missing in memory, which is seldom."""
        if self._loaded is None:
            self._loaded = _load(self.file)
        return self._loaded

    def read(self, path: Path) -> tuple[Import, ...]:
        """The imports of a file; nothing for what is no regular file of ordinary size."""
        try:
            with open(path, "rb", opener=_no_waiting) as file:
                facts = os.fstat(file.fileno())
                if not stat.S_ISREG(facts.st_mode) or facts.st_size > MAX_BYTES:
                    return ()
                data = file.read(MAX_BYTES + 1)
        except OSError:
            return ()
        return self.parse(data) if len(data) <= MAX_BYTES else ()

    def parse(self, data: bytes) -> tuple[Import, ...]:
        """The imports of a source, parsed only where nobody has yet."""
        key = hashlib.sha256(data).hexdigest()
        found = _SEEN.get(key)
        if found is None:
            found = self._kept.get(key)
        if found is None:
            found = self._new[key] = parse_imports(data)
        if len(_SEEN) < MAX_KEPT:
            _SEEN[key] = found
        return found

    def save(self) -> None:
        """Write what is new; where that cannot be, the next program parses again."""
        if self.file is None or not self._new:
            return
        kept = dict(list((self._kept | self._new).items())[-MAX_KEPT:])
        rows = {key: [list(astuple(i)) for i in found] for key, found in kept.items()}
        text = json.dumps({"version": VERSION, "sources": rows}, separators=(",", ":"))
        spare = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            spare.write_text(text, encoding="utf-8")
            spare.replace(self.file)
        except OSError:
            with suppress(OSError):
                spare.unlink()
        self._loaded, self._new = kept, {}


def _no_waiting(path: str, flags: int) -> int:
    """Open without blocking: a pipe put in a source's place must not stop the analysis."""
    return os.open(path, flags | os.O_NONBLOCK)


def _load(file: Path | None) -> dict[str, tuple[Import, ...]]:
    try:
        if file is None or file.stat().st_size > _MAX_CACHE_BYTES:
            return {}
        found = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or found.get("version") != VERSION:
            return {}
        return {str(key): _imports(rows) for key, rows in found["sources"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _imports(rows: list[list[object]]) -> tuple[Import, ...]:
    out = []
    for level, module, name, bound, line in rows:
        if not (isinstance(level, int) and isinstance(line, int)):
            raise TypeError("not an import")
        out.append(Import(level, str(module), str(name), str(bound), line))
    return tuple(out)
