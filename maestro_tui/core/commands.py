"""What the engine is to do, in the imperative. Derived from state, never stored.

``key`` names the effect: the engine runs one effect per key, and a new engine finds the same keys
in the same state, so that work in hand at a crash is taken up again and never doubled.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do in the world."""

    @property
    def key(self) -> str:
        """Names the effect; equal for equal commands."""
        return type(self).__name__


@dataclass(frozen=True, slots=True)
class AttemptCommand(Command):
    """A thing to do for one attempt."""

    task: str
    attempt: int

    @property
    def key(self) -> str:
        return f"{type(self).__name__}:{self.task}:{self.attempt}"


@dataclass(frozen=True, slots=True)
class CreateWorktree(AttemptCommand):
    """Give the attempt a clean tree on a branch of its own."""


@dataclass(frozen=True, slots=True)
class RunAgent(AttemptCommand):
    """Start the agent, or attach to it if it runs, and follow it to its end."""


@dataclass(frozen=True, slots=True)
class StopAgent(AttemptCommand):
    """End the agent and everything it started."""


@dataclass(frozen=True, slots=True)
class AnswerAgent(AttemptCommand):
    """Hand the answer to a permission request to the agent."""

    request: str
    allow: bool
    text: str = ""

    @property
    def key(self) -> str:
        return f"AnswerAgent:{self.task}:{self.attempt}:{self.request}"


@dataclass(frozen=True, slots=True)
class InstructAgent(AttemptCommand):
    """Say something to the running agent."""

    number: int
    kind: str
    text: str = ""

    @property
    def key(self) -> str:
        return f"InstructAgent:{self.task}:{self.attempt}:{self.number}"


@dataclass(frozen=True, slots=True)
class HandOver(AttemptCommand):
    """Give the running agent the completion document of a task that was just merged."""

    source: str

    @property
    def key(self) -> str:
        return f"HandOver:{self.task}:{self.attempt}:{self.source}"


@dataclass(frozen=True, slots=True)
class CheckWork(AttemptCommand):
    """Commit what the agent left and compare it with what was asked."""

    drop: tuple[str, ...] = ()
    extend: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return f"CheckWork:{self.task}:{self.attempt}:{len(self.drop)}:{len(self.extend)}"


@dataclass(frozen=True, slots=True)
class KeepWork(AttemptCommand):
    """Commit what lies in the worktree of an attempt that is over, which failed so far."""

    tries: int

    @property
    def key(self) -> str:
        return f"KeepWork:{self.task}:{self.attempt}:{self.tries}"


@dataclass(frozen=True, slots=True)
class Merge(AttemptCommand):
    """Bring the attempt's commit into the integration branch."""

    commit: str = ""


@dataclass(frozen=True, slots=True)
class ResolveConflict(AttemptCommand):
    """Finish the conflicted merge: "theirs" takes the task's side where lines conflict, "ours" what
    is merged, "edited" what a person left in the worktree, "resolve" what was chosen place by
    place.
    """

    how: str = "edited"


@dataclass(frozen=True, slots=True)
class RunGate(Command):
    """Run a gate's command on the merged tree."""

    gate: str
    run: int

    @property
    def key(self) -> str:
        return f"RunGate:{self.gate}:{self.run}"


@dataclass(frozen=True, slots=True)
class TagWave(Command):
    """Keep the integration branch's present commit as the wave's end."""

    wave: int

    @property
    def key(self) -> str:
        return f"TagWave:{self.wave}"


@dataclass(frozen=True, slots=True)
class Rollback(Command):
    """Set the integration branch back to the end of a wave (0 = the base), or to right after the
    merge of ``task``, which was the commit ``sha``.
    """

    wave: int
    task: str = ""
    sha: str = ""

    @property
    def key(self) -> str:
        return f"Rollback:{self.sha or self.wave}"


@dataclass(frozen=True, slots=True)
class Deliver(Command):
    """Bring the integration branch into the base branch."""

    number: int

    @property
    def key(self) -> str:
        return f"Deliver:{self.number}"


@dataclass(frozen=True, slots=True)
class Suspend(Command):
    """Everything has stopped: leave, so that the run can go on later."""

    reason: str


@dataclass(frozen=True, slots=True)
class Finish(Command):
    """Clean up and end the run with this outcome."""

    outcome: str
