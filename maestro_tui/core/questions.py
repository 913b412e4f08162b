"""The questions a run can ask: evidence first, then answers with one key each.

Ids are stable, readable and never used twice, so that ``maestro decide`` can name them and an
answer can be given only once.
"""

from __future__ import annotations

from maestro_tui.core.events import PermissionAsked
from maestro_tui.core.rollback import Point, preview
from maestro_tui.core.state import (
    Option,
    Question,
    RunState,
    TaskRun,
)
from maestro_tui.core.transitions import can_go_on

RETRY = Option("retry", "Retry", "r", "a fresh attempt, told what failed")
INSTRUCT = Option(
    "instruct", "Retry with instructions", "i", "you type what to do", text="required"
)
RECHECK = Option("recheck", "Check it again", "c", "its work is still there, as the agent left it")
REMERGE = Option("remerge", "Merge it again", "m", "its work is checked and kept")
SKIP = Option("skip", "Skip", "s", "give this task up; what depends on it is blocked", danger=True)
ABORT = Option("abort", "Abort the run", "A", "stop every agent; merged work is kept", danger=True)
SWAP = Option(
    "swap", "Other agent", "w", "retry with another agent: type its name", text="required"
)


def roll_back(state: RunState, wave: int) -> Option:
    """Back to the end of that wave, with what this drops."""
    tags = [n for n in state.wave_tags if n <= wave]
    target = max(tags, default=0)
    point = Point("", state.wave_tags.get(target, state.base_sha), target)
    drops = preview(state, point).drops
    names = ", ".join(drops[:5]) + (" …" if len(drops) > 5 else "")
    what = f"drops {names}; all of it is kept" if drops else "no merge is dropped"
    return Option("rollback", "Roll back", "B", what, danger=True)


def dependents_of(state: RunState, task: TaskRun) -> list[str]:
    """Every task that cannot start before this one is merged, nearest first."""
    seen: dict[str, None] = {}
    queue = list(task.dependents)
    while queue:
        one = queue.pop(0)
        if one not in seen:
            seen[one] = None
            queue.extend(state.tasks[one].dependents)
    return list(seen)


def _blocks(state: RunState, task: TaskRun) -> tuple[str, ...]:
    names = dependents_of(state, task)
    if not names:
        return ("Nothing depends on it; the other tasks go on.",)
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    return (f"Blocked until this is answered: {shown}.",)


def failure(
    state: RunState,
    task: TaskRun,
    title: str,
    evidence: tuple[str, ...],
    suspect: str,
    again: Option | None = None,
) -> Question:
    """An agent did not do it: what now?

    Where it did, and only Maestro could not go on with it, ``again`` lets Maestro try again.
    """
    attempt = task.attempt
    assert attempt is not None
    upstream = suspect or (task.after[0] if task.after else "")
    options = [*([again] if again else []), RETRY, INSTRUCT]
    if upstream:
        options.append(
            Option(
                "upstream",
                f"Fix {upstream} first",
                "u",
                f"run {upstream} again with this failure, then retry this task",
                text="optional",
            )
        )
    options += [SWAP, SKIP]
    if task.wave > 1:
        options.append(roll_back(state, task.wave - 1))
    options.append(ABORT)
    return Question(
        id=f"fail-{task.task.key}-{attempt.number}"
        + (f"-{again.key}-{_asked(state, task)}" if again else ""),
        kind="failure",
        title=title,
        evidence=(*evidence, *_blocks(state, task)),
        options=tuple(options),
        task=task.id,
        attempt=attempt.number,
        subject=upstream,
        asked_at=state.now,
        default=again.key if again else "retry",
    )


def _asked(state: RunState, task: TaskRun) -> int:
    return sum(1 for a in state.answers if a.question.task == task.id)


def held(state: RunState, task: TaskRun) -> Question:
    """A person stopped this agent: how does it go on?"""
    attempt = task.attempt
    assert attempt is not None
    where = "in its session" if can_go_on(task) else "with a fresh attempt"
    return Question(
        id=f"held-{task.task.key}-{attempt.number}"
        + (f"-{attempt.resumes}" if attempt.resumes else ""),
        kind="held",
        title=f"{task.id} was stopped by you",
        evidence=("What it wrote is kept.", *_blocks(state, task)),
        options=(
            Option("on", "Go on", "g", where, text="optional"),
            Option("retry", "Start afresh", "r", "a new attempt in a clean tree"),
            SWAP,
            SKIP,
            ABORT,
        ),
        task=task.id,
        attempt=attempt.number,
        asked_at=state.now,
        default="on",
    )


