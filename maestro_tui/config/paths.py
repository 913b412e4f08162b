"""Where things live: a repository's ``.maestro``, the user's configuration, the shipped data.

One place decides it, so that the engine, the runners and the screen can never disagree.
"""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def maestro_dir(repo: Path) -> Path:
    """The root of everything a repository's runs leave behind."""
    return repo / ".maestro"


def ensure_maestro_dir(repo: Path) -> Path:
    """Create ``.maestro``, ignored by git through a file of its own: the user's is not edited."""
    root = maestro_dir(repo)
    root.mkdir(parents=True, exist_ok=True)
    ignore = root / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return root


def db_path(repo: Path) -> Path:
    """The journal of all runs of a repository."""
    return maestro_dir(repo) / "maestro.db"


def run_dir(repo: Path, run: str) -> Path:
    """The folder of one run."""
    return maestro_dir(repo) / "runs" / _part(run)


def gates_dir(repo: Path, run: str) -> Path:
    """The logs of a run's gates: ``<gate key>-<number>[-again|-base|-search-N].log``."""
    return run_dir(repo, run) / "_gates"


def baselines_dir(repo: Path) -> Path:
    """How gates end on base commits, one small file for each commit and command."""
    return maestro_dir(repo) / "baselines"


def attempt_dir(repo: Path, run: str, key: str, attempt: int) -> Path:
    """The folder of one attempt at one task (``key`` is the task's file-safe name)."""
    return run_dir(repo, run) / _part(key) / str(int(attempt))


def worktrees_root(repo: Path, override: str = "") -> Path:
    """Where the agents' worktrees stand; ``override`` may be relative to the repository."""
    if override:
        return repo / Path(override).expanduser()
    return maestro_dir(repo) / "worktrees"


def user_config_dir() -> Path:
    """The user's configuration folder; it may not exist."""
    own = os.environ.get("MAESTRO_CONFIG_DIR")
    if own:
        return Path(own).expanduser()
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # A relative XDG path is invalid by its specification and is to be ignored.
    root = Path(base) if base and os.path.isabs(base) else Path.home() / ".config"
    return root / "maestro"


def data_dir(name: str) -> Path:
    """Shipped data ("themes", "sample_plans"): inside the installed package, or the checkout."""
    for base in (_PACKAGE / "data", _PACKAGE.parent):
        if (base / name).is_dir():
            return base / name
    raise FileNotFoundError(
        f'shipped data "{name}" is neither in {_PACKAGE / "data"} nor in {_PACKAGE.parent}; '
        "install maestro-tui again"
    )


def _part(name: str) -> str:
    """A single path component: ids come from plans, and must not lead out of the folder."""
    if not name or name in (".", "..") or "/" in name or "\\" in name or "\0" in name:
        raise ValueError(f"{name!r} cannot be a folder name; use letters, digits, - and _")
    return name
