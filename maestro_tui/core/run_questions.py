"""The questions that are about the run as a whole: its start, its gates, its way back, its end.

Like those about a task: evidence first, ids that are never used twice.
"""

from __future__ import annotations

from maestro_tui.core.budget_questions import budget_lines
from maestro_tui.core.questions import ABORT, roll_back
from maestro_tui.core.state import GateRun, Option, Question, RunState


def review(state: RunState) -> Question:
    """May this strategy run at all?"""
    strategy = state.strategy
    assert strategy is not None
    commands = [f"Gate: {g.run}" for g in strategy.gates]
    return Question(
        id="review",
        kind="review",
        title=f"Run “{strategy.plan.title}”: {len(state.tasks)} tasks in {len(state.waves)} waves?",
        evidence=(
            f"Up to {state.max_parallel} agents at once, mode {state.mode}, "
            f"driver {state.options.driver}.",
            *((f"Setup in every worktree: {state.options.setup}",) if state.options.setup else ()),
            *budget_lines(state.options),
            *commands,
            *_marks(state),
        ),
        options=(
            Option("yes", "Yes, run it", "y"),
            Option("no", "No, do nothing", "n", danger=True),
        ),
        asked_at=state.now,
        default="yes",
    )


def _marks(state: RunState) -> tuple[str, ...]:
    """What a yes changes beyond the agents' work."""
    document = state.options.marks
    if not document:
        return ()
    return (f"The delivery's last commit marks the merged tasks done in {document}.",)


def gate(state: RunState, run: GateRun, suspects: tuple[str, ...]) -> Question:
    """The merged tree fails a check."""
    where = f"after wave {run.wave}" if run.wave else "on the final tree"
    if run.task:
        where = f"after {run.task} was merged"
    guilty = suspects[0] if suspects else ""
    options = []
    if guilty:
        options += [
            Option(
                "retry", f"Send {guilty} back", "r", "a new attempt with this failure as its task"
            ),
            Option(
                "instruct",
                f"Send {guilty} back with instructions",
                "i",
                "you type what to do",
                text="required",
            ),
        ]
    options.append(
        Option(
            "rerun",
            "Run the gate again",
            "g",
            "when you believe it is flaky or you changed something",
        )
    )
    if run.wave:
        options.append(roll_back(state, run.wave - 1))
    options += [
        Option("accept", "Accept as it is", "a", "go on with a red gate", danger=True),
        ABORT,
    ]
    return Question(
        id=f"gate-{run.key}-{run.runs}",
        kind="gate",
        title=f"Gate “{run.gate.name}” failed {where}",
        evidence=(
            f"$ {run.gate.run}   (exit {run.exit}, {run.seconds:.1f} s)",
            *_compared(run),
            *run.tail,
            *_blame(run, suspects),
        ),
        options=tuple(options),
        task=guilty,
        subject=run.key,
        asked_at=state.now,
        default="retry" if guilty else "rerun",
    )


def _compared(run: GateRun) -> tuple[str, ...]:
    """New failures by name; those of the base and the flaky ones by number."""
    lines: list[str] = []
    for names, word, most in (
        (run.new, "New", 8),
        (run.known, "Failing on the base already", 2),
        (run.fixed, "Fixed", 2),
        (run.flaky, "Flaky (failed once, not again)", 2),
    ):
        shown = [n for n in names if n]
        if shown:
            lines.append(f"{word} ({len(names)}):")
            lines += [f"  {n}" for n in shown[:most]]
            if len(shown) > most:
                lines.append(f"  … and {len(shown) - most} more")
    return (*lines, *run.notes)


def _blame(run: GateRun, suspects: tuple[str, ...]) -> tuple[str, ...]:
    if run.guilty:
        return (f"Red since the merge of {run.guilty}.",)
    return (f"Most likely: {', '.join(suspects)}",) if suspects else ()


def rolled_back(state: RunState, wave: int, kept: str, task: str = "") -> Question:
    """The branch is back where wave N ended, or right after a task's merge: and now?"""
    if task:
        later = list(state.held_tasks)
        where = f"right after the merge of {task}"
    else:
        later = [t.id for t in state.tasks.values() if t.wave > wave]
        where = "the base" if wave == 0 else f"the end of wave {wave}"
    return Question(
        id=f"rolledback-{state.rollbacks}",
        kind="rolledback",
        title=f"Rolled back to {where}",
        evidence=(
            f"To be done again: {', '.join(later)}.",
            f"What was dropped is kept: {kept}." if kept else "Nothing had to be dropped.",
        ),
        options=(
            Option("restart", "Do them again" if task else "Start the wave again", "r"),
            Option(
                "instruct",
                "Start it with instructions",
                "i",
                "given to every agent of it",
                text="required",
            ),
            Option("skip", "Leave it there", "s", "the later tasks are given up", danger=True),
            ABORT,
        ),
        asked_at=state.now,
        default="restart",
    )


def trouble(state: RunState, subject: str, title: str, error: str) -> Question:
    """Maestro itself could not do something that is not one task's business."""
    return Question(
        id=f"trouble-{len(state.answers)}-{subject.split(':')[0].lower()}",
        kind="trouble",
        title=title,
        evidence=tuple(error.splitlines()[:12]),
        options=(Option("retry", "Try again", "r"), ABORT),
        subject=subject,
        asked_at=state.now,
        default="retry",
    )


def deliver(state: RunState, reason: str = "", paths: tuple[str, ...] = ()) -> Question:
    """Everything that can be done is done: bring it into the base branch?"""
    merged = [t for t in state.tasks.values() if t.merged_sha]
    left = [
        t for t in state.tasks.values() if not t.merged_sha and t.state not in ("done", "excluded")
    ]
    target = state.base_branch or "the detached HEAD"
    files = {f for t in merged if t.attempt for f in t.attempt.files}
    evidence = [f"{len(merged)} task(s) merged, {len(files)} file(s) changed."]
    if left:
        evidence.append("Not part of it: " + ", ".join(f"{t.id} ({t.state})" for t in left) + ".")
    red = [g.gate.name for g in state.gates.values() if g.state == "accepted"]
    if red:
        evidence.append("Accepted with a red gate: " + ", ".join(red) + ".")
    evidence += _marks(state)
    if reason:
        evidence = [reason, *(f"  {p}" for p in paths[:12]), *evidence]
    return Question(
        id=f"deliver-{state.delivery}",
        kind="deliver",
        title=f"Could not deliver to {target}" if reason else f"Deliver to {target}?",
        evidence=tuple(evidence),
        options=(
            Option("merge", "Try again" if reason else "Merge", "m", f"into {target}"),
            Option("leave", "Leave it on its branch", "l", f"maestro/{state.run}/_integration"),
        ),
        asked_at=state.now,
        default="merge",
    )
