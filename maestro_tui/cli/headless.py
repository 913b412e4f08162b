"""A run without a screen: a checklist on a terminal, lines elsewhere, events on request."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shlex
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, FAILED, INTERRUPTED, WAITING, Exit
from maestro_tui.cli.glyphs import GLYPHS
from maestro_tui.core import events as e
from maestro_tui.core.rows import pack
from maestro_tui.core.state import RunState, RunStatus, TaskState
from maestro_tui.engine.journal import JournalError
from maestro_tui.engine.lock import Held
from maestro_tui.engine.loop import Engine
from maestro_tui.report.summary import summarise, summary_lines


def run_headless(repo: Path, run: str, policies: dict[str, Any], *, as_json: bool) -> int:
    """Run the engine here until the run ends or only a person can go on; the exit code."""
    gc.freeze()
    gc.enable()
    printer: Callable[[int, e.Event, RunState], None]
    checklist: Checklist | None = None
    if as_json:
        printer = print_json
    elif sys.stdout.isatty():
        checklist = Checklist()
        printer = checklist.update
    else:
        printer = PlainPrinter().print
    try:
        listener = _lasting(printer)
        engine = Engine(repo, run, attended=False, policies=policies, listener=listener)
        if checklist is not None:
            with checklist.live():
                state = asyncio.run(engine.work())
        else:
            state = asyncio.run(engine.work())
    except Held as held:
        raise Exit(
            f"{run}: an engine (pid {held}) works on this run already; `maestro attach {run}` "
            "shows it, `maestro stop` stops it"
        ) from held
    except JournalError as error:
        raise Exit(str(error), FAILED) from error
    try:
        if as_json:
            _print_end(state, engine.interrupted)
        else:
            print("\n".join(closing_lines(state, repo, interrupted=engine.interrupted)), flush=True)
    except OSError:
        _print_no_more()
    return exit_code(state, engine.interrupted)


def _lasting(
    printer: Callable[[int, e.Event, RunState], None],
) -> Callable[[int, e.Event, RunState], None]:
    """A printer that ends no run: whoever read the output may go away (``| head``, a terminal)."""

    def tell(seq: int, event: e.Event, state: RunState) -> None:
        try:
            printer(seq, event, state)
        except OSError:
            _print_no_more()

    return tell


def _print_no_more() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def exit_code(state: RunState, interrupted: str = "") -> int:
    """What the run's end means to a script."""
    if state.status is RunStatus.DONE:
        return DONE
    if state.ended:
        return FAILED
    return INTERRUPTED if interrupted else WAITING


def print_json(seq: int, event: e.Event, state: RunState) -> None:
    """One event, one line."""
    data = {"seq": seq, "at": event.at, "event": type(event).__name__, **pack(event)}
    if isinstance(event, e.RunCreated):
        data.pop("strategy", None)
    if isinstance(event, e.AttemptEvent):
        data["state"] = str(state.tasks[event.task].state)
    print(json.dumps(data, ensure_ascii=False), flush=True)


def _print_end(state: RunState, interrupted: str) -> None:
    print(
        json.dumps(
            {
                "event": "End",
                "run": state.run,
                "status": str(state.status),
                "exit": exit_code(state, interrupted),
                "tasks": {t.id: str(t.state) for t in state.tasks.values()},
                "questions": [q.id for q in state.questions.values()],
                "head": state.head,
            }
        ),
        flush=True,
    )


def closing_lines(state: RunState, repo: Path, *, interrupted: str = "") -> list[str]:
    """The summary, or what the run waits for and how to answer it."""
    if state.ended:
        return ["", *summary_lines(summarise(state))]
    lines = ["", f"Run {state.run} has stopped at a checkpoint; nothing is running."]
    if interrupted:
        lines[1] += f" ({interrupted})"
    for question in state.questions.values():
        lines += ["", f"? {sanitise(question.title)}   [{question.id}]"]
        lines += [f"    {sanitise(line)}" for line in question.evidence[:12]]
        if question.kind == "conflict":
            lines.append(f"    The conflict lies in {sanitise(question.subject)}")
        for option in question.options:
            text = ' --text "…"' if option.text == "required" else ""
            lines.append(
                f"  maestro decide {state.run} {question.id} {option.key}{text}   # {option.label}"
            )
    lines += [
        "",
        "Then, with or without --headless:",
        f"  maestro resume {state.run} --repo {shlex.quote(str(repo))}",
    ]
    return lines


