"""Every machine of every test here must keep its invariants after every step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from maestro_tui.core import events as e
from maestro_tui.core.commands import Command
from maestro_tui.core.invariants import validate
from maestro_tui.core.machine import Machine


@pytest.fixture(autouse=True)
def _invariants_hold(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Validate after each step of each machine, and once more at the end of the test."""
    seen: list[Machine] = []
    handle = Machine.handle

    def checked(self: Machine, *events: e.Event) -> list[Command]:
        if all(m is not self for m in seen[-3:]):
            seen.append(self)
        commands = handle(self, *events)
        assert validate(self.state) == [], events
        return commands

    monkeypatch.setattr(Machine, "handle", checked)
    yield
    for machine in seen:
        assert validate(machine.state) == []
