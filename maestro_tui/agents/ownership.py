"""Whose file is it? Asked before an agent writes, with the same patterns the check uses after."""

from __future__ import annotations

import os

from maestro_tui.plans.globs import matches

OWN, FOREIGN, OUTSIDE = "own", "foreign", "outside"


class Ownership:
    """The paths one attempt may write. Exists so that hooks and callbacks judge alike."""

    def __init__(
        self, worktree: str, owned: list[str], forbidden: list[str], marker: str = ""
    ) -> None:
        self._root = os.path.realpath(worktree)
        self._owned, self._forbidden, self._marker = owned, forbidden, marker

    def verdict(self, path: str, folder: str = "") -> str:
        """own, foreign (in the worktree, not the task's) or outside; links are followed first."""
        real = os.path.realpath(os.path.join(folder or self._root, os.path.expanduser(path)))
        if not real.startswith(self._root + "/"):
            return FOREIGN if real == self._root else OUTSIDE
        inside = real[len(self._root) + 1 :]
        if inside == self._marker:
            return OWN
        if inside == ".git" or inside.startswith(".git/"):
            return FOREIGN
        if any(matches(inside, pattern) for pattern in self._forbidden):
            return FOREIGN
        mine = any(inside == pattern or matches(inside, pattern) for pattern in self._owned)
        return OWN if mine else FOREIGN

    def inside(self, path: str, folder: str = "") -> str:
        """The path as the plan writes it, or as it is where it leads out of the worktree."""
        real = os.path.realpath(os.path.join(folder or self._root, os.path.expanduser(path)))
        return real[len(self._root) + 1 :] if real.startswith(self._root + "/") else real

    def refusal(self, paths: list[str]) -> str:
        """What an agent is told that wanted to write there."""
        names = ", ".join(paths[:5])
        mine = ", ".join(self._owned[:8]) or "nothing"
        return (
            f"Refused by Maestro: {names} does not belong to this task (it owns {mine}, and its "
            f"completion document {self._marker}). Describe the change you need there under "
            '"Requested changes" in the completion document instead; do not try another way.'
        )
