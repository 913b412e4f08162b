"""Drivers: how a kind of agent is run. One module each, imported only when it is used."""

from __future__ import annotations

import importlib
from typing import Protocol

from maestro_tui.agents.context import Context
from maestro_tui.agents.supervise import Outcome


class Driver(Protocol):
    """Runs one agent to its end, inside its runner."""

    def run(self, context: Context) -> Outcome:
        """Do the attempt; never raises for what the agent does."""
        ...


_DRIVERS = {
    "command": "maestro_tui.agents.drivers.command:CommandDriver",
    "rehearsal": "maestro_tui.agents.drivers.rehearsal:RehearsalDriver",
}


def find_driver(name: str) -> Driver:
    """The driver of that name; KeyError lists those there are."""
    if name not in _DRIVERS:
        raise KeyError(f"unknown driver {name!r}; known: {', '.join(_DRIVERS)}")
    module, _, cls = _DRIVERS[name].partition(":")
    driver: Driver = getattr(importlib.import_module(module), cls)()
    return driver
