"""Reads the plans people already have: documents in, tasks with files, orders and checks out.

Pure and usable without the rest of the program: ``from maestro_tui.plans import read_plan``. The
names are looked up when asked for, so that a part of the program that needs one module of this
package does not load every format of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maestro_tui.plans.analysis import analyse
    from maestro_tui.plans.errors import CycleError, PlanError
    from maestro_tui.plans.model import Diagnostic, Edge, Phase, Plan, Task
    from maestro_tui.plans.reader import read_plan

__all__ = [
    "CycleError", "Diagnostic", "Edge", "Phase", "Plan", "PlanError", "Task", "analyse",
    "read_plan",
]  # fmt: skip
_HOMES = {
    "analyse": "analysis", "read_plan": "reader", "PlanError": "errors", "CycleError": "errors",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """The public names, each from the module it lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'model')}"), name)
