"""Names that differ only in case: on many machines one file, of which one version is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable

from maestro_tui.core.conflicts import ConflictFile, Side
from maestro_tui.engine.git.command import Git


class KnownNames:
    """Every name the integration branch has had, folded: tells without git that a merge brings none
    that differs from another only in case.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._head = ""
        self._names: dict[str, str] = {}  # folded: as written
        self._written_twice: set[str] = set()

    async def may_collide(self, head: str, paths: Iterable[str]) -> bool:
        """Whether one of the paths, merged into ``head``, could; then it is worth a real look."""
        if self._head != head:
            listing = await self._git.run("ls-tree", "-r", "-z", "--name-only", head)
            self._names, self._written_twice = {}, set()
            self.grown(head, filter(None, os.fsdecode(listing.out).split("\0")))
        new: dict[str, str] = {}
        for path in paths:
            folded = path.casefold()
            known = self._names.get(folded) or new.setdefault(folded, path)
            if known != path or folded in self._written_twice:
                return True
        return False

    def grown(self, head: str, paths: Iterable[str]) -> None:
        """``head`` is what was asked about last, with these merged into it."""
        self._head = head
        for path in paths:
            folded = path.casefold()
            if self._names.setdefault(folded, path) != path:
                self._written_twice.add(folded)


async def case_collisions(git: Git, head: str, tree: str) -> tuple[ConflictFile, ...]:
    """Paths the merge brings that differ from others only in case: on many machines one file."""
    listing = await git.run("diff-tree", "-r", "-z", "--no-renames", "--diff-filter=A",
                            head, tree)  # fmt: skip
    fields = os.fsdecode(listing.out).split("\0")
    added = {path: meta.split(" ") for meta, path in zip(fields[::2], fields[1::2], strict=False)}
    if not added:
        return ()
    names = os.fsdecode((await git.run("ls-tree", "-r", "-z", "--name-only", tree)).out)
    folded = "\0" + names.casefold().replace("\0", "\0\0")  # so that no two share one
    found = []
    for path, meta in added.items():
        same = path.casefold()
        if folded.count(f"\0{same}\0") < 2:  # counted as a whole: there may be many thousands
            continue
        others = [n for n in names.split("\0") if n != path and n.casefold() == same]
        if not others:
            continue
        entry = (await git.text("ls-tree", tree, "--", others[0])).split(None, 3)
        found.append(
            ConflictFile(
                path,
                "case",
                f"{path} and {others[0]} differ only in case",
                Side(entry[0], entry[2]),
                Side(),
                Side(meta[1], meta[3]),
                ("ours", "theirs", "both"),
                other=others[0],
            )
        )
    return tuple(found)
