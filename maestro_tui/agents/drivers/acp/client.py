"""What an agent may ask of its client: leave to do something, files, commands."""

from __future__ import annotations

import asyncio
import os
import shlex
from typing import TYPE_CHECKING

from acp.exceptions import RequestError
from acp.schema import (
    AcceptElicitationResponse,
    AllowedOutcome,
    CancelElicitationResponse,
    CreateTerminalResponse,
    DeclineElicitationResponse,
    DeniedOutcome,
    ReadTextFileResponse,
    RequestPermissionResponse,
    TerminalExitStatus,
    TerminalOutputResponse,
    WaitForTerminalExitResponse,
    WriteTextFileResponse,
)

from maestro_tui.agents.drivers.acp.forms import Declined, fill_in
from maestro_tui.agents.drivers.acp.terminals import MOST_BYTES, Terminals
from maestro_tui.agents.drivers.acp.updates import WRITES, Call
from maestro_tui.agents.drivers.gate import NO
from maestro_tui.agents.spawn import SpawnError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.conversation import Conversation
    from maestro_tui.agents.drivers.acp.updates import Updates
    from maestro_tui.agents.drivers.gate import Gate

REFUSED = -32003
EXPLAIN_S = 0.05
MOST_READ = 10 << 20
_KINDS_YES = ("allow_once", "allow_always")
_KINDS_NO = ("reject_once", "reject_always")


