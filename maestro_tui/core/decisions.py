"""What each answer does to the run."""

from __future__ import annotations

from collections.abc import Callable

from maestro_tui.core import budget_questions
from maestro_tui.core.policies import automatic_answer
from maestro_tui.core.state import (
    ACTIVE,
    Answer,
    GateRun,
    Question,
    RunState,
    RunStatus,
    TaskRun,
    TaskState,
)
from maestro_tui.core.transitions import can_go_on, move, notice, try_again

_S = TaskState
MAX_DELAY_S = 300.0


def ask(state: RunState, question: Question) -> None:
    """Open a question, or answer it at once where a policy does."""
    if question.id in state.questions or any(a.question.id == question.id for a in state.answers):
        return
    state.questions[question.id] = question
    answer = automatic_answer(state, question)
    if answer is not None and question.option(answer[0]) is not None:
        decide(state, question.id, answer[0], "", f"policy: {answer[1]}")


def decide(state: RunState, question_id: str, answer: str, text: str, by: str) -> bool:
    """Carry out an answer; False when the question is closed or has no such option."""
    question = state.questions.get(question_id)
    if question is None or question.option(answer) is None:
        return False
    del state.questions[question_id]
    state.answers.append(Answer(question, answer, text, by, state.now))
    if by.startswith("policy"):
        notice(state, f"{question.title}: answered “{answer}” ({by})")
    if answer == "abort":
        state.stopping, state.stop_reason = "abort", f"aborted at: {question.title}"
        return True
    _HANDLERS[question.kind](state, question, answer, text, by)
    return True


