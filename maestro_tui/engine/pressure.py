"""Watches memory, disk and processor, and takes agents away step by step before they run out."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.core.events import Event, ResourcesChanged
from maestro_tui.core.state import ACTIVE, RunState

EVERY_S = 5.0
CALM_STEPS = 4  # samples without pressure before an agent is given back
BUSY_STEPS = 12  # samples of a full processor before one is taken: agents are bursty
MEMORY_HIGH, MEMORY_LOW = 92.0, 85.0  # percent used
CPU_HIGH = 97.0
DISK_LOW, DISK_FINE = 1 << 30, 3 << 29  # bytes free


@dataclass(frozen=True, slots=True)
class Sample:
    """The machine at one moment."""

    memory: float  # percent used
    cpu: float  # percent since the last sample
    disk: int  # bytes free where the worktrees are


@dataclass(slots=True)
class Pressure:
    """From samples to a limit; ``limit`` 0 means that nothing presses."""

    limit: int = 0
    reason: str = ""
    _calm: int = 0
    _busy: int = 0

    def step(self, sample: Sample, active: int, allowed: int) -> bool:
        """Take one more sample into account; whether the limit has changed."""
        self._busy = self._busy + 1 if sample.cpu >= CPU_HIGH else 0
        why = self._why(sample)
        if why:
            self._calm = 0
            return self._lower(why, active, allowed)
        tight = sample.memory > MEMORY_LOW or sample.disk < DISK_FINE or self._busy
        self._calm = 0 if tight else self._calm + 1
        if not self.limit or self._calm < CALM_STEPS:
            return False
        self._calm = 0
        self.limit += 1
        self.reason = "the machine has room again"
        if self.limit >= allowed:
            self.limit = 0
        return True

    def _why(self, sample: Sample) -> str:
        if sample.memory >= MEMORY_HIGH:
            return f"memory is {sample.memory:.0f} % full"
        if sample.disk < DISK_LOW:
            return f"only {sample.disk >> 20} MB of disk are free"
        if self._busy >= BUSY_STEPS:
            self._busy = 0
            return f"the processor is {sample.cpu:.0f} % busy"
        return ""

    def _lower(self, why: str, active: int, allowed: int) -> bool:
        """One agent fewer than work now; each further step waits for the next sample."""
        at_most = min(self.limit or allowed, max(1, active))
        lower = max(1, at_most - 1)
        if self.limit and lower >= self.limit:
            return False
        if lower >= allowed:
            return False
        self.limit, self.reason = lower, why
        return True


async def watch(state: RunState, folder: Path, post: Callable[[Event], None]) -> None:
    """Sample until cancelled; only changes become events."""
    import psutil  # only here: it costs start-up time

    pressure = Pressure()
    psutil.cpu_percent(None)
    while True:
        await asyncio.sleep(EVERY_S)
        active = state.count(*ACTIVE)
        if state.ended or (not active and not pressure.limit):
            continue
        place = folder if folder.exists() else Path(state.repo)
        sample = Sample(
            psutil.virtual_memory().percent,
            psutil.cpu_percent(None),
            shutil.disk_usage(place).free,
        )
        if pressure.step(sample, active, state.max_parallel):
            post(ResourcesChanged(at=time.time(), limit=pressure.limit, reason=pressure.reason))
