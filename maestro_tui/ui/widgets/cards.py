"""What a wave's head, a task's card and a gate say, in a given width."""

from __future__ import annotations

from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from maestro_tui.core.state import (
    ACTIVE,
    MOVING,
    SATISFIED,
    GateRun,
    RunState,
    TaskRun,
    TaskState,
)
from maestro_tui.report.progress import quiet_for, reason
from maestro_tui.ui.formatting import clip, duration, one_line
from maestro_tui.ui.glyphs import ASKING, PARKED, PAUSED, TASK, gate_look, spinner, task_look
from maestro_tui.ui.palette import Palette

_SPINNING = ACTIVE | {TaskState.MERGING}
_BAR = "▌"
_QUIET_S = 20.0  # an agent that says nothing for longer is worth a glance


@dataclass(frozen=True, slots=True)
class Paint:
    """What a line is drawn with: colours, a width and the moment."""

    colours: Palette
    width: int
    now: float


def head_line(paint: Paint, state: RunState, wave: int) -> Text:
    """“Wave 2 · running” and how many of its tasks are merged; wave 0 is the end of the run."""
    colours = paint.colours
    if wave == 0:
        return Text.assemble((" Final tree", colours.bold))
    tasks = [state.tasks[i] for i in state.waves[wave - 1]]
    done = sum(1 for t in tasks if t.state in SATISFIED)
    word, variable = wave_word(state, wave)
    line = Text.assemble((f" Wave {wave} ", colours.bold))
    line.append(word, colours.style(variable))
    figures = f"{done}/{len(tasks)} "
    line.append(" " * max(1, paint.width - 1 - line.cell_len - len(figures)))
    line.append(figures, colours.muted)
    return line


def wave_word(state: RunState, wave: int) -> tuple[str, str]:
    """How a wave stands, and the theme variable of it."""
    states = {state.tasks[i].state for i in state.waves[wave - 1]}
    gates = [g for g in state.gates.values() if g.wave == wave]
    if any(g.state == "failed" for g in gates):
        return "gate failed", "state-failed"
    if any(g.state == "running" for g in gates):
        return "gates run", "state-checking"
    if states & {TaskState.FAILED, TaskState.CONFLICTED}:
        return "needs you", "state-asking"
    if states & MOVING:
        return "running", "state-running"
    if wave in state.wave_tags or states <= SATISFIED:
        return "done", "state-merged"
    if states <= {TaskState.SKIPPED, TaskState.BLOCKED, *SATISFIED}:
        return "incomplete", "state-blocked"
    return "waiting", "state-waiting"


def card_lines(paint: Paint, state: RunState, task: TaskRun, count: int, asks: bool) -> list[Text]:
    """A card of that many lines; the fewer there are, the more each of them carries."""
    colours = paint.colours
    look = task_look(task, paint.now)
    shown = ASKING if asks else look
    spins = task.state in _SPINNING and not asks and look not in (PAUSED, PARKED)
    time = task_time(task, paint.now)
    room = paint.width - 5
    first = _bar(paint, shown.variable)
    glyph = spinner(paint.now) if spins else shown.glyph
    first.append(f"{glyph} ", colours.look(shown, bold=True))
    tail = time if count > 1 or (spins and time) else shown.word
    first.append(clip(one_line(f"{task.id} {task.task.title}"), room - len(tail) - 1), "bold")
    _right(paint, first, tail, shown.variable if tail == shown.word else "state-waiting")
    if count == 1:
        return [first]
    what, style = _what(paint, state, task, asks)
    last = _bar(paint, shown.variable)
    if count == 2:
        told = shown.word.split()[0] in what.casefold() or what.startswith("waits for")
        if not spins and not (told and task.state is not TaskState.BLOCKED):
            what = f"{shown.word}: {what}"
        last.append("  " + clip(what, room), style)
        return [first, last]
    last.append("  " + clip(what, room), style)
    middle = _bar(paint, shown.variable)
    middle.append(f"  {shown.word}", colours.look(shown))
    tries = f"try {len(task.attempts)}" if len(task.attempts) > 1 else ""
    rest = room - len(shown.word) - len(tries) - 4
    middle.append(clip(f" · {one_line(agent_of(task))}", rest + 3), colours.muted)
    _right(paint, middle, tries)
    return [first, middle, last, Text("")][:count]