def _review(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    state.accepted = answer == "yes"
    state.status = RunStatus.RUNNING if state.accepted else RunStatus.DECLINED
    if answer != "yes":
        state.ended_at = state.now


def _delay(state: RunState, task: TaskRun, by: str) -> float:
    """Automatic retries wait longer each time; a person's are at once."""
    if not by.startswith("policy"):
        return 0.0
    task.retries_used += 1
    return min(MAX_DELAY_S, state.options.retry_delay_s * 2.0 ** (task.retries_used - 1))


def _again(
    state: RunState, question: Question, task: TaskRun, answer: str, text: str, by: str
) -> bool:
    """The answers that mean a fresh attempt, common to several questions."""
    if answer not in ("retry", "instruct"):
        return False
    delay = _delay(state, task, by)
    why = (
        "is retried"
        + (" with instructions" if text else "")
        + (f" in {delay:.0f} s" if delay else "")
    )
    try_again(
        state,
        task,
        why,
        instructions=text,
        failure="\n".join((question.title, *question.evidence)),
        delay=delay,
    )
    return True


def _failure(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    task = state.tasks[question.task]
    if _again(state, question, task, answer, text, by):
        return
    if answer == "recheck":
        move(state, task, _S.CHECKING, "its work is checked again")
    elif answer == "remerge":
        assert task.attempt is not None
        task.attempt.outcome = ""
        move(state, task, _S.QUEUED, "is merged again")
    elif answer == "skip":
        move(state, task, _S.SKIPPED, f"given up: {question.title}")
    elif answer == "swap":
        task.agent = text.strip()
        try_again(state, task, f"is retried by {task.agent}", failure=question.title)
    elif answer == "upstream":
        upstream = state.tasks[question.subject]
        message = "\n".join((f"{task.id}, which builds on your work, failed:", *question.evidence))
        if upstream.id not in task.after:  # further up: from now on it waits for that one, too
            task.after = (*task.after, upstream.id)
            upstream.dependents = (*upstream.dependents, task.id)
        try_again(state, task, f"waits for {upstream.id} to be fixed", failure=question.title)
        if upstream.state is _S.MERGED:
            try_again(
                state, upstream, f"is fixed for {task.id}", instructions=text, failure=message
            )
    elif answer == "rollback":
        start_rollback(state, task.wave - 1)


def _held(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    """A person had stopped this agent: it goes on where it was, or begins anew."""
    task = state.tasks[question.task]
    attempt = task.attempt
    assert attempt is not None
    if answer == "on":
        task.next_instructions = "\n\n".join(x for x in (task.next_instructions, text) if x)
        move(state, task, _S.WAITING, "goes on" if can_go_on(task) else "starts again")
        return
    attempt.afresh = True
    _failure(state, question, answer, text, by)


def _stray(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    task = state.tasks[question.task]
    attempt = task.attempt
    assert attempt is not None
    if answer in ("drop", "extend"):
        if answer == "drop":
            attempt.drop = (*attempt.drop, *attempt.stray)
        else:
            attempt.extend = (*attempt.extend, *attempt.stray)
            task.extended = (*task.extended, *attempt.stray)
        move(state, task, _S.CHECKING, f"stray edits: {answer}")
        return
    _failure(state, question, answer, text, by)


def _permission(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    task = state.tasks[question.task]
    attempt = task.attempt
    if attempt is None or attempt.number != question.attempt or task.state is not _S.RUNNING:
        return
    if answer == "deny":
        attempt.pending_answers[question.subject] = (False, text or f"denied ({by})")
        return
    option = question.option(answer)
    words = option.label if option is not None and answer.startswith("choice-") else text
    attempt.pending_answers[question.subject] = (True, words)
    if answer in ("always-agent", "always-run"):
        if answer == "always-agent":
            task.rules = (*task.rules, question.rule)
        else:
            state.rules = (*state.rules, question.rule)
        for other in [q for q in state.questions.values() if q.kind == "permission"]:
            found = automatic_answer(state, other)  # what others wait for may be covered now
            if found is not None:
                decide(state, other.id, found[0], "", f"policy: {found[1]}")


def _conflict(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    task = state.tasks[question.task]
    if _again(state, question, task, answer, text, by):
        return
    if answer == "skip":
        move(state, task, _S.SKIPPED, "given up: its merge conflicts")
        return
    attempt = task.attempt
    assert attempt is not None
    attempt.resolve = answer
    attempt.choices = text if answer == "resolve" else ""
    task.why = "its conflict is being resolved"


def _gate(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    run = state.gates[question.subject]
    if answer == "accept":
        run.state = "accepted"
        state.green[run.gate.run] = (run.sha, "accepted")
        return
    if answer == "rollback":
        run.state = "pending"
        start_rollback(state, run.wave - 1)
        return
    run.state = "pending"
    if answer in ("retry", "instruct"):
        _send_back(state, question, run, text, by)


def _send_back(state: RunState, question: Question, run: GateRun, text: str, by: str) -> None:
    """The task that most likely broke the gate gets a new attempt, with the gate's words."""
    task = state.tasks[question.task]
    if by.startswith("policy"):
        run.fixes += 1
    if task.state is not _S.MERGED:
        return
    failure = "\n".join((question.title, *question.evidence))
    try_again(state, task, f"fixes gate {run.gate.name}", instructions=text, failure=failure)


def _rolled_back(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    held, names = state.held_after, state.held_tasks
    state.held_after, state.held_tasks = None, ()
    for task in state.tasks.values():
        mine = task.id in names or (held is not None and task.wave > held)
        if not mine or task.state not in (_S.WAITING, _S.BLOCKED, _S.READY):
            continue
        if answer == "skip":
            move(state, task, _S.SKIPPED, "rolled back and left there")
        elif text:
            task.next_instructions = text


def _trouble(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    """Nothing to change: the effect's state still stands, and its command is issued again."""


def _deliver(state: RunState, question: Question, answer: str, text: str, by: str) -> None:
    if answer == "merge":
        state.deliver_now = True
    else:
        state.left = True


def start_rollback(state: RunState, wave: int) -> None:
    """Ask for the branch to go back, as far as any answer wants; later agents are ended first."""
    wave = max(0, wave)
    state.rollback_to = wave if state.rollback_to is None else min(wave, state.rollback_to)


def give_back(state: RunState, wave: int, dropped: set[str]) -> None:
    """After a roll-back, everything later than ``wave`` and every dropped merge is to be redone."""
    for task in state.tasks.values():
        if task.wave <= wave and task.id not in dropped:
            continue
        if task.state in (_S.EXCLUDED, _S.DONE, _S.SKIPPED):
            continue
        if task.state in (_S.WAITING, _S.BLOCKED):
            continue
        if task.state is _S.READY:
            move(state, task, _S.WAITING, "rolled back")
        elif task.state not in ACTIVE:
            try_again(state, task, "rolled back")


_HANDLERS: dict[str, Callable[[RunState, Question, str, str, str], None]] = {
    "review": _review,
    "failure": _failure,
    "stray": _stray,
    "permission": _permission,
    "conflict": _conflict,
    "gate": _gate,
    "rolledback": _rolled_back,
    "trouble": _trouble,
    "deliver": _deliver,
    "budget": budget_questions.answered,
    "held": _held,
}
