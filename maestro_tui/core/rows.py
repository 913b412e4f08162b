"""Events as rows of the journal, and back; of what another version wrote, what is known."""

from __future__ import annotations

import dataclasses
from typing import Any

from maestro_tui.core.events import Event


def _leaves(cls: type[Event]) -> dict[str, type[Event]]:
    found: dict[str, type[Event]] = {}
    for sub in cls.__subclasses__():
        found[sub.__name__] = sub
        found.update(_leaves(sub))
    return found


KINDS: dict[str, type[Event]] = _leaves(Event)


_FIELDS = {name: tuple(f.name for f in dataclasses.fields(cls)) for name, cls in KINDS.items()}


def pack(event: Event) -> dict[str, Any]:
    """The event's own data as plain JSON types, without ``at`` (a column of its own)."""
    return {n: getattr(event, n) for n in _FIELDS[type(event).__name__] if n != "at"}


def unpack(kind: str, at: float, data: dict[str, Any]) -> Event | None:
    """The event of a journal row, or None when this version does not know the kind."""
    cls = KINDS.get(kind)
    if cls is None:
        return None
    names = _FIELDS[kind]
    known = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items() if k in names}
    return cls(at=at, **known)
