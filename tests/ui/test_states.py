"""Every state has a glyph, a word, a colour and a line that says why it is so."""

from __future__ import annotations

import pytest
from rich.style import Style

from maestro_tui.core.state import TaskState
from maestro_tui.ui.glyphs import GATES, RUN, TASK
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.themes import _ANSI, _DARK, _LIGHT
from maestro_tui.ui.widgets.cards import task_words
from tests.ui.runs import FakeSource, T, a_strategy, fresh

S = TaskState


def in_state(state: TaskState) -> tuple[FakeSource, str]:
    """A run with a task in that state, and which one it is."""
    if state in (S.EXCLUDED, S.DONE, S.WAITING, S.READY):
        tasks = (
            T("done", "Was there", status="done"),
            T("running", "Has the slot"),
            T("ready", "Could start"),
            T("waiting", "Needs the slot's", ("running",)),
            T("excluded", "Not wanted", excluded=True),
        )
        return FakeSource(a_strategy(tasks, max_parallel=1)), state.value
    source = fresh()
    if state is S.PREPARING:
        return source, "1.1"
    source.start("1.1").report("1.1", "Bash: python -m pytest").wait(3)
    if state is S.RUNNING:
        return source, "1.1"
    if state in (S.FAILED, S.BLOCKED, S.SKIPPED):
        source.end("1.1", ok=False, error="exit 1: two tests failed")
        if state is S.SKIPPED:
            source.decide(next(iter(source.state.questions)), "skip")
        return source, "1.2" if state is S.BLOCKED else "1.1"
    source.end("1.1")
    if state is S.CHECKING:
        return source, "1.1"
    source.check("1.1", files=("migrations/001.sql",))
    if state is S.MERGING:
        return source, "1.1"
    source.merge("1.1")
    if state is S.MERGED:
        return source, "1.1"
    source.gate("w1-1").tag(1).start("1.2", "1.3").end("1.2").end("1.3")
    source.check("1.2", files=("app/models/a.py",)).check("1.3", files=("app/validate.py",))
    if state is S.CONFLICTED:
        source.merge("1.2").clash("1.3", "app/validate.py", others=("1.2",))
    return source, "1.3"


WHY = {
    S.WAITING: "waits for running (preparing)",
    S.READY: "waits for a free agent",
    S.PREPARING: "gets its worktree",
    S.RUNNING: "Bash: python -m pytest",
    S.CHECKING: "its work is being checked",
    S.QUEUED: "waits for its merge",
    S.MERGING: "is being merged",
    S.CONFLICTED: "conflicts in app/validate.py",
    S.MERGED: "1 file",
    S.FAILED: "exit 1: two tests failed",
    S.BLOCKED: "waits for 1.1 (failed)",
    S.SKIPPED: "exit 1: two tests failed",
    S.EXCLUDED: "left out in the review",
    S.DONE: "marked as done in the plan",
}


@pytest.mark.parametrize("state", TaskState)
def test_a_task_says_why_it_is_where_it_is(state):
    source, name = in_state(state)
    task = source.task(name)
    assert task.state is state
    words = task_words(task, source.now(), source.state)
    assert WHY[state] in words
    assert words != TASK[state].word


@pytest.mark.parametrize("colours", [_DARK, _LIGHT, _ANSI], ids=["dark", "light", "ansi"])
def test_every_state_has_a_sign_a_word_and_a_colour_in_every_kind_of_theme(colours):
    palette = Palette({f"state-{name}": value for name, value in colours.items()})
    for look in (*TASK.values(), *RUN.values(), *GATES.values()):
        assert look.glyph
        assert look.word
        assert palette.look(look) != Style.null(), look


def test_no_two_states_of_a_task_look_alike_without_their_colours():
    assert len({(look.glyph, look.word) for look in TASK.values()}) == len(TaskState)
    assert len({look.glyph for look in TASK.values()}) == len(TaskState)
