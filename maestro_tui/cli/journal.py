"""``maestro journal``: is it whole, which copies are there, and back to one of them."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.repository import repository
from maestro_tui.cli.selecting import pick
from maestro_tui.config.paths import db_path, maestro_dir
from maestro_tui.engine.backups import Backup, backups, damage, restore
from maestro_tui.engine.lock import engine_pid


def journal(arguments: argparse.Namespace) -> int:
    """Check the journal, list its copies, or restore one."""
    repo = repository(arguments.repo)
    found = backups(repo)
    match arguments.action:
        case "check":
            return _check(repo, found)
        case "backups":
            for backup in found:
                print(_line(backup))
            if not found:
                print("no copies yet; one is made after each wave")
            return DONE
    return _restore(repo, found, arguments.name, yes=arguments.yes)


def _check(repo: Path, found: list[Backup]) -> int:
    path = db_path(repo)
    if not path.exists():
        raise Exit(f"{path}: no journal; nothing has been run in this repository")
    wrong = damage(path)
    print(f"{path}: {wrong or 'ok'}; {len(found)} cop{'y' if len(found) == 1 else 'ies'}")
    if wrong and found:
        print(f"maestro journal restore {found[0].name} --yes puts the newest copy back")
    return FAILED if wrong else DONE


def _line(backup: Backup) -> str:
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(backup.made_at))
    return f"{when}  {backup.size / 1e6:6.1f} MB  {backup.name}"


def _restore(repo: Path, found: list[Backup], name: str, *, yes: bool) -> int:
    if not found:
        raise Exit("there is no copy to restore; one is made after each wave", FAILED)
    names = [b.name for b in found]
    chosen = found[0]
    if name:
        chosen = found[names.index(pick(name, names, "copy", "`maestro journal backups`"))]
    busy = [f.name for f in (maestro_dir(repo) / "runs").glob("*") if engine_pid(f)]
    if busy:
        raise Exit(f"an engine works on {', '.join(busy)}; `maestro stop` it first", FAILED)
    print(_line(chosen))
    if not yes:
        print("Nothing was changed; --yes puts it in the journal's place (that one is kept).")
        return DONE
    try:
        done = restore(repo, chosen)
    except (ValueError, OSError) as error:
        raise Exit(str(error), FAILED) from error
    print(f"Restored, with {done.salvaged} newer event(s) that could still be read.")
    if done.aside is not None:
        print(f"The journal that was there is kept as {done.aside}")
    print("maestro runs; maestro resume RUN goes on from there")
    return DONE
