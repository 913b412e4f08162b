"""The formats of plans that are recognised: each module here offers one as ``FORMAT``.

A new format is one new file; nothing else needs to know its name.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import lru_cache
from typing import Protocol

from maestro_tui.plans.document import Document
from maestro_tui.plans.model import Plan


class Format(Protocol):
    """One way of writing a plan down."""

    name: str

    def recognise(self, document: Document) -> tuple[int, str]:
        """How sure it is that the document is of this format, 0 to 100, and why."""
        ...

    def read(self, document: Document) -> Plan:
        """The plan in the document; what cannot be read becomes a diagnostic."""
        ...


@lru_cache(maxsize=1)
def all_formats() -> dict[str, Format]:
    """Every format by name, in the order of their modules."""
    found: dict[str, Format] = {}
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        offered = getattr(module, "FORMAT", None)
        if offered is not None:
            found[offered.name] = offered
    return found
