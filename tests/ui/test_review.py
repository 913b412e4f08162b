"""The review: what it says, what each key does, and that nothing is lost by accident."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from textual.app import App
from textual.pilot import Pilot

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Diagnostic, Strategy
from maestro_tui.ui.actions import ACTIONS
from maestro_tui.ui.dialogs.confirm import ChoiceDialog
from maestro_tui.ui.dialogs.modify import Fields, ModifyDialog
from maestro_tui.ui.screens.drafting import Drafting
from maestro_tui.ui.screens.review import ReviewScreen
from maestro_tui.ui.screens.review_details import ReviewDetails
from maestro_tui.ui.themes import install, state_defaults
from maestro_tui.ui.widgets.log_pane import LogPane
from maestro_tui.ui.widgets.log_tabs import LogTabs
from maestro_tui.ui.widgets.log_view import LogView
from maestro_tui.ui.widgets.review_table import ReviewTable
from tests.ui.pictures import pictures
from tests.ui.runs import HOSTILE
from tests.ui.stage import WIDE, screen_text, until
from tests.ui.strategies import COMMANDS, FACTS, PLAN, a_strategy

SIZES = [(120, 40), (80, 24)]


class ReviewApp(App[int]):
    """Nothing but the review."""

    def __init__(self, strategy: Strategy | None = None, **more: Any) -> None:
        super().__init__()
        install(self, [], None)
        self.answers: list[Strategy | None] = []
        more = {"driver": "command", "commands": COMMANDS, "facts": FACTS} | more
        self.review = ReviewScreen(strategy or a_strategy(), source_name="shop.md", **more)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_defaults(self.current_theme)

    def on_mount(self) -> None:
        self.push_screen(self.review, self.answers.append)


async def press(pilot: Pilot[Any], *keys: str) -> str:
    await pilot.press(*keys)
    await pilot.pause()
    return screen_text(pilot)


async def typed(pilot: Pilot[Any], value: str) -> str:
    """Another value into the field that is being edited."""
    await pilot.press("end", "ctrl+u")
    return await press(pilot, *value, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_everything_a_yes_allows_is_in_view(size: tuple[int, int]) -> None:
    app = ReviewApp()
    async with app.run_test(size=size) as pilot:
        shown = await press(pilot)
        assert "7 tasks · 9 files · 5 waves · up to 4 agents at once · wave by wave" in shown
        assert "about 55 min, one by one 1 h 15 min (1.4×)" in shown
        assert "$1.33 to $22.47" in shown
        assert "a rough guess" in shown
        assert "read as maestro, confidence high" in shown
        assert "claude -p --output-format stream-json" in shown
        assert "python -m pytest -q" in shown
        assert "y yes" in shown
        assert "n no" in shown
        assert "? general-purpose" in shown
        assert "1.2:57" in shown


async def test_the_rest_is_one_key_away() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        seen = await press(pilot, "tab")
        for _ in range(6):
            seen += await press(pilot, "pagedown")
        assert "2 uncommitted change(s)" in seen
        assert "Task 3.2 has no estimate of its own. (line 92)" in seen
        assert "waits for 1.2: both write app/models/a.py" in seen
        assert "longest" in seen


async def test_yes_answers_with_the_strategy_as_it_is_then() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "s", "t", "y")
        assert len(app.answers) == 1
        answer = app.answers[0]
        assert answer is not None
        assert (answer.max_parallel, answer.mode) == (1, "streaming")


async def test_no_answers_nothing_and_asks_when_changes_would_be_lost() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "s", "n")
        assert isinstance(app.screen, ChoiceDialog)
        await press(pilot, "n")
        assert app.answers == []
        await press(pilot, "u", "n")
        assert app.answers == [None]


async def test_escape_only_asks() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "escape")
        assert isinstance(app.screen, ChoiceDialog)
        await press(pilot, "escape")
        assert app.screen_stack[-1] == app.review
        assert app.answers == []
        await press(pilot, "escape", "y")
        assert app.answers == [None]


async def test_sequential_goes_there_and_back_and_counts_the_time() -> None:
    app = ReviewApp()
    async with app.run_test(size=(120, 40)) as pilot:
        shown = await press(pilot, "s")
        assert "one agent at a time" in shown
        assert "about 1 h 15 min, one by one 1 h 15 min (1.0×)" in shown
        assert "up to 4 agents at once" in await press(pilot, "s")
        assert "up to 5 agents at once" in await press(pilot, "plus")
        assert "up to 4 agents at once" in await press(pilot, "minus")


async def test_details_show_where_each_order_comes_from() -> None:
    app = ReviewApp(prompt=lambda strategy, task: f"You do {task}.\nBe brief.")
    async with app.run_test(size=(120, 40)) as pilot:
        app.review.query_one(ReviewTable).select("2.2")
        await press(pilot, "enter")
        assert isinstance(app.screen, ReviewDetails)
        shown = screen_text(pilot)
        assert "said by label, line 57" in shown
        assert "app/pipeline/q.py" in shown
        assert "2_2_COMPLETE.md" in shown
        assert "You do 2.2." in shown
        shown = await press(pilot, "n", "n")
        assert "? assumed from the order in the document" in shown
        await press(pilot, "escape")
        assert app.review.query_one(ReviewTable).selected == "3.2"


async def test_a_strategy_with_nothing_left_cannot_be_started() -> None:
    app = ReviewApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "m", "X", "n", "X", "escape")
        for task in ("1.3", "2.1", "2.2", "3.1", "3.2"):
            if not app.review.strategy.assignment(task).excluded:
                app.review.draft.toggle_excluded_with_dependents(task)
        shown = await press(pilot, "y")
        assert app.answers == []
        assert "Every task is left out" in shown


async def test_errors_of_the_plan_forbid_a_yes() -> None:
    bad = (Diagnostic("x", "error", 3, "Two tasks are called 1.1.", "Rename one"),)
    app = ReviewApp(a_strategy(dataclasses.replace(PLAN, diagnostics=bad)))
    async with app.run_test(size=(120, 40)) as pilot:
        shown = await press(pilot, "y")
        assert app.answers == []
        assert "Two tasks are called 1.1. (line 3)" in shown


# -- modify --------------------------------------------------------------------------------------
async def field(pilot: Pilot[Any], label: str) -> None:
    """Open the field of that name for editing."""
    fields = pilot.app.screen.query_one(Fields)
    fields.cursor = next(n for n, f in enumerate(fields.fields) if f.label == label)
    await pilot.press("enter")


async def test_a_task_gets_another_agent_files_and_order() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.review.query_one(ReviewTable).select("1.3")
        await press(pilot, "m")
        await field(pilot, "agent")
        await typed(pilot, "reviewer")
        await field(pilot, "create")
        await typed(pilot, "app/validate.py, app/rules.py")
        a = app.review.strategy.assignment("1.3")
        assert (a.agent, a.agent_reason) == ("reviewer", "chosen by you")
        assert a.owned == ("app/validate.py", "app/rules.py")
        assert a.wave == 1
        await field(pilot, "after")
        shown = await typed(pilot, "1.1")
        assert app.review.strategy.assignment("1.3").after == ("1.1",)
        assert "wave 2" in shown
        await press(pilot, "u", "u", "u")
        assert app.review.strategy == app.review.draft.first
        await press(pilot, "escape")
        assert app.screen is app.review


async def test_a_cycle_is_refused_in_place_with_its_path() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        before = app.review.strategy
        await press(pilot, "m")
        await field(pilot, "after")
        shown = " ".join((await typed(pilot, "2.2")).split())
        assert "the dependencies form a cycle: " in shown
        assert " -> " in shown
        assert app.screen.has_class("-editing")  # to be corrected, not typed again
        await press(pilot, "escape")
        assert app.review.strategy == before
        assert isinstance(app.screen, ModifyDialog)


async def test_leaving_out_what_others_need_is_refused_then_done_together() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.review.query_one(ReviewTable).select("3.1")
        shown = await press(pilot, "m", "x")
        assert "3.1 is needed by 3.2" in " ".join(shown.split())
        shown = await press(pilot, "X")
        out = {a.task for a in app.review.strategy.assignments if a.excluded}
        assert out == {"3.1", "3.2"}
        assert "left out" in shown
        await press(pilot, "n", "X")
        assert not any(a.excluded for a in app.review.strategy.assignments)


async def test_gates_are_changed_added_and_taken_away() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "m")
        await field(pilot, "gate 1")
        await typed(pilot, "pytest -x")
        await field(pilot, "new gate")
        await typed(pilot, "ruff check")
        await field(pilot, "gate 2")
        await typed(pilot, "")
        await press(pilot, "v")
        gates = app.review.strategy.gates
        assert [(g.name, g.run, g.when) for g in gates] == [
            ("unit tests", "pytest -x", "wave"),
            ("ruff check", "ruff check", "final"),
        ]


async def test_unknown_names_are_refused_in_place() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        await press(pilot, "m")
        await field(pilot, "after")
        shown = await typed(pilot, "9.9")
        assert "No task '9.9'" in shown


async def test_agents_at_once_and_mode_change_in_the_dialog_too() -> None:
    app = ReviewApp()
    async with app.run_test(size=(80, 24)) as pilot:
        shown = await press(pilot, "m", "minus", "t")
        assert "3 at once · streaming" in shown
        assert "proposed: 7 tasks" in shown


async def test_markup_and_control_bytes_stay_words() -> None:
    tasks = (dataclasses.replace(PLAN.tasks[0], title=HOSTILE, text=HOSTILE), *PLAN.tasks[1:])
    plan = dataclasses.replace(PLAN, title=HOSTILE, tasks=tasks, reason=HOSTILE)
    app = ReviewApp(a_strategy(plan), facts=(HOSTILE,), commands=(HOSTILE,))
    async with app.run_test(size=(120, 40)) as pilot:
        shown = await press(pilot)
        for keys in (("d",), ("escape", "m")):
            shown += await press(pilot, *keys)
        assert "[/x]" in shown
        assert "\x1b" not in shown
        assert "\u202e" not in shown


def test_a_draft_refuses_without_changing() -> None:
    draft = Drafting(a_strategy())
    assert not draft.change(agent={"nobody": "x"})
    assert "No task 'nobody'" in draft.error
    assert not draft.changed
    assert not draft.undo()
    assert draft.error == ""


def test_a_draft_uses_the_revise_it_is_given() -> None:
    def never(strategy: Strategy, **what: Any) -> Strategy:
        raise PlanError(f"no {sorted(what)}")

    draft = Drafting(a_strategy(), never)
    assert not draft.toggle_mode()
    assert draft.error == "no ['mode']"


OWNERS = {
    "review": ReviewScreen,
    "reviewed": ReviewDetails,
    "table": ReviewTable,
    "modify": ModifyDialog,
    "fields": Fields,
    "logs": LogView,
    "search": LogPane,
    "tabs": LogTabs,
}


@pytest.mark.parametrize("scope", OWNERS)
def test_somebody_carries_out_every_action(scope: str) -> None:
    mine = [a for a in ACTIONS if a.where == scope]
    assert mine
    for action in mine:
        assert callable(getattr(OWNERS[scope], "action_" + action.method.split("(")[0])), action.id


# -- pictures ------------------------------------------------------------------------------------
SCENES = {
    "review": ((), "A yes allows these commands"),
    "sequential": (("s",), "one agent at a time"),
    "details": (("j", "d"), "May write"),
    "modify": (("j", "m"), "models-schemas"),
    "editing": (("m", "j", "j", "enter"), "paths or globs"),
    "refused": (("G", "k", "m", "x"), "is needed by"),
    "leave": (("escape",), "Leave the review?"),
}


@pytest.mark.parametrize("name", SCENES)
async def test_picture(name: str, snapshot: Any) -> None:
    keys, words = SCENES[name]
    app = ReviewApp()
    async with app.run_test(size=WIDE) as pilot:
        await until(lambda: len(app.screen_stack) > 1, "the review")
        await pilot.pause()
        await press(pilot, *keys)
        await pictures(pilot, snapshot, words)
