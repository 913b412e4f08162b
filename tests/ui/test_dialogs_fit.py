"""Every question on a small screen: evidence, each answer with its key, a safe default, Esc."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from maestro_tui.core import events as e
from maestro_tui.core import questions, run_questions
from maestro_tui.core.budget_questions import budget
from maestro_tui.core.state import Question, RunState
from maestro_tui.ui.dialogs.agent import agent_question
from maestro_tui.ui.dialogs.choices import Choices
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.dialogs.resume import resume_question
from maestro_tui.ui.screens.board import BoardScreen
from tests.ui.runs import FakeSource, failing
from tests.ui.stage import NARROW, WIDE, opened, screen_text, top

LONG = "src/a/rather/deep/folder/of/the/project/with/a/name_that_goes_on.py"


def _permission(state: RunState) -> Question:
    task = _task(state)
    event = e.PermissionAsked(
        at=0.0, task=task.id, attempt=1, request="p1", tool="Bash", rule="Bash(npm run test:*)",
        detail="npm run test -- --coverage && " + "rm -rf build && " * 30 + "echo the end",
    )  # fmt: skip
    return questions.permission(state, task, event)


def _task(state: RunState):  # type: ignore[no-untyped-def]
    return next(t for t in state.tasks.values() if t.attempts)


def _stray(state: RunState) -> Question:
    task = _task(state)
    task.attempt.stray = tuple(f"{LONG}{n}" for n in range(14))
    return questions.stray(state, task)


def _failure(state: RunState) -> Question:
    lines = tuple(f"  line {n} of what it said last" for n in range(30))
    return questions.failure(state, _task(state), "It failed: exit 7", lines, "1.1")


def _conflict(state: RunState) -> Question:
    return questions.conflict(state, _task(state), (LONG, "b.py"), ("1.2",), ("base abc",))


def _budget(state: RunState) -> Question:
    return budget(state, "run", 1, 1.0, 0.8, 0.4)


def _agent(state: RunState) -> Question:
    task = _task(state)
    return agent_question(task, task.attempt, 0.0)


def _held(state: RunState) -> Question:
    return questions.held(state, _task(state))


KINDS: dict[str, Callable[[RunState], Question]] = {
    "permission": _permission,
    "stray": _stray,
    "failure": _failure,
    "conflict": _conflict,
    "budget": _budget,
    "agent": _agent,
    "held": _held,
    "resume": resume_question,
    "deliver": run_questions.deliver,
    "rolledback": lambda state: run_questions.rolled_back(state, 1, "refs/maestro/r/x"),
}


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("kind", KINDS)
async def test_it_is_whole_and_safe(kind: str, size: tuple[int, int]) -> None:
    source: FakeSource = failing()
    async with opened(source, size) as pilot:
        if isinstance(pilot.app.screen, QuestionDialog):
            await pilot.press("escape")
            await top(pilot, BoardScreen)
        question = KINDS[kind](source.state)
        pilot.app.push_screen(QuestionDialog(question, source.state, local=True))
        dialog = await top(pilot, QuestionDialog)
        text = screen_text(pilot)
        shown = [line.strip("│ ▌▎") for line in text.splitlines()]
        assert any(question.title in line for line in shown), text
        assert question.evidence[0].strip()[:40] in text
        for option in question.options:
            assert any(f" {option.hotkey}  {option.label}" in f" {line}" for line in shown), (
                f"{option.label} is not to be seen:\n{text}"
            )
        assert not dialog.query_one(Choices).highlighted.danger
        assert "Esc" in text
        keys = [option.hotkey for option in question.options]
        assert len(set(keys)) == len(keys)
        print(text)
        before = len(source.calls.decisions)
        await pilot.press("escape")
        await top(pilot, BoardScreen)
        assert len(source.calls.decisions) == before
