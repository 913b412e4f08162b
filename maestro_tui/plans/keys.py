"""Names that are safe in branches, folders and files, made from ids and titles."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable
from dataclasses import replace
from datetime import datetime

from maestro_tui.plans.model import Task

KEY_LENGTH = 40
_SAFE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_SPACED = {n: " " for n in range(128) if not chr(n).isalnum()}
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """Text without control and direction characters, white space folded: fit for a title."""
    return " ".join((text if text.isprintable() else _CONTROL.sub("", text)).split())


def slug(text: str, length: int = KEY_LENGTH) -> str:
    """Lower-case ASCII letters, digits and single hyphens; never starts or ends with a hyphen."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    whole = "-".join(text.lower().translate(_SPACED).split())
    if len(whole) <= length:
        return whole
    cut = whole[:length]
    if whole[length] != "-" and "-" in cut[length // 2 :]:
        cut = cut[: cut.rindex("-")]
    return cut.strip("-")


def task_key(
    task_id: str,
    title: str,
    taken: Container[str] = (),
    counts: dict[str, int] | None = None,
) -> str:
    """A unique key for a task; the id comes first because it is what people say.

    ``counts`` remembers how far equal keys were numbered, for plans that repeat one very often.
    """
    counts = {} if counts is None else counts
    base = slug(f"{task_id} {title}") or "task"
    key = base
    while key in taken:
        counts[base] = count = counts.get(base, 1) + 1
        tail = f"-{count}"
        key = base[: KEY_LENGTH - len(tail)].rstrip("-") + tail
    return key


class Keys:
    """Hands out the keys of one plan's tasks, each once."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def key(self, task_id: str, title: str, wanted: str = "") -> str:
        """A key for a task: the one wanted where that is safe and free."""
        key = wanted
        if not key or not _SAFE.fullmatch(key) or key in self._taken:
            key = task_key(task_id, title, self._taken, self._counts)
        self._taken.add(key)
        return key


def with_keys(tasks: Iterable[Task]) -> tuple[Task, ...]:
    """The tasks, each with a key of its own; keys that are already safe and unique are kept."""
    keys = Keys()
    return tuple(replace(t, key=keys.key(t.id, t.title, t.key)) for t in tasks)


class Unique:
    """Hands out each name once; a name that is taken gets the next free number.

    It remembers how far equal names were numbered, for plans that repeat one very often.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = set(taken)
        self._counts: dict[str, int] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._taken

    def name(self, base: str, form: str) -> str:
        """The name itself when it is free, else ``form`` with the name and a number from 2 on."""
        name = base
        while name in self._taken:
            self._counts[base] = count = self._counts.get(base, 1) + 1
            name = form.format(base, count)
        self._taken.add(name)
        return name


def prompt_task_id(now: datetime, token: Callable[[], str], taken: Container[str] = ()) -> str:
    """``task-YYYYMMDD-HHMMSS-xxxx``; asks ``token`` for hex digits until the id is new."""
    stamp = now.strftime("%Y%m%d-%H%M%S")
    for _ in range(1000):
        task_id = f"task-{stamp}-{token()[:4]:0>4}"
        if task_id not in taken:
            return task_id
    for number in range(0x10000):
        task_id = f"task-{stamp}-{number:04x}"
        if task_id not in taken:
            return task_id
    raise ValueError("more than 65,536 tasks in one second")