def agent_of(task: TaskRun) -> str:
    """Who does it, or did it last."""
    return (task.attempt.agent if task.attempt else "") or task.agent or task.assignment.agent


def task_time(task: TaskRun, now: float) -> str:
    """How long its newest attempt takes or took; empty before."""
    attempt = task.attempt
    if attempt is None or not attempt.started_at:
        return ""
    if attempt.ended_at:
        return duration(attempt.seconds)
    return duration(now - attempt.started_at) if task.state is TaskState.RUNNING else ""


def task_words(task: TaskRun, now: float, state: RunState | None = None) -> str:
    """What it does right now, or why it does nothing; with the run, as of this moment."""
    attempt = task.attempt
    if task.state is TaskState.RUNNING and attempt is not None and attempt.paused:
        return "paused by you" if attempt.paused == "user" else "paused: its budget is used up"
    if task.state is TaskState.RUNNING and attempt is not None and attempt.parked_until > now:
        return f"waits for a limit, goes on in {duration(attempt.parked_until - now)}"
    if task.state is TaskState.RUNNING and attempt is not None and attempt.activity:
        return one_line(attempt.activity)
    if task.not_before > now and task.state in (TaskState.WAITING, TaskState.READY):
        return f"starts again in {duration(task.not_before - now)}"
    if task.state is TaskState.MERGED:
        files = len(attempt.files) if attempt else 0
        return f"merged {task.merged_sha[:7]}, {files} file" + ("" if files == 1 else "s")
    if task.state is TaskState.EXCLUDED:
        return one_line(task.assignment.excluded_reason) or "left out in the review"
    if task.state is TaskState.DONE:
        return "marked as done in the plan"
    why = reason(state, task) if state is not None else task.why
    return one_line(why) or TASK[task.state].word


def _what(paint: Paint, state: RunState, task: TaskRun, asks: bool) -> tuple[str, Style]:
    """Why it is so; the state's word goes first where no other line of the card has it."""
    colours = paint.colours
    words = task_words(task, paint.now, state)
    quiet = quiet_for(task.attempt, paint.now)
    waits = task.attempt is not None and (
        bool(task.attempt.paused) or task.attempt.parked_until > paint.now
    )
    if task.state is TaskState.RUNNING and not asks and not waits and quiet >= _QUIET_S:
        words = f"quiet {duration(quiet)}: {words}"
    if asks:
        return words, colours.look(ASKING)
    if task.foreseen:
        return one_line(f"≠ {task.foreseen}"), colours.look(TASK[TaskState.CONFLICTED])
    alarming = task.state in (TaskState.FAILED, TaskState.CONFLICTED, TaskState.BLOCKED)
    return words, colours.look(TASK[task.state]) if alarming else colours.muted


def gate_line(paint: Paint, gate: GateRun) -> Text:
    """A gate's tick, its name and how long it took."""
    look = gate_look(gate)
    colours = paint.colours
    line = Text(" ")
    glyph = spinner(paint.now) if gate.state == "running" else look.glyph
    line.append(f"{glyph} ", colours.look(look, bold=True))
    tail = duration(gate.seconds) if gate.seconds and gate.state != "running" else look.word
    if gate.state in ("failed", "accepted"):
        tail = look.word
    about = gate.stage if gate.state == "running" else gate.delta
    name = f"{gate.gate.name}: {about}" if about else gate.gate.name
    line.append(clip(one_line(name), paint.width - 5 - len(tail)), colours.muted)
    _right(paint, line, tail, look.variable)
    return line


def _bar(paint: Paint, variable: str) -> Text:
    return Text.assemble((_BAR, paint.colours.style(variable)))


def _right(paint: Paint, line: Text, words: str, variable: str = "state-waiting") -> None:
    line.append(" " * max(1, paint.width - 2 - line.cell_len - len(words)))
    line.append(words, paint.colours.style(variable))
