"""Runs one program as an agent: prompt in, output to the log, events out, nothing left behind."""

from __future__ import annotations

import os
import select
import signal
import time

from maestro_tui.agents.lines import MAX_LINE, LineSplitter
from maestro_tui.agents.observe import Observer
from maestro_tui.agents.outcome import Outcome, judge
from maestro_tui.agents.processes import Children
from maestro_tui.agents.spawn import Spawned, SpawnError, spawn
from maestro_tui.agents.weave import Weave

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context

CHUNK = 1 << 18
LOOK_S = 1.0  # behind the signals: how late a request written by hand is noticed at most
STOPPED_S = 2.0  # what comes that much too late has been stopped: the machine, or this process
DRAIN_S = 2.0  # for what is still in the pipes when everything that wrote to them is dead


def supervise(context: Context, argv: list[str], *, can_answer: bool = False) -> Outcome:
    """Run ``argv`` as this attempt's agent until it, and all it left behind, has ended."""
    if context.stopping():
        return Outcome("stopped", error="Stopped before the agent was started.")
    spec = context.spec
    try:
        agent = spawn(argv, spec.worktree, spec.environment(context.folder), spec.prompt)
    except SpawnError as error:
        return Outcome("spawn-error", error=str(error))
    return _Watch(context, agent, can_answer=can_answer).run()


class _Watch:
    """The time from an agent's start to the end of its last descendant."""

    def __init__(self, context: Context, agent: Spawned, *, can_answer: bool) -> None:
        self._context = context
        self._errors = agent.errors
        self._children = Children(agent.pid)
        # The pipes that are open yet, and the lines of each: half a line of one ends in no other.
        self._pipes = {fd: LineSplitter() for fd in (agent.output, agent.errors)}
        self._weave = Weave(context.log)
        self._observer = Observer(context.emit, context.ask if can_answer else None)
        self._closed_at = float("inf")  # all its output; told of once it is clear it works on
        self._ended_by_us = ""
        limit = context.spec.timeout_s
        self._deadline = time.monotonic() + limit if limit else float("inf")
        self._kill_at = float("inf")

    def run(self) -> Outcome:
        try:
            self._context.emit("started", pid=self._children.agent)
            self._until_it_ends()
        finally:
            self._children.kill()  # also when the disk is full: nothing runs on unwatched
        self._drain()
        self._observer.finish([])
        return judge(
            self._children.status,
            self._ended_by_us,
            limit_s=self._context.spec.timeout_s,
            last=self._observer.last,
            failure=self._observer.failure,
            usage=self._observer.usage(),
        )

    def _until_it_ends(self) -> None:
        """Read, watch the clock, hear requests; returns when the rest may be killed."""
        poll = _Poll(self._context.wake, *self._pipes)
        look_at = 0.0
        while True:
            now = time.monotonic()
            due = [t for t in (self._observer.due(), self._weave.due()) if t is not None]
            wait = max(0.0, min(LOOK_S, *(t - now for t in (*due, self._deadline, self._kill_at))))
            ready = poll(wait)
            passed = time.monotonic() - now
            if self._observer.parked_until > time.time():
                self._deadline += passed  # a wait for the service is none of the agent's time
            else:
                self._forgive(passed - wait)
            for fd in ready:
                if fd in self._pipes and not self._read(fd):
                    poll.forget(fd)
                    self._close(fd)  # it may still be at work
            now = time.monotonic()
            held = self._weave.due()
            if held is not None and now >= held:
                self._weave.release()
            if self._context.wake in ready or now >= look_at:
                look_at = now + LOOK_S
                self._context.awake()
                if not self._hear():
                    return
            if now >= self._deadline:
                self._end("timeout")
            if now >= self._kill_at:
                return
            tell_at = self._observer.due()
            if tell_at is not None and now >= tell_at:
                self._observer.tell()

    def _forgive(self, late: float) -> None:
        """Nobody worked while the machine was stopped: that is none of the agent's time."""
        if late > STOPPED_S:
            self._deadline += late
            self._kill_at += late

    def _hear(self) -> bool:
        """Requests and deaths; False when there is nothing more to wait for.

        An agent that has exited leaves nothing worth waiting for. One that was asked to end may
        have children that still clean up: they have what is left of the grace.
        """
        left = self._children.reap()
        gone = self._children.status is not None
        if not left or (gone and not self._ended_by_us):
            return False
        if self._context.stopping():
            self._end("stopped")
        if time.monotonic() >= self._closed_at + LOOK_S:
            self._closed_at = float("inf")
            self._context.emit("text", text="It has closed its output and works on unheard")
        return True

    def _end(self, why: str) -> None:
        if not self._ended_by_us:
            self._ended_by_us = why
            self._kill_at = time.monotonic() + self._context.spec.grace_s
            self._deadline = float("inf")
            self._children.signal(signal.SIGTERM)

    def _read(self, fd: int) -> bool:
        """Take what is there; False at the end of it."""
        try:
            data = os.read(fd, CHUNK)
        except BlockingIOError:
            return True
        errors = fd == self._errors
        if data:
            lines = self._pipes[fd]
            dropped = lines.dropped
            self._weave.take(data, errors)
            self._observer.take(lines.feed(data), len(data), plain=errors)
            if lines.dropped > dropped:
                words = f"(a line of more than {MAX_LINE >> 20} MB is only in the log)"
                self._observer.note(words)
        return bool(data)

    def _close(self, fd: int) -> None:
        """Its last line may lack an end."""
        os.close(fd)
        self._observer.take(self._pipes.pop(fd).finish(), 0, plain=fd == self._errors)
        if not self._pipes:
            self._closed_at = time.monotonic()

    def _drain(self) -> None:
        """What was written before everything was killed.

        Where some process cannot be killed or found, the pipes stay open: hence the time limit.
        """
        poll = _Poll(*self._pipes)
        deadline = time.monotonic() + DRAIN_S
        while self._pipes and time.monotonic() < deadline and (ready := poll(0)):
            for fd in ready:
                if not self._read(fd):
                    poll.forget(fd)
                    self._close(fd)
        self._weave.release()
        for fd in list(self._pipes):
            self._close(fd)


class _Poll:
    """What can be read, first what could be first: so lines of two pipes keep their order.

    That is what ``epoll`` knows; ``poll``, where there is no other, does not.
    """

    def __init__(self, *fds: int) -> None:
        self._known = hasattr(select, "epoll")
        self._poll = select.epoll() if self._known else select.poll()
        for fd in fds:
            self._poll.register(fd, select.POLLIN)

    def __call__(self, seconds: float) -> list[int]:
        """Wait that long at most, and a millisecond, so as not to come too early."""
        wait = seconds + 0.001 if seconds else 0.0
        return [fd for fd, _ in self._poll.poll(wait if self._known else wait * 1000)]

    def forget(self, fd: int) -> None:
        """It is read no more."""
        self._poll.unregister(fd)
