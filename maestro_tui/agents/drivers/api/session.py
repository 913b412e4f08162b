"""One conversation with a model by its API: asked, its tools run, told, until it is done."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

import anthropic
import httpx2

from maestro_tui.agents import files
from maestro_tui.agents.desk import INTERRUPTED
from maestro_tui.agents.drivers.api import KEY
from maestro_tui.agents.drivers.api.asking import AskUser
from maestro_tui.agents.drivers.api.cost import COUNTS, Bill
from maestro_tui.agents.drivers.api.memory import Memory
from maestro_tui.agents.drivers.api.patience import Patience
from maestro_tui.agents.drivers.api.pulse import Pulse
from maestro_tui.agents.drivers.api.tools import Toolset
from maestro_tui.agents.drivers.api.verdicts import Failure, judge_failure, judge_stop, retry_at
from maestro_tui.agents.drivers.api.wire import BrokenAnswer, Client
from maestro_tui.agents.drivers.claude.finish import Finish
from maestro_tui.agents.drivers.claude.turns import Limits, Verdict
from maestro_tui.agents.drivers.gate import Gate
from maestro_tui.agents.drivers.options import Options
from maestro_tui.agents.drivers.past import AGAIN
from maestro_tui.agents.drivers.transcript import Transcript
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.secrets import Redactor, scrubbed
from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.conversation import Conversation

MODEL = "claude-sonnet-5-5"
MAX_TOKENS = 32_000
SILENCE_S = 300.0  # after which a request is given up; the service sends signs of life meanwhile
CONNECT_S = 15.0
BEFORE_FALLBACK = 2  # refusals of an overloaded model
TICK_S = 0.5
_SYSTEM = (
    "You are a coding agent. You work alone on one task in a git worktree and use your tools to "
    "read, write, run and check. Every bash command starts in the working directory.\n"
    "Working directory: {root}\n"
    "Do not commit. You may write only the files your task owns; some commands are put before a "
    "person first. What is refused stays refused: find another way within your task. Ask with "
    "ask_user only what nobody but a person can decide."
)
_CUT_OFF = "The operator interrupted this step; whether it came to an end is unknown."
_KILLED = "This step was cut off; whether it came to an end is unknown: look first."
_INTERRUPTED = "It was interrupted and waits: what is it to do?"


class ApiSession:
    """A ``Session`` over the anthropic package."""

    def __init__(self, conversation: Conversation) -> None:
        self._talk, self._context = conversation, conversation.context
        spec, folder = self._context.spec, self._context.folder
        self._options = Options(spec.options)
        self._key = self._options.text("key_env") or KEY
        whole = spec.environment(folder)
        self._redact = Redactor({**whole, "MAESTRO_API_KEY": whole.get(self._key, "")})
        self._transcript = Transcript(self._context, self._redact)
        gate = Gate(self._context, conversation.desk, self._redact)
        clean = scrubbed(whole, self._options.texts("keep_env"))
        environment = {k: v for k, v in clean.items() if k != self._key}
        self._finish = Finish(spec, environment)
        self._memory = Memory(folder, self._redact)
        self._toolset = Toolset(
            spec.worktree, environment, self._options.texts("tools"), gate, self._transcript,
            self._memory.finished, AskUser(conversation.desk, self._redact),
        )  # fmt: skip
        silence_s = self._options.number("silence_s") or SILENCE_S
        self._client = Client(
            api_key=whole.get(self._key),
            base_url=self._options.text("base_url") or whole.get("ANTHROPIC_BASE_URL") or None,
            max_retries=0,  # a person is told of every wait, and a broken answer is asked for again
            timeout=anthropic.Timeout(silence_s, connect=CONNECT_S),
        )
        self._pulse = Pulse(self._context, self._tell, silence_s)
        self._client.heard = self._pulse.heard
        self._patience = Patience()
        self._model = self._options.text("model") or MODEL
        self._bill = Bill(self._options.table("prices"))
        self._limits = Limits(self._options)
        self._spoken = asyncio.Event()
        self._turn: asyncio.Task[Verdict] | None = None
        self._changed = self._interrupting = False
        self._resume_at = 0.0
        earlier = Bill(self._options.table("prices"))  # the budget is the whole conversation's
        for model, usage in self._memory.answers:
            earlier.add(model, usage)
        self._spent_before = earlier.total
        # A session of its own for each runner's sums: those of a killed one are in the log.
        self._transcript.session = f"{spec.run}-{spec.task}-{len(self._memory.answers)}"

    # -- the session's life ------------------------------------------------------------------------

    async def run(self) -> Outcome:
        """From the first request to the last answer."""
        self._context.emit("started", pid=os.getpid(), model=self._model)
        ticking = asyncio.create_task(self._tick())
        verdict: Verdict | None = None
        error = ""
        try:
            self._begin()
            self._talk.begun()
            verdict = await self._until_done()
        except Exception as failure:
            error = one_line(str(failure).encode("utf-8", "replace"), 300) or repr(failure)
        finally:
            ticking.cancel()
            await self._toolset.close()
            await self._client.close()
            words = verdict.text if verdict is not None else error
            cost = self._bill.total if self._bill.known and self._memory.answers else None
            self._transcript.turn(self._redact.text(words), cost=cost)
            self._transcript.observer.finish([])
            self._memory.close()
        return self._outcome(verdict, error)

    def _begin(self) -> None:
        """The task; where an earlier runner was killed over it, what was said since is known."""
        self._model = self._talk.model or self._model
        if self._talk.resumed:
            log = os.path.join(self._context.folder, files.LOG)
            self._transcript.observer.catch_up(log)
        if self._memory.resumed:
            self._memory.mend(_KILLED)
            self._say(AGAIN)
            return
        with open(self._context.spec.prompt, encoding="utf-8", errors="replace") as file:
            self._say(file.read())

    async def _until_done(self) -> Verdict:
        while True:
            self._changed = False
            self._turn = asyncio.create_task(self._take_turn())
            await asyncio.wait({self._turn})
            if self._turn.cancelled():
                self._memory.mend(_CUT_OFF)
                if self._talk.ended_by_us:
                    return Verdict(text="The agent was interrupted", interrupted=True)
                if self._interrupting:
                    self._interrupting = False
                    if not await self._ask_what_now():
                        return Verdict(text="The agent was interrupted", interrupted=True)
                continue
            verdict = self._turn.result()
            if verdict.limited and self._limits.park:
                if not await self._park(verdict):
                    return verdict
            elif verdict.more:
                continue
            elif not verdict.ok or not await self._sent_back():
                return verdict

    async def _take_turn(self) -> Verdict:
        """One turn of the model, its failed requests made again for as long as there is hope."""
        while True:
            try:
                return await self._converse()
            except (anthropic.AnthropicError, httpx2.HTTPError, BrokenAnswer) as error:
                self._resume_at = retry_at(error)
                failure = judge_failure(error, self._key)
            finally:
                self._pulse.answered()
            if not await self._wait_for_service(failure):
                return failure

    async def _wait_for_service(self, failure: Failure) -> bool:
        """Whether the same is to be asked again, now that it is time."""
        wait = self._patience.wait(failure)
        text, tries = failure.text, self._patience.tries
        if failure.overloaded and tries >= BEFORE_FALLBACK and self._fall_back():
            self._tell(f"Goes on with {self._model}: {text}")
            self._patience.answered()
            return True
        if wait is None:
            failure.text += f" (tried {tries} times)" if tries > 1 else ""
            self._patience.answered()  # after a long wait it has all its tries again
            return False
        most = self._patience.most(failure)
        self._tell(f"Try {tries + 1} of {most} in {wait:.1f} s: {text}")
        await asyncio.sleep(wait)
        return True

    def _tell(self, words: str) -> None:
        """Say it to whoever follows, and in the log, where a person looks for what went on."""
        self._transcript.plain(" ".join(words.split()).encode("utf-8", "replace"))

    def _fall_back(self) -> bool:
        """Whether there is another model for when this one is overloaded."""
        other = self._options.text("fallback_model")
        there_is = bool(other) and other != self._model
        if there_is:
            self._model = other
        return there_is

    async def _converse(self) -> Verdict:
        """Requests and tools until the model ends its turn, or something ends it."""
        runner = self._client.beta.messages.tool_runner(
            model=self._model,
            max_tokens=int(self._options.number("max_tokens") or MAX_TOKENS),
            system=_SYSTEM.format(root=os.path.realpath(self._context.spec.worktree)),
            messages=list(self._memory.messages),
            tools=self._toolset.tools,
            cache_control={"type": "ephemeral"},
            thread=False,  # what stands between here and the service need not know of threads
            stream=True,
            **self._effort(),
        )
        self._pulse.asked()
        try:
            async for stream in runner:
                message = await self._whole(stream)
                ended = self._spent()
                if ended is not None:
                    return ended
                reply = await runner.generate_tool_call_response()
                if reply is None:
                    return await self._unless_spoken_to(message)
                self._memory.say(reply["content"])
                if self._changed:  # another model, from the next request on
                    return Verdict(ok=True, more=True)
                self._pulse.asked()
        finally:
            await runner.close()
        return Verdict(ok=True)

    async def _whole(self, stream: Any) -> Any:
        """The answer, written down; BrokenAnswer where the package cannot make sense of it."""
        try:
            message = await stream.get_final_message()
            self._heard(message)
        except (anthropic.AnthropicError, httpx2.HTTPError, BrokenAnswer, OSError):
            raise
        except Exception as error:
            why = clip(str(error), 200) or type(error).__name__
            raise BrokenAnswer(f"its answer makes no sense ({why})") from error
        self._pulse.answered()
        self._patience.answered()
        return message

    async def _unless_spoken_to(self, message: Any) -> Verdict:
        verdict = judge_stop(message.stop_reason)
        if message.stop_reason == "pause_turn":
            return Verdict(ok=True, more=True)
        if verdict.ok and self._memory.words:
            self._say()
            return Verdict(ok=True, more=True)
        return verdict

    def _heard(self, message: Any) -> None:
        """Write down an answer of the model: its words, its tokens, what they cost."""
        usage = message.usage.model_dump(exclude_none=True)
        self._memory.answer(message.content, str(message.model), usage)
        for block in message.content:
            if block.type == "text":
                self._transcript.text(block.text)
        counts = {name: usage.get(name, 0) for name in COUNTS}
        self._transcript.usage(message.id, counts, str(message.model))
        self._bill.add(str(message.model), usage)
        if self._bill.known:
            self._transcript.cost(self._bill.total)

    def _spent(self) -> Verdict | None:
        """Whether money or turns have run out."""
        budget, turns = self._options.number("budget_usd"), self._options.number("max_turns")
        spent = self._spent_before + self._bill.total
        if budget and spent >= budget:
            words = f"The budget of {budget:g} USD is used up ({spent:.4f} USD)"
            return Verdict(text=words)
        if turns and len(self._memory.answers) >= turns:
            return Verdict(text=f"The limit of {turns:.0f} turns is reached")
        return None

    def _effort(self) -> dict[str, Any]:
        effort = self._options.text("effort")
        return {"output_config": {"effort": effort}} if effort else {}

    def _say(self, text: str = "") -> None:
        """Put words before the model: those given, and those of people that wait."""
        self._memory.say([{"type": "text", "text": text}] if text else [])

    async def _sent_back(self) -> bool:
        missing = await self._finish.missing()
        if not missing:
            return False
        self._transcript.note(f"Sent back to work: {clip(missing, 300)}")
        self._say(missing)
        return True

    async def _ask_what_now(self) -> bool:
        """After an interrupt: the agent waits for words, or for leave to go on."""
        if not self._memory.words:
            self._spoken.clear()
            asking = asyncio.create_task(
                self._talk.desk.ask(INTERRUPTED, _INTERRUPTED, form="question", choices=["Go on"])
            )
            said = asyncio.create_task(self._spoken.wait())
            await asyncio.wait({asking, said}, return_when=asyncio.FIRST_COMPLETED)
            said.cancel()
            if not asking.done():
                asking.cancel()
            elif asking.result().allow:
                self._memory.tell(asking.result().text or "Go on.")
            else:
                return False
        self._say()
        return True

    async def _park(self, verdict: Verdict) -> bool:
        """Wait until the service can be used again, then ask the same again."""
        until = self._limits.until(verdict, time.time(), self._resume_at)
        if until is None:
            return False
        return await self._talk.park(until, self._redact.text(verdict.text))

    # -- what people say ---------------------------------------------------------------------------

    async def tell(self, text: str) -> None:
        """Words that go with the next tool result, or begin the next turn."""
        self._memory.tell(text)
        self._spoken.set()

    async def interrupt(self) -> None:
        """End the turn, keep the conversation."""
        if self._turn is not None and not self._turn.done():
            self._interrupting = True
            self._turn.cancel()

    async def change_model(self, model: str) -> None:
        """From the next request on."""
        self._model = model or self._options.text("model") or MODEL
        self._changed = True

    async def end(self) -> None:
        """Nothing to be told: the conversation is cut off."""
        if self._turn is not None:
            self._turn.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            observer = self._transcript.observer
            due = observer.due()
            if due is not None and time.monotonic() >= due:
                observer.tell()
            self._pulse.look()

    def _outcome(self, verdict: Verdict | None, error: str) -> Outcome:
        usage = self._transcript.observer.usage()
        cut = self._talk.cut_short(None, usage)
        if cut is not None:
            return cut
        if verdict is not None and verdict.ok:
            return Outcome("exited", exit=0, usage=usage)
        reason = verdict.reason if verdict is not None else "exited"
        words = verdict.text if verdict is not None else f"The agent failed: {error}"
        return Outcome(reason, exit=1, error=self._redact.text(words), usage=usage)
