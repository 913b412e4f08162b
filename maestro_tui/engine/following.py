"""Follows one agent attempt: start or attach, read its events, notice its marker and its end."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maestro_tui.agents import launch
from maestro_tui.agents.drivers import RESUMABLE
from maestro_tui.core.events import (
    AgentEnded,
    AgentReported,
    AgentStarted,
    Event,
    MarkerSeen,
    PermissionAsked,
    PermissionWithdrawn,
)
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.engine.attempts import AttemptFolder
from maestro_tui.engine.event_tail import EventTail
from maestro_tui.engine.evidence import failure_evidence
from maestro_tui.engine.pricing import with_estimate
from maestro_tui.plans.prices import FREE

# By the clock and not since the last time, so that all agents are looked at, and their news written
# down, in one go.
POLL_S = 0.25  # behind the notifications: what a missed one costs at most
REPORT_S = 1.0  # news of a running agent reach the journal at most this often
RELAUNCHES = 5  # runners killed over one attempt before it is given up
START_S = 20.0  # a runner that has not shown itself by then is lost


class Follower:
    """Runs or re-adopts one attempt's runner and turns its files into events."""

    def __init__(
        self,
        state: RunState,
        task: TaskRun,
        attempt: Attempt,
        folder: AttemptFolder,
        post: Callable[[Event], None],
        wake: asyncio.Event,
    ) -> None:
        self._state, self._task, self._attempt = state, task, attempt
        self._folder, self._post, self._wake = folder, post, wake
        self._events = EventTail(folder.events, attempt.offset)
        self._result = str(folder.result)
        self._marker = os.path.join(attempt.worktree, task.assignment.marker)
        self._usage: dict[str, float] = dict(attempt.usage)
        self._tools = attempt.tools
        self._activity = ""
        self._news = False
        self._reported_in = self._alive_in = -1  # the second of the last report, and look
        self._watched = False  # whether its end will be heard of
        self._marker_seen = bool(attempt.marker_at)
        self._last_error = ""
        self._parked_until = attempt.parked_until
        self._session, self._model = attempt.session, attempt.model

    async def follow(self) -> AgentEnded:
        """To the end of the attempt; returns how it ended.

        Where the driver can take an attempt up again, a killed runner is followed by another.
        """
        for _ in range(RELAUNCHES):
            ended = await self._follow_one()
            if ended.reason != "lost" or self._attempt.stop or not self._resumable:
                return ended
            self._post_activity("its runner was killed; goes on in its session")
        return await self._follow_one()

    @property
    def _resumable(self) -> bool:
        return self._task.assignment.driver in RESUMABLE

    async def _follow_one(self) -> AgentEnded:
        folder = self._folder
        earlier = launch.identity(folder.path)
        if folder.read_result() is None and not launch.alive(folder.path):
            if earlier is not None:
                if not self._resumable:
                    return await self._lost()
                await asyncio.to_thread(launch.sweep, folder.path)
            process = await asyncio.to_thread(launch.launch, folder.path)
        else:
            process, earlier = None, None
        identity = await self._identity(process, earlier)
        if identity is not None:
            self._post(
                AgentStarted(
                    at=time.time(),
                    task=self._task.id,
                    attempt=self._attempt.number,
                    pid=identity[0],
                    start_time=identity[1],
                )
            )
        elif folder.read_result() is None:
            return await self._lost()
        descriptor = _watch_exit(identity[0] if identity else 0, self._wake)
        self._watched = descriptor is not None
        try:
            return await self._until_result()
        finally:
            if descriptor is not None:
                asyncio.get_running_loop().remove_reader(descriptor)
                os.close(descriptor)
            if process is not None:
                await asyncio.to_thread(process.wait)

    def _post_activity(self, text: str) -> None:
        self._activity, self._news, self._reported_in = text, True, -1

    async def _identity(
        self, process: subprocess.Popen[bytes] | None, earlier: tuple[int, float] | None
    ) -> tuple[int, float] | None:
        """Of the runner that has the attempt now; ``earlier`` is one known to be dead."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            identity = launch.identity(self._folder.path)
            if identity is not None and identity != earlier:
                return identity
            if self._folder.read_result() is not None:
                return None
            if process is not None and process.poll() is not None:
                identity = launch.identity(self._folder.path)
                return None if identity == earlier else identity
            await asyncio.sleep(0.005)
        return None

    async def _until_result(self) -> AgentEnded:
        woken = True
        while True:
            result = self._folder.read_result() if os.path.exists(self._result) else None
            gone = result is None and self._gone(woken)
            self._read_events()
            self._look_for_marker()
            if gone:
                result = self._folder.read_result()  # it may have been written in between
                if result is None:
                    return await self._lost()
            self._report(final=result is not None)
            if result is not None:
                return self._ended(result)
            woken = await self._next_look()

    def _gone(self, woken: bool) -> bool:
        """Whether its runner is; where its end is told, looking once a second is enough."""
        second = int(time.monotonic())
        if self._watched and not woken and second == self._alive_in:
            return False
        self._alive_in = second
        return not launch.alive(self._folder.path)

    async def _next_look(self) -> bool:
        """Wait for a change, or until the next beat of the clock; whether it was a change."""
        loop = asyncio.get_running_loop()
        self._wake.clear()
        beat = (loop.time() // POLL_S + 1) * POLL_S
        alarm = loop.call_at(beat, self._wake.set)
        await self._wake.wait()
        alarm.cancel()
        return loop.time() < beat

    def _read_events(self) -> None:
        before = self._events.offset
        for item in self._events.read():
            self._take(item)
        self._news = self._news or self._events.offset > before

    def _take(self, item: dict[str, Any]) -> None:
        match item.get("kind"):
            case "tool":
                self._tools += 1
                self._activity = f"{item.get('name', '')} {item.get('summary', '')}".strip()[:200]
            case "text" | "activity":
                self._activity = str(item.get("text", ""))[:200].replace("\n", " ")
            case "started" | "session":
                self._session = str(item.get("session") or self._session)[:100]
            case "model":
                self._model = str(item.get("name") or "")[:100]
            case "usage":
                self._usage = self._priced(
                    {k: v for k, v in item.items() if k not in ("t", "kind")}
                )
            case "permission":
                self._post(
                    PermissionAsked(
                        at=time.time(),
                        task=self._task.id,
                        attempt=self._attempt.number,
                        request=str(item.get("id", "")),
                        tool=str(item.get("tool", ""))[:100],
                        detail=str(item.get("detail", ""))[:2000],
                        rule=str(item.get("rule", ""))[:300],
                        form=str(item.get("form", "permission")),
                        choices=_texts(item.get("choices")),
                    )
                )
            case "withdrawn":
                self._post(
                    PermissionWithdrawn(
                        at=time.time(),
                        task=self._task.id,
                        attempt=self._attempt.number,
                        request=str(item.get("id", "")),
                    )
                )
            case "parked":
                until = item.get("until")
                self._parked_until = float(until) if isinstance(until, (int, float)) else 0.0
                if self._parked_until:
                    at = time.strftime("%H:%M:%S", time.localtime(self._parked_until))
                    why = str(item.get("why", ""))[:120].replace("\n", " ")
                    self._post_activity(f"parked until {at}: {why}")
                else:
                    self._post_activity("goes on after its wait")

    def _look_for_marker(self) -> None:
        if not self._marker_seen and os.path.isfile(self._marker):
            self._marker_seen = True
            self._post(MarkerSeen(at=time.time(), task=self._task.id, attempt=self._attempt.number))

    def _report(self, *, final: bool) -> None:
        beat = int(time.monotonic() / REPORT_S)
        if not self._news or not (final or beat != self._reported_in):
            return
        self._news = False
        self._reported_in = beat
        self._post(
            AgentReported(
                at=time.time(),
                task=self._task.id,
                attempt=self._attempt.number,
                offset=self._events.offset,
                activity=self._activity,
                usage=self._usage,
                tools=self._tools,
                parked_until=self._parked_until,
                session=self._session,
                model=self._model,
            )
        )

    def _priced(self, data: dict[str, Any]) -> dict[str, float]:
        """The numbers, and what they cost where nobody says."""
        assignment = self._task.assignment
        model = FREE if assignment.driver == FREE else self._model or self._task.model
        settings = self._state.options.agents
        model = model or assignment.model or str(settings.get("model") or "")
        reckoned = assignment.driver == "api"
        prices = self._state.options.prices
        return with_estimate(_numbers(data), model, prices, reckoned=reckoned)

    def _ended(self, result: dict[str, Any]) -> AgentEnded:
        ok = bool(result.get("ok"))
        evidence: tuple[str, ...] = ()
        suspect = ""
        if not ok:
            evidence, suspect = failure_evidence(
                self._state,
                self._task,
                self._folder.log,
                Path(self._attempt.worktree),
                result.get("exit"),
            )
        usage = result.get("usage")
        return AgentEnded(
            at=time.time(),
            task=self._task.id,
            attempt=self._attempt.number,
            ok=ok,
            reason=str(result.get("reason", "")),
            exit=result.get("exit"),
            error=str(result.get("error", "")),
            evidence=evidence,
            suspect=suspect,
            usage=self._usage
            if not isinstance(usage, dict)
            else self._priced(usage) or self._usage,
        )

    async def _lost(self) -> AgentEnded:
        """The runner died without a word: end what it left, and say so."""
        await asyncio.to_thread(launch.sweep, self._folder.path)
        self._read_events()
        self._report(final=True)
        return AgentEnded(
            at=time.time(),
            task=self._task.id,
            attempt=self._attempt.number,
            ok=False,
            reason="lost",
            error="the agent's runner was killed",
            usage=self._usage,
        )


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else []
    return tuple(str(item)[:100] for item in listed[:9])


def _numbers(data: dict[str, Any]) -> dict[str, float]:
    return {k: float(v) for k, v in data.items() if isinstance(v, (int, float))}


def _watch_exit(pid: int, wake: asyncio.Event) -> int | None:
    """Wake up when the process ends (Linux); elsewhere the poll notices."""
    if not pid or not hasattr(os, "pidfd_open"):
        return None
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return None
    asyncio.get_running_loop().add_reader(descriptor, _once, descriptor, wake)
    return descriptor


def _once(descriptor: int, wake: asyncio.Event) -> None:
    asyncio.get_running_loop().remove_reader(descriptor)
    wake.set()
