"""The essence of a run that went well: what was decided, agreed and merged, on a page.

Logs are read for a week; why a thing was done is asked for years. So this is written when a run
ends, and stays when its logs are packed away and removed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.core.state import Answer, Attempt, RunState, TaskState
from maestro_tui.report.summary import Summary, TaskLine, summarise

_SETTLED_BY_ITSELF = ("review", "deliver")  # answered in every run; they decide nothing of the work


def essence(state: RunState) -> str:
    """The page as Markdown; agents' and people's words in it are made harmless."""
    found = summarise(state)
    parts = (
        _head(state, found),
        _tasks(state, found),
        _contracts(state),
        _decisions(state.answers),
        _gates(found),
        _left(found),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part))) + "\n"


def _head(state: RunState, found: Summary) -> Iterator[str]:
    yield f"# {_line(found.title) or found.run}"
    yield ""
    strategy = state.strategy
    if strategy is not None and strategy.plan.source:
        yield f"- Plan: {_line(strategy.plan.source)}"
    yield f"- Run: {found.run}, ended {_day(state.ended_at or state.now)}, {found.status}"
    yield f"- Base: {state.base_branch or 'no branch'} at {state.base_sha[:12]}"
    if state.delivered is not None:
        yield (
            f"- Delivered: {state.delivered.how} into {state.delivered.branch}, "
            f"{state.delivered.sha[:12]}"
        )
    elif state.head:
        yield f"- Not delivered: {state.head[:12]} on the run's own branch"
    cost = "" if found.cost is None else f", ${found.cost:.2f} as reported"
    cost += f", about ${found.estimated:.2f} estimated" if found.estimated else ""
    yield (
        f"- {found.merged} of {found.total} tasks merged, {found.files} files, "
        f"{found.wall_s:.0f} s (agents {found.work_s:.0f} s), {found.tokens} tokens{cost}"
    )


def _tasks(state: RunState, found: Summary) -> Iterator[str]:
    yield "## Tasks"
    for wave in found.waves:
        yield ""
        yield f"Wave {wave.number}"
        yield ""
        for line in wave.tasks:
            yield f"- {_task(state, line)}"


def _task(state: RunState, line: TaskLine) -> str:
    run = state.tasks[line.task]
    commit = f", {run.merged_sha[:12]}" if run.merged_sha else ""
    tries = f", {line.attempts} attempts" if line.attempts > 1 else ""
    why = f": {_line(line.why)}" if run.state is not TaskState.MERGED and line.why else ""
    title = f" {_line(line.title)}" if line.title else ""
    return f"{_line(line.task)}{title} ({line.agent}{tries}{commit}, {line.state}{why})"


def _contracts(state: RunState) -> Iterator[str]:
    """What merged tasks say others may rely on."""
    told = [
        (run.id, lines)
        for run in state.tasks.values()
        if run.state is TaskState.MERGED and (lines := _interfaces(run.attempts))
    ]
    if not told:
        return
    yield "## Contracts"
    for task, lines in told:
        yield ""
        yield _line(task)
        yield ""
        yield from (f"- {_line(line)}" for line in lines)


def _interfaces(attempts: Sequence[Attempt]) -> tuple[str, ...]:
    kept = [a for a in attempts if a.outcome == "merged"] or list(attempts[-1:])
    return tuple(str(line) for a in kept for line in a.claims.get("interfaces", ()))


def _decisions(answers: Sequence[Answer]) -> Iterator[str]:
    """What was asked on the way, and how it was answered by whom."""
    told = [a for a in answers if a.question.kind not in _SETTLED_BY_ITSELF]
    if not told:
        return
    yield "## Decisions"
    yield ""
    for answer in told:
        option = answer.question.option(answer.answer)
        chosen = option.label if option is not None else answer.answer
        words = f" — {_line(answer.text)}" if answer.text else ""
        yield (
            f"- {_day(answer.at)} {_line(answer.question.title)}: {_line(chosen)}{words} "
            f"({_line(answer.by)})"
        )


def _gates(found: Summary) -> Iterator[str]:
    told = [(wave.number, *gate) for wave in found.waves for gate in wave.gates]
    if not told:
        return
    yield "## Gates"
    yield ""
    yield from (
        f"- wave {wave}: {_line(name)}: {how}, {seconds:.0f} s" for wave, name, how, seconds in told
    )


def _left(found: Summary) -> Iterator[str]:
    if not found.not_merged:
        return
    yield "## Not merged"
    yield ""
    yield from (f"- {_line(task)}: {_line(why)}" for task, why in found.not_merged)


def _line(text: str) -> str:
    return " ".join(sanitise(text).split())


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
