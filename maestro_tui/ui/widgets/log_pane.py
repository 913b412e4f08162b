"""A log with its status line: where one is in it, and what was found."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual import on, work
from textual.app import ComposeResult, SuspendNotSupported
from textual.containers import Vertical
from textual.widgets import Input, Static

from maestro_tui.agents.log_origins import ERROR_MARK
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.widgets.log_text import file_size
from maestro_tui.ui.widgets.log_view import LogView

_KINDS = {
    "error": "errors",
    "stderr": "stderr",
    "tool": "tool calls",
    "result": "results",
    "text": "messages",
}


class LogPane(Vertical):
    """One log file: its lines, a status line, and the words to look for."""

    BINDINGS = bindings("search")
    DEFAULT_CSS = """
    LogPane { height: 1fr; }
    LogPane > LogView { height: 1fr; }
    LogPane > .status { height: 1; background: $surface; padding: 0 1; }
    LogPane:focus-within > .status { background: $panel; }
    LogPane > Input { height: 1; border: none; padding: 0 1; background: $panel; display: none; }
    LogPane > Input:focus { background-tint: $foreground 0%; }
    LogPane > Input > .input--placeholder { color: $state-waiting; }
    LogPane.-searching > Input { display: block; }
    LogPane.-searching > .status { display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.view = LogView()
        self._status = Static("", classes="status", markup=False)
        self._title = ""
        self._live = True
        self._words = ""
        self._going = False  # the input asks where to go, not what to find
        self.path: Path | None = None

    def compose(self) -> ComposeResult:
        """Lines, status, search words in its place."""
        yield self.view
        yield self._status
        yield Input(placeholder="words to find; Enter searches, Esc ends", compact=True)

    def on_mount(self) -> None:
        """Nothing is open yet."""
        self._tell()
        redraw_in_new_colours(self, self._tell)

    def open(
        self,
        path: Path,
        title: str,
        *,
        live: bool = True,
        until: Callable[[], int | None] | None = None,
    ) -> None:
        """Show a file from its end; the same file again only gets the title.

        ``until`` tells how many bytes of it there are at the moment shown, None for all.
        """
        self._title, self._live = one_line(title), live
        self.view.until = until
        if path != self.path:
            self.path = path
            self.view.open(path)
        self._tell()

    @property
    def status(self) -> str:
        """What the status line says after the title."""
        view, index = self.view, self.view.index
        if index is not None and view.kind and not index.line_count:
            return f"no {_KINDS[view.kind]} so far · e for other lines"
        if index is None or not index.line_count:
            return "no output yet" if self._live or index is None else "no output"
        rows = view.visible_rows()
        last = rows[-1][0] if rows else 0
        size = f"{index.line_count:,} lines · {file_size(index.size)}"
        if not index.complete:
            size = f"reading … · {file_size(index.size)}"
        if view.following:
            where = f"following · {size}" if self._live else size
        else:
            up = index.line_count - 1 - last
            where = f"scrolled {up:,} lines up — G to follow · {size}"
            if up <= 0:
                where = f"paused — G to follow · {size}"
        extras = ["wrapped"] if view.wrap else [f"from column {view.left + 1}"] if view.left else []
        extras += [f"{ERROR_MARK}stderr"] if view.origins and not view.kind else []
        extras += ["unfolded"] if view.unfold else []
        extras += ["Markdown"] if view.marked_up else []
        only = [f"only {_KINDS[view.kind]}"] if view.kind else []
        return " · ".join([*only, *self._found(), where, *extras])

    def _found(self) -> list[str]:
        hits = self.view.hits
        if hits is None:
            return []
        total = f"{len(hits):,}" + ("+" if hits.cut else "")
        busy = hits.running or (self.view.index is not None and not self.view.index.complete)
        if not len(hits):
            return [f"“{hits.words}” {'searching …' if busy else 'not found'}"]
        at = ""
        if self.view.found is not None and (number := hits.next(self.view.found - 1)) is not None:
            at = f"{number + 1:,} of "
        return [f"“{hits.words}” {at}{total}{' …' if busy else ''}"]

    @on(LogView.Changed)
    def _tell(self) -> None:
        # The line is as wide as the pane; its own width is none while words are typed in its place.
        width = max(10, self.size.width - 2)
        status = clip(self.status, width)
        title = clip(self._title, width - len(status) - 2)
        line = Text.assemble((title, palette(self.app).bold))
        line.append("  " if title else "")
        line.append(status, palette(self.app).muted)
        self._status.update(line, layout=False)

    def on_resize(self) -> None:
        """More or less of it fits."""
        self.call_after_refresh(self._tell)

    # -- searching -----------------------------------------------------------------------------
    @on(LogView.SearchWanted)
    def _ask(self) -> None:
        self._prompt("words to find; Enter searches, Esc ends", self._words)

    @on(LogView.GotoWanted)
    def _ask_where(self) -> None:
        self._prompt("where to: line 120, 50%, +20, -20, or the time 12:30", "", going=True)

    def _prompt(self, placeholder: str, value: str, *, going: bool = False) -> None:
        self._going = going
        self.add_class("-searching")
        words = self.query_one(Input)
        words.placeholder, words.value = placeholder, value
        words.focus()

    @on(Input.Submitted)
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        self._close()
        if self._going:
            if event.value.strip() and not self.view.go_to(event.value):
                self.notify("Write a line's number, a share (50%), +20 or -20", markup=False)
            return
        self._words = event.value[:200]
        self.view.find(self._words)

    def _close(self) -> None:
        self.remove_class("-searching")
        self.view.focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Esc is for the screen when there is no search to end."""
        if action == "end":
            return self.has_class("-searching") or self.view.hits is not None
        return True

    def action_end(self) -> None:
        """Leave the search: first its words, then its hits."""
        if self.has_class("-searching"):
            self._close()
        else:
            self.view.find("")

    # -- the pager -----------------------------------------------------------------------------
    @on(LogView.PagerWanted)
    def _pager(self) -> None:
        self.open_pager()

    @work(group="pager", exclusive=True, exit_on_error=False)
    async def open_pager(self) -> None:
        """The file in the user's pager, while everything goes on behind it."""
        if self.path is None or not self.path.is_file():
            self.notify("There is no output yet", markup=False)
            return
        command = pager_command()
        try:
            with self.app.suspend():
                # Waited for without blocking: agents' news keep being read meanwhile.
                process = await asyncio.create_subprocess_exec(*command, str(self.path))
                await process.wait()
        except SuspendNotSupported:
            self.notify("This terminal cannot be lent to a pager", severity="warning", markup=False)
            return
        except OSError as error:
            reason = f"{command[0]}: {error.strerror}; set $PAGER"
            self.notify(one_line(reason), severity="error", markup=False)
        self.app.refresh(layout=True)


def pager_command() -> list[str]:
    """What the user reads long files with: $PAGER, else less."""
    try:
        words = shlex.split(os.environ.get("PAGER", ""))
    except ValueError:
        words = []
    return words or ["less"]
