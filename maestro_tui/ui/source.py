"""Where a screen gets its run from: a small protocol, so that screens never know the engine."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from maestro_tui.core.conflicts import Conflict
from maestro_tui.core.state import RunState


class RunSource(Protocol):
    """A run as seen by one viewer; pulled ten times a second."""

    @property
    def state(self) -> RunState:
        """The newest folded state; the same object, changed in place by ``poll``."""
        ...

    @property
    def seq(self) -> int:
        """Number of the newest folded event; grows whenever the state changed."""
        ...

    def poll(self) -> bool:
        """Fold what is new; True when the state changed."""
        ...

    def engine_alive(self) -> bool:
        """Whether a process works on this run right now."""
        ...

    def start_engine(self) -> None:
        """Start an engine for a run that has none (resume)."""
        ...

    def decide(self, question: str, answer: str, text: str = "") -> bool:
        """Answer a question; False when somebody else was first."""
        ...

    async def conflict(self, task: str) -> Conflict:
        """The conflict that task's merge waits with."""
        ...

    def stop(self, mode: str) -> None:
        """Ask for a stop: checkpoint | drain | abort."""
        ...

    def set_parallel(self, limit: int) -> None:
        """Turn the number of agents up or down."""
        ...

    def rollback(self, to: str) -> None:
        """Go back to base, wave:N or task:ID."""
        ...

    def retry(self, task: str, text: str = "") -> None:
        """Do a given-up task after all."""
        ...

    def instruct(self, task: str, text: str, kind: str = "message") -> None:
        """Say something to a task's running agent: a message, an interrupt, a model's name."""
        ...

    def attempt_dir(self, task: str, attempt: int) -> Path:
        """The folder of one attempt: output.log, prompt.md, …"""
        ...

    def log_end(self, task: str, attempt: int) -> int | None:
        """How many bytes of its log there were at the moment shown; None: all there are."""
        ...
