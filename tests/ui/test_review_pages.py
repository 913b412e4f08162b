"""The review's pages: the plan's own lines, conflicts, graph, and what nobody is sure of."""

from __future__ import annotations

import dataclasses
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Plan, Strategy
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.strategy import draft, revise
from maestro_tui.ui.dialogs.modify import Fields, ModifyDialog
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.screens.drafting import Drafting
from maestro_tui.ui.screens.review_pages import graph_page, source_page
from maestro_tui.ui.screens.source_lines import lines_of
from maestro_tui.ui.widgets.review_table import ReviewTable
from tests.ui.pictures import SIZES as PICTURE_SIZES
from tests.ui.pictures import pictures
from tests.ui.runs import HOSTILE
from tests.ui.stage import WIDE, screen_text, until
from tests.ui.strategies import PLAN, assign
from tests.ui.test_review import SIZES, ReviewApp, press

TEXT = """\
# Shop

## Phase 1: Foundation
### Stream A: Order model
Create: app/models/order.py, app/models/line.py
Estimate: 20 min

### Stream B: Settings
Files: app/settings.py, app/models/line.py

## Phase 2: Surface
Dependencies: Needs Phase 1 complete
### Stream C: HTTP routes
Modify: app/api.py
### Stream D: Worker
Modify: app/worker.py
Scope: app/jobs/
### Stream E: Job clean-up
Files: app/jobs/*.py
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ReviewApp:
    """A plan in a repository whose files import each other; read with middling confidence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "api.py").write_text("from app.models.order import Order\n")
    (tmp_path / "app" / "worker.py").write_text("\nfrom app.api import serve\n")
    (tmp_path / "shop.md").write_text(TEXT)
    return shop_app(tmp_path)


def shop_app(repo: Path, **more: Any) -> ReviewApp:
    plan = dataclasses.replace(
        read_plan("shop.md"), confidence="medium", runner_up="generic", reason="3 headings"
    )
    drafted = partial(draft, assign=assign, repo=repo)

    def reread(form: str) -> Strategy:
        if form == "maestro":
            return drafted(plan)
        other = Plan("Shop", source="shop.md", format=form, tasks=plan.tasks[:2])
        return drafted(other)

    given = {"source": lines_of, "reread": reread, "revise": partial(revise, repo=repo)}
    return ReviewApp(drafted(plan, **more), **given)


@pytest.mark.parametrize("size", [*SIZES, (200, 60)])
async def test_the_plans_lines_stand_beside_each_task_and_order(
    shop: ReviewApp, size: tuple[int, int]
) -> None:
    async with shop.run_test(size=size) as pilot:
        shown = await press(pilot, "j", "j", *(["2", "z"] if size[0] < 120 else []))
        assert "▸13 ### Stream C: HTTP routes" in shown
        assert "14 Modify: app/api.py" in shown
        assert "waits for A, B" in shown
        assert "▸12 Dependencies: Needs Phase 1 complete" in shown


async def test_the_lines_follow_the_cursor(shop: ReviewApp) -> None:
    async with shop.run_test(size=(80, 24)) as pilot:
        assert "▸4 ### Stream A" in await press(pilot, "2")
        assert "▸ 8 ### Stream B" in await press(pilot, "j")
        assert "may need C" in await press(pilot, "G", "k", "z", "G")
        assert "app/worker.py:2 imports app/api.py" in " ".join(screen_text(pilot).split())


async def test_advice_becomes_an_order_with_one_key(shop: ReviewApp) -> None:
    async with shop.run_test(size=(120, 40)) as pilot:
        shown = await press(pilot, "j", "j", "j")
        assert "~C" in shown
        assert "W takes 1 import as order" in shown
        assert shop.review.strategy.assignment("D").after == ("A", "B")
        shown = await press(pilot, "I")
        assert "~C" not in shown
        waves = shop.review.strategy.waves
        assert waves.index(("D",)) > waves.index(("C",))
        (edge,) = [e for e in shop.review.strategy.edges if e.source == "user"]
        assert (edge.task, edge.after) == ("D", "C")
        assert shop.review.strategy.advisory == ()
        await press(pilot, "u", "W")
        assert "C" in shop.review.strategy.assignment("D").after
        await press(pilot, "u")
        assert shop.review.strategy == shop.review.draft.first


async def test_the_other_reading_is_one_key_away_and_back(shop: ReviewApp) -> None:
    async with shop.run_test(size=(80, 24)) as pilot:
        assert "f reads it as generic" in await press(pilot)
        shown = await press(pilot, "f")
        assert "read as generic" in shown
        assert "2 tasks" in shown
        shown = await press(pilot, "f")
        assert "read as maestro" in shown
        assert "5 tasks" in shown
        await press(pilot, "u", "u")
        assert not shop.review.draft.changed


async def test_a_reading_that_cannot_be_is_refused_in_place(shop: ReviewApp) -> None:
    def never(form: str) -> Strategy:
        raise PlanError("the plan has no task.")

    shop.review._reread = never
    async with shop.run_test(size=(80, 24)) as pilot:
        assert "✗ not as generic: the plan has no task." in await press(pilot, "f")
        assert not shop.review.draft.changed


