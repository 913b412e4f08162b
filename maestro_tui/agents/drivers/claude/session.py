"""One conversation with Claude Code: its task given, its turns followed, its end understood."""

from __future__ import annotations

import asyncio
import json
import os
import time
from typing import TYPE_CHECKING

from claude_agent_sdk import ClaudeAgentOptions, ClaudeSDKClient

from maestro_tui.agents import files
from maestro_tui.agents.desk import INTERRUPTED
from maestro_tui.agents.drivers.claude.finish import Finish
from maestro_tui.agents.drivers.claude.guard import Guard
from maestro_tui.agents.drivers.claude.invocation import Invocation
from maestro_tui.agents.drivers.claude.transport import PipeTransport
from maestro_tui.agents.drivers.claude.turns import Limits, Verdict, is_protocol, judge, too_old
from maestro_tui.agents.drivers.past import AGAIN, reminder
from maestro_tui.agents.drivers.program import EXIT_S, Program
from maestro_tui.agents.observe import Observer
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.secrets import Redactor
from maestro_tui.agents.spawn import SpawnError

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.conversation import Conversation

STDERR = "stderr.log"
PROTOCOL = "protocol.log"
TICK_S = 0.5
USAGE_S = 10.0  # between two questions about money in mid-run
IDLE_S = 2.0  # after a result, for words that were said just before it
_GO_ON = "The service can be used again. Go on with your task where you stopped."
_INTERRUPTED = "It was interrupted and waits: what is it to do?"


