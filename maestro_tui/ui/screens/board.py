"""The run at a glance: plan, waves, the selected task's checks and log."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.geometry import Region
from textual.message import Message
from textual.widget import Widget

from maestro_tui.core.state import ACTIVE, MOVING, TaskRun, TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.asking import Asking
from maestro_tui.ui.follow import Changes
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.glyphs import ASKING, TASK, task_look
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.screens.run_screen import RunScreen
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.widgets.banner import Banner
from maestro_tui.ui.widgets.checks import Checks
from maestro_tui.ui.widgets.header import RunHeader
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.log_tabs import LogEntry, LogTabs
from maestro_tui.ui.widgets.plan_tree import PlanTree
from maestro_tui.ui.widgets.wave_board import WaveBoard

PANELS = ("tree", "waves", "logs")
NARROW = 100  # columns; below, plan and waves share one place
ROOMY = 160  # from here on names of tasks have more room


class BoardScreen(RunScreen[None]):
    """Panels over one run. Selecting a task anywhere selects it everywhere."""

    BINDINGS = bindings("board")
    CSS_PATH = "board.tcss"

    class RetryWanted(Message):
        """The user wants a given-up task done after all."""

        def __init__(self, task: str) -> None:
            super().__init__()
            self.task = task

    def __init__(self, source: RunSource, asking: Asking, now: Callable[[], float]) -> None:
        super().__init__(source)
        self._asking, self._now = asking, now
        self._chosen = False  # by the user; until then the selection follows the work
        self._panel = "waves"
        self.stopping = False
        # Held rather than looked up: news may come while the screen is being taken down.
        self._header, self._checks, self._logs = RunHeader(), Checks(), LogTabs(id="logs")
        self._plan, self._waves = PlanTree(now, id="tree"), WaveBoard(now, id="waves")
        self._banner = Banner()

    def compose(self) -> ComposeResult:
        """Header, panels, footer."""
        yield self._header
        yield self._banner
        with Horizontal(id="top"):
            yield self._plan
            yield self._waves
        yield self._checks
        yield self._logs
        yield KeyBar()

    def on_mount(self) -> None:
        """Everything once; from then on only what changes."""
        self._arrange()
        self._rebuild()
        self._waves.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Another shape for another size."""
        self._arrange()

    # -- news ------------------------------------------------------------------------------------
    def apply(self, changes: Changes) -> None:
        """Show what changed."""
        if not self.is_mounted:
            return
        if changes.structure:
            self._rebuild()
        else:
            touched = self._touched(changes.tasks)
            self._plan.changed(touched)
            self._waves.changed(touched, changes.gates)
            if changes.tasks:
                self._sync_logs()
        if changes.tasks:
            self._follow_work()
        self._tell()

    def _touched(self, tasks: frozenset[str]) -> set[str]:
        """With those that wait for them: why a task waits names what it waits for."""
        known = self._state.tasks
        return set(tasks).union(*(known[t].dependents for t in tasks if t in known))

    def questions_changed(self) -> None:
        """Somebody waits for the user, or no longer does."""
        if not self.is_mounted:
            return
        asking = self._asking.tasks(self._state)
        tree, waves = self._plan, self._waves
        touched = asking ^ tree.asking
        tree.asking = waves.asking = asking
        tree.changed(touched)
        waves.changed(touched)
        self._sync_logs()
        self._tell()

    def _tell(self) -> None:
        """The run and the selected task, at this moment."""
        now = self._now()
        self._header.show(
            self._state,
            len(self._asking.open_ones(self._state)),
            now,
            stopping=self.stopping,
        )
        self._checks.show(self._state, self.selected, now)

    def tick(self) -> None:
        """Clocks, once a second."""
        for panel in (self._plan, self._waves):
            if _in_view(panel):
                panel.tick()
        self._tell()

    def spin(self) -> None:
        """Spinners, only while something moves: a few cells, painted at one go."""
        now = self._now()
        places: list[tuple[Widget, Region]] = [(self._header, r) for r in self._header.spin(now)]
        places += [(self._checks, r) for r in self._checks.spin(now)]
        for panel in (self._plan, self._waves):
            if _in_view(panel):
                places += [(panel, region) for region in panel.spin()]
        if places and not self.paint(*places):
            for widget, region in places:
                widget.refresh(region)

    def banner(self, words: str) -> None:
        """A line that stays until its cause is gone; empty takes it away."""
        self._banner.say(words)

    def _rebuild(self) -> None:
        state = self._state
        self._plan.build(state)
        self._waves.build(state)
        self._sync_logs()
        if self.selected not in state.tasks:
            self.selected = ""
            self._select(self._interesting() or next(iter(state.tasks), ""))
        self.questions_changed()
        self._tell()

    # -- the selected task -----------------------------------------------------------------------
    def _select(self, task: str) -> None:
        if not task or task == self.selected:
            return
        self.selected = task
        self._plan.select(task)
        self._waves.select(task)
        self._logs.show(task)
        self._tell()

    def select(self, task: str) -> None:
        """The user's choice."""
        self._chosen = True
        self._select(task)

    def _interesting(self) -> str:
        tasks = self._state.tasks.values()
        for wanted in (frozenset({TaskState.RUNNING}), ACTIVE, MOVING):
            found = next((t.id for t in tasks if t.state in wanted), "")
            if found:
                return found
        return ""

    def _follow_work(self) -> None:
        """Until the user chooses, what is selected is something that moves."""
        if self._chosen or self._state.tasks[self.selected].state in ACTIVE:
            return
        self._select(self._interesting())

    def _sync_logs(self) -> None:
        asking = self._asking.tasks(self._state)
        self._logs.sync([self._entry(t, asking) for t in self._log_tasks()])

    def _log_tasks(self) -> list[TaskRun]:
        return [t for t in self._state.tasks.values() if t.attempts]

    def _entry(self, task: TaskRun, asking: frozenset[str]) -> LogEntry:
        look = ASKING if task.id in asking else task_look(task, self._now())
        path: Path | None = None
        until = None
        if task.attempt is not None:
            path = self._source.attempt_dir(task.id, task.attempt.number) / "output.log"
            until = partial(self._source.log_end, task.id, task.attempt.number)
        title = one_line(f"{task.id} {task.task.title}")
        live = task.state is TaskState.RUNNING
        return LogEntry(task.id, title, look.glyph, path, live, until)

    @on(PlanTree.Selected)
    @on(WaveBoard.Selected)
    @on(LogTabs.Selected)
    def _selected(self, event: PlanTree.Selected | WaveBoard.Selected | LogTabs.Selected) -> None:
        event.stop()
        if event.task != self.selected:
            self.select(event.task)

    @on(PlanTree.Opened)
    @on(WaveBoard.Opened)
    def _opened(self, event: PlanTree.Opened | WaveBoard.Opened) -> None:
        event.stop()
        self.select(event.task)
        self.action_details()

    # -- panels ----------------------------------------------------------------------------------
    def _arrange(self) -> None:
        self.set_class(self.size.width < NARROW, "-narrow")
        self.set_class(self.size.width >= ROOMY, "-roomy")
        self.set_class(self.size.height < 30, "-low")
        for panel in PANELS:
            self.set_class(self._panel == panel, f"-on-{panel}")

    def _panel_widget(self, panel: str) -> Widget:
        widgets: dict[str, Widget] = {"tree": self._plan, "waves": self._waves, "logs": self._logs}
        return widgets[panel]

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """The panel with the focus is the current one."""
        for panel in PANELS:
            if self._panel_widget(panel) in event.widget.ancestors_with_self:
                self._panel = panel
        self._arrange()

    def action_panel(self, panel: str) -> None:
        """Go there; once more, and it has the whole screen."""
        if panel not in PANELS:
            return
        if self._panel == panel and self.focused is not None:
            self.action_zoom()
            return
        if self.has_class("-zoom"):
            self.remove_class("-zoom")
        self.go_to(panel)

    def go_to(self, panel: str) -> None:
        """Make it the current panel."""
        self._panel = panel
        self._arrange()
        widget = self._panel_widget(panel)
        self.call_after_refresh(self._focus_in, widget)

    def _focus_in(self, widget: Widget) -> None:
        if widget.focusable:
            widget.focus()
            return
        inner = next((w for w in widget.walk_children(Widget) if _takes_keys(w)), None)
        if inner is not None:
            inner.focus()

    def action_next_panel(self) -> None:
        """Plan, waves, log."""
        self.go_to(PANELS[(PANELS.index(self._panel) + 1) % 3])

    def action_previous_panel(self) -> None:
        """Log, waves, plan."""
        self.go_to(PANELS[(PANELS.index(self._panel) - 1) % 3])

    def action_zoom(self) -> None:
        """The current panel alone, or all of them."""
        self.toggle_class("-zoom")

    def action_unzoom(self) -> None:
        """All of them."""
        self.remove_class("-zoom")

    # -- actions ---------------------------------------------------------------------------------
    def action_details(self) -> None:
        """The selected task's pages."""
        if self.selected:
            self.app.push_screen(
                DetailScreen(self._source, self.selected, self._now), self._back_from_details
            )

    def _back_from_details(self, task: str | None) -> None:
        if task:
            self.select(task)

    def action_find(self) -> None:
        """A task by a few letters of its name."""
        self.app.run_worker(self.app.run_action("app.jump"), exit_on_error=False)

    def action_views(self) -> None:
        """The figures."""
        self.app.run_worker(self.app.run_action("app.view('progress')"), exit_on_error=False)

    def action_next_active(self) -> None:
        """Round the tasks that move."""
        ids = [t.id for t in self._state.tasks.values() if t.state in MOVING]
        if not ids:
            self.notify("Nothing moves right now", markup=False)
            return
        at = ids.index(self.selected) + 1 if self.selected in ids else 0
        self.select(ids[at % len(ids)])

    def action_retry(self) -> None:
        """The selected task once more, if it was given up."""
        task = self._state.tasks.get(self.selected)
        if task is None:
            return
        if task.state is TaskState.SKIPPED:
            self.post_message(self.RetryWanted(task.id))
        elif task.state in (TaskState.FAILED, TaskState.CONFLICTED):
            self.app.run_worker(self.app.run_action("app.answer"), exit_on_error=False)
        else:
            words = TASK[task.state].word
            self.notify(
                f"{one_line(task.id)} is {words}; only a skipped task can be retried", markup=False
            )


def _takes_keys(widget: Widget) -> bool:
    """Whether it can have the focus and be seen: a hidden pane takes it too, and every key."""
    return widget.focusable and _in_view(widget)


def _in_view(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self)
