"""The summary of a run: what is merged, by wave and agent, what it took, and what is next."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.core.state import RunState, RunStatus, TaskRun, TaskState
from maestro_tui.report.costs import of_tasks


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One task's share of the run."""

    task: str
    title: str
    agent: str
    state: str
    attempts: int
    seconds: float
    files: int
    checks: str
    cost: float | None
    tokens: int
    why: str


@dataclass(frozen=True, slots=True)
class WaveLine:
    """One wave: its tasks and how its gates ended."""

    number: int
    tasks: tuple[TaskLine, ...]
    gates: tuple[tuple[str, str, float], ...]  # (name, state, seconds)


@dataclass(frozen=True, slots=True)
class Summary:
    """Everything the end of a run shows."""

    run: str
    title: str
    status: str
    waves: tuple[WaveLine, ...]
    merged: int
    total: int
    wall_s: float
    work_s: float
    files: int
    cost: float | None
    tokens: int
    delivered: str
    not_merged: tuple[tuple[str, str], ...]
    next_steps: tuple[str, ...]
    estimated: float = 0.0  # dollars from tokens and prices, where agents named no price
    marks: str = ""  # what became of the plan's own document
    idle_s: float = 0.0  # of wall_s, at rest until a person came

    @property
    def speed_up(self) -> float:
        """Agents' working time over the run's: what running them one by one would have cost.

        Measured, gates and merges included; only the time nobody but a person could have
        shortened is left out, because one by one it would have been the same.
        """
        busy = self.wall_s - self.idle_s
        return self.work_s / busy if busy > 0 else 0.0


def summarise(state: RunState) -> Summary:
    """Work the figures out of the state."""
    strategy = state.strategy
    assert strategy is not None
    waves = []
    for number, names in enumerate(state.waves, start=1):
        gates = tuple(
            (g.gate.name + (f" [{g.delta}]" if g.delta else ""), g.state, g.seconds)
            for g in state.gates.values()
            if g.wave == number or (g.wave == 0 and g.runs and number == len(state.waves))
        )
        waves.append(WaveLine(number, tuple(_line(state.tasks[n]) for n in names), gates))
    lines = [line for wave in waves for line in wave.tasks]
    costs = [line.cost for line in lines if line.cost is not None]
    files = {
        f
        for t in state.tasks.values()
        if t.merged_sha and t.attempt is not None
        for f in t.attempt.files
    }
    end = state.ended_at or state.now
    settled = (TaskState.MERGED, TaskState.DONE, TaskState.EXCLUDED)
    left = tuple(
        (t.id, t.why or str(t.state)) for t in state.tasks.values() if t.state not in settled
    )
    return Summary(
        run=state.run,
        title=strategy.plan.title,
        status=str(state.status),
        waves=tuple(waves),
        merged=state.count(TaskState.MERGED, TaskState.DONE),
        total=len(state.tasks) - state.count(TaskState.EXCLUDED),
        wall_s=max(0.0, end - (state.started_at or state.created_at)),
        work_s=sum(a.seconds for t in state.tasks.values() for a in t.attempts),
        files=len(files),
        cost=sum(costs) if costs else None,
        tokens=sum(line.tokens for line in lines),
        delivered=_delivered(state),
        not_merged=left,
        next_steps=_next_steps(state),
        estimated=of_tasks(state.tasks.values()).estimated,
        marks=_marks(state),
        idle_s=state.idle_s,
    )


def _line(task: TaskRun) -> TaskLine:
    usage = [a.usage for a in task.attempts]
    tokens = sum(
        int(u.get(k) or 0) for u in usage for k in ("input", "output", "cache_read", "cache_write")
    )
    costs = [u["cost_usd"] for u in usage if u.get("cost_usd") is not None]
    attempt = task.attempt
    checks = attempt.checks if attempt else ()
    good = sum(1 for c in checks if c["ok"])
    return TaskLine(
        task=task.id,
        title=task.task.title,
        agent=attempt.agent if attempt else task.assignment.agent,
        state=str(task.state),
        attempts=len(task.attempts),
        seconds=sum(a.seconds for a in task.attempts),
        files=len(attempt.files) if attempt and task.merged_sha else 0,
        checks=f"{good}/{len(checks)}" if checks else "",
        cost=sum(costs) if costs else None,
        tokens=tokens,
        why=task.why,
    )


