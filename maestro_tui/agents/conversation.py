"""Holds a conversation with an agent: its clock, what people say to it, and how it is ended.

Interactive drivers need asyncio and their own libraries; they alone import this module, and only
when an attempt is theirs, so that every other runner stays as small and quick as it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from maestro_tui.agents import files
from maestro_tui.agents.desk import Desk
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.processes import Children

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.context import Context
    from maestro_tui.agents.drivers.session import Session

LOOK_S = 1.0  # behind the signals: how late a request written by hand is noticed at most
_AFTER_THE_TASK = frozenset({"message", "handoff", "pause", "interrupt", "model"})
STOPPED_S = 2.0  # a look that comes that much too late: the machine, or this process, was stopped


def hold(context: Context, make: Callable[[Conversation], Session]) -> Outcome:
    """Run a session to its end; nothing it started is left afterwards."""
    if context.stopping():
        return Outcome("stopped", error="Stopped before the agent was started.")
    try:
        return asyncio.run(Conversation(context).hold(make))
    finally:
        Children(0).kill()


class Conversation:
    """One attempt's session, seen by the driver: the desk, the time it may take, what was said."""

    def __init__(self, context: Context) -> None:
        self.context = context
        past = _History(context.folder)
        self.resumed = past.begun  # an earlier runner of this attempt was killed over it
        self.session, self.model = past.session, past.model  # as last told, empty where never
        self.desk = Desk(context, past.asked)
        self.parked_until = 0.0
        self.waits = True  # for limits of the service; turned off by its operator
        self._unparked = asyncio.Event()
        if past.paused:
            self.desk.resumed.clear()
        self.ended_by_us = ""  # stopped | timeout
        self._worked = 0.0
        self._begun = asyncio.Event()
        self._heard, self._stale = past.heard, past.waiting
        self._speaking: set[asyncio.Task[None]] = set()

    def begun(self) -> None:
        """The agent has been given its task: from now on it can be told more."""
        self._begun.set()

    def parked(self, until: float, why: str) -> None:
        """The agent waits for the service until then, and its clock stands still; 0 = goes on."""
        self.parked_until = until
        self.context.emit("parked", until=until, why=why)

    async def park(self, until: float, why: str) -> bool:
        """Wait until then, or until somebody wants to go on now; False where none is to wait."""
        if not self.waits:
            return False
        self._unparked.clear()
        self.parked(until, why)
        try:
            await asyncio.wait_for(self._unparked.wait(), max(0.0, until - time.time()))
        except TimeoutError:
            pass
        self.parked(0.0, "")
        return self.waits

    def cut_short(self, code: int | None, usage: dict[str, Any]) -> Outcome | None:
        """The outcome where it was ended from outside; None where the agent came to its end."""
        if not self.ended_by_us:
            return None
        words = "The agent was stopped on request"
        if self.ended_by_us == "timeout":
            words = f"The agent worked longer than {self.context.spec.timeout_s:g} s"
        return Outcome(self.ended_by_us, exit=code, error=words, usage=usage)

    async def _run(self, session: Session) -> Outcome:
        await self.desk.resumed.wait()  # an earlier runner's agent was paused
        return await session.run()

    async def hold(self, make: Callable[[Conversation], Session]) -> Outcome:
        """To the end of the session, or to the attempt's limit, or to a stop."""
        for request in self._stale:  # nobody waits for these any more
            self.context.emit("withdrawn", id=request)
        session = make(self)
        wake = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_reader(self.context.wake, self._awake, wake)
        work = asyncio.create_task(self._run(session))
        work.add_done_callback(lambda _: wake.set())
        wake.set()
        before = time.monotonic()
        try:
            while not work.done():
                try:
                    await asyncio.wait_for(wake.wait(), LOOK_S)
                except TimeoutError:
                    pass
                wake.clear()
                now = time.monotonic()
                self._look(session, now - before)
                before = now
                if self.ended_by_us:
                    await self._end(session, work)
                    break
            return await self._outcome(work)
        finally:
            loop.remove_reader(self.context.wake)
            for task in self._speaking:
                task.cancel()

    def _awake(self, wake: asyncio.Event) -> None:
        self.context.awake()
        wake.set()

    def _look(self, session: Session, elapsed: float) -> None:
        """Take what was asked, and let the clock go on where the agent is at work."""
        if not self.desk.waiting and self.parked_until <= time.time():
            self._worked += min(elapsed, LOOK_S + STOPPED_S)
        limit = self.context.spec.timeout_s
        if self.context.stopping():
            self.ended_by_us = "stopped"
        elif limit and self._worked >= limit:
            self.ended_by_us = "timeout"
        for item in self.context.requests():
            if item.get("cmd") == "answer":
                self.desk.take(item)
            elif item.get("n") not in self._heard:
                self._heard.add(item.get("n"))
                task = asyncio.create_task(self._say(session, item))
                self._speaking.add(task)
                task.add_done_callback(self._speaking.discard)

    async def _say(self, session: Session, item: dict[str, Any]) -> None:
        """Pass it on. Nothing but the task itself may be the first that an agent hears."""
        kind, text = item.get("cmd"), str(item.get("text") or "")
        if kind == "pause":  # also one that has not begun does not begin
            self.desk.resumed.clear()
            self.desk.by_pause = True
        if kind in _AFTER_THE_TASK:
            await self._begun.wait()
        try:
            match kind:
                case "message" | "handoff":
                    await session.tell(text)
                case "pause" if not self.desk.resumed.is_set():
                    await session.interrupt()
                case "resume":
                    self.desk.resumed.set()
                    self._unparked.set()
                case "no-waiting":
                    self.waits = False
                    self._unparked.set()
                case "interrupt":
                    self.desk.by_pause = False
                    await session.interrupt()
                case "model":
                    await session.change_model(text)
                case "pause":  # and already on its way again
                    self.desk.by_pause = False
                case _:
                    return
        except Exception as error:  # the agent may be ending just now
            self.context.emit("text", text=f"Could not pass on the {kind}: {error}")
        more = {"text": text} if kind == "model" else {}
        self.context.emit("told", n=item.get("n"), cmd=kind, **more)

    async def _outcome(self, work: asyncio.Task[Outcome]) -> Outcome:
        try:
            return await work
        except asyncio.CancelledError:
            if not work.cancelled():
                raise
            return Outcome(self.ended_by_us, error="The agent did not end in time and was killed")

    async def _end(self, session: Session, work: asyncio.Task[Outcome]) -> None:
        """With grace first; what is left after that is killed by ``hold``."""
        grace = self.context.spec.grace_s
        self.waits = False
        self._unparked.set()  # whoever waits for a limit of the service waits no more
        ending = asyncio.create_task(session.end())
        await asyncio.wait({work}, timeout=grace)
        ending.cancel()
        if not work.done():
            Children(0).kill()
            await asyncio.wait({work}, timeout=2.0)
            work.cancel()


class _History:
    """What an earlier runner of this attempt passed on, and what its agent still waited for."""

    def __init__(self, folder: str) -> None:
        self.heard: set[Any] = set()
        self.asked = 0
        self.begun = self.paused = False
        self.session = self.model = ""
        waiting: dict[str, None] = {}
        for event in files.LineReader(f"{folder}/{files.EVENTS}").read():
            match event.get("kind"):
                case "started" | "session":
                    self.begun = True
                    self.session = str(event.get("session") or self.session)
                case "told":
                    self.heard.add(event.get("n"))
                    if event.get("cmd") in ("pause", "resume"):
                        self.paused = event.get("cmd") == "pause"
                    elif event.get("cmd") == "model":
                        self.model = str(event.get("text") or "")
                case "permission":
                    self.asked += 1
                    waiting[str(event.get("id"))] = None
                case "answered" | "withdrawn":
                    waiting.pop(str(event.get("id")), None)
        self.waiting = list(waiting)
