"""The user's repository, as it is found before a run: looked at, never touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maestro_tui.engine.git.command import run_sync

MIN_GIT = (2, 38)  # the first with `merge-tree --write-tree`


# Changed, unmerged and untracked entries of `git status --porcelain=v2`: spaces before the path.
_PATH_FIELD = {"1 ": 8, "u ": 10, "? ": 1}


class RepositoryError(Exception):
    """The folder cannot be run on; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Base:
    """Where a run starts from."""

    root: Path
    sha: str
    branch: str  # empty when HEAD is detached
    dirty: tuple[str, ...]


def find_root(folder: Path) -> Path:
    """The top of the checkout that ``folder`` is in."""
    if not folder.exists():
        raise RepositoryError(f"{folder}: no such folder; name the repository with --repo DIR")
    try:
        result = run_sync(["rev-parse", "--show-toplevel"], folder)
    except (FileNotFoundError, NotADirectoryError) as error:
        if folder.is_dir():
            raise RepositoryError("git is not installed; install git 2.38 or newer") from error
        raise RepositoryError(
            f"{folder}: not a folder; name the repository with --repo DIR"
        ) from error
    if result.returncode or not result.stdout.strip():
        if "work tree" in result.stderr:
            raise RepositoryError(
                f"{folder}: a bare repository has no files to work on; clone it and run there"
            )
        if "dubious ownership" in result.stderr:
            raise RepositoryError(f"{folder}: {result.stderr.strip()}")
        raise RepositoryError(
            f"{folder}: not a git repository; run `git init`, commit your files, or name another "
            "with --repo DIR"
        )
    return Path(result.stdout.rstrip("\n"))


def read_base(folder: Path) -> Base:
    """Commit, branch and uncommitted paths; RepositoryError where no run can start."""
    root = find_root(folder)
    # One call for all three: each start of git is felt before the first frame.
    listing = run_sync(["status", "--porcelain=v2", "--branch", "-z", "--no-renames"], root)
    if listing.returncode:
        raise RepositoryError(f"{root}: git status failed: {listing.stderr.strip()}")
    sha = branch = ""
    dirty = []
    for item in listing.stdout.split("\0"):
        if item.startswith("# branch.oid "):
            sha = item[13:]
        elif item.startswith("# branch.head "):
            branch = item[14:]
        elif item[:2] in _PATH_FIELD:
            dirty.append(item.split(" ", _PATH_FIELD[item[:2]])[-1])
    if sha in ("", "(initial)"):
        raise RepositoryError(
            f"{root}: the repository has no commits; commit something first (`git add -A && "
            "git commit -m start`), because agents branch from a commit"
        )
    return Base(root, sha, "" if branch == "(detached)" else branch, tuple(dirty))


def common_dir(root: Path) -> Path:
    """The git directory shared by all worktrees of the repository."""
    result = run_sync(["rev-parse", "--git-common-dir"], root)
    if result.returncode:
        raise RepositoryError(f"{root}: {result.stderr.strip()}")
    path = Path(result.stdout.rstrip("\n"))
    return path if path.is_absolute() else (root / path).resolve()


def git_version() -> tuple[int, ...]:
    """The installed git's version; empty when there is none."""
    try:
        text = run_sync(["--version"], Path.cwd()).stdout
    except FileNotFoundError:
        return ()
    for word in text.split():
        parts = word.split(".")
        if len(parts) >= 2 and parts[0].isdigit() and parts[1].isdigit():
            return tuple(int(p) for p in parts if p.isdigit())
    return ()