class AcpClient:
    """The library's ``Client``: every request is judged by the gate before it is granted."""

    def __init__(
        self,
        conversation: Conversation,
        gate: Gate,
        updates: Updates,
        terminals: Terminals,
        explain: Callable[[str], None],
    ) -> None:
        """``explain`` is told why something was refused: the protocol itself has no words."""
        self._root = os.path.realpath(conversation.context.spec.worktree)
        self._desk = conversation.desk
        self._gate, self._updates, self._terminals = gate, updates, terminals
        self._explain = explain
        self._asking: set[asyncio.Task[Any]] = set()
        self._granted: list[str] = []  # commands that may run once without another question
        self.unsaid: list[str] = []  # what the agent is to be told at the end of its turn
        self.refused = ""  # the newest one
        updates.wrote = self._wrote

    def withdraw(self) -> None:
        """The turn was cancelled: nobody waits for the open questions any more."""
        for task in self._asking:
            task.cancel()

    # -- permission --------------------------------------------------------------------------------

    async def request_permission(
        self, session_id: str, tool_call: Any, options: list[Any], **_: Any
    ) -> RequestPermissionResponse:
        """Allowed by the option of the narrowest kind; "always" is remembered by Maestro."""
        told = tool_call.model_dump(by_alias=True, exclude_none=True, mode="json")
        call = self._updates.call(str(told.get("toolCallId")), told)
        ways = [option for option in options if option.kind == _KINDS_YES[0]]
        if len(ways) > 1 and not (call.command or call.paths):
            return await self._choose(call, ways, options)
        try:
            refused = await self._until_answered(self._judge(call))
        except asyncio.CancelledError:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        if not refused:
            if call.command:
                self._granted.append(_plain(call.command))
            chosen = _option(options, _KINDS_YES)
        else:
            self._remember(call, refused)
            chosen = _option(options, _KINDS_NO)
        if not chosen:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        outcome = AllowedOutcome(outcome="selected", option_id=chosen)
        return RequestPermissionResponse(outcome=outcome)

    async def _choose(
        self, call: Call, ways: list[Any], options: list[Any]
    ) -> RequestPermissionResponse:
        """More than one way to say yes is no permission but a choice: the operator's words."""
        schema = {"properties": {"way": {"type": "string", "enum": [way.name for way in ways]}}}
        try:
            answers = await self._until_answered(
                fill_in(self._desk, call.title or call.name, schema, self._gate.redacted)
            )
            chosen = next(way.option_id for way in ways if way.name == answers["way"])
        except Declined:
            chosen = _option(options, _KINDS_NO)
        except asyncio.CancelledError:
            chosen = ""
        if not chosen:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        outcome = AllowedOutcome(outcome="selected", option_id=chosen)
        return RequestPermissionResponse(outcome=outcome)

    async def _judge(self, call: Call) -> str:
        edits = call.kind in WRITES or any(c.get("type") == "diff" for c in call.content)
        if edits and call.paths:
            return await self._gate.write(call.paths)
        if call.command and call.kind in ("execute", "other", ""):
            return await self._gate.command(call.command, call.folder)
        if call.kind in ("read", "search"):
            for path in call.paths:
                if refused := await self._gate.read(path):
                    return refused
            return ""
        given = call.given if isinstance(call.given, dict) else {}
        detail = str(given.get("url") or call.title or call.name)
        return await self._gate.ask(call.name, detail, given)

    async def _until_answered(self, judging: Any) -> Any:
        task: asyncio.Task[Any] = asyncio.create_task(judging)
        self._asking.add(task)
        try:
            return await task
        finally:
            self._asking.discard(task)

    def _remember(self, call: Call, refused: str) -> None:
        what = call.command or ", ".join(call.paths) or call.title
        self.refused = f"`{what}` was refused: {refused}"
        if refused != NO:  # and not before the refusal itself
            self.unsaid.append(self.refused)
            asyncio.get_running_loop().call_later(EXPLAIN_S, self._explain, self.refused)

    def _wrote(self, paths: list[str]) -> None:
        """It need not ask before it writes: what it should not have written is to be put back."""
        stray = self._gate.strays(paths)
        if stray:
            names = ", ".join(stray[:5])
            self._updates.note(f"It changed files of others: {names}")
            self.unsaid.append(
                f"You changed {names}, which does not belong to your task. Put it back as it was; "
                "a change outside your files is not merged."
            )

    # -- files -------------------------------------------------------------------------------------

    async def write_text_file(
        self, session_id: str, path: str, content: str, **_: Any
    ) -> WriteTextFileResponse:
        """Its own files are written, those of others never."""
        await self._let_in(self._gate.write([path], "Write"))
        real = os.path.realpath(os.path.join(self._root, path))
        try:
            os.makedirs(os.path.dirname(real), exist_ok=True)
            with open(real, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
                file.write(content)
        except OSError as error:
            raise RequestError(-32603, f"{path}: {error.strerror}") from error
        return WriteTextFileResponse()

    async def read_text_file(
        self,
        session_id: str,
        path: str,
        line: int | None = None,
        limit: int | None = None,
        **_: Any,
    ) -> ReadTextFileResponse:
        """What is in the worktree can be read; a person is asked about the rest."""
        await self._let_in(self._gate.read(path))
        real = os.path.realpath(os.path.join(self._root, path))
        try:
            if not os.path.isfile(real):
                raise RequestError(-32002, f"{path}: no such file")
            with open(real, encoding="utf-8", errors="replace", newline="") as file:
                text = file.read(MOST_READ)
        except OSError as error:
            raise RequestError(-32603, f"{path}: {error.strerror}") from error
        if line is not None or limit is not None:
            first = max(0, (line or 1) - 1)
            lines = text.splitlines(keepends=True)
            text = "".join(lines[first : None if limit is None else first + limit])
        return ReadTextFileResponse(content=text)

    async def _let_in(self, judging: Any) -> None:
        try:
            refused = await self._until_answered(judging)
        except asyncio.CancelledError:
            raise RequestError(REFUSED, "Cancelled") from None
        if refused:
            raise RequestError(REFUSED, refused)

    # -- commands ----------------------------------------------------------------------------------

    async def create_terminal(
        self,
        session_id: str,
        command: str,
        args: list[str] | None = None,
        env: list[Any] | None = None,
        cwd: str | None = None,
        output_byte_limit: int | None = None,
        **_: Any,
    ) -> CreateTerminalResponse:
        """Run a command, unless it was allowed just before only after a question."""
        argv = [command, *args] if args else ["sh", "-c", command]
        words = shlex.join(argv) if args else command
        if len(argv) == 3 and argv[1] in ("-c", "-lc"):
            words = argv[2]
        if _plain(words) in self._granted:
            self._granted.remove(_plain(words))
        else:
            await self._let_in(self._gate.command(words, cwd or ""))
        folder = os.path.realpath(os.path.join(self._root, cwd or ""))
        if folder != self._root and not folder.startswith(self._root + "/"):
            raise RequestError(REFUSED, f"{cwd} is outside of the worktree {self._root}")
        more = {item.name: item.value for item in env or ()}
        try:
            name = self._terminals.start(argv, folder, more, output_byte_limit or MOST_BYTES)
        except SpawnError as error:
            raise RequestError(-32603, str(error)) from error
        return CreateTerminalResponse(terminal_id=name)

    async def terminal_output(
        self, session_id: str, terminal_id: str, **_: Any
    ) -> TerminalOutputResponse:
        """What it has said so far."""
        terminal = self._find(terminal_id)
        status = None
        if terminal.status is not None:
            code, number = terminal.ending()
            status = TerminalExitStatus(exit_code=code, signal=number)
        return TerminalOutputResponse(
            output=terminal.output, truncated=terminal.truncated, exit_status=status
        )

    async def wait_for_terminal_exit(
        self, session_id: str, terminal_id: str, **_: Any
    ) -> WaitForTerminalExitResponse:
        """Until it ends."""
        code, number = await self._find(terminal_id).wait()
        return WaitForTerminalExitResponse(exit_code=code, signal=number)

    async def kill_terminal(self, session_id: str, terminal_id: str, **_: Any) -> None:
        """End it, keep its output."""
        self._find(terminal_id).kill()

    async def release_terminal(self, session_id: str, terminal_id: str, **_: Any) -> None:
        """End it, forget its output."""
        self._terminals.release(terminal_id)

    def _find(self, name: str) -> Any:
        try:
            return self._terminals.find(name)
        except LookupError:
            raise RequestError(-32002, f"There is no terminal {name}") from None

    # -- the rest ----------------------------------------------------------------------------------

    async def session_update(self, session_id: str, update: Any, **_: Any) -> None:
        """Updates are read before they come here."""

    async def ext_method(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Extensions are known to nobody."""
        raise RequestError.method_not_found(method)

    async def ext_notification(self, method: str, params: dict[str, Any]) -> None:
        """As above, but nobody waits for an answer."""

    async def create_elicitation(self, message: str, mode: Any, **_: Any) -> Any:
        """A form becomes questions; addresses to be opened are not offered."""
        schema = getattr(getattr(mode, "root", mode), "requested_schema", None)
        if schema is None:
            raise RequestError.method_not_found("elicitation/create")
        fields = schema.model_dump(by_alias=True, exclude_none=True, mode="json")
        try:
            answers = await self._until_answered(
                fill_in(self._desk, message, fields, self._gate.redacted)
            )
        except asyncio.CancelledError:
            return CancelElicitationResponse(action="cancel")
        except Declined:
            return DeclineElicitationResponse(action="decline")
        return AcceptElicitationResponse(action="accept", content=answers)

    async def complete_elicitation(self, elicitation_id: str, **_: Any) -> None:
        """As above."""

    on_connect: Callable[[Any], None] | None = None


def _option(options: list[Any], kinds: tuple[str, ...]) -> str:
    """The first option of the first kind that is offered: ids and words differ by agent."""
    for kind in kinds:
        for option in options:
            if option.kind == kind:
                return str(option.option_id)
    return ""


def _plain(command: str) -> str:
    return " ".join(command.split())
