"""A conflict for the screens' tests: places, a file one side deleted, and a picture."""

from __future__ import annotations

from maestro_tui.core.conflicts import Conflict, ConflictFile, Hunk, Side
from tests.ui.runs import HOSTILE, FakeSource
from tests.ui.test_questions import conflicted

FILE = Side("100644", "a" * 40)
GONE = Side()
TEXT = ("ours", "theirs", "both", "base", "delete", "worktree")
WHOLE = ("ours", "theirs", "base", "delete", "worktree")


def rules(path: str = "app/validate.py", said: str = "Merge conflict in it") -> ConflictFile:
    """Two places with code around them."""
    first = Hunk(("LIMIT = 10\n",), ("LIMIT = 5\n",), ("LIMIT = 20\n", "BURST = 3\n"))
    second = Hunk(("    return ours\n",), (), ("    return theirs\n",))
    parts = ("import re\n", first, "\ndef check(text):\n", second, "# end\n")
    return ConflictFile(path, "content", said, FILE, FILE, FILE, TEXT, ("1.2",), parts)


def three_files(task: str = "1.3") -> Conflict:
    """Four places to decide: two lines, a deletion, a picture."""
    gone = ConflictFile("old.py", "modify/delete", "deleted in ours", GONE, FILE, FILE, WHOLE)
    picture = ConflictFile("logo.png", "binary", "Cannot merge binary files", FILE, FILE,
                           Side("100644", "c" * 40), WHOLE, ("1.2",))  # fmt: skip
    return Conflict(task, "1" * 40, "2" * 40, "3" * 40, (rules(), gone, picture))


def in_conflict(conflict: Conflict | None = None) -> FakeSource:
    """A run that waits with it."""
    source = conflicted()
    source.conflicts["1.3"] = conflict or three_files()
    return source


def hostile_conflict() -> FakeSource:
    """Paths, lines and git's words that would like to be more than text."""
    hunk = Hunk((HOSTILE + "\n",), ("\x1b[2J\n",), ("[bold]x[/] \udcff\r\n",))
    file = ConflictFile(f"{HOSTILE}.py", "content", HOSTILE, FILE, FILE, FILE, TEXT, (),
                        (HOSTILE + "\n", hunk))  # fmt: skip
    return in_conflict(Conflict("1.3", "1" * 40, "2" * 40, "3" * 40, (file,)))
