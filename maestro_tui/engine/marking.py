"""Marks what a run merged done in the very document it was planned in, as a commit of its own.

So that the same plan run again goes on with what is left. The commit is made on the tree that is
delivered, never in the user's checkout; a task that no longer reads as it did in the review stays
as it is, because what was done is not what it asks for now.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from maestro_tui.engine.git.command import Git
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Plan, Task

MOST_S = 60.0  # every mark is read back; a huge document must not hold a delivery up for longer
_BOX = re.compile(r"\[[ xX✓✔~/>-]\]")
_STATUS = re.compile(r"^\W*status\W*[:=：].*$", re.IGNORECASE | re.MULTILINE)
_FILES = (b"100644", b"100755")


class NotMarked(Exception):
    """The document stays as it is; the message says why."""


@dataclass(frozen=True, slots=True)
class Marks:
    """A document with its marks; ``left`` says why a merged task is not among ``done``."""

    text: str
    done: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


def form_of(path: str, plan: Plan) -> str:
    """The format to read a plan's own document in; an exported plan names that of its source."""
    return "canonical" if path.endswith(".toml") else plan.format


def read_text(text: str, path: str, form: str) -> Plan:
    """The plan in this text, tied to this text and to no document it was exported from."""
    # The reader knows every format and takes 0.1 s to import: only a delivery needs it.
    from maestro_tui.plans.reader import read_plan

    plan = read_plan(path, text=text, format=form)
    return replace(plan, source=path, source_sha256=_hash(text), format=form)


def mark_done(text: str, path: str, reviewed: Plan, tasks: Sequence[str]) -> Marks:
    """Mark these tasks; whatever cannot be marked is left and named."""
    form = form_of(path, reviewed)
    plan = read_text(text, path, form)
    before = {task.id: task for task in reviewed.tasks}
    done, left = [], []
    deadline = time.monotonic() + MOST_S
    for name in tasks:
        now = {task.id: task for task in plan.tasks}.get(name)
        if now is None or _words(now) != _words(before[name]):
            left.append(f"{name} reads differently now")
            continue
        if time.monotonic() > deadline:
            left.append(f"{name}: the document takes too long to mark")
            continue
        try:
            text, plan = _marked(text, plan, now)
        except PlanError as error:
            left.append(str(error))
            continue
        done.append(name)
    return Marks(text, tuple(done), tuple(left))


def can_be_marked(text: str, path: str, plan: Plan, among: int = 20) -> bool:
    """Whether one of its first open tasks has a box or a status to mark."""
    from maestro_tui.plans.writeback import mark  # imports every format: late, as the reader

    own = read_text(text, path, form_of(path, plan))
    for task in [t for t in own.tasks if t.status not in ("done", "cancelled")][:among]:
        try:
            mark(text, own, task.id)
        except PlanError:
            continue
        return True
    return False


def _marked(text: str, plan: Plan, task: Task) -> tuple[str, Plan]:
    from maestro_tui.plans.writeback import mark  # imports every format: late, as the reader

    if task.status == "done":
        return text, plan
    new = mark(text, plan, task.id)
    if new.count("\n") != text.count("\n"):
        return new, read_text(new, plan.source, plan.format)
    # The mark has been read back already: only this one status differs, no line has moved.
    tasks = tuple(replace(t, status="done") if t.id == task.id else t for t in plan.tasks)
    return new, replace(plan, tasks=tasks, source_sha256=_hash(new))


def _words(task: Task) -> tuple[str, str]:
    """What a task asks for, without its marks."""
    text = _STATUS.sub("", _BOX.sub("[ ]", task.text))
    return task.title, " ".join(text.split())


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def commit_marks(
    git: Git, head: str, path: str, reviewed: Plan, tasks: Sequence[str], run: str
) -> tuple[str, Marks]:
    """``head``, or a commit on top of it in which the document has its marks; no ref moves."""
    listing = (await git.run("ls-tree", "-z", "--full-tree", head, "--", path)).out
    mode, _, rest = listing.partition(b" ")
    if mode not in _FILES:
        raise NotMarked("it is no file in what is delivered")
    blob = rest.split()[1].decode()
    try:
        text = (await git.run("cat-file", "blob", blob)).out.decode("utf-8")
    except UnicodeDecodeError:
        raise NotMarked("it is not UTF-8 text") from None
    marks = await asyncio.to_thread(mark_done, text, path, reviewed, tasks)
    if marks.text == text:
        return head, marks
    raw = marks.text.encode("utf-8")
    new = os.fsdecode((await git.run("hash-object", "-w", "--stdin", stdin=raw)).out).strip()
    tree = await _tree(git, head, f"{mode.decode()},{new},{path}")
    count = len(marks.done)
    subject = f"Mark {count} task{'s' if count != 1 else ''} done in {path}"
    message = f"{subject}\n\n{', '.join(marks.done)}\n\nRun {run}."
    return await git.text("commit-tree", tree, "-p", head, "-m", message), marks


async def _tree(git: Git, head: str, entry: str) -> str:
    """The tree of a commit with one entry replaced, made in an index of its own."""
    index = git.git_dir / "maestro-mark-index"
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        await git.run("read-tree", head, env=env)
        await git.run("update-index", "--cacheinfo", entry, env=env)
        return await git.text("write-tree", env=env)
    finally:
        for leftover in (index, index.with_name(index.name + ".lock")):
            leftover.unlink(missing_ok=True)
