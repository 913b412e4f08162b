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

TYPE_CHECKING = False
if TYPE_CHECKING:
    from maestro_tui.agents.context import Context

CHUNK = 1 << 18
LOOK_S = 1.0  # behind the signals: how late a request written by hand is noticed at most
STOPPED_S = 2.0  # what comes that much too late has been stopped: the machine, or this process
DRAIN_S = 2.0  # for what is still in the pipe when everything that wrote to it is dead


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
        self._context, self._output = context, agent.output
        self._children = Children(agent.pid)
        self._lines = LineSplitter()
        self._observer = Observer(context.emit, context.ask if can_answer else None)
        self._reading = True
        self._closed_at = float(
            "inf"
        )  # its output, by itself; told of once it is clear it works on
        self._too_long = 0  # lines told of
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
        self._observer.finish(self._lines.finish())
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
        poll = select.poll()
        poll.register(self._context.wake, select.POLLIN)
        poll.register(self._output, select.POLLIN)
        look_at = 0.0
        while True:
            now = time.monotonic()
            until = min(self._observer.due() or now + LOOK_S, self._deadline, self._kill_at)
            wait = max(0.0, min(LOOK_S, until - now))
            ready = [fd for fd, _ in poll.poll(wait * 1000 + 1)]
            passed = time.monotonic() - now
            if self._observer.parked_until > time.time():
                self._deadline += passed  # a wait for the service is none of the agent's time
            else:
                self._forgive(passed - wait)
            if self._output in ready and not self._read():
                self._reading = False  # it closed its output; it may still be at work
                self._closed_at = time.monotonic()
                poll.unregister(self._output)
            now = time.monotonic()
            if self._context.wake in ready or now >= look_at:
                look_at = now + LOOK_S
                self._context.awake()
                if not self._hear():
                    return
            if now >= self._deadline:
                self._end("timeout")
            if now >= self._kill_at:
                return
            due = self._observer.due()
            if due is not None and now >= due:
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

    def _read(self) -> bool:
        """Take what is there; False at the end of the output."""
        try:
            data = os.read(self._output, CHUNK)
        except BlockingIOError:
            return True
        if data:
            self._context.log(data)
            self._observer.take(self._lines.feed(data), len(data))
            if self._lines.dropped > self._too_long:
                self._too_long = self._lines.dropped
                words = f"(a line of more than {MAX_LINE >> 20} MB is only in the log)"
                self._observer.note(words)
        return bool(data)

    def _drain(self) -> None:
        """What was written before everything was killed.

        Where some process cannot be killed or found, the pipe stays open: hence the time limit.
        """
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        deadline = time.monotonic() + DRAIN_S
        while self._reading and time.monotonic() < deadline and poll.poll(0):
            self._reading = self._read()
        os.close(self._output)
