"""How a session begins: who we are, whom we speak to, and the earlier session if there is one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from acp import PROTOCOL_VERSION, RequestError
from acp.schema import (
    ClientCapabilities,
    FileSystemCapabilities,
    Implementation,
    McpServerStdio,
)

from maestro_tui import __version__

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.drivers.acp.invocation import Invocation


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
        client_capabilities=ClientCapabilities(fs=files, terminal=True),
        client_info=Implementation(name="maestro", title="Maestro", version=__version__),
    )
    if invocation.text("auth_method"):
        await talk.authenticate(method_id=invocation.text("auth_method"))
    surroundings = {
        "cwd": os.path.realpath(worktree),
        "mcp_servers": [McpServerStdio.model_validate(s) for s in invocation.servers()],
        **invocation.meta(),
    }
    reopen = _way_back(talk, about.agent_capabilities)
    if earlier and reopen is not None:
        try:
            opened = await reopen(session_id=earlier, **surroundings)
            return Opened(earlier, opened.config_options, continued=True)
        except RequestError as error:
            note(f"The agent begins anew, since its session is gone: {error}")
    opened = await talk.new_session(**surroundings)
    return Opened(opened.session_id, opened.config_options, continued=False)


def _way_back(talk: Any, can: Any) -> Any:
    """How the agent takes a session up again: without telling it all once more, if it can."""
    if can is not None and can.session_capabilities and can.session_capabilities.resume:
        return talk.resume_session
    return talk.load_session if can is not None and can.load_session else None
