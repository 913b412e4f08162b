"""Opens files in the user's editor while the run goes on behind it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from maestro_tui.config.editor import editor_command
from maestro_tui.ui.formatting import one_line


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
    if await _edit(app, files, place) == 0:
        app.notify("Edited; “I resolved it” takes the files as they are", markup=False)


async def edit_text(app: App[Any], text: str, name: str) -> str | None:
    """A text in the user's editor, under a name that tells its kind; None when nothing came of it.

    The bytes are kept as they are: what is no UTF-8, and line ends.
    """
    with tempfile.TemporaryDirectory(prefix="maestro-edit-") as folder:
        suffix = Path(name).suffix
        path = Path(folder) / f"conflict{suffix if suffix[1:].isalnum() else '.txt'}"
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
        if await _edit(app, [str(path)], Path(folder)) != 0:
            return None
        try:
            return path.read_bytes().decode("utf-8", "surrogateescape")
        except OSError as error:
            app.notify(f"{path.name}: {error.strerror}", severity="error", markup=False)
            return None


async def _edit(app: App[Any], files: list[str], place: Path) -> int:
    """Suspend the screen for an editor; its exit code, told where it is not 0."""
    command = editor_command()
    try:
        with app.suspend():
            # Waited for without blocking: agents' news keep being read meanwhile.
            process = await asyncio.create_subprocess_exec(*command, "--", *files, cwd=place)
            code = await process.wait()
    except SuspendNotSupported:
        words = f"This terminal cannot be lent to an editor; edit in {one_line(str(place))}"
        app.notify(words, severity="warning", markup=False)
        return -1
    except OSError as error:
        app.notify(f"{command[0]}: {error.strerror}; set $EDITOR", severity="error", markup=False)
        return -1
    app.refresh(layout=True)
    if code:
        app.notify(f"{command[0]} ended with {code}", severity="warning", markup=False)
    return code
