"""What the user may do with one agent at work: tell, pause, end, give it another model."""

from __future__ import annotations

from maestro_tui.core.state import INTERACTIVE, MODELLED, Attempt, Option, Question, TaskRun
from maestro_tui.ui.formatting import duration

_WORDS = Option("message", "Tell it something", "t", "it goes on, with this in mind", "required")
_MODEL = Option("model", "Another model", "m", "from its next turn on", "required")
_LATER = Option(
    "message",
    "Words for its next attempt",
    "t",
    "this kind of agent hears nothing while it works",
    "required",
)
_STOP = Option("stop", "Stop it", "s", "this agent alone; you are asked how it goes on")
_RESTART = Option(
    "restart", "Start it afresh", "r", "a new attempt in a clean tree", "optional", danger=True
)


def agent_question(task: TaskRun, attempt: Attempt, now: float) -> Question:
    """The dialog's content; the answers are the kinds of instructions there are."""
    talks = task.assignment.driver in INTERACTIVE
    options: list[Option] = [_WORDS if talks else _LATER]
    if talks or attempt.parked_until > now:
        options += _waiting(attempt, now)
    if task.assignment.driver in MODELLED:
        options.append(_MODEL)
    options += [_STOP, _RESTART]
    default = "resume" if any(o.key == "resume" for o in options) else "message"
    return Question(
        id=f"agent of {task.id}",
        kind="agent",
        title=f"The agent of {task.id}",
        evidence=tuple(_facts(task, attempt, now)),
        options=tuple(options),
        task=task.id,
        attempt=attempt.number,
        default=default,
    )


def _waiting(attempt: Attempt, now: float) -> list[Option]:
    if attempt.parked_until > now:
        return [
            Option("resume", "Go on now", "g", "without waiting for the limit to pass"),
            Option("no-waiting", "Do not wait", "w", "it fails at limits from now on", danger=True),
        ]
    if attempt.paused == "user":
        return [Option("resume", "Go on", "g", "it takes its task up where it left it")]
    if attempt.paused:
        return []
    return [
        Option("pause", "Pause it", "p", "it ends its step and waits; its time stands still"),
        Option("interrupt", "Interrupt it", "i", "it ends its step and asks you what to do"),
    ]


def _facts(task: TaskRun, attempt: Attempt, now: float) -> list[str]:
    model = attempt.model or task.model or task.assignment.model
    facts = [f"{attempt.agent}, driver {task.assignment.driver}" + (f", {model}" if model else "")]
    if attempt.parked_until > now:
        facts.append(f"Waits for a limit of the service, {duration(attempt.parked_until - now)}")
    if attempt.paused == "budget":
        facts.append("Paused by its budget: answer that question first (i)")
    elif attempt.paused:
        facts.append("Paused by you")
    if attempt.activity:
        facts.append(f"Now: {attempt.activity}")
    if attempt.session:
        facts.append(f"Session {attempt.session}")
    return facts
