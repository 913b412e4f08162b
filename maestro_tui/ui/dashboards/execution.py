"""How far it is: what needs the user, what runs, what waits and why, what is done, and the rest."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text

from maestro_tui.core.state import GIVEN_UP, MOVING, SATISFIED, TaskRun, TaskState
from maestro_tui.report.progress import progress, quiet_for, reason, remaining_s
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import bar, clip, clock, count, duration, fit, one_line, tenths
from maestro_tui.ui.glyphs import GROUPS, TASK, gate_look
from maestro_tui.ui.widgets.cards import agent_of, task_words
from maestro_tui.ui.widgets.header import elapsed

_LATE = 1.0


def execution(scene: Scene) -> Page:
    """The page."""
    page = Page()
    page.head = [_figures(scene), _groups(scene)]
    tasks = list(scene.state.tasks.values())
    accent = scene.colours.style("primary", bold=True)
    asking = [t for t in tasks if t.id in scene.asking]
    if asking:
        page.title(f"Needs you  {len(asking)}", scene.colours.style("state-asking", bold=True))
        for task in asking:
            page.line(_waiting(scene, task), task.id)
    running = [t for t in tasks if t.moving]
    page.title(f"Running  {len(running)} of up to {scene.state.max_parallel} agents", accent)
    if not running:
        page.note("nothing moves right now", scene.colours.muted)
    for task in sorted(running, key=lambda t: t.attempt.created_at if t.attempt else 0.0):
        page.line(_running(scene, task), task.id)
    pending = [
        t
        for t in tasks
        if t.state not in MOVING | SATISFIED | GIVEN_UP and t.id not in scene.asking
    ]
    pending.sort(key=lambda t: (t.state is TaskState.BLOCKED, t.wave, t.position))
    page.title(f"Not started  {len(pending)}", accent)
    for task in pending:
        page.line(_waiting(scene, task), task.id)
    done = [t for t in tasks if t.state in SATISFIED]
    page.title(f"Done  {len(done)}", accent)
    for task in sorted(done, key=lambda t: -t.merged_at):
        page.line(_done(scene, task), task.id)
    given_up = [t for t in tasks if t.state in GIVEN_UP]
    if given_up:
        page.title(f"Not part of it  {len(given_up)}", accent)
        for task in given_up:
            page.line(_waiting(scene, task), task.id)
    _gates(scene, page)
    return page


def _figures(scene: Scene) -> Text:
    state, colours = scene.state, scene.colours
    numbers = progress(state)
    left = remaining_s(state, scene.now)
    strategy = state.strategy
    words = [f"{clock(elapsed(state, scene.now))} elapsed"]
    words.append(f"about {duration(left)} left" if left is not None else "nothing left to run")
    sequential = strategy.estimate.sequential_s if strategy else 0.0
    if sequential:
        words.append(f"estimated {duration(sequential)} one by one")
    size = max(8, min(40, scene.width // 4))
    line = Text(" ")
    line.append(bar(numbers.merged, numbers.total, size), colours.style("state-merged"))
    line.append(f"  {numbers.merged}/{numbers.total} merged", "bold")
    line.append("  " + "  ".join(words), colours.muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _groups(scene: Scene) -> Text:
    """How many there are of each; where there is no room for all, of those there are any of."""
    groups = progress(scene.state).groups
    line = _counted(scene, groups)
    if line.cell_len - len("   ") > scene.width:
        line = _counted(scene, {name: number for name, number in groups.items() if number})
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _counted(scene: Scene, groups: Mapping[str, int]) -> Text:
    line = Text(" ")
    for name, number in groups.items():
        look = GROUPS[name]
        style = scene.colours.look(look, bold=True) if number else scene.colours.muted
        line.append(f"{look.glyph} {number} {look.word}   ", style)
    return line


def _running(scene: Scene, task: TaskRun) -> Text:
    """Name, a bar of time against the estimate, what it does, and the last sign of life."""
    colours, attempt = scene.colours, task.attempt
    width = name_width(scene)
    line = name_cell(scene, task, width)
    line.append(" ")
    since = scene.now - attempt.started_at if attempt and attempt.started_at else 0.0
    since = attempt.seconds if attempt and attempt.ended_at else max(0.0, since)
    guess = task.assignment.estimate_s
    share = since / guess if guess else 0.0
    if scene.width >= 100:
        style = colours.style("state-blocked" if share > _LATE else "state-running")
        line.append(bar(min(10, round(share * 10)), 10, 10), style)
    line.append(f" {duration(since):>6}", "bold")
    line.append(f" of {duration(guess):<6}", colours.muted)
    if scene.width >= 110:
        line.append(fit(one_line(agent_of(task)), 20) + " ", colours.muted)
    quiet = quiet_for(attempt, scene.now)
    ending = (
        ""
        if attempt is None or attempt.ended_at
        else f"  {'last event ' if scene.width >= 100 else ''}{tenths(quiet)} ago"
    )
    word = "" if task.state is TaskState.RUNNING else TASK[task.state].word + ": "
    room = scene.width - line.cell_len - len(ending) - 1
    line.append(clip(word + task_words(task, scene.now, scene.state), room))
    line.append(ending, colours.muted)
    return line


def _waiting(scene: Scene, task: TaskRun) -> Text:
    line = name_cell(scene, task, name_width(scene))
    look = TASK[task.state]
    line.append(f" {look.word:<10} ", scene.colours.look(look))
    why = one_line(reason(scene.state, task)) or task_words(task, scene.now, scene.state)
    line.append(clip(why, scene.width - line.cell_len - 1), scene.colours.muted)
    return line


def _done(scene: Scene, task: TaskRun) -> Text:
    attempt = task.attempt
    line = name_cell(scene, task, name_width(scene))
    words = [f" {duration(attempt.seconds):>6}" if attempt else " before this run"]
    if attempt:
        guess = task.assignment.estimate_s
        words.append(f"of {duration(guess):<6}" if guess else "")
        words.append(f"{len(attempt.files):>3} file" + ("" if len(attempt.files) == 1 else "s"))
        words.append(f"commit {task.merged_sha[:7]}")
        words.append(f"{len(task.attempts)} tries" if len(task.attempts) > 1 else "")
        words.append(f"{count(attempt.tools)} tools" if attempt.tools else "")
    line.append("  ".join(w for w in words if w), scene.colours.muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _gates(scene: Scene, page: Page) -> None:
    gates = list(scene.state.gates.values())
    if not gates:
        return
    page.title(f"Gates  {len(gates)}", scene.colours.style("primary", bold=True))
    for gate in gates:
        look = gate_look(gate)
        line = Text.assemble((f" {look.glyph} ", scene.colours.look(look, bold=True)))
        where = f"wave {gate.wave}" if gate.wave else "final tree"
        where = gate.task or where
        line.append(fit(f"{where}: {one_line(gate.gate.name)}", name_width(scene) - 3))
        line.append(f" {look.word:<12}", scene.colours.look(look))
        took = f"{duration(gate.seconds)}  " if gate.seconds else ""
        line.append(
            clip(took + one_line(gate.gate.run), scene.width - line.cell_len - 1),
            scene.colours.muted,
        )
        page.line(line)
