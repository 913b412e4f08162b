"""What bounds the run: slots, what holds it back and until when, time-outs, the machine."""

from __future__ import annotations

import time
from collections import Counter

from rich.text import Text

from maestro_tui.core import pools
from maestro_tui.core.budgets import spendings
from maestro_tui.core.limits import breaker_until, slots
from maestro_tui.core.state import ACTIVE, TaskRun, TaskState
from maestro_tui.report.progress import quiet_for
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import bar, clip, duration, fit, money, one_line, plural, tenths
from maestro_tui.ui.widgets.cards import agent_of

_STALLED_S = 300.0
_TIGHT, _FULL = 0.75, 0.9
_ROOMY = 100
_NAME = 12  # cells of the name of what holds back
_AT_LIMIT = {
    "ask": "you are asked when it is used up",
    "stop": "the run stops when it is used up",
    "continue": "it only warns",
}
# What a reason to go slower is called, and what ends it besides time.
_THROTTLES = {
    "failures": ("breaker", "closes with a merge"),
    "resources": ("machine", "eases when there is room again"),
}


def limits(scene: Scene) -> Page:
    """The page."""
    page = Page()
    state = scene.state
    active = [t for t in state.tasks.values() if t.state in ACTIVE]
    page.head = [_slots(scene, active)]
    _held_back(scene, page, active)
    accent = scene.colours.style("primary", bold=True)
    page.title("This machine", accent)
    if not scene.machine:
        page.note("measured once a second while this page is open", scene.colours.muted)
    for name, share, words in scene.machine:
        page.line(_meter(scene, name, share, words))
    page.title("Models and agents at work", accent)
    taken = pools.used(state)
    for pool, limit in state.options.pools.items():
        if taken[pool]:
            page.line(_meter(scene, pool, taken[pool] / limit, f"{taken[pool]} of {limit} slots"))
    used = Counter((pools.model_of(state, t) or "no model", agent_of(t)) for t in active)
    if not used:
        page.note("none", scene.colours.muted)
    for (model, agent), number in used.most_common():
        page.line(Text(f"   {number}  {fit(one_line(model), 24)} {one_line(agent)}"))
    page.title("Time left for running agents", accent)
    running = [t for t in active if t.state is TaskState.RUNNING]
    if not running:
        page.note("none", scene.colours.muted)
    for task in running:
        page.line(_deadline(scene, task), task.id)
    return page


def _slots(scene: Scene, active: list[TaskRun]) -> Text:
    state, muted = scene.state, scene.colours.muted
    used, most = len(active), slots(state)
    line = Text.assemble((" Slots  ", "bold"))
    line.append("●" * min(used, 60), scene.colours.style("state-running"))
    line.append("○" * min(60, max(0, most - used)), muted)
    line.append("╌" * min(60, state.max_parallel - max(most, used)), muted)
    line.append(f"  {used} of {most} used", "bold")
    if most < state.max_parallel:
        line.append(f" (you allow {state.max_parallel})", scene.colours.style("state-blocked"))
    ready = state.count(TaskState.READY)
    if ready:
        line.append(f", {plural(ready, 'task')} ready for one", muted)
        soonest = _next_free(scene, active)
        line.append(f", the next in about {duration(soonest)}" if used >= most else "", muted)
    line.append("   + and - change it", muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _next_free(scene: Scene, active: list[TaskRun]) -> float:
    """Seconds until one of the agents at work should be done, by its estimate."""
    left = []
    for task in active:
        since = task.attempt.started_at if task.attempt else 0.0
        gone = max(0.0, scene.now - since) if since else 0.0
        left.append(max(0.0, task.assignment.estimate_s - gone))
    return min(left, default=0.0)


def _held_back(scene: Scene, page: Page, active: list[TaskRun]) -> None:
    """Everything that waits for a limit: why, until when, and what can be done about it."""
    state, now = scene.state, scene.now
    page.title("Held back", scene.colours.style("primary", bold=True))
    before = len(page.rows)
    for source, (limit, why) in state.throttles.items():
        name, ends = _THROTTLES.get(source, (source, ""))
        until = breaker_until(state) if source == "failures" else 0.0
        ends = f"{ends} or {_at(scene, until)}" if until else ends
        _fact(scene, page, one_line(name), f"at most {plural(limit, 'agent')}: {why}", ends)
    for task in active:
        attempt = task.attempt
        if attempt is None:
            continue
        if attempt.parked_until > now:
            ends = f"goes on {_at(scene, attempt.parked_until)}, A: now"
            _task(scene, page, task, "parked by a limit of the service", ends)
        elif attempt.paused == "user":
            _task(scene, page, task, "paused by you", "A lets it go on")
        elif attempt.paused:
            _task(scene, page, task, "paused: its budget is used up", "i shows the question")
    later = [t for t in state.tasks.values() if t.not_before > now]
    for task in sorted(later, key=lambda t: t.not_before):
        _task(scene, page, task, task.why or "waits", f"starts again {_at(scene, task.not_before)}")
    for one in spendings(state):
        share = one.used / one.limit if one.limit else 0.0
        if share >= _TIGHT:
            words = f"{'~' if one.estimated else ''}{money(one.used)} of {money(one.limit)}"
            name = "budget"
            words = f"{one_line(one.key.replace(':', ' '))}: {words}"
            _fact(scene, page, name, f"{words}, {share:.0%}", _AT_LIMIT[state.options.on_budget])
    if len(page.rows) == before:
        page.note("nothing: every free slot is filled as soon as a task is ready",
                  scene.colours.muted)  # fmt: skip


def _at(scene: Scene, when: float) -> str:
    """In how long and, where there is room, at what time of day."""
    clock = time.strftime(" (%H:%M:%S)", time.localtime(when)) if scene.width >= _ROOMY else ""
    return f"in {duration(when - scene.now)}{clock}"


def _fact(scene: Scene, page: Page, name: str, why: str, ends: str) -> None:
    line = Text.assemble(("   ! ", scene.colours.style("state-blocked", bold=True)))
    line.append(fit(name, _NAME), "bold")
    page.line(_reasoned(scene, line, why, ends))


def _task(scene: Scene, page: Page, task: TaskRun, why: str, ends: str) -> None:
    page.line(_reasoned(scene, name_cell(scene, task, name_width(scene)), why, ends), task.id)


def _reasoned(scene: Scene, line: Text, why: str, ends: str) -> Text:
    """A reason and what ends it; of the reason as much as fits, since the end is what is asked."""
    tail = f" · {one_line(ends)}" if ends else ""
    room = max(10, scene.width - line.cell_len - len(tail) - 2)
    line.append(" " + clip(one_line(why), room))
    return line.append(tail, scene.colours.style("state-ready", bold=True))


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
    left = f" {duration(max(0.0, limit - used)):>6} left of {duration(limit)}"
    line.append(left if limit else " no time-out")
    quiet = quiet_for(attempt, scene.now)
    colours = scene.colours
    style = colours.style("state-failed", bold=True) if quiet >= _STALLED_S else colours.muted
    stalled = "  stalled: no event for " if quiet >= _STALLED_S else "  last event "
    line.append(stalled + tenths(quiet) + ("" if quiet >= _STALLED_S else " ago"), style)
    line.truncate(scene.width, overflow="ellipsis")
    return line
