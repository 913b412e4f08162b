"""Drivers: how a kind of agent is run. One module each, imported only when it is used."""

from __future__ import annotations

from maestro_tui.agents.spec import SpecError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.drivers.protocol import Driver

NAMES = ("acp", "api", "claude", "command", "rehearsal")
INTERACTIVE = frozenset({"acp", "api", "claude"})  # can be talked to while they run
RESUMABLE = frozenset({"acp", "api", "claude"})  # can go on with an attempt whose runner was killed


def find_driver(name: str) -> Driver:
    """The driver of that name; SpecError lists those there are."""
    match name:
        case "acp":
            from maestro_tui.agents.drivers.acp import AcpDriver

            return AcpDriver()
        case "api":
            from maestro_tui.agents.drivers.api import ApiDriver

            return ApiDriver()
        case "claude":
            from maestro_tui.agents.drivers.claude import ClaudeDriver

            return ClaudeDriver()
        case "command":
            from maestro_tui.agents.drivers.command import CommandDriver

            return CommandDriver()
        case "rehearsal":
            from maestro_tui.agents.drivers.rehearsal import RehearsalDriver

            return RehearsalDriver()
    raise SpecError(f"There is no driver {name!r}; known: {', '.join(NAMES)}")
