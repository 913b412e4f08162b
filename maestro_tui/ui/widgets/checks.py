"""The selected task in two lines: what it is and does, and each check as a tick."""

from __future__ import annotations

from rich.text import Text
from textual.geometry import Region

from maestro_tui.core.state import RunState, TaskRun, TaskState
from maestro_tui.report.progress import quiet_for
from maestro_tui.ui.formatting import clip, one_line, tenths
from maestro_tui.ui.glyphs import CROSS, PENDING, TASK, TICK, spinner, task_look
from maestro_tui.ui.palette import Palette, palette
from maestro_tui.ui.widgets.cards import agent_of, task_time, task_words
from maestro_tui.ui.widgets.spinning import turned
from maestro_tui.ui.widgets.text_lines import TextLines

_ROOMY = 100  # from this width on there is room for who does it
NAMES = ("marker", "committed", "owned", "files")


class Checks(TextLines):
    """What stands between the selected task and its merge."""

    DEFAULT_CSS = """
    Checks { height: 2; background: $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._state: RunState | None = None
        self._shown: TaskRun | None = None
        self._now = 0.0
        self._lines: list[Text] = []
        self._colours: Palette | None = None  # of the lines

    def show(self, state: RunState, task: str, now: float) -> None:
        """Show that task at this moment."""
        self._state, self._shown = state, state.tasks.get(task)
        self._now = now
        if self.is_mounted and (fresh := self._both()) != self._lines:
            self._lines = fresh
            self.refresh()

    def spin(self, now: float) -> list[Region]:
        """Turn the spinner; what of it is to be painted."""
        task = self._shown
        if task is None or not self._lines or not _spins(task, now):
            return []
        self._lines = [turned(self._lines[0], 0, spinner(now)), *self._lines[1:]]
        return [Region(0, 0, self.outer_size.width, 1)]

    def on_resize(self) -> None:
        """Another width cuts elsewhere."""
        self._lines = self._both()
        self.refresh()

    def lines(self) -> list[Text]:
        """Both lines; another theme colours them anew."""
        if palette(self.app) is not self._colours:
            self._lines = self._both()
        return self._lines

    def _both(self) -> list[Text]:
        task, width = self._shown, self.size.width
        if task is None or width <= 0:
            return [Text("no task is selected", "italic")]
        colours = self._colours = palette(self.app)
        return [self._headline(task, colours, width), check_line(task, colours, width)]

    def _headline(self, task: TaskRun, colours: Palette, width: int) -> Text:
        look = task_look(task, self._now)
        running = _spins(task, self._now)
        glyph = spinner(self._now) if running else look.glyph
        line = Text.assemble((f"{glyph} ", colours.look(look, bold=True)))
        name = one_line(f"{task.id} {task.task.title}")
        line.append(clip(name, max(20, width // 3) if width < _ROOMY else width // 2), "bold")
        line.append(f"  {look.word}", colours.look(look))
        why = task_words(task, self._now, self._state)
        why = "" if why == look.word else why
        alive = ""
        if running and task.attempt is not None and task.attempt.last_event_at:
            ago = tenths(quiet_for(task.attempt, self._now))
            alive = f" · last event {ago} ago" if why else f"  last event {ago} ago"
        tries = len(task.attempts)
        words = [f"try {tries}"] if tries > 1 else []
        words += [task_time(task, self._now)]
        if width >= _ROOMY:  # else the plan and the page have it: why matters more
            words.insert(0, one_line(agent_of(task)))
        facts = " · ".join(w for w in words if w)
        line.append(f"  {facts}" if facts else "", colours.muted)
        room = width - line.cell_len - len(alive) - 2
        line.append(f"  {clip(why, room)}" if why and room > 0 else "")
        line.append(alive, colours.muted)
        line.truncate(width, overflow="ellipsis")
        return line


def _spins(task: TaskRun, now: float) -> bool:
    return task_look(task, now) is TASK[TaskState.RUNNING]


def check_line(task: TaskRun, colours: Palette, width: int) -> Text:
    """✓ marker  ✓ committed  ✗ owned: not its own: x.py"""
    line = Text()
    for name, ok, detail in checks_of(task):
        if line:
            line.append("  ")
        if ok is None:
            line.append(f"{PENDING} {name}", colours.muted)
        elif ok:
            line.append(TICK, colours.style("state-merged", bold=True))
            line.append(f" {name}")
        else:
            line.append(f"{CROSS} {name}: {detail}", colours.style("state-failed", bold=True))
    line.truncate(width, overflow="ellipsis")
    return line


def checks_of(task: TaskRun) -> list[tuple[str, bool | None, str]]:
    """Every check: its name, whether it is met (None = not looked at yet), and the evidence."""
    attempt = task.attempt
    if attempt is not None and attempt.checks:
        return [
            (one_line(str(c["name"])), bool(c["ok"]), one_line(str(c["detail"])))
            for c in attempt.checks
        ]
    found: list[tuple[str, bool | None, str]] = []
    for name in NAMES:
        seen = name == "marker" and attempt is not None and attempt.marker_at > 0
        detail = one_line(task.assignment.marker) if name == "marker" else ""
        found.append((name, True if seen else None, detail))
    found += [("check", None, one_line(command)) for command in task.assignment.verify]
    return found
