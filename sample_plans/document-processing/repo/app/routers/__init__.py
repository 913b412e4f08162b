"""Every module in this package that has a ``router`` is registered; nothing to edit here."""

from __future__ import annotations

import importlib
import pkgutil

from app.http import Router


def discover() -> list[Router]:
    found = []
    for info in sorted(pkgutil.iter_modules(__path__), key=lambda i: i.name):
        module = importlib.import_module(f"{__name__}.{info.name}")
        if isinstance(router := getattr(module, "router", None), Router):
            found.append(router)
    return found
