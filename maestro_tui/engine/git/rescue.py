"""What is kept of runs under ``refs/maestro``, and how it becomes a branch again."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro_tui.engine.git.command import run_sync

_FORMAT = "%(refname)%00%(objectname)%00%(committerdate:short)%00%(contents:subject)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A commit a run left behind."""

    run: str
    name: str  # attempt/<key>/a1, rolled-back/1, wave/2, integration, base
    ref: str
    sha: str
    when: str
    subject: str
    merged: bool  # HEAD has it already

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return dataclasses.asdict(self)


def things_kept(repo: Path, run: str = "") -> list[Kept]:
    """Everything kept, of one run or of all, oldest run first; the bases are no work of theirs."""
    prefix = f"refs/maestro/{run}/" if run else "refs/maestro/"
    listing = run_sync(["for-each-ref", "--sort=refname", f"--format={_FORMAT}", prefix], repo)
    merged = set(
        run_sync(
            ["for-each-ref", "--merged=HEAD", "--format=%(refname)", prefix], repo
        ).stdout.split()
    )
    found = []
    for line in listing.stdout.splitlines():
        ref, sha, when, subject = line.split("\0")
        owner, _, name = ref.removeprefix("refs/maestro/").partition("/")
        if name and name != "base":
            found.append(Kept(owner, name, ref, sha, when, subject, ref in merged))
    return found


def restore(repo: Path, kept: Kept, branch: str) -> str:
    """Make a branch of it; why it could not, or "". No branch that exists is ever moved."""
    done = run_sync(["branch", "--no-track", branch, kept.sha], repo)
    return done.stderr.strip() if done.returncode else ""
