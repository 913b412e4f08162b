"""How everything that is not the engine deals with a run: follow, answer, start its engine."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

from maestro_tui.config.paths import attempt_dir, db_path, run_dir
from maestro_tui.core.conflicts import Conflict, FileChoice, write_choices
from maestro_tui.core.machine import Machine
from maestro_tui.core.state import RunState
from maestro_tui.engine.archive import unpack
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.repository import common_dir
from maestro_tui.engine.journal import Journal
from maestro_tui.engine.lock import engine_pid


class UnknownRun(Exception):
    """The journal has no such run; the message lists those it has."""


class RunClient:
    """One viewer's hold on a run: the folded journal, and requests to its engine."""

    def __init__(self, repo: Path, run: str, by: str = "user") -> None:
        self.repo, self.run, self.by = repo, run, by
        self._journal = Journal(db_path(repo))
        self._machine = Machine()
        self._seq = 0
        self._version = -1
        self._engine: subprocess.Popen[bytes] | None = None
        self.poll()
        if not self._seq:
            known = ", ".join(s.run for s in self._journal.sessions()[:8]) or "none yet"
            raise UnknownRun(f"{run}: no such run in {repo}; runs: {known}")

    @property
    def state(self) -> RunState:
        """The newest folded state."""
        return self._machine.state

    @property
    def machine(self) -> Machine:
        """The fold itself, for stories and checks."""
        return self._machine

    @property
    def seq(self) -> int:
        """Number of the newest folded event."""
        return self._seq

    def poll(self) -> bool:
        """Fold what is new; True when there was something."""
        version = self._journal.data_version()
        if version == self._version:
            return False
        self._version = version
        rows = self._journal.read(self.run, self._seq)
        for seq, event in rows:
            self._machine.apply(event)
            self._seq = seq
        return bool(rows)

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    def engine_alive(self) -> bool:
        """Whether an engine holds the run's lock, or is on its way to it."""
        if engine_pid(run_dir(self.repo, self.run)) != 0:
            return True
        return self._engine is not None and self._engine.poll() is None

    def start_engine(self, *extra: str) -> None:
        """Start an engine of its own session; a second one gives way to the first by the lock."""
        self._engine = start_engine(self.repo, self.run, *extra)

    def decide(self, question: str, answer: str, text: str = "") -> bool:
        """Answer a question; False when somebody else was first."""
        return self._journal.request(
            self.run, "decide", question, {"answer": answer, "text": text}, self.by
        )

    async def conflict(self, task: str) -> Conflict:
        """The conflict that task's merge waits with: files, hunks, sides, writers."""
        from maestro_tui.engine import resolving  # only here: it costs start-up time

        git = Git(common_dir(self.repo))
        return await resolving.look(self.state, git, self.state.tasks[task])

    def resolve(self, question: str, choices: Mapping[str, FileChoice]) -> bool:
        """Answer a conflict file by file and place by place; False when somebody was first."""
        return self.decide(question, "resolve", write_choices(choices))

    def stop(self, mode: str) -> None:
        """Ask the engine to stop: checkpoint | drain | abort."""
        self._ask("stop", {"mode": mode})

    def set_parallel(self, limit: int) -> None:
        """Turn the number of agents up or down."""
        self._ask("parallel", {"limit": limit})

    def rollback(self, to: str) -> None:
        """Go back to base, wave:N or task:ID; what is dropped is kept and done again."""
        self._ask("rollback", {"to": to})

    def retry(self, task: str, text: str = "") -> None:
        """Do a given-up task after all."""
        self._ask("retry", {"task": task, "text": text})

    def instruct(self, task: str, text: str, kind: str = "message") -> None:
        """Say something to a task's agent: a message, an interrupt, or the name of a model."""
        self._ask("instruct", {"task": task, "kind": kind, "text": text})

    def _ask(self, kind: str, data: dict[str, object]) -> None:
        self._journal.request(self.run, kind, uuid.uuid4().hex, dict(data), self.by)

    def attempt_dir(self, task: str, attempt: int) -> Path:
        """The folder of one attempt, its logs laid out for reading."""
        folder = attempt_dir(self.repo, self.run, self.state.tasks[task].task.key, attempt)
        if self.state.ended:
            unpack(folder)
        return folder

    def log_end(self, task: str, attempt: int) -> int | None:
        """All of it: a run that is followed is shown as it is now."""
        return None


def start_engine(repo: Path, run: str, *extra: str) -> subprocess.Popen[bytes]:
    """An engine in a session of its own, so that closing the terminal does not end it."""
    folder = run_dir(repo, run)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "engine.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "maestro_tui.engine", str(repo), run, *extra],
            cwd=repo,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