class ClaudeSession:
    """A ``Session`` over claude-agent-sdk."""

    def __init__(self, conversation: Conversation) -> None:
        self._talk, self._context = conversation, conversation.context
        spec, folder = self._context.spec, self._context.folder
        self._invocation = Invocation(spec, folder)
        self._environment = self._invocation.environment()
        self._redact = Redactor(spec.environment(folder))
        self._observer = Observer(self._context.emit, lambda *_: None)
        finish = Finish(spec, self._environment)
        guard = Guard(self._context, conversation.desk, finish, self._redact)
        self._transport = PipeTransport(self._spawn, self._heard)
        self._client: Any = ClaudeSDKClient(
            ClaudeAgentOptions(hooks=guard.hooks(), can_use_tool=guard.may_use), self._transport
        )
        self._protocol = files.open_append(os.path.join(folder, PROTOCOL))
        self._limits = Limits(self._invocation)
        self._verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self._idle, self._running, self._words = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._told_at = self._result_at = 0.0
        self._program = Program()
        self._interrupting = False
        self._usage_asked_at, self._usage_wanted = 0.0, False
        self._resume = bool(self._invocation.transcript(self._environment))

    # -- the session's life ------------------------------------------------------------------------

    async def run(self) -> Outcome:
        """From the program's start to its end."""
        spec = self._context.spec
        log = os.path.join(self._context.folder, files.LOG)
        if self._talk.resumed:
            self._observer.catch_up(log)
        ticking = asyncio.create_task(self._tick())
        verdict: Verdict | None = None
        error = ""
        try:
            with open(spec.prompt, encoding="utf-8", errors="surrogateescape") as file:
                prompt = AGAIN if self._resume else file.read()
            if self._talk.resumed:
                prompt += reminder(log)
            await self._client.connect()
            if self._talk.model:
                await self.change_model(self._talk.model)
            await self._client.query(prompt)
            self._talk.begun()
            verdict = await self._until_done()
        except SpawnError as failure:
            return Outcome("spawn-error", error=str(failure))
        except Exception as failure:
            error = one_line(str(failure).encode("utf-8", "replace"), 300) or repr(failure)
        finally:
            ticking.cancel()
            await self._leave()
        return self._outcome(verdict, error)

    def _spawn(self) -> Program:
        argv = self._invocation.arguments(resume=self._resume)
        errors = os.path.join(self._context.folder, STDERR)
        pid = self._program.start(argv, self._context.spec.worktree, self._environment, errors)
        self._context.emit("started", pid=pid, session=self._invocation.text("session"))
        return self._program

    async def _until_done(self) -> Verdict | None:
        """Turn after turn; None when the program ends without a word."""
        pump = asyncio.create_task(self._pump())
        try:
            while True:
                verdict = await self._next(pump)
                if verdict is None or verdict.fatal:
                    return verdict
                if self._interrupting and verdict.interrupted:
                    self._interrupting = False
                    if not await self._ask_what_now(pump):
                        return verdict
                elif verdict.limited and self._limits.park:
                    if not await self._park(verdict):
                        return verdict
                elif not verdict.more and not await self._taken_up(pump):
                    return verdict
        finally:
            pump.cancel()

    async def _pump(self) -> None:
        """To the end of the output; the SDK yields nothing, since all was seen line by line."""
        async for _ in self._client.receive_messages():
            pass

    async def _next(self, pump: asyncio.Task[None]) -> Verdict | None:
        getting = asyncio.create_task(self._verdicts.get())
        await asyncio.wait({pump, getting}, return_when=asyncio.FIRST_COMPLETED)
        if getting.done():
            return getting.result()
        getting.cancel()
        return None

    async def _taken_up(self, pump: asyncio.Task[None]) -> bool:
        """Whether words said at the very end of the turn have begun another one.

        The program is idle only when no earlier words are left; later ones are waited for.
        """
        await _within(self._idle, IDLE_S)
        if self._told_at < self._result_at or pump.done():
            return not self._verdicts.empty()
        return await _within(self._running, IDLE_S) or not self._verdicts.empty()

    async def _ask_what_now(self, pump: asyncio.Task[None]) -> bool:
        """After an interrupt: the agent waits for words, or for leave to go on."""
        self._words.clear()
        asking = asyncio.create_task(
            self._talk.desk.ask(INTERRUPTED, _INTERRUPTED, form="question", choices=["Go on"])
        )
        said = asyncio.create_task(self._words.wait())
        await asyncio.wait({asking, said, pump}, return_when=asyncio.FIRST_COMPLETED)
        spoken = said.done()
        said.cancel()
        if not asking.done():
            asking.cancel()
            return spoken
        answer = asking.result()
        if answer.allow:
            await self._client.query(answer.text or "Go on.")
        return answer.allow

    async def _park(self, verdict: Verdict) -> bool:
        """Wait until the service can be used again, then go on; False where that is too long."""
        until = self._limits.until(verdict, time.time())
        if until is None:
            return False
        if not await self._talk.park(until, verdict.text):
            return False
        await self._client.query(_GO_ON)
        return True

    async def _leave(self) -> None:
        """The program ends by itself when its input does; else it is told to."""
        try:
            await asyncio.wait_for(self._client.disconnect(), EXIT_S)
        except Exception:
            pass  # it is ended below, whatever the SDK says
        await self._program.finish()
        self._observer.finish([])

    # -- what people say ---------------------------------------------------------------------------

    async def tell(self, text: str) -> None:
        """Words that reach the agent with its next tool result, or begin its next turn."""
        self._told_at = time.monotonic()
        self._words.set()
        await self._client.query(text)

    async def interrupt(self) -> None:
        """End the turn, keep the session."""
        self._interrupting = True
        await self._client.interrupt()

    async def change_model(self, model: str) -> None:
        """From the next turn on."""
        await self._client.set_model(model or None)

    async def end(self) -> None:
        """An interrupt first, since it keeps the session's cost; then the program's own end."""
        try:
            await asyncio.wait_for(self._client.interrupt(), 1.0)
        except Exception:
            pass
        self._program.signal(15, alone=True)

    # -- what the agent says -----------------------------------------------------------------------

    def _heard(self, line: bytes, message: dict[str, Any] | None) -> None:
        clean = self._redact.line(line)
        if message is not None and is_protocol(message):
            files.write_all(self._protocol, clean + b"\n")
        else:
            self._context.log(clean + b"\n")
        self._observer.take([clean], len(line) + 1)
        if message is not None:
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        kind = message.get("type")
        self._limits.see(message)
        verdict = judge(message)
        if verdict is not None:
            self._result_at = time.monotonic()
            self._idle.clear()
            self._running.clear()
            self._verdicts.put_nowait(verdict)
        elif kind == "system" and message.get("subtype") == "session_state_changed":
            (self._idle if message.get("state") == "idle" else self._running).set()
        elif kind == "user":
            self._usage_wanted = True

    async def _tick(self) -> None:
        """By the clock: what has gathered is told, and what it costs is asked."""
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            due = self._observer.due()
            if due is not None and now >= due:
                self._observer.tell()
            if self._usage_wanted and now >= self._usage_asked_at + USAGE_S:
                self._usage_wanted, self._usage_asked_at = False, now
                request = {"type": "control_request", "request_id": f"maestro-usage-{now:.0f}"}
                request["request"] = {"subtype": "get_usage"}  # type: ignore[assignment]
                try:
                    await self._transport.write(json.dumps(request) + "\n")
                except OSError:
                    return

    def _outcome(self, verdict: Verdict | None, error: str) -> Outcome:
        usage, program = self._observer.usage(), self._program
        cut = self._talk.cut_short(program.code, usage)
        if cut is not None:
            return cut
        if verdict is None:
            ended = program.too_soon("Claude", error, usage, self._redact)
            ended.error += too_old(f"{ended.error} {error}")
            return ended
        if verdict.ok:
            return Outcome("exited", exit=0, usage=usage)
        words = self._redact.text(verdict.text)
        return Outcome(verdict.reason, exit=program.code or 1, error=words, usage=usage)


async def _within(event: asyncio.Event, seconds: float) -> bool:
    """Whether it happens within that time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