class PlainPrinter:
    """A line for each thing worth knowing, with the time since the start."""

    def __init__(self) -> None:
        self._started = time.time()
        self._seen: dict[str, tuple[TaskState, int]] = {}
        self._notices = 0
        self._questions: set[str] = set()

    def print(self, seq: int, event: e.Event, state: RunState) -> None:
        """Print what the event changed."""
        if isinstance(event, e.EngineStarted):
            merged = state.count(TaskState.MERGED, TaskState.DONE)
            self._line(f"run {state.run}: {merged} of {len(state.tasks)} tasks done")
            self._plan(state)
        for task in state.tasks.values():
            number = task.attempt.number if task.attempt else 0
            before = self._seen.get(task.id)
            now = (task.state, number)
            if before == now:
                continue
            self._seen[task.id] = now
            if before is None and task.state in (TaskState.WAITING, TaskState.READY):
                continue
            again = f" (attempt {number})" if number > 1 else ""
            self._line(
                f"{GLYPHS[task.state]} {task.id}: {task.state}{again}"
                + (f" — {sanitise(task.why)}" if task.why else "")
            )
        if isinstance(event, e.ConflictsForeseen):
            for name in dict.fromkeys(c["task"] for c in event.conflicts):
                if state.tasks[name].foreseen:
                    self._line(f"≠ {name}: {sanitise(state.tasks[name].foreseen)}, as it is now")
        if isinstance(event, e.GateAdvanced) and event.stage != "running":
            self._line(f"gate {state.gates[event.gate].gate.name}: {event.stage}")
        if isinstance(event, e.GateEnded):
            run = state.gates[event.gate]
            word = "passed" if event.ok else "failed"
            delta = f" ({sanitise(run.delta)})" if run.delta else ""
            self._line(f"gate {run.gate.name}: {word} in {event.seconds:.1f} s{delta}")
            if not event.ok:
                for line in event.tail:
                    self._line(f"    {line}")
        for question in state.questions.values():
            if question.id not in self._questions:
                self._questions.add(question.id)
                self._line(f"? {sanitise(question.title)} [{question.id}]")
        for _, text in state.notices[self._notices :]:
            self._line(f"! {sanitise(text)}")
        self._notices = len(state.notices)

    def _plan(self, state: RunState) -> None:
        for number, wave in enumerate(state.waves, start=1):
            for name in wave:
                task = state.tasks[name]
                self._line(
                    f"  wave {number}: {name} — {sanitise(task.task.title)} "
                    f"[{task.assignment.agent}, {task.assignment.driver}]"
                )

    def _line(self, text: str) -> None:
        print(f"[{time.time() - self._started:6.1f}s] {text}", flush=True)


class Checklist:
    """The live checklist on a terminal: done / in progress / queued, always all of it."""

    def __init__(self) -> None:
        self._state: RunState | None = None

    def live(self) -> Any:
        """The context in which the checklist is drawn."""
        from rich.live import Live

        return Live(get_renderable=self.render, refresh_per_second=4, transient=False)

    def update(self, seq: int, event: e.Event, state: RunState) -> None:
        """Remember the state; the live display draws it."""
        self._state = state

    def render(self) -> Any:
        """The checklist as a table."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        state = self._state
        table = Table.grid(padding=(0, 1))
        if state is None:
            return table
        for number, wave in enumerate(state.waves, start=1):
            table.add_row("", Text(f"Wave {number}", "bold"))
            for name in wave:
                task = state.tasks[name]
                attempt = task.attempt
                seconds = ""
                if attempt is not None and attempt.started_at:
                    seconds = f"{(attempt.ended_at or time.time()) - attempt.started_at:5.1f} s"
                about = task.why
                if task.state is TaskState.RUNNING and attempt is not None and attempt.activity:
                    about = attempt.activity
                style = _STYLES.get(task.state, "")
                table.add_row(
                    Text(GLYPHS[task.state], style),
                    Text(name),
                    Text(str(task.state), style),
                    Text(seconds, "dim"),
                    Text(sanitise(about)[:60], "dim", no_wrap=True),
                )
            for run in state.gates.values():
                if run.wave == number and run.state != "pending":
                    table.add_row("", Text(f"gate {run.gate.name}"), Text(run.state))
        for run in state.gates.values():
            if run.wave == 0 and run.runs:
                table.add_row("", Text(f"gate {run.gate.name}, final"), Text(run.state))
        for question in state.questions.values():
            table.add_row(Text("?", "yellow"), Text(sanitise(question.title), "yellow"))
        return Group(self._progress(state), table)

    def _progress(self, state: RunState) -> Any:
        """How far it is: done, in progress, queued."""
        from rich.progress_bar import ProgressBar
        from rich.table import Table

        done = state.count(TaskState.MERGED, TaskState.DONE)
        moving = sum(1 for t in state.tasks.values() if t.moving)
        queued = state.count(TaskState.WAITING, TaskState.READY)
        line = Table.grid(padding=(0, 1))
        line.add_row(
            ProgressBar(total=max(1, len(state.tasks)), completed=done, width=30),
            f"{done} of {len(state.tasks)} done, {moving} in progress, {queued} queued, "
            f"{time.time() - state.started_at:.0f} s",
        )
        return line


_STYLES = {
    TaskState.RUNNING: "cyan",
    TaskState.MERGED: "green",
    TaskState.DONE: "green",
    TaskState.FAILED: "red",
    TaskState.CONFLICTED: "red",
    TaskState.BLOCKED: "yellow",
    TaskState.SKIPPED: "yellow",
    TaskState.WAITING: "dim",
}
