"""The plan as a tree: phases, and under each its tasks with their state.

Built once; a change of state redraws one line. Labels are made when a line is drawn, for the width
there is, so nothing has to be rebuilt on a resize.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from maestro_tui.core.state import ACTIVE, SATISFIED, RunState, TaskRun, TaskState
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.glyphs import ASKING, TASK, spinner, task_look
from maestro_tui.ui.palette import palette
from maestro_tui.ui.widgets.cards import task_words
from maestro_tui.ui.widgets.spinning import rows_at, turned_strip

_WORD_FROM = 34  # narrower than this, the glyph alone stands for the state
_WHY_FROM = 70  # wider than this, the reason is there too
_SPINNING = ACTIVE | {TaskState.MERGING}


@dataclass(frozen=True, slots=True)
class Row:
    """What a line stands for: a task, or a phase with its tasks."""

    task: str = ""
    title: str = ""
    tasks: tuple[str, ...] = ()


class PlanTree(Tree[Row]):
    """Phases and tasks; moving the cursor selects a task."""

    BINDINGS = bindings("tree")
    DEFAULT_CSS = """
    PlanTree { background: $surface; padding: 0; scrollbar-size-vertical: 1; }
    PlanTree > .tree--cursor { background: $panel; color: $foreground; text-style: none; }
    PlanTree:focus { background-tint: $foreground 0%; }
    PlanTree:focus > .tree--cursor { background: $cursor; color: $foreground; }
    PlanTree:ansi > .tree--cursor { background: ansi_default; text-style: underline; }
    PlanTree:focus:ansi > .tree--cursor { background: ansi_default; text-style: reverse; }
    """

    @dataclass
    class Selected(Message):
        """The cursor is on another task."""

        task: str

    @dataclass
    class Opened(Message):
        """The user wants to see more of a task."""

        task: str

    def __init__(self, now: Callable[[], float], *, id: str | None = None) -> None:
        super().__init__("plan", id=id)
        self._now = now
        self._state: RunState | None = None
        self._leaves: dict[str, TreeNode[Row]] = {}
        self._phases: dict[str, TreeNode[Row]] = {}
        self.asking: frozenset[str] = frozenset()
        self.show_root = False
        self.show_guides = False
        self.guide_depth = 2

    def build(self, state: RunState) -> None:
        """Make the nodes of this run."""
        self._state = state
        self.clear()
        self._leaves.clear()
        self._phases.clear()
        strategy = state.strategy
        phases = strategy.plan.phases if strategy else ()
        grouped: dict[str, list[str]] = {p.id: [] for p in phases}
        loose: list[str] = []
        for task in state.tasks.values():
            grouped.get(task.task.phase, loose).append(task.id)
        for phase in phases:
            ids = tuple(grouped[phase.id])
            if ids:
                row = Row(title=one_line(phase.title) or phase.id, tasks=ids)
                node = self.root.add(Text(phase.id), row, expand=True)
                self._add(node, ids)
                for task_id in ids:
                    self._phases[task_id] = node
        self._add(self.root, loose)
        self.root.expand()

    def _add(self, parent: TreeNode[Row], ids: Iterable[str]) -> None:
        for task_id in ids:
            self._leaves[task_id] = parent.add_leaf(Text(task_id), Row(task=task_id))

    def changed(self, tasks: Iterable[str]) -> None:
        """Redraw the lines of these tasks and of their phases."""
        for task_id in tasks:
            if task_id in self._leaves:
                self._leaves[task_id].refresh()
            if task_id in self._phases:
                self._phases[task_id].refresh()

    def tick(self) -> None:
        """Time passed, which some lines tell."""
        if self._state is not None and self.size.width >= _WHY_FROM:
            for task_id, node in self._leaves.items():
                if self._state.tasks[task_id].state in _SPINNING:
                    node.refresh()

    def spin(self) -> list[Region]:
        """Turn the spinners; the lines to be painted."""
        if self._state is None:
            return []
        (width, height), top = self.size, self.scroll_offset.y
        moving = [t for t, run in self._state.tasks.items() if run.state in _SPINNING]
        lines = [self._leaves[t].line - top for t in moving if t in self._leaves]
        return rows_at((y for y in lines if 0 <= y < height), width)

    def render_line(self, y: int) -> Strip:
        """A line with its spinner as it stands now: Textual keeps lines that did not change."""
        strip = super().render_line(y)
        node = self.get_node_at_line(y + self.scroll_offset.y)
        if self._state is None or node is None or node.data is None or not node.data.task:
            return strip
        if self._state.tasks[node.data.task].state in _SPINNING:
            return turned_strip(strip, spinner(self._now()))
        return strip

    def select(self, task: str) -> None:
        """Put the cursor on a task, opening its phase."""
        node = self._leaves.get(task)
        if node is None or self.cursor_node is node:
            return
        phase = self._phases.get(task)
        if phase is not None and not phase.is_expanded:
            phase.expand()
        if node.line >= 0:
            self.move_cursor(node)
        else:  # the lines are not laid out yet
            self.call_after_refresh(self.move_cursor, node)

    # -- drawing ---------------------------------------------------------------------------------
    def render_label(self, node: TreeNode[Row], base_style: Style, style: Style) -> Text:
        """One line, cut to the width there is."""
        row, state = node.data, self._state
        if row is None or state is None:
            return Text("")
        room = max(10, self.size.width - (2 if row.task and node.parent is not self.root else 0))
        line = (
            self._task_line(state.tasks[row.task], room)
            if row.task
            else self._phase_line(state, node, row, room)
        )
        line.stylize_before(style)
        return line

    def get_label_width(self, node: TreeNode[Row]) -> int:
        """Lines fit by themselves; there is nothing to scroll sideways."""
        return 10

    def _phase_line(self, state: RunState, node: TreeNode[Row], row: Row, room: int) -> Text:
        colours = palette(self.app)
        runs = [state.tasks[i] for i in row.tasks]
        done = sum(1 for t in runs if t.state in SATISFIED)
        total = sum(1 for t in runs if t.state is not TaskState.EXCLUDED)
        figures = f"{done}/{total}"
        marks = Text()
        if not node.is_expanded:
            if self.asking.intersection(row.tasks):
                marks.append(f" {ASKING.glyph}", colours.look(ASKING, bold=True))
            for look in _worst(runs):
                marks.append(" " + TASK[look].glyph, colours.look(TASK[look]))
        title = clip(row.title, room - len(figures) - marks.cell_len - 4)
        line = Text.assemble((("▾ " if node.is_expanded else "▸ ") + title, colours.bold))
        line.append_text(marks)
        line.append(" " * max(1, room - line.cell_len - len(figures) - 1))
        style = colours.style("state-merged") if total and done == total else colours.muted
        line.append(figures, style)
        return line

    def _task_line(self, task: TaskRun, room: int) -> Text:
        colours = palette(self.app)
        shown = ASKING if task.id in self.asking else task_look(task, self._now())
        spins = task.state in _SPINNING and shown is TASK[task.state]
        glyph = spinner(self._now()) if spins else shown.glyph
        tail = f"×{len(task.attempts)}" if len(task.attempts) > 1 else ""
        if room >= _WORD_FROM:
            tail = f"{tail} {shown.word}".strip()
        name = one_line(f"{task.id} {task.task.title}")
        why = ""
        if room >= _WHY_FROM:
            name = clip(name, room // 2 - 4)
            why = clip(task_words(task, self._now(), self._state), room - len(name) - len(tail) - 8)
        name = clip(name, room - len(tail) - 4)
        quiet = task.state in (TaskState.EXCLUDED, TaskState.SKIPPED)
        line = Text.assemble((f"{glyph} ", colours.look(shown, bold=True)))
        line.append(name, colours.muted if quiet else "")
        if why:
            line.append(f"  {why}", colours.muted)
        line.append(" " * max(1, room - line.cell_len - len(tail) - 1))
        line.append(tail, colours.look(shown))
        return line

    # -- the cursor ------------------------------------------------------------------------------
    def on_tree_node_highlighted(self, event: Tree.NodeHighlighted[Row]) -> None:
        """The cursor selects, when it is the user who moves it."""
        event.stop()
        if self.has_focus and event.node.data is not None and event.node.data.task:
            self.post_message(self.Selected(event.node.data.task))

    def on_tree_node_selected(self, event: Tree.NodeSelected[Row]) -> None:
        """Enter on a task opens it; on a phase it folds."""
        event.stop()
        if event.node.data is not None and event.node.data.task:
            self.post_message(self.Opened(event.node.data.task))


def _worst(runs: list[TaskRun]) -> list[TaskState]:
    """The states of a folded phase that one should know of."""
    found = {t.state for t in runs}
    order = (TaskState.CONFLICTED, TaskState.FAILED, TaskState.RUNNING, TaskState.BLOCKED)
    return [s for s in order if s in found]