def _delivered(state: RunState) -> str:
    if state.delivered is not None:
        done = state.delivered
        return f"{done.branch} ({done.how}, now at {done.sha[:10]})"
    if state.merges:
        return f"not delivered; the work is on the branch maestro/{state.run}/_integration"
    return "nothing to deliver"


def _marks(state: RunState) -> str:
    """What the delivery did to the plan's document; empty when it was left out of it."""
    done = state.delivered
    if done is None or not done.document:
        return ""
    if not done.marked:
        return f"nothing is marked done in {done.document}: {done.note}"
    count = f"{len(done.marked)} task{'s' if len(done.marked) != 1 else ''}"
    rest = f" (not all: {done.note})" if done.note else ""
    return f"{count} marked done in {done.document}{rest}"


def _next_steps(state: RunState) -> tuple[str, ...]:
    steps = []
    if state.delivered is not None:
        steps.append(f"git log --oneline --graph {state.base_sha[:10]}..{state.delivered.sha[:10]}")
    elif state.merges:
        steps.append(f"git diff {state.base_sha[:10]} maestro/{state.run}/_integration")
        steps.append(f"git merge maestro/{state.run}/_integration")
    strategy = state.strategy
    if strategy is not None and strategy.stage is not None and state.merges:
        marked = state.delivered is not None and state.delivered.marked
        steps.append(
            f"maestro run {shlex.quote(strategy.plan.source)}   # the next stage, "
            f"{len(strategy.stage.later)} tasks left"
            + ("" if marked else ", once what is merged is marked done in it")
        )
    for task in state.tasks.values():
        if task.state is TaskState.SKIPPED:
            steps.append(
                f"maestro retry {state.run} {task.id} && maestro resume {state.run}"
                f"   # do {task.id} after all"
            )
    return tuple(steps[:6])


_WORDS = {
    RunStatus.DONE: "Done",
    RunStatus.FAILED: "Ended with something missing",
    RunStatus.ABORTED: "Aborted",
    RunStatus.DECLINED: "Declined; nothing was run",
}


def summary_lines(summary: Summary) -> list[str]:
    """The summary as plain lines."""
    word = _WORDS.get(RunStatus(summary.status), summary.status)
    out = [f"{word}: {sanitise(summary.title)} — {summary.merged} of {summary.total} tasks merged"]
    for wave in summary.waves:
        out.append(f"  Wave {wave.number}")
        for line in wave.tasks:
            tries = f", {line.attempts} attempts" if line.attempts > 1 else ""
            cost = f", ${line.cost:.2f}" if line.cost is not None else ""
            out.append(
                f"    {line.task:<14} {line.state:<8} {line.seconds:6.1f} s  {line.files} file(s)"
                f"  {line.agent}{tries}{cost}"
            )
        for name, state, seconds in wave.gates:
            out.append(f"    gate {sanitise(name)}: {state} ({seconds:.1f} s)")
    for task, why in summary.not_merged:
        out.append(f"  not merged: {task} — {sanitise(why)}")
    idle = f" ({summary.idle_s:.1f} s of it at rest)" if summary.idle_s >= 1 else ""
    out.append(
        f"  {summary.files} files, {summary.wall_s:.1f} s{idle}; the agents worked "
        f"{summary.work_s:.1f} s "
        f"({summary.speed_up:.1f} x one after the other)"
    )
    if summary.tokens:
        cost = f", ${summary.cost:.2f} as reported" if summary.cost is not None else ""
        cost += f", about ${summary.estimated:.2f} estimated" if summary.estimated else ""
        out.append(f"  {summary.tokens:,} tokens{cost}")
    out.append(f"  Delivered: {summary.delivered}")
    if summary.marks:
        out.append(f"  Plan: {sanitise(summary.marks)}")
    out.extend(f"  $ {step}" for step in summary.next_steps)
    return out
