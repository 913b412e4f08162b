"""Everything about one task, in six pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Static

from maestro_tui.core.state import Attempt, TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.follow import Changes
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.palette import palette
from maestro_tui.ui.screens.pages import PAGES, page_text, session_line
from maestro_tui.ui.screens.run_screen import RunScreen
from maestro_tui.ui.screens.so_far import diff_so_far
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.widgets.badge import Badge
from maestro_tui.ui.widgets.banner import Banner
from maestro_tui.ui.widgets.checks import Checks
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.pager import Pager

_AGAIN_S = 3  # between two looks at what a running agent has changed


class DetailScreen(RunScreen[str]):
    """Story, prompt, files, attempts, marker; the result is the task shown last."""

    SCOPE = "detail"
    NUMBERED = True
    BINDINGS = bindings("detail")
    DEFAULT_CSS = """
    DetailScreen #line { height: 1; background: $surface; padding: 0 1; }
    DetailScreen #pages { width: 1fr; height: 1; }
    DetailScreen Pager { height: 1fr; }
    """

    def __init__(self, source: RunSource, task: str, now: Callable[[], float]) -> None:
        super().__init__(source)
        self.task_id, self._now = task, now
        self._page = PAGES[0]
        self._diff = ""
        # Held rather than looked up: news may come while the screen is being taken down.
        self._banner, self._checks, self._pager = Banner(), Checks(), Pager()
        self._names = Static("", id="pages", markup=False)

    @property
    def current_task(self) -> str:
        """The task the user is on."""
        return self.task_id

    def compose(self) -> ComposeResult:
        """Head, page names, page."""
        yield self._banner
        yield self._checks
        with Horizontal(id="line"):
            yield self._names
            yield Badge()
        yield self._pager
        yield KeyBar()

    def on_mount(self) -> None:
        """Start with the story."""
        self._show(top=True)
        self._pager.focus()

    def on_resize(self) -> None:
        """The pages' names follow the width."""
        self._show()

    def recoloured(self) -> None:
        """In the new colours."""
        if self.is_mounted:
            self._show()

    def apply(self, changes: Changes) -> None:
        """The run moved."""
        if not self.is_mounted:
            return
        if self.task_id not in self._state.tasks:
            self.dismiss(self.task_id)
        elif self.task_id in changes.tasks:
            self._show()

    def banner(self, words: str) -> None:
        """Of a replay: where in the run one is."""
        self._banner.say(words)

    def tick(self) -> None:
        """Time passed."""
        if not self.is_mounted:
            return
        self._checks.show(self._state, self.task_id, self._now())
        task = self._state.tasks[self.task_id]
        if task.state is TaskState.RUNNING and int(self._now()) % _AGAIN_S == 0:
            self._look_at_diff()

    def _show(self, *, top: bool = False) -> None:
        self._checks.show(self._state, self.task_id, self._now())
        colours = palette(self.app)
        names = Text()
        for number, page in enumerate(PAGES, start=1):
            style = colours.style("primary", bold=True) if page == self._page else colours.muted
            mark = "▸" if page == self._page else " "
            gap = "  " if self.size.width >= 100 else ""
            names.append(f"{mark}{number} {page.title()}{gap}", style)
        self._names.update(names)
        task = self._state.tasks[self.task_id]
        folder = None
        if task.attempt is not None:
            folder = self._source.attempt_dir(task.id, task.attempt.number)
        text = page_text(self._page, self._state, task, folder, colours, self._diff)
        self._pager.show(text, top=top)

    def action_page(self, page: str) -> None:
        """That page."""
        if page in PAGES:
            self._page = page
            self._diff = ""
            self._show(top=True)
            self._look_at_diff()

    def _look_at_diff(self) -> None:
        task = self._state.tasks[self.task_id]
        if self._page == "diff" and task.attempt is not None:
            self.run_worker(self._fetch(task.id, task.attempt), group="diff", exclusive=True)

    async def _fetch(self, task: str, attempt: Attempt) -> None:
        """Git works beside the screen; its answer is shown if one still wants to see it."""
        found = await diff_so_far(Path(self._state.repo), attempt)
        if self.is_mounted and self.task_id == task and self._page == "diff":
            self._diff = found
            self._show()

    def action_copy(self) -> None:
        """The command that opens the agent's session, into the terminal's clipboard."""
        task = self._state.tasks[self.task_id]
        line = session_line(task, task.attempt) if task.attempt is not None else ""
        if not line:
            self.notify("This agent has no session one could open", markup=False)
            return
        self.app.copy_to_clipboard(line)
        self.notify(f"Copied: {one_line(line)}", markup=False)

    def action_next_page(self) -> None:
        """The page to the right."""
        self.action_page(PAGES[(PAGES.index(self._page) + 1) % len(PAGES)])

    def action_previous_page(self) -> None:
        """The page to the left."""
        self.action_page(PAGES[PAGES.index(self._page) - 1])

    def action_neighbour(self, step: int) -> None:
        """The same page of the next task of the plan."""
        ids = list(self._state.tasks)
        self.task_id = ids[(ids.index(self.task_id) + step) % len(ids)]
        self._diff = ""
        self._show(top=True)
        self._look_at_diff()

    def action_close(self) -> None:
        """Back to the board, on this task."""
        self.dismiss(self.task_id)
