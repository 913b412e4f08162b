"""The agent's tools: those of the package and a way to ask, each behind the gate.

File tools are confined to the worktree by the package itself. Every command begins there too, so
that what its words say about files is true whatever an earlier one did to the shell.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from anthropic.lib.tools import BetaAsyncBuiltinFunctionTool, ToolError
from anthropic.lib.tools.agent_toolset import AgentToolContext, beta_agent_toolset_20260401

if TYPE_CHECKING:
    from typing import Any, Protocol

    from maestro_tui.agents.drivers.api.asking import AskUser
    from maestro_tui.agents.drivers.gate import Gate

    class Finished(Protocol):
        """Tool, input, words, and whether it went well."""

        def __call__(self, tool: str, given: dict[str, Any], words: str, *, ok: bool) -> None: ...

    from maestro_tui.agents.drivers.transcript import Transcript

NAMES = {"bash": "Bash", "read": "Read", "write": "Write", "edit": "Edit", "glob": "Glob",
         "grep": "Grep", "ask_user": "AskUserQuestion"}  # fmt: skip
_WRITES = frozenset({"write", "edit"})


class GatedTool(BetaAsyncBuiltinFunctionTool):  # type: ignore[misc]
    """One tool of the package, judged before it runs and written down with what came of it."""

    def __init__(
        self, inner: Any, root: str, gate: Gate, transcript: Transcript, finished: Finished
    ) -> None:
        self._inner, self._root = inner, root
        self._gate, self._transcript, self._finished = gate, transcript, finished

    def to_dict(self) -> Any:
        """As the service is told of it."""
        return self._inner.to_dict()

    async def call(self, input: object) -> Any:
        """Run it, if it may; ToolError says to the model why not."""
        given: dict[str, Any] = dict(input) if isinstance(input, dict) else {}
        name = str(self.name)
        asked = dict(given)
        self._transcript.tool(NAMES.get(name, name), given)
        try:
            await self._judge(given)
            if self.name == "bash" and given.get("command"):
                begin = f"cd {shlex.quote(self._root)} || exit"
                given["command"] = f"{begin}\n{given['command']}"
            result = await self._inner.call(given)
        except Exception as error:
            self._transcript.result(False, str(error))
            self._finished(name, asked, str(error), ok=False)
            raise
        self._transcript.result(True, _words(result))
        self._finished(name, asked, _words(result), ok=True)
        return result

    async def _judge(self, given: dict[str, Any]) -> None:
        refused = ""
        if self.name in _WRITES:
            path = os.path.join(self._root, str(given.get("file_path") or ""))
            if self._gate.strays([path]):  # what leads out is refused by the tool itself
                refused = await self._gate.write([path], NAMES[self.name])
        elif self.name == "bash" and given.get("command"):
            refused = await self._gate.command(str(given["command"]))
        if refused:
            raise ToolError(refused)


class Toolset:
    """The tools of one conversation; ``close`` ends the shell they share."""

    def __init__(
        self,
        worktree: str,
        environment: dict[str, str],
        wanted: list[str],
        gate: Gate,
        transcript: Transcript,
        finished: Finished,
        asking: AskUser,
    ) -> None:
        """``finished`` is told of each call that has come to its end, before any other begins."""
        root = os.path.realpath(worktree)
        self._inner = beta_agent_toolset_20260401(AgentToolContext(workdir=root, env=environment))
        names = {name.lower() for name in wanted}
        self.tools = [
            GatedTool(tool, root, gate, transcript, finished)
            for tool in (*self._inner, asking)
            if not names or {tool.name, NAMES.get(tool.name, "").lower()} & names
        ]

    async def close(self) -> None:
        """The package's own runner leaves the shell running."""
        from anthropic.lib.tools._beta_functions import aclose_runnable_tool

        for tool in self._inner:
            await aclose_runnable_tool(tool)


def _words(result: Any) -> str:
    if isinstance(result, str):
        return result
    parts = [block.get("text") for block in result if isinstance(block, dict)]
    return "\n".join(part for part in parts if isinstance(part, str))
