"""Files of the worktree, as the rehearsal agent touches them: never outside by accident."""

from __future__ import annotations

import os


class StepFailed(Exception):
    """A step could not be done; the agent fails with this message and exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


class Tree:
    """The worktree. Exists so that one place decides what a script's path may reach."""

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self.touched: dict[str, str] = {}  # path -> what became of it, in order

    def place(self, path: str, *, anywhere: bool, follow: bool = True) -> str:
        """The real place of a path; StepFailed if it leads out of the worktree.

        ``follow`` false is for a path whose last part is meant itself, not what it links to.
        """
        if not path or "\0" in path:
            raise StepFailed(f"The path {path!r} names no file")
        full = os.path.join(self._root, path)
        folder, name = os.path.split(full.rstrip("/"))
        if follow or name in ("", ".", ".."):  # dots mean a folder, never themselves
            real = os.path.realpath(full)
        else:
            real = os.path.join(os.path.realpath(folder), name)
        if not anywhere and not real.startswith(self._root.rstrip("/") + "/"):
            raise StepFailed(f"{path} leads out of the worktree; say anywhere = true if it must")
        return real

    def exists(self, path: str) -> bool:
        """Whether something is at that path, be it a dangling link."""
        return os.path.lexists(os.path.join(self._root, path))

    def write(self, path: str, text: str, *, anywhere: bool = False) -> bool:
        """The file has this text now, folders made as needed; whether it is new."""
        place = self.place(path, anywhere=anywhere)
        new = not os.path.exists(place)
        self._store(path, place, text, "wb")
        self.touched[path] = "written" if new else self.touched.get(path, "changed")
        return new

    def append(self, path: str, text: str, *, anywhere: bool = False) -> None:
        """The text comes after what is there, if anything."""
        place = self.place(path, anywhere=anywhere)
        new = not os.path.exists(place)
        self._store(path, place, text, "ab")
        self.touched.setdefault(path, "written" if new else "changed")

    def edit(self, path: str, find: str, replace: str, *, anywhere: bool = False) -> None:
        """The first occurrence of exactly this text is replaced; StepFailed if there is none."""
        place = self.place(path, anywhere=anywhere)
        try:
            with open(place, encoding="utf-8", newline="") as file:
                old = file.read()
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or "not UTF-8"
            raise StepFailed(f"Cannot edit {path}: {why}") from error
        if not find or find not in old:
            raise StepFailed(f"Cannot edit {path}: the text {_short(find)} does not occur in it")
        self._store(path, place, old.replace(find, replace, 1), "wb")
        self.touched.setdefault(path, "changed")

    def delete(self, path: str, *, anywhere: bool = False) -> None:
        """The file, link or folder is gone; a link's target stays."""
        place = self.place(path, anywhere=anywhere, follow=False)
        try:
            if os.path.isdir(place) and not os.path.islink(place):
                import shutil

                shutil.rmtree(place)
            else:
                os.unlink(place)
        except OSError as error:
            raise StepFailed(f"Cannot delete {path}: {error.strerror}") from error
        self.touched[path] = "deleted"

    def replace(self, path: str, text: str) -> None:
        """Like ``write``, but whoever watches for the file sees it whole or not at all."""
        place = self.place(path, anywhere=False)
        beside = f"{place}.tmp"
        self._store(path, beside, text, "wb")
        os.replace(beside, place)

    def _store(self, path: str, place: str, text: str, mode: str) -> None:
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, mode) as file:
                file.write(text.encode("utf-8", "replace"))
        except OSError as error:
            raise StepFailed(f"Cannot write {path}: {error.strerror}") from error


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")
