"""May the agent stop? Not without its completion document, nor with a red check: told twice."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
from typing import TYPE_CHECKING

from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from maestro_tui.agents.spec import Spec

MOST = 2
CHECK_S = 300.0
_TAIL = 3000
_SHELL = frozenset("|&;<>()$`\\*?[]#~=%{}!\n")


class Finish:
    """What is still missing of one attempt's work, asked each time its agent wants to stop."""

    def __init__(self, spec: Spec, environment: dict[str, str]) -> None:
        self._spec, self._environment = spec, environment
        self._told = 0

    @property
    def longest_s(self) -> float:
        """How long looking may take."""
        return CHECK_S * max(1, len(self._spec.verify))

    async def missing(self) -> str:
        """What the agent is to be told, empty when it may stop; nothing more after two times."""
        if self._told >= MOST:
            return ""
        words = self._marker() or await self._checks()
        self._told += bool(words)
        return words

    def _marker(self) -> str:
        name = self._spec.marker
        path = os.path.join(self._spec.worktree, name)
        try:
            written = not name or os.path.getsize(path) > 0
        except OSError:
            written = False
        if written:
            return ""
        return (
            f"You are not done: the completion document {name} does not exist in your working "
            "directory, or is empty. Finish the work, run the checks, then write it as described "
            "in your task. If the task cannot be completed, say why and stop without it."
        )

    async def _checks(self) -> str:
        for command in self._spec.verify:
            code, said = await self._run(command)
            if code:
                return (
                    f"You are not done: the check `{command}` fails with exit code {code}. Its "
                    f"output ends:\n\n{said}\n\nRepair it and run it again before you stop."
                )
        return ""

    async def _run(self, command: str) -> tuple[int, str]:
        argv = ["sh", "-c", command] if _SHELL & set(command) else shlex.split(command)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=self._spec.worktree,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            return 127, f"{argv[0]}: {error.strerror}"
        try:
            out, _ = await asyncio.wait_for(process.communicate(), CHECK_S)
        except TimeoutError:
            return 124, f"it took longer than {CHECK_S:.0f} s"
        finally:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
        return process.returncode or 0, clip(out[-_TAIL:].decode("utf-8", "replace"), _TAIL)
