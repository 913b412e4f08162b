"""One session with an ACP agent: its task given, its turns followed, its end understood."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from acp import RequestError, text_block
from acp.client.connection import ClientSideConnection

from maestro_tui.agents.desk import INTERRUPTED
from maestro_tui.agents.drivers.acp.client import AcpClient
from maestro_tui.agents.drivers.acp.ending import HOW_TO_NAME, judged
from maestro_tui.agents.drivers.acp.invocation import Invocation, make_folders
from maestro_tui.agents.drivers.acp.models import change_model
from maestro_tui.agents.drivers.acp.opening import WrongVersion, open_session
from maestro_tui.agents.drivers.acp.process import AgentProcess
from maestro_tui.agents.drivers.acp.silence import Silence
from maestro_tui.agents.drivers.acp.terminals import Terminals
from maestro_tui.agents.drivers.acp.updates import Updates, counts
from maestro_tui.agents.drivers.acp.verdicts import judge_error, judge_stop
from maestro_tui.agents.drivers.acp.words import Words, again
from maestro_tui.agents.drivers.claude.finish import Finish
from maestro_tui.agents.drivers.claude.turns import Limits, Verdict
from maestro_tui.agents.drivers.gate import Gate
from maestro_tui.agents.drivers.transcript import Transcript
from maestro_tui.agents.files import LOG
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.sanitise import one_line
from maestro_tui.agents.secrets import Redactor
from maestro_tui.agents.spawn import SpawnError
from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.conversation import Conversation

STDERR = "stderr.log"
TICK_S = 0.5
CANCEL_S = 1.0
UNHEEDED_S = 10.0
MOST_REASONS = 10  # times an agent is told why it was refused
_GO_ON = "The service can be used again. Go on with your task where you stopped."
_INTERRUPTED = "It was interrupted and waits: what is it to do?"


class AcpSession:
    """A ``Session`` over agent-client-protocol."""

    def __init__(self, conversation: Conversation) -> None:
        self._talk, self._context = conversation, conversation.context
        spec, folder = self._context.spec, self._context.folder
        self._invocation = Invocation(spec, folder)
        environment = self._invocation.environment()
        self._environment = environment
        self._redact = Redactor(spec.environment(folder))
        self._transcript = Transcript(self._context, self._redact)
        self._note = self._transcript.remark
        self._silence = Silence(self._note, self._invocation.silence_s)
        self._updates = Updates(self._transcript, self._silence)
        self._gate = Gate(self._context, conversation.desk, self._redact)
        self._finish = Finish(spec, environment)
        self._terminals = Terminals(self._invocation.terminal_environment())
        self._process = AgentProcess(self._transcript.plain, self._updates.take)
        self._client = AcpClient(
            conversation, self._gate, self._updates, self._terminals, self._explain
        )
        self._limits = Limits(self._invocation)
        self._verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self._prompts: set[asyncio.Task[None]] = set()
        self._later: list[str] = []  # words the agent does not take while it works
        self._words = asyncio.Event()
        self._said = Words(folder, self._redact)
        self._carried: set[int] = set()  # of these, what the turn at work has
        self._session = ""
        self._connection: Any = None
        self._interrupting = False
        self._continued = False  # in the session of an earlier runner
        self._begun = self._forgot = False  # its task was told; it knows nothing of it any more
        self._reasons = 0

    # -- the session's life ------------------------------------------------------------------------

    async def run(self) -> Outcome:
        """From the program's start to its end."""
        ticking = asyncio.create_task(self._tick())
        verdict: Verdict | None = None
        error = ""
        try:
            verdict = await self._begin()
            if verdict is None:
                self._send(self._task())
                self._talk.begun()
                verdict = await self._until_done()
        except SpawnError as failure:
            package = self._invocation.preset.package
            how = f" (npm install -g {package})" if package else HOW_TO_NAME
            return Outcome("spawn-error", error=f"{failure}{how}")
        except ConnectionError:
            pass  # the program's end says more
        except Exception as failure:
            error = one_line(str(failure).encode("utf-8", "replace"), 300) or repr(failure)
        finally:
            ticking.cancel()
            await self._leave()
        return self._outcome(verdict, error)

    async def _begin(self) -> Verdict | None:
        """Program and session; a verdict where there can be no session."""
        invocation = self._invocation
        argv = invocation.arguments()
        if invocation.preset.no_folders:
            make_folders(self._context.spec)
        errors = os.path.join(self._context.folder, STDERR)
        pid = self._process.start(argv, self._context.spec.worktree, self._environment, errors)
        log = os.path.join(self._context.folder, LOG)
        if self._talk.resumed:
            self._transcript.observer.catch_up(log)
        self._context.emit("started", pid=pid)
        self._connection = ClientSideConnection(
            self._client, self._process, use_unstable_protocol=True
        )
        try:
            async with asyncio.timeout(invocation.start_s):
                await self._open_session()
        except TimeoutError:
            words = f"The agent {argv[0]} has not answered for {invocation.start_s:g} s; "
            return Verdict(text=words + "does it speak the Agent Client Protocol (ACP)?")
        except RequestError as error:
            return self._judged(error)
        except WrongVersion as error:
            return Verdict(text=str(error), fatal=True)
        model = self._talk.model or invocation.text("model")
        if model:
            await self.change_model(model)
        return None

    def _task(self) -> str:
        """What the agent is told first; after a killed runner that it goes on, and from where."""
        with open(self._context.spec.prompt, encoding="utf-8", errors="replace") as file:
            task = file.read()
        if not self._talk.resumed and not self._begun:
            self._begun = True
            return task
        log = os.path.join(self._context.folder, LOG)
        return again(log, task, self._said, continued=self._continued and not self._forgot)

    async def _open_session(self) -> None:
        self._updates.replayed = True  # an old session tells what is in the log already
        opened = await open_session(
            self._connection,
            self._invocation,
            self._context.spec.worktree,
            self._talk.session,
            self._note,
        )
        self._updates.replayed = False
        self._updates.options = opened.options
        self._session = self._transcript.session = opened.session
        self._continued = opened.continued
        self._context.emit("session", session=self._session)

    def _send(self, text: str) -> None:
        """Give the agent words; the verdict of the turn they begin comes into the queue."""
        if self._forgot:
            task = self._task()
            text = task if text in task else f"{task}\n\n{text}"
            self._forgot = False
        prompting = asyncio.create_task(self._prompt(text))
        self._prompts.add(prompting)
        prompting.add_done_callback(self._prompts.discard)

    async def _prompt(self, text: str) -> None:
        alone = not self._prompts - {asyncio.current_task()}
        carried = self._said.carried_by(text)
        try:
            response = await self._connection.prompt(
                session_id=self._session, prompt=[text_block(text)]
            )
        except RequestError as error:
            if not alone and len(self._prompts) > 1 and not self._interrupting:
                self._later.append(text)  # this agent hears nothing while it works
                verdict = Verdict(ok=True)
            else:
                self._updates.turn_ended()
                verdict = self._judged(error)
                self._transcript.turn(verdict.text)
        except ConnectionError:
            return  # seen by who waits for the end of the output
        else:
            gave_up, self._updates.gave_up = self._updates.gave_up, ""
            verdict = judge_stop(str(response.stop_reason), gave_up)
            self._forgot = verdict.interrupted and self._invocation.preset.forgets
            self._carried |= carried
            self._prompts.discard(asyncio.current_task())  # type: ignore[arg-type]
            if not self._prompts:  # only now is the turn that had them over
                self._updates.turn_ended()
                if not self._forgot:
                    self._said.heard(self._carried)
                self._carried = set()
            self._updates.flush()
            usage = response.usage.model_dump(by_alias=True) if response.usage else None
            self._transcript.turn("" if verdict.ok else verdict.text,
                                  counts(usage, response.field_meta))  # fmt: skip
        self._verdicts.put_nowait(verdict)

    async def _until_done(self) -> Verdict | None:
        """Turn after turn; None when the program ends without a word."""
        while True:
            verdict = await self._next()
            if verdict is None or verdict.fatal or self._talk.ended_by_us:
                return verdict
            if self._prompts and not verdict.limited:
                continue  # words said in mid-run: the turn goes on under another request
            if self._interrupting:  # some agents call a cancelled turn a finished one
                self._interrupting = False
                if not await self._ask_what_now():
                    return verdict
            elif verdict.limited and self._limits.park:
                if not await self._park(verdict):
                    return verdict
            elif verdict.interrupted and self._goes_on_without():
                continue
            elif self._later:
                words, self._later = "\n\n".join(self._later), []
                self._send(words)
            elif not verdict.ok or not await self._sent_back():
                return verdict

    def _goes_on_without(self) -> bool:
        """Whether an agent that ends its turn over a refusal has been told to go on."""
        refused, self._client.refused = self._client.refused, ""
        if not refused or self._reasons >= MOST_REASONS:
            return False
        self._reasons += 1
        reasons = [*dict.fromkeys([*self._client.unsaid, refused]), *self._later]
        self._client.unsaid, self._later = [], []
        self._send("\n\n".join([*reasons, "Go on with your task without that."]))
        return True

    async def _next(self) -> Verdict | None:
        """The next verdict; None when the output has ended first."""
        getting = asyncio.create_task(self._verdicts.get())
        while not getting.done():
            waiting = {getting, *self._prompts}
            if self._process.ended or len(waiting) == 1:
                break
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)
        if getting.done():
            return getting.result()
        getting.cancel()
        return None

    async def _sent_back(self) -> bool:
        """Whether the agent that wants to stop has been told why it may not yet."""
        unsaid, self._client.unsaid = self._client.unsaid, []
        missing = await self._finish.missing()
        if unsaid and self._reasons < MOST_REASONS and (missing or not self._marker_written()):
            self._reasons += 1
            reasons = "\n".join(f"- {reason}" for reason in dict.fromkeys(unsaid))
            missing = f"{reasons}\n\nGo on with your task without that. {missing}".rstrip()
        if not missing:
            return False
        self._note(f"Sent back to work: {clip(missing, 300)}")
        self._send(missing)
        return True

    def _marker_written(self) -> bool:
        spec = self._context.spec
        return not spec.marker or os.path.exists(os.path.join(spec.worktree, spec.marker))

    async def _ask_what_now(self) -> bool:
        """After an interrupt: the agent waits for words, or for leave to go on."""
        self._words.clear()
        if self._later:
            words, self._later = "\n\n".join(self._later), []
            self._send(words)
            return True
        asking = asyncio.create_task(
            self._talk.desk.ask(INTERRUPTED, _INTERRUPTED, form="question", choices=["Go on"])
        )
        said = asyncio.create_task(self._words.wait())
        ended = asyncio.create_task(self._process.over(TICK_S))
        await asyncio.wait({asking, said, ended}, return_when=asyncio.FIRST_COMPLETED)
        spoken = said.done()
        for task in (said, ended):
            task.cancel()
        if not asking.done():
            asking.cancel()
            return spoken
        answer = asking.result()
        if answer.allow:
            self._send(answer.text or "Go on.")
        return answer.allow

    async def _park(self, verdict: Verdict) -> bool:
        """Wait until the service can be used again, then go on; False where that is too long."""
        until = self._limits.until(verdict, time.time())
        if until is None:
            return False
        if not await self._talk.park(until, verdict.text):
            return False
        self._send(_GO_ON)
        return True

    async def _leave(self) -> None:
        for task in list(self._prompts):
            task.cancel()
        self._updates.flush()
        self._terminals.close()
        await self._process.finish()
        if self._connection is not None:
            try:
                await asyncio.wait_for(self._connection.close(), CANCEL_S)
            except Exception:
                pass  # the program has ended, whatever the library says
        self._transcript.observer.finish([])

    # -- what people say ---------------------------------------------------------------------------

    async def tell(self, text: str) -> None:
        """A second request while the first is at work: most agents hear it in between."""
        self._said.say(text)
        self._words.set()
        if self._prompts and self._invocation.preset.hears_late:
            self._later.append(text)
        else:
            self._send(text)

    def _explain(self, words: str) -> None:
        """Why it was refused something: said at once where it hears that, else after its turn."""
        works = bool(self._prompts) and not self._interrupting
        if words not in self._client.unsaid or not works or self._invocation.preset.hears_late:
            return
        if self._reasons < MOST_REASONS:
            self._reasons += 1
            self._client.unsaid.remove(words)
            self._send(f"{words}\nGo on with your task without that.")

    async def interrupt(self) -> None:
        """End the turn, keep the session."""
        self._interrupting = True
        await self._connection.cancel(session_id=self._session)
        self._client.withdraw()
        asyncio.get_running_loop().call_later(UNHEEDED_S, self._unheeded)

    def _unheeded(self) -> None:
        if self._interrupting and self._prompts:
            self._note(
                f"The agent has not heeded the interrupt for {UNHEEDED_S:g} s and may work on; "
                "a retry of its task, or a stop, ends it for certain"
            )

    async def change_model(self, model: str) -> None:
        """By the session's option for it, where the agent offers one."""
        self._updates.options = await change_model(
            self._connection, self._session, self._updates.options, model, self._note
        )

    async def end(self) -> None:
        """A cancel first, so that the session's cost is told; then the program's own end."""
        try:
            await asyncio.wait_for(self._connection.cancel(session_id=self._session), CANCEL_S)
            self._client.withdraw()
            if self._prompts:
                await asyncio.wait(set(self._prompts), timeout=CANCEL_S)
        except Exception:
            pass
        self._process.signal(15)

    # -- what the agent does -----------------------------------------------------------------------

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            observer = self._transcript.observer
            due = observer.due()
            if due is not None and time.monotonic() >= due:
                observer.tell()
            if too_long := self._silence.look(working=self._at_work()):
                self._verdicts.put_nowait(Verdict(text=too_long, fatal=True))
                return

    def _at_work(self) -> bool:
        """Whether the agent is to be heard of: it, and no person or tool, is to do something."""
        idle = self._talk.desk.waiting or self._updates.running or self._terminals.running
        return bool(self._prompts) and not idle

    def _judged(self, error: Any) -> Verdict:
        return judge_error(error.code, str(error), error.data, self._invocation.preset.login)

    def _outcome(self, verdict: Verdict | None, error: str) -> Outcome:
        usage = self._transcript.observer.usage()
        cut = self._talk.cut_short(self._process.code, usage)
        opened = bool(self._session)
        return cut or judged(verdict, self._process, error, usage, self._redact, opened=opened)
