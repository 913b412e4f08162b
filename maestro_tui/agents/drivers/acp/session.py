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
from maestro_tui.agents.drivers.acp.invocation import Invocation, make_folders, pick_model
from maestro_tui.agents.drivers.acp.opening import open_session
from maestro_tui.agents.drivers.acp.process import AgentProcess
from maestro_tui.agents.drivers.acp.terminals import Terminals
from maestro_tui.agents.drivers.acp.updates import Updates, counts
from maestro_tui.agents.drivers.acp.verdicts import judge_error, judge_stop
from maestro_tui.agents.drivers.claude.finish import Finish
from maestro_tui.agents.drivers.claude.turns import Limits, Verdict
from maestro_tui.agents.drivers.gate import Gate
from maestro_tui.agents.drivers.past import AGAIN, ANEW, reminder
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
        self._updates = Updates(self._transcript, self._wrote)
        self._gate = Gate(self._context, conversation.desk, self._redact)
        self._finish = Finish(spec, environment)
        self._terminals = Terminals(self._invocation.terminal_environment())
        self._process = AgentProcess(self._transcript.plain, self._updates.take)
        self._client = AcpClient(
            spec.worktree, self._gate, self._updates, self._terminals, self._explain
        )
        self._limits = Limits(self._invocation)
        self._verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self._prompts: set[asyncio.Task[None]] = set()
        self._later: list[str] = []  # words the agent does not take while it works
        self._words = asyncio.Event()
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
            return Outcome("spawn-error", error=self._how_to_get(str(failure)))
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
        self._connection = ClientSideConnection(self._client, self._process)
        try:
            async with asyncio.timeout(invocation.start_s):
                await self._open_session()
        except TimeoutError:
            words = f"The agent {argv[0]} has not answered for {invocation.start_s:g} s; "
            return Verdict(text=words + "does it speak the Agent Client Protocol (ACP)?")
        except RequestError as error:
            return self._judged(error)
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
        done = reminder(os.path.join(self._context.folder, LOG))
        return (AGAIN if self._continued and not self._forgot else task + ANEW) + done

    async def _open_session(self) -> None:
        self._updates.replayed = True  # an old session tells what is in the log already
        opened = await open_session(
            self._connection,
            self._invocation,
            self._context.spec.worktree,
            self._talk.session,
            self._transcript.note,
        )
        self._updates.replayed = False
        self._updates.options = opened.options
        self._session = self._transcript.session = opened.session
        self._continued = opened.continued
        self._context.emit("session", session=self._session)

    def _send(self, text: str) -> None:
        """Give the agent words; the verdict of the turn they begin comes into the queue."""
        if self._forgot:
            text = f"{self._task()}\n\n{text}"
            self._forgot = False
        task = asyncio.create_task(self._prompt(text))
        self._prompts.add(task)
        task.add_done_callback(self._prompts.discard)

    async def _prompt(self, text: str) -> None:
        alone = not self._prompts - {asyncio.current_task()}
        try:
            response = await self._connection.prompt(
                session_id=self._session, prompt=[text_block(text)]
            )
        except RequestError as error:
            if not alone and len(self._prompts) > 1 and not self._interrupting:
                self._later.append(text)  # this agent hears nothing while it works
                verdict = Verdict(ok=True)
            else:
                self._updates.flush()
                verdict = self._judged(error)
                self._transcript.turn(verdict.text)
        except ConnectionError:
            return  # seen by who waits for the end of the output
        else:
            self._updates.flush()
            verdict = judge_stop(str(response.stop_reason))
            self._forgot = verdict.interrupted and self._invocation.preset.forgets
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
        self._transcript.note(f"Sent back to work: {clip(missing, 300)}")
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
        ended = asyncio.create_task(self._until_output_ends())
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

    async def _until_output_ends(self) -> None:
        while not self._process.ended:
            await asyncio.sleep(TICK_S)

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

    async def change_model(self, model: str) -> None:
        """By the session's option for it, where the agent offers one."""
        option, value, offered = pick_model(self._updates.options, model)
        if not option:
            self._transcript.note("This agent offers no choice of models; it goes on with its own")
        elif not value:
            some = ", ".join(offered[:10])
            self._transcript.note(f"This agent has no model {model!r}; it offers {some}")
        else:
            changed = await self._connection.set_config_option(
                config_id=option, session_id=self._session, value=value
            )
            options = getattr(changed, "config_options", None) or []
            self._updates.options = [o.model_dump(by_alias=True, mode="json") for o in options]

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

    def _wrote(self, paths: list[str]) -> None:
        """It need not ask before it writes: what it should not have written is to be put back."""
        stray = self._gate.strays(paths)
        if stray:
            names = ", ".join(stray[:5])
            self._transcript.note(f"It changed files of others: {names}")
            self._client.unsaid.append(
                f"You changed {names}, which does not belong to your task. Put it back as it was; "
                "a change outside your files is not merged."
            )

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            observer = self._transcript.observer
            due = observer.due()
            if due is not None and time.monotonic() >= due:
                observer.tell()

    def _judged(self, error: Any) -> Verdict:
        return judge_error(error.code, str(error), error.data, self._invocation.preset.login)

    # -- the end -----------------------------------------------------------------------------------

    def _how_to_get(self, words: str) -> str:
        package = self._invocation.preset.package
        return f"{words} (npm install -g {package})" if package else words

    def _outcome(self, verdict: Verdict | None, error: str) -> Outcome:
        usage, program = self._transcript.observer.usage(), self._process
        cut = self._talk.cut_short(program.code, usage)
        if cut is not None:
            return cut
        if verdict is None:
            return program.too_soon("The agent", error, usage, self._redact)
        if verdict.ok:
            return Outcome("exited", exit=0, usage=usage)
        words = self._redact.text(verdict.text)
        return Outcome(verdict.reason, exit=program.code or 1, error=words, usage=usage)
