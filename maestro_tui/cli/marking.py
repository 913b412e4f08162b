"""Whether a run can mark its plan's document, and what the review says about it beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.git.command import run_sync
from maestro_tui.engine.git.repository import Base
from maestro_tui.plans.model import Plan

_MOST_TRIED = 300_000  # bytes: a larger document is marked at the end or not, but not tried before


@dataclass(frozen=True, slots=True)
class Markable:
    """The document's path in the repository, or why it cannot be marked."""

    path: str = ""
    why: str = ""
    changed: bool = False  # it could be, were it not for changes nobody committed

    def note(self, *, wanted: bool | None, delivers: bool) -> str:
        """What the review says: what a yes will do, or why what was wanted cannot be."""
        if wanted is False or (not delivers and not wanted):
            return ""
        if not delivers:
            return "Nothing is delivered, so nothing is marked done in the plan"
        if self.path:
            return (
                f"A yes to the delivery also marks merged tasks done in {self.path}, in a commit "
                "of its own (--no-mark-done leaves it as it is)"
            )
        if self.changed or wanted:
            return f"Merged tasks will not be marked done in the plan: {self.why}"
        return ""


def markable(base: Base, files: list[str], plan: Plan) -> Markable:
    """Look at the document of a plan: tracked, unchanged, with something to mark?"""
    if len(files) != 1:
        return Markable(why="a list of prompt files has no document of its own")
    file = Path(files[0]).resolve()
    try:
        path = file.relative_to(base.root.resolve()).as_posix()
    except ValueError:
        return Markable(why=f"{files[0]} lies outside the repository")
    if run_sync(["cat-file", "-e", f"{base.sha}:{path}"], base.root).returncode:
        return Markable(why=f"{path} is not tracked in the commit the run starts from")
    if path in base.dirty:
        return Markable(why=f"{path} has changes that are not committed", changed=True)
    if not _has_marks(file, path, plan):
        return Markable(why=f"no open task in {path} has a box or a status")
    return Markable(path)


def _has_marks(file: Path, path: str, plan: Plan) -> bool:
    from maestro_tui.engine.marking import can_be_marked  # not before the plan can be marked at all

    try:
        raw = file.read_bytes()
        return len(raw) > _MOST_TRIED or can_be_marked(raw.decode("utf-8"), path, plan)
    except Exception:  # a document that cannot be marked must not keep its plan from being run
        return False
