"""What a driver is given: the spec, and ways to report, to be stopped, to be answered."""

from __future__ import annotations

import os
import time
from typing import Any

from maestro_tui.agents import files
from maestro_tui.agents.supervise import Outcome, Supervisor


class Context:
    """One attempt, seen from inside its runner."""

    def __init__(self, folder: str, spec: dict[str, Any]) -> None:
        self.folder, self.spec = folder, spec
        self.stop = False
        self._events = os.path.join(folder, files.EVENTS)
        self._control = files.LineReader(os.path.join(folder, files.CONTROL))

    def emit(self, event: dict[str, Any]) -> None:
        """Report an event to whoever follows the attempt."""
        files.append_line(self._events, {"t": time.time(), **event})

    def tick(self) -> None:
        """Look whether somebody asked for something."""
        for item in self._control.read():
            if item.get("cmd") == "stop":
                self.stop = True

    def environment(self) -> dict[str, str]:
        """What the agent finds in its environment: the public contract of the command driver."""
        spec = self.spec
        env = dict(os.environ)
        env.update({str(k): str(v) for k, v in spec.get("env", {}).items()})
        env.update(
            MAESTRO_RUN_ID=spec["run"],
            MAESTRO_TASK_ID=spec["task"],
            MAESTRO_TASK_TITLE=spec["title"],
            MAESTRO_ATTEMPT=str(spec["attempt"]),
            MAESTRO_MARKER=spec["marker"],
            MAESTRO_OWNED="\n".join(spec["owned"]),
            MAESTRO_DEPENDENCIES=spec["dependencies"],
            MAESTRO_ATTEMPT_DIR=self.folder,
        )
        return env

    def supervise(self, argv: list[str], *, answers_permissions: bool = False) -> Outcome:
        """Run a program as this attempt's agent."""
        spec = self.spec
        with open(spec["prompt"], "rb") as file:
            prompt = file.read()
        return Supervisor(
            argv,
            cwd=spec["worktree"],
            env=self.environment(),
            prompt=prompt,
            log=os.path.join(self.folder, files.LOG),
            timeout_s=float(spec["timeout_s"]),
            grace_s=float(spec["grace_s"]),
            emit=self.emit,
            stopping=lambda: self.stop,
            tick=self.tick,
            answers_permissions=answers_permissions,
        ).run()
