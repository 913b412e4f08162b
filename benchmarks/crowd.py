"""A run with many agents at work and no engine: for measuring the screen alone.

The journal is real and so are the logs' places; what happens is said by who measures.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from maestro_tui.config.paths import attempt_dir, db_path, ensure_maestro_dir, run_dir
from maestro_tui.core import events as e
from maestro_tui.core.machine import fold
from maestro_tui.core.options import RunOptions
from maestro_tui.engine.git.command import run_sync
from maestro_tui.engine.journal import Journal
from maestro_tui.engine.lock import RunLock
from maestro_tui.engine.session_line import session_of
from maestro_tui.plans.model import Assignment, Phase, Plan, Strategy, Task, to_dict

RUN = "crowd"


class Crowd:
    """So many tasks, so many of them being worked on; held as an engine would hold it."""

    def __init__(self, folder: Path, tasks: int, working: int, *, wave: int = 0) -> None:
        self.repo = folder / "repo"
        self.repo.mkdir()
        for words in (
            ["init", "-q", "-b", "main"],
            [
                "-c",
                "user.name=b",
                "-c",
                "user.email=b@b",
                "commit",
                "-q",
                "--allow-empty",
                "-m",
                "x",
            ],
        ):
            run_sync(words, self.repo)
        ensure_maestro_dir(self.repo)
        self._journal = Journal(db_path(self.repo), create=True)
        self._wave = wave or tasks  # tasks in each
        self._working = [f"t{n}" for n in range(working)]
        self._offset = 0
        begin = [self._created(tasks), e.EngineStarted(at=time.time(), pid=1, attended=True)]
        for task in self._working:
            begin += self._started(task)
        self._journal.append(RUN, begin)
        self._journal.note(session_of(fold(begin).state))
        self._lock = RunLock(run_dir(self.repo, RUN))
        self.logs = [attempt_dir(self.repo, RUN, task, 1) / "output.log" for task in self._working]
        for log in self.logs:
            log.parent.mkdir(parents=True, exist_ok=True)
            log.touch()

    def __enter__(self) -> Crowd:
        self._lock.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.__exit__(None, None, None)
        self._journal.close()

    def _created(self, count: int) -> e.Event:
        ids = [f"t{n}" for n in range(count)]
        plan = Plan(
            title="A crowd",
            source="crowd.md",
            phases=(Phase("p1", "Everything"),),
            tasks=tuple(Task(id=i, title=f"Task {i}", key=i, phase="p1", text="Do.") for i in ids),
        )
        waves = [tuple(ids[n : n + self._wave]) for n in range(0, count, self._wave)]
        wave_of = {i: number for number, wave in enumerate(waves, start=1) for i in wave}
        strategy = Strategy(
            plan=plan,
            assignments=tuple(
                Assignment(task=i, agent="general-purpose", marker="DONE.md", wave=wave_of[i])
                for i in ids
            ),
            waves=tuple(waves),
            max_parallel=max(1, len(self._working)),
        )
        return e.RunCreated(
            at=time.time(),
            run=RUN,
            repo=str(self.repo),
            strategy=to_dict(strategy),
            options=to_dict(RunOptions(driver="rehearsal", approved=True)),
            base_sha="b" * 40,
            base_branch="main",
        )

    def _started(self, task: str) -> list[e.Event]:
        at = time.time()
        return [
            e.WorktreeReady(
                at=at, task=task, attempt=1, path="/w", branch=f"maestro/{task}", base="b" * 40
            ),
            e.AgentStarted(at=at, task=task, attempt=1, pid=100, start_time=1.0),
        ]

    def report(self, words: str) -> None:
        """Every agent says what it does, as an engine notes it at most once a second."""
        self._offset += 1
        self._journal.append(
            RUN,
            [
                e.AgentReported(
                    at=time.time(),
                    task=task,
                    attempt=1,
                    offset=self._offset,
                    activity=words,
                    usage={"input": self._offset},
                    tools=self._offset,
                )
                for task in self._working
            ],
        )

    def start(self, task: str) -> None:
        """One more of them is worked on."""
        self._journal.append(RUN, self._started(task))

    def end(self) -> None:
        """Nothing moves any more."""
        self._journal.append(RUN, [e.RunEnded(at=time.time(), outcome="failed")])

    @property
    def screen(self) -> list[str]:
        """The command that shows it."""
        return [sys.executable, "-m", "maestro_tui", "attach", RUN, "--repo", str(self.repo)]
