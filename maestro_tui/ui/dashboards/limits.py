"""What bounds the run: slots, time-outs, retry delays, and what the machine has left."""

from __future__ import annotations

from collections import Counter

from rich.text import Text

from maestro_tui.core.state import ACTIVE, TaskRun, TaskState
from maestro_tui.report.progress import quiet_for
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import bar, duration, fit, one_line, tenths
from maestro_tui.ui.widgets.cards import agent_of

_STALLED_S = 300.0
_TIGHT, _FULL = 0.75, 0.9


def limits(scene: Scene) -> Page:
    """The page."""
    page = Page()
    state, colours = scene.state, scene.colours
    accent = colours.style("primary", bold=True)
    active = [t for t in state.tasks.values() if t.state in ACTIVE]
    page.head = [_slots(scene, len(active))]
    page.title("This machine", accent)
    if not scene.machine:
        page.note("measured once a second while this page is open", colours.muted)
    for name, share, words in scene.machine:
        page.line(_meter(scene, name, share, words))
    page.title("Models and agents at work", accent)
    used = Counter((t.assignment.model or "no model", agent_of(t)) for t in active)
    if not used:
        page.note("none", colours.muted)
    for (model, agent), number in used.most_common():
        page.line(Text(f"   {number}  {fit(one_line(model), 24)} {one_line(agent)}"))
    page.title("Time left for running agents", accent)
    running = [t for t in active if t.state is TaskState.RUNNING]
    if not running:
        page.note("none", colours.muted)
    for task in running:
        page.line(_deadline(scene, task), task.id)
    parked = [t for t in state.tasks.values() if t.not_before > scene.now]
    if parked:
        page.title("Start again later", accent)
    for task in sorted(parked, key=lambda t: t.not_before):
        line = name_cell(scene, task, name_width(scene))
        line.append(f" in {duration(task.not_before - scene.now)}  ", "bold")
        line.append(one_line(task.why), colours.muted)
        page.line(line, task.id)
    return page


def _slots(scene: Scene, used: int) -> Text:
    state = scene.state
    line = Text(" Slots  ", "bold")
    line.append("●" * min(used, 60), scene.colours.style("state-running"))
    line.append("○" * min(60, max(0, state.max_parallel - used)), scene.colours.muted)
    line.append(f"  {used} of {state.max_parallel} used")
    ready = state.count(TaskState.READY)
    line.append(f", {ready} tasks ready for one" if ready else "", scene.colours.muted)
    line.append("   + and - change it", scene.colours.muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _meter(scene: Scene, name: str, share: float, words: str) -> Text:
    variable = "state-merged" if share < _TIGHT else "state-asking"
    variable = "state-failed" if share >= _FULL else variable
    size = max(10, min(40, scene.width // 3))
    line = Text(f"   {name:<10}")
    line.append(bar(round(share * size), size, size), scene.colours.style(variable))
    line.append(f" {share:>4.0%} ", "bold")
    line.append(" " + words, scene.colours.muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _deadline(scene: Scene, task: TaskRun) -> Text:
    attempt = task.attempt
    limit = task.assignment.timeout_s
    used = max(0.0, scene.now - attempt.started_at) if attempt and attempt.started_at else 0.0
    line = name_cell(scene, task, name_width(scene))
    share = min(1.0, used / limit) if limit else 0.0
    variable = "state-running" if share < _TIGHT else "state-failed"
    line.append(" " + bar(round(share * 10), 10, 10), scene.colours.style(variable))
    line.append(f" {duration(max(0.0, limit - used)):>6} left of {duration(limit)}")
    quiet = quiet_for(attempt, scene.now)
    style = scene.colours.style("state-failed", bold=True) if quiet >= _STALLED_S else "dim"
    stalled = "  stalled: no event for " if quiet >= _STALLED_S else "  last event "
    line.append(stalled + tenths(quiet) + ("" if quiet >= _STALLED_S else " ago"), style)
    line.truncate(scene.width, overflow="ellipsis")
    return line
