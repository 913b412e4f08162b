"""May the agent do this? Judged before it happens, alike for every driver that is asked first.

Its own files are its own; those of others are refused with the reason; all that leads out of the
worktree, and every command that no rule covers, is put before a person.
"""

from __future__ import annotations

import asyncio
import os
import shlex
from typing import TYPE_CHECKING

from maestro_tui.agents.ownership import FOREIGN, OUTSIDE, OWN, Ownership
from maestro_tui.agents.shell_writes import written

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.context import Context
    from maestro_tui.agents.desk import Desk
    from maestro_tui.agents.secrets import Redactor

NO = "The operator said no."


class Gate:
    """One attempt's gate. Its answers are refusals in words, empty where the way is free."""

    def __init__(self, context: Context, desk: Desk, redactor: Redactor) -> None:
        spec = context.spec
        self._context, self._desk, self._redact = context, desk, redactor
        self._root = os.path.realpath(spec.worktree)
        self._owns = Ownership(spec.worktree, spec.owned, spec.forbidden, spec.marker)
        self._approved = frozenset(
            " ".join(command.split())
            for command in (*spec.verify, *(spec.options.get("approved") or ()))
            if isinstance(command, str)
        )

    def strays(self, paths: list[str]) -> list[str]:
        """Those of the paths that belong to others, as the plan writes them."""
        return [self._owns.inside(p) for p in paths if self._owns.verdict(p) == FOREIGN]

    async def write(self, paths: list[str], tool: str = "Edit") -> str:
        """May these files be written?"""
        stray = self.strays(paths)
        if stray:
            return self._refuse(stray)
        for path in paths:
            if self._owns.verdict(path) == OUTSIDE:
                refused = await self.ask(tool, path, {"file_path": path})
                if refused:
                    return refused
        return ""

    async def read(self, path: str, tool: str = "Read") -> str:
        """May this file be read? Everything in the worktree may."""
        real = os.path.realpath(os.path.join(self._root, os.path.expanduser(path)))
        if real == self._root or real.startswith(self._root + "/"):
            return ""
        return await self.ask(tool, path, {"file_path": path})

    async def command(self, command: str, folder: str = "") -> str:
        """May this command run, in this folder?"""
        folder = os.path.join(self._root, folder)
        stray = [p for p in written(command, folder) if self._owns.verdict(p) == FOREIGN]
        stray = await minded(self._root, [self._owns.inside(path) for path in stray])
        if stray:
            return self._refuse(stray)
        if " ".join(command.split()) in self._approved:
            return ""
        return await self.ask("Bash", command, {"command": command})

    async def ask(self, tool: str, detail: str, given: dict[str, Any]) -> str:
        """What a person (or a rule, or a policy) says to anything else."""
        rule = self._redact.text(rule_for(tool, given))
        answer = await self._desk.ask(tool, self._redact.text(detail), rule=rule)
        return "" if answer.allow else (answer.text or NO)

    def redacted(self, words: str) -> str:
        """The words as people may see them."""
        return self._redact.text(words)

    def owns(self, path: str) -> bool:
        """Whether the task may write it without a question."""
        return self._owns.verdict(path) == OWN

    def _refuse(self, paths: list[str]) -> str:
        self._context.emit("text", text=f"Refused to write {', '.join(paths[:5])}: not its own")
        return self._owns.refusal(paths)


async def minded(worktree: str, paths: list[str]) -> list[str]:
    """Those git minds: what it ignores (builds, caches) is nobody's work and never merged."""
    if not paths:
        return []
    process = await asyncio.create_subprocess_exec(
        "git", "check-ignore", "-z", "--stdin",
        cwd=worktree,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    both = [form for path in paths for form in (path, path + "/")]  # it may be a folder yet
    out, _ = await process.communicate("\0".join(both).encode("utf-8", "surrogateescape"))
    ignored = {p.rstrip("/") for p in out.decode("utf-8", "surrogateescape").split("\0")}
    return [path for path in paths if path not in ignored]


def rule_for(tool: str, given: dict[str, Any]) -> str:
    """What "always" would allow: a simple command with any arguments, else exactly this."""
    if tool == "Bash":
        command = " ".join(str(given.get("command") or "").split())
        try:
            words = shlex.split(command)
        except ValueError:
            words = []
        if not words or any(c in command for c in ";|&<>$`(){}\n") or "=" in words[0]:
            return f"Bash({command})"
        takes_verb = len(words) > 1 and words[1].replace("-", "").isalnum() and words[1][0] != "-"
        return f"Bash({' '.join(words[: 2 if takes_verb else 1])}:*)"
    if tool == "WebFetch":
        host = str(given.get("url") or "").partition("://")[2].partition("/")[0]
        return f"WebFetch(domain:{host})" if host else "WebFetch"
    path = given.get("file_path") or given.get("notebook_path") or given.get("path")
    return f"{tool}({path})" if isinstance(path, str) and path else tool
