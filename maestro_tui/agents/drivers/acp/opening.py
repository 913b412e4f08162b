"""How a session begins: who we are, whom we speak to, and the earlier session if there is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from acp import PROTOCOL_VERSION, RequestError
from acp.schema import (
    ClientCapabilities,
    ElicitationCapabilities,
    ElicitationFormCapabilities,
    FileSystemCapabilities,
    Implementation,
)

from maestro_tui import __version__
from maestro_tui.agents.drivers.acp.servers import usable_servers
from maestro_tui.agents.sanitise import one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.drivers.acp.invocation import Invocation


class WrongVersion(Exception):
    """The agent speaks the protocol as Maestro does not."""

    def __init__(self, theirs: object) -> None:
        super().__init__(
            f"The agent speaks version {theirs} of the Agent Client Protocol (ACP), Maestro "
            f"version {PROTOCOL_VERSION}: install another version of the agent"
        )


class Opened:
    """A session that can be spoken to. ``continued``: it is that of an earlier runner."""

    def __init__(self, session: str, options: Any, *, continued: bool) -> None:
        self.session, self.continued = session, continued
        self.options = [o.model_dump(by_alias=True, mode="json") for o in options or ()]


async def open_session(
    talk: Any, invocation: Invocation, worktree: str, earlier: str, note: Callable[[str], None]
) -> Opened:
    """The session of the id ``earlier`` where the agent has kept it, else a new one."""
    ours = not invocation.preset.own_files
    files = FileSystemCapabilities(read_text_file=ours, write_text_file=ours)
    about = await talk.initialize(
        protocol_version=PROTOCOL_VERSION,
        client_capabilities=ClientCapabilities(
            fs=files,
            terminal=True,
            elicitation=ElicitationCapabilities(form=ElicitationFormCapabilities()),
        ),
        client_info=Implementation(name="maestro", title="Maestro", version=__version__),
    )
    if about.protocol_version != PROTOCOL_VERSION:
        raise WrongVersion(about.protocol_version)
    if invocation.text("auth_method"):
        await talk.authenticate(method_id=invocation.text("auth_method"))
    surroundings = {
        "cwd": os.path.realpath(worktree),
        "mcp_servers": usable_servers(
            invocation.table("mcp_servers"),
            about.agent_capabilities,
            invocation.environment(),
            note,
        ),
        **invocation.meta(),
    }
    reopen = _way_back(talk, about.agent_capabilities)
    if earlier:
        why = "it cannot take up an earlier session"
        if reopen is not None:
            try:
                opened = await reopen(session_id=earlier, **surroundings)
                return Opened(earlier, opened.config_options, continued=True)
            except (RequestError, ValueError) as error:  # the latter: of no valid shape
                why = f"its session is gone ({one_line(str(error).encode(), 200)})"
        note(
            f"The agent begins anew with its task: {why}. What it had done in its worktree is kept,"
            " and it is told so"
        )
    opened = await talk.new_session(**surroundings)
    return Opened(opened.session_id, opened.config_options, continued=False)


def _way_back(talk: Any, can: Any) -> Any:
    """How the agent takes a session up again: without telling it all once more, if it can."""
    if can is not None and can.session_capabilities and can.session_capabilities.resume:
        return talk.resume_session
    return talk.load_session if can is not None and can.load_session else None
