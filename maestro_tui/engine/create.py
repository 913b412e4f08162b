"""Makes a run: one event in the journal; everything else follows from it."""

from __future__ import annotations

import re
import secrets
import shutil
import time
from pathlib import Path

from maestro_tui.config.paths import db_path, ensure_maestro_dir, run_dir
from maestro_tui.core.events import RunCreated
from maestro_tui.core.machine import fold
from maestro_tui.core.options import RunOptions
from maestro_tui.engine.git.command import run_sync
from maestro_tui.engine.git.repository import Base
from maestro_tui.engine.journal import Journal
from maestro_tui.engine.session_line import session_of
from maestro_tui.plans.model import Strategy, to_dict
from maestro_tui.plans.rehearsal import rehearsal_path

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,62}")


class RunIdError(Exception):
    """The name cannot be a run's; the message says why."""


def new_run_id(title: str) -> str:
    """A readable id: words of the title and four hex digits."""
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:32].strip("-") or "run"
    return f"{words}-{secrets.token_hex(2)}"


def create_run(
    base: Base,
    strategy: Strategy,
    options: RunOptions,
    *,
    run: str = "",
    script: Path | None = None,
) -> str:
    """Write the run's first event; its id."""
    name = run or new_run_id(strategy.plan.title)
    if not _RUN_ID.fullmatch(name):
        raise RunIdError(
            f"--run-id {name!r}: use letters, digits and -, beginning with a letter or digit"
        )
    left = run_sync(
        ["for-each-ref", f"refs/heads/maestro/{name}/", f"refs/maestro/{name}/"], base.root
    )
    if left.stdout.strip():
        raise RunIdError(
            f"--run-id {name}: branches or refs of an earlier run of that name are still there "
            f"(git for-each-ref refs/heads/maestro/{name} refs/maestro/{name}); choose another name"
        )
    ensure_maestro_dir(base.root)
    kept = _keep_script(run_dir(base.root, name) / "_plan", script) if script else None
    journal = Journal(db_path(base.root), create=True)
    try:
        if any(s.run == name for s in journal.sessions()):
            raise RunIdError(f"--run-id {name}: there is such a run already; choose another")
        event = RunCreated(
            at=time.time(),
            run=name,
            repo=str(base.root),
            strategy=to_dict(strategy),
            options=to_dict(options),
            base_sha=base.sha,
            base_branch=base.branch,
            dirty=base.dirty[:50],
            script=str(kept) if kept else "",
        )
        # In one: a run whose maker is killed in between would be in nobody's list.
        journal.append(name, [event], session=session_of(fold([event]).state))
    finally:
        journal.close()
    return name


def _keep_script(folder: Path, plan: Path) -> Path:
    """Copy plan and script into the run: a resume must not depend on files the user edits."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = rehearsal_path(plan)
    if beside.is_file():
        shutil.copy(beside, folder / beside.name)
    return Path(shutil.copy(plan, folder / plan.name))
