"""Python imports between files that different tasks write, read with ``ast``; nothing is executed.

They say who would rather wait for whom. They advise and never order by themselves: an import may
be of something that stays as it is, and only the user can know.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path, PurePosixPath

from maestro_tui.plans import globs
from maestro_tui.plans.import_cache import Import, ImportCache

MAX_FILES = 4000  # read at most; a plan that owns more of the repository is hardly a plan
MAX_FOLDERS = 4000
_ROOT_NAMES = frozenset({"src", "lib", "python", "python3"})
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "venv"})


@dataclass(frozen=True, slots=True)
class Link:
    """A file of one task imports a file of another; tasks by position."""

    importer: int
    imported: int
    path: str
    line: int
    target: str

    @property
    def words(self) -> str:
        """Where it is written, for people."""
        return f"{self.path}:{self.line} imports {self.target}"


def find_links(
    written: Sequence[Sequence[str]], repo: Path, cache: ImportCache | None = None
) -> tuple[Link, ...]:
    """The imports between files of different tasks; ``written`` holds each task's patterns."""
    writers = _Writers(written)
    if not writers.several():
        return ()
    cache = cache or ImportCache.of(repo)
    tree = _Tree(repo, cache, writers)
    found: dict[tuple[int, int, str, str], Link] = {}
    for path, owners in _sources(writers, tree):
        for line, target in tree.targets(path):
            theirs = writers.of(target)
            for mine in owners:
                if mine in theirs:
                    continue  # it writes both ends
                for other in theirs:
                    link = Link(mine, other, path, line, target)
                    found.setdefault((mine, other, path, target), link)
    cache.save()
    return tuple(sorted(found.values(), key=lambda k: (k.importer, k.imported, k.path, k.line)))


class _Writers:
    """Who writes a file: by name at once, by glob where one covers it."""

    def __init__(self, written: Sequence[Sequence[str]]) -> None:
        self.literal: dict[str, set[int]] = {}
        self.wide: dict[str, set[int]] = {}
        for number, patterns in enumerate(written):
            for pattern in patterns:
                if globs.is_glob(pattern) or pattern.endswith("/"):
                    if globs.static_prefix(pattern):  # "everything" says nothing
                        self.wide.setdefault(pattern, set()).add(number)
                elif pattern.endswith(".py") and _plain(pattern):
                    self.literal.setdefault(_tidy(pattern), set()).add(number)

    def several(self) -> bool:
        """Whether there can be a link at all."""
        return len(set().union(*self.literal.values(), *self.wide.values())) > 1

    def of(self, path: str) -> frozenset[int]:
        """The tasks that write the file; those that name it before those that own its folder."""
        named = self.literal.get(path)
        if named:
            return frozenset(named)
        covering = (t for p, t in self.wide.items() if globs.matches(path, p))
        return frozenset().union(*covering)


class _Tree:
    """The repository as an importing file sees it, each question asked of the disk once."""

    def __init__(self, repo: Path, cache: ImportCache, writers: _Writers) -> None:
        self.repo = repo
        self.real = os.path.realpath(repo)
        self.cache = cache
        self.planned = frozenset(writers.literal)
        self.folders = {str(parent) for p in self.planned for parent in PurePosixPath(p).parents}
        self.layouts = _layouts(self.planned)
        self.is_file = lru_cache(maxsize=None)(self._is_file)
        self.names = lru_cache(maxsize=None)(self._names)
        self.imports = lru_cache(maxsize=None)(self._imports)
        self.roots = lru_cache(maxsize=None)(self._roots)

    def _is_file(self, path: str) -> bool:
        if path in self.planned:
            return True
        full = os.path.join(self.real, path)
        return os.path.isfile(full) and self._inside(full)

    def _inside(self, full: str) -> bool:
        """No link may lead the reader out of the repository."""
        return os.path.realpath(full).startswith(self.real.rstrip(os.sep) + os.sep)

    def _names(self, folder: str) -> frozenset[str]:
        """What a folder holds now or will hold."""
        try:
            found = set(os.listdir(os.path.join(self.real, folder)))
        except OSError:
            found = set()
        prefix = "" if folder in ("", ".") else folder + "/"
        for path in (*self.planned, *self.folders):
            if path.startswith(prefix):
                found.add(path[len(prefix) :].split("/", 1)[0])
        return frozenset(found)

    def _imports(self, path: str) -> tuple[Import, ...]:
        full = os.path.join(self.real, path)
        return self.cache.read(Path(full)) if self._inside(full) else ()

    def _roots(self, folder: str) -> tuple[str, ...]:
        """Folders that absolute imports of a file in this folder may start from, likeliest first.

        A package is never a root of itself: ``import types`` in ``app`` means the library's.
        """
        out = []
        for here in (folder, *map(str, PurePosixPath(folder).parents)):
            here = "" if here == "." else here
            if not here or not self.is_file(f"{here}/__init__.py"):
                out.append(here)
                if "src" in self.names(here):
                    out.append(f"{here}/src".lstrip("/"))
        return tuple(dict.fromkeys([*out, *self.layouts]))

    def targets(self, path: str) -> Iterator[tuple[int, str]]:
        """The files of the repository that a file imports, each with the line."""
        for item in self.imports(path):
            target = self._resolve(path, item, hops=2)
            if target and target != path:
                yield item.line, target

    def _resolve(self, path: str, item: Import, hops: int) -> str:
        folder = str(PurePosixPath(path).parent)
        folder = "" if folder == "." else folder
        parts = [p for p in item.module.split(".") if p]
        if item.level:
            up = folder.split("/") if folder else []
            if item.level - 1 > len(up):
                return ""
            bases: Iterable[str] = ("/".join(up[: len(up) - (item.level - 1)]),)
        elif not parts or parts[0] in sys.stdlib_module_names:
            return ""
        else:
            bases = (
                root
                for root in self.roots(folder)
                if not self.names(root).isdisjoint((parts[0], parts[0] + ".py"))
            )
        for base in bases:
            found = self._under(base, parts, item.name, hops)
            if found:
                return found
        return ""

    def _under(self, base: str, parts: Sequence[str], name: str, hops: int) -> str:
        stem = "/".join([p for p in (base, *parts) if p])
        if name and name != "*":
            inner = self._module(f"{stem}/{name}".lstrip("/"))
            if inner:
                return inner
        found = self._module(stem) if stem else ""
        if found.endswith("__init__.py") and found not in self.planned and name and hops:
            # What a package only passes on belongs to the module that has it.
            for item in self.imports(found):
                if item.bound == name:
                    return self._resolve(found, item, hops - 1) or found
        return found

    def _module(self, stem: str) -> str:
        return next((p for p in (f"{stem}.py", f"{stem}/__init__.py") if self.is_file(p)), "")


