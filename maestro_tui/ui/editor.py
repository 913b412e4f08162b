"""Opens files in the user's editor while the run goes on behind it."""

from __future__ import annotations

import asyncio
import os
import shlex
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from maestro_tui.ui.formatting import one_line


def editor_command() -> list[str]:
    """What the user edits with: $VISUAL, $EDITOR, else vi."""
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(os.environ.get(name, ""))
        except ValueError:
            words = []
        if words:
            return words
    return ["vi"]


def inside(folder: Path, paths: tuple[str, ...]) -> list[str]:
    """Those of the paths that are files in that folder; a link out of it is not."""
    found = []
    root = folder.resolve()
    for path in paths:
        whole = (root / path).resolve()
        if whole.is_file() and whole.is_relative_to(root):
            found.append(str(whole))
    return found


async def edit_conflicts(app: App[Any], folder: str, paths: tuple[str, ...]) -> None:
    """Suspend the screen for an editor on these files of a worktree."""
    place = Path(folder)
    files = inside(place, paths) if folder and place.is_dir() else []
    if not files:
        app.notify(
            f"No conflicted file is left in {one_line(folder) or 'its worktree'}",
            severity="warning",
            markup=False,
        )
        return
    command = editor_command()
    try:
        with app.suspend():
            # Waited for without blocking: agents' news keep being read meanwhile.
            process = await asyncio.create_subprocess_exec(*command, "--", *files, cwd=place)
            code = await process.wait()
    except SuspendNotSupported:
        app.notify(
            f"This terminal cannot be lent to an editor; edit in {one_line(folder)}",
            severity="warning",
            markup=False,
        )
        return
    except OSError as error:
        app.notify(f"{command[0]}: {error.strerror}; set $EDITOR", severity="error", markup=False)
        return
    app.refresh(layout=True)
    if code:
        app.notify(f"{command[0]} ended with {code}", severity="warning", markup=False)
    else:
        app.notify("Edited; “I resolved it” takes the files as they are", markup=False)