def stray(state: RunState, task: TaskRun) -> Question:
    """The agent changed files that are not its own."""
    attempt = task.attempt
    assert attempt is not None
    owners = []
    for path in attempt.stray[:12]:
        owner = next(
            (t.id for t in state.tasks.values() if t is not task and path in t.task.files), ""
        )
        owners.append(f"  {path}" + (f"   (belongs to {owner})" if owner else ""))
    if len(attempt.stray) > 12:
        owners.append(f"  … and {len(attempt.stray) - 12} more")
    return Question(
        id=f"stray-{task.task.key}-{attempt.number}-{len(attempt.drop) + len(attempt.extend)}",
        kind="stray",
        title=f"{task.id} changed {len(attempt.stray)} file(s) outside its own",
        evidence=(*owners, "Owned: " + (", ".join(task.owned) or "nothing"), *_blocks(state, task)),
        options=(
            Option("drop", "Drop the stray edits", "d", "keep the rest of the work"),
            Option(
                "extend", "Let it keep them", "e", "these files become the task's own", danger=True
            ),
            RETRY,
            INSTRUCT,
            SKIP,
            ABORT,
        ),
        task=task.id,
        attempt=attempt.number,
        asked_at=state.now,
        default="drop",
    )


def permission(state: RunState, task: TaskRun, event: PermissionAsked) -> Question:
    """A running agent waits for a yes, for an answer, or for its plan to be approved."""
    attempt = task.attempt
    assert attempt is not None
    title, options, default = {
        "question": _choosing,
        "plan": _planning,
    }.get(event.form, _permitting)(task, event)
    return Question(
        id=f"perm-{task.task.key}-{attempt.number}-{event.request}",
        kind="permission",
        title=title,
        evidence=(event.detail, f"In its worktree {attempt.worktree}", "The agent waits."),
        options=options,
        task=task.id,
        attempt=attempt.number,
        subject=event.request,
        asked_at=state.now,
        default=default,
        tool=event.tool if event.form == "permission" else "",
        rule=event.rule,
    )


Asked = tuple[str, tuple[Option, ...], str]


def _permitting(task: TaskRun, event: PermissionAsked) -> Asked:
    always: tuple[Option, ...] = ()
    if event.rule:
        always = (
            Option("always-agent", "Always for this task", "a", event.rule),
            Option("always-run", "Always in this run", "e", f"{event.rule}, every agent"),
        )
    allow = Option("allow", "Allow once", "y")
    deny = Option("deny", "Deny", "n", "the agent is told why", text="optional")
    return f"{task.id} asks to use {event.tool}", (allow, *always, deny), "deny"


def _choosing(task: TaskRun, event: PermissionAsked) -> Asked:
    choices = [
        Option(f"choice-{n}", choice, str(n)) for n, choice in enumerate(event.choices[:9], start=1)
    ]
    other = Option("other", "Something else", "o", "you type the answer", text="required")
    deny = Option("deny", "No answer", "n", "the agent decides itself", text="optional")
    return f"{task.id} asks you something", (*choices, other, deny), "deny"


def _planning(task: TaskRun, event: PermissionAsked) -> Asked:
    allow = Option("allow", "Approve the plan", "y")
    deny = Option("deny", "Not like this", "n", "you type what to change", text="optional")
    return f"{task.id} has a plan and waits for approval", (allow, deny), "deny"


def conflict(
    state: RunState,
    task: TaskRun,
    paths: tuple[str, ...],
    others: tuple[str, ...],
    evidence: tuple[str, ...],
) -> Question:
    """Two tasks changed the same lines."""
    attempt = task.attempt
    assert attempt is not None
    with_whom = f" with {', '.join(others)}" if others else ""
    number = sum(
        1 for a in state.answers if a.question.kind == "conflict" and a.question.task == task.id
    )
    return Question(
        id=f"conflict-{task.task.key}-{attempt.number}" + (f"-{number}" if number else ""),
        kind="conflict",
        title=f"Merging {task.id} conflicts{with_whom} in {len(paths)} file(s)",
        evidence=(*(f"  {p}" for p in paths), *evidence, *_blocks(state, task)),
        options=(
            Option(
                "retry", "Send back to the agent", "r", "a fresh attempt on top of what is merged"
            ),
            INSTRUCT,
            Option(
                "resolve",
                "Choose by file and place",
                "f",
                "PATH=ours|theirs|both|base|delete, PATH#2=theirs for its second place",
                text="required",
            ),
            Option("edited", "I resolved it", "e", "edit the files in its worktree, then answer"),
            Option(
                "theirs",
                "Take the task's side",
                "t",
                f"where lines conflict, {task.id} wins",
                danger=True,
            ),
            Option(
                "ours",
                "Keep what is merged",
                "o",
                f"where lines conflict, {task.id} loses",
                danger=True,
            ),
            SKIP,
            ABORT,
        ),
        task=task.id,
        attempt=attempt.number,
        subject=attempt.worktree,
        asked_at=state.now,
        default="retry",
    )