def _sources(writers: _Writers, tree: _Tree) -> Iterator[tuple[str, frozenset[int]]]:
    """The files to read, each with the tasks that write it."""
    seen = dict.fromkeys(p for p in writers.literal if (tree.repo / p).is_file())
    for pattern in writers.wide:
        if len(seen) >= MAX_FILES:
            break
        tail = globs.literal_tail(pattern)
        if tail and not (tail.endswith(".py") or ".py".endswith(tail)):
            continue
        for path in _beneath(tree.repo, "/".join(globs.static_prefix(pattern))):
            if path not in seen and globs.matches(path, pattern):
                seen[path] = None
    for path in list(seen)[:MAX_FILES]:
        yield path, writers.of(path)


def _beneath(repo: Path, start: str) -> Iterator[str]:
    """The Python files under a folder; links, hidden and installed things left out."""
    if not _plain(start):
        return
    todo, folders = [start], 0
    while todo and folders < MAX_FOLDERS:
        here = todo.pop()
        folders += 1
        try:
            entries = sorted(os.scandir(repo / here), key=lambda e: e.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{here}/{entry.name}"
            if entry.is_symlink() or entry.name.startswith(".") or entry.name in _SKIPPED:
                continue
            if entry.is_dir(follow_symlinks=False):
                todo.append(path)
            elif entry.name.endswith(".py"):
                yield path


def _layouts(paths: Iterable[str]) -> tuple[str, ...]:
    """The ``src``-like folders among the paths: roots for whoever is not beneath them."""
    out: dict[str, None] = {}
    for path in sorted(paths):
        parts = path.split("/")[:-1]
        for n, part in enumerate(parts):
            if part in _ROOT_NAMES:
                out["/".join(parts[: n + 1])] = None
    return tuple(out)


def _plain(path: str) -> bool:
    """Inside the repository by its words alone."""
    return not path.startswith(("/", "~")) and ".." not in path.split("/")


def _tidy(path: str) -> str:
    while path.startswith("./"):
        path = path[2:]
    return path


def advise(
    links: Sequence[Link], above: list[int], dependents: Sequence[Sequence[int]]
) -> Mapping[tuple[int, int], str]:
    """For each pair (importer, imported) how it stands.

    ``ordered``: it waits already; ``against``: the other waits for it; ``open``: neither does.

    ``above`` are the ancestors as bit sets, changed here: of the open ones so many are named that
    all can be accepted together without a cycle; the others are ``mutual``.
    """
    below = [list(d) for d in dependents]
    stated = list(above)
    out: dict[tuple[int, int], str] = {}
    for link in links:
        pair = (link.importer, link.imported)
        if pair in out:
            continue
        if above[link.importer] >> link.imported & 1:
            out[pair] = "ordered"
        elif above[link.imported] >> link.importer & 1:
            out[pair] = "against" if stated[link.imported] >> link.importer & 1 else "mutual"
        else:
            out[pair] = "open"
            below[link.imported].append(link.importer)
            spread(link.importer, above[link.imported] | 1 << link.imported, above, below)
    return out


def spread(start: int, bits: int, above: list[int], below: Sequence[Sequence[int]]) -> None:
    """Ancestors newly gained by a node, passed on to all that wait for it."""
    todo = [start]
    while todo:
        node = todo.pop()
        joined = above[node] | bits
        if joined != above[node]:
            above[node] = joined
            todo.extend(below[node])
