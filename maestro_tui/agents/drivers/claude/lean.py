"""Imports the SDK without the libraries for tool servers that run inside its own process.

Those (``mcp``, its web server, ``jsonschema``) are nine tenths of the import: a second of one core
and 60 MB for every agent, for something no attempt uses. Stand-ins take their place while the SDK
is imported and are taken away again; where that does not work, the whole is imported.
"""

from __future__ import annotations

import importlib
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_UNUSED = (
    "mcp",
    "mcp.types",
    "mcp.server",
    "mcp.shared",
    "mcp.shared.memory",
    "mcp.shared.message",
    "jsonschema",
)


class _Empty:
    """A base of anything, with whatever options its real counterpart takes."""

    def __init_subclass__(cls, **_: Any) -> None:
        pass


class _StandIn(types.ModuleType):
    """Has every name, as an empty class: enough for annotations and base classes."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = type(name, (_Empty,), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


def import_sdk(name: str) -> types.ModuleType:
    """The SDK, as cheaply as it can be had; ImportError when it is not installed."""
    if name in sys.modules:
        return sys.modules[name]
    ours = {unused: _StandIn(unused) for unused in _UNUSED if unused not in sys.modules}
    for module in ours.values():
        module.__path__ = []
    for full, module in ours.items():
        parent, _, last = full.rpartition(".")
        if parent in ours:
            setattr(ours[parent], last, module)
    sys.modules.update(ours)
    try:
        return importlib.import_module(name)
    except Exception:
        for loaded in [m for m in sys.modules if m == name or m.startswith(f"{name}.")]:
            del sys.modules[loaded]
        failed = True
    finally:
        for full, module in ours.items():
            if sys.modules.get(full) is module:
                del sys.modules[full]
    assert failed
    return importlib.import_module(name)