async def test_the_order_convention_is_one_key_away() -> None:
    app = ReviewApp()
    async with app.run_test(size=(120, 40)) as pilot:
        assert "o order: 1 assumed" in await press(pilot)
        assert "o order: one by one" in await press(pilot, "o")
        assert len(app.review.strategy.waves) == len(PLAN.tasks)
        assert "o order: only as stated" in await press(pilot, "o")
        assert not [e for e in app.review.strategy.edges if e.source == "convention"]
        await press(pilot, "o")
        assert app.review.strategy.plan == PLAN


@pytest.mark.parametrize("size", SIZES)
async def test_conflicts_and_graph_are_read_whole(shop: ReviewApp, size: tuple[int, int]) -> None:
    async with shop.run_test(size=size) as pilot:
        shown = await press(pilot, "3", "z")
        assert "2 B F+" in shown
        assert "4 D ·  ·  I?" in shown
        assert "both write app/models/line.py (order added)" in shown
        shown = await press(pilot, "4")
        assert re.search(r"◆ +A Order model", shown)
        assert "after ≠D" in shown
        assert "wave 4" in shown
        assert shop.review.query_one(ReviewTable).display is False
        assert "tasks again" in shown
        assert "A yes allows" in await press(pilot, "1", "z")
        assert shop.review.query_one(ReviewTable).display is True


@pytest.mark.parametrize("size", SIZES)
async def test_a_large_plan_says_what_is_launched_and_how_to_launch_all(
    shop: ReviewApp, tmp_path: Path, size: tuple[int, int]
) -> None:
    app = shop_app(tmp_path, large_plan_files=3)
    async with app.run_test(size=size) as pilot:
        shown = " ".join((await press(pilot)).split())
        assert "7 files are more than 3: only stage 1 of 2, 1: Foundation" in shown
        assert "w launches all" in shown
        assert app.review.strategy.waves == (("A",), ("B",))
        shown = await press(pilot, "w")
        assert "are more than" not in shown
        assert len([t for wave in app.review.strategy.waves for t in wave]) == 5


def test_hostile_lines_stay_words() -> None:
    strategy = draft(PLAN, assign=assign)
    text = source_page(strategy, "2.2", lambda name: [HOSTILE] * 100, Palette({}))
    assert "\x1b" not in text.plain
    assert "[/x]" in text.plain
    assert "▸55 " in text.plain
    gone = source_page(strategy, "2.2", lambda name: ["one"], Palette({}))
    assert "has no line 55 any more" in gone.plain
    missing = source_page(strategy, "2.2", lines_of, Palette({}))
    assert "cannot be read" in missing.plain


def test_every_task_is_in_the_graph() -> None:
    strategy = draft(PLAN, assign=assign)
    for width in (40, 80, 200):
        page = graph_page(strategy, Palette({}), width)
        assert isinstance(page, Text)
        assert all(f" {t.id} " in page.plain for t in PLAN.tasks)


SCENES = {
    "shop": ((), "f reads it as generic"),
    "source": (("j", "j", "2"), "HTTP routes"),
    "conflicts": (("3", "z"), "G overlapping globs"),
    "graph": (("4", "z"), "longest path"),
}


@pytest.mark.parametrize("name", SCENES)
async def test_picture(name: str, shop: ReviewApp, snapshot: Any) -> None:
    keys, words = SCENES[name]
    async with shop.run_test(size=WIDE) as pilot:
        await until(lambda: len(shop.screen_stack) > 1, "the review")
        await pilot.pause()
        await press(pilot, *keys)
        await pictures(pilot, snapshot, words, {**PICTURE_SIZES, "200x60": (200, 60)})


def test_a_task_is_moved_to_another_wave_and_back() -> None:
    drafting = Drafting(draft(PLAN, assign=assign))
    before = {t: n for n, wave in enumerate(drafting.strategy.waves, 1) for t in wave}
    assert before["1.1"] == 1
    assert drafting.to_wave("1.1", "2")
    assert drafting.strategy.assignment("1.1").wave == 2
    assert drafting.to_wave("1.1", "1")
    assert drafting.strategy.assignment("1.1").wave == 1
    assert drafting.to_wave("3.2", str(before["3.1"]))  # only by convention behind it
    assert drafting.strategy.assignment("3.2").wave == before["3.1"]
    assert not drafting.to_wave("2.2", "1")
    assert "2.2 waits for " in drafting.error
    assert "label" in drafting.error
    for wrong in ("0", "9", "x", ""):
        assert not drafting.to_wave("1.1", wrong)
        assert "A wave is a number from 1 to" in drafting.error


async def test_the_wave_is_a_field_of_the_dialog() -> None:
    app = ReviewApp()
    async with app.run_test(size=(120, 40)) as pilot:
        await press(pilot, "m", *"j" * 8)
        dialog = app.screen
        assert isinstance(dialog, ModifyDialog)
        assert dialog.query_one(Fields).current.kind == "wave"
        await press(pilot, "enter", "backspace", "2", "enter")
        assert app.review.strategy.assignment("1.1").wave == 2
