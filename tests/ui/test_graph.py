from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.ui.screens.dashboards import DashboardScreen
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.widgets.graph_layout import DOWN, LEFT, RIGHT, UP, lay_out
from maestro_tui.ui.widgets.graph_view import GraphView
from tests.ui.runs import midway
from tests.ui.stage import board, opened, screen_text, top, until

WIDTH = 10


@st.composite
def graphs(draw):
    count = draw(st.integers(1, 14))
    return {
        f"n{n}": tuple(f"n{m}" for m in range(n) if draw(st.booleans()) and draw(st.booleans()))
        for n in range(count)
    }


@given(graphs())
@settings(max_examples=80, deadline=None)
def test_no_two_tasks_overlap_and_every_line_is_whole(after):
    layout = lay_out(after, WIDTH)
    spots = [(p.x, p.y) for p in layout.places.values()]
    assert len(set(spots)) == len(after)
    assert all(p.x + WIDTH <= layout.width and p.y < layout.height for p in layout.places.values())
    taken = {(p.x + dx, p.y) for p in layout.places.values() for dx in range(WIDTH)}
    ends = {UP: (0, -1, DOWN), DOWN: (0, 1, UP), LEFT: (-1, 0, RIGHT), RIGHT: (1, 0, LEFT)}
    for y, row in layout.cells.items():
        for x, cell in row.items():
            assert (x, y) not in taken, "a line runs through a task"
            for way, (dx, dy, back) in ends.items():
                if not cell.ways & way:
                    continue
                beside = layout.cells.get(y + dy, {}).get(x + dx)
                assert (x + dx, y + dy) in taken or (beside and beside.ways & back)


@given(graphs())
@settings(max_examples=40, deadline=None)
def test_what_follows_from_other_lines_is_left_out_and_nothing_else(after):
    layout = lay_out(after, WIDTH)

    def reach(needs, name):
        found = set()
        for other in needs[name]:
            found |= {other} | reach(needs, other)
        return found

    for name in after:
        assert reach(layout.needs, name) == reach(after, name)
        assert all(layout.places[b].layer < layout.places[name].layer for b in layout.needs[name])


def test_a_chain_is_one_straight_line():
    layout = lay_out({"a": (), "b": ("a",), "c": ("b", "a")}, WIDTH)
    assert {p.y for p in layout.places.values()} == {0}
    assert layout.needs["c"] == ("b",)


async def test_the_cursor_walks_along_the_lines_and_opens_tasks():
    async with opened(midway()) as pilot:
        await pilot.press("8")
        screen = await top(pilot, DashboardScreen)
        graph = screen.query_one(GraphView)
        assert graph.cursor == "1.2"  # what was selected on the board
        await pilot.press("l")
        assert graph.cursor in ("2.1", "2.2")
        await pilot.press("h", "h")
        assert graph.cursor == "1.1"
        await until(lambda: "1.1 Database migration  merged" in screen_text(pilot), "its state")
        await pilot.press("l", "enter")
        await top(pilot, DetailScreen)
        await pilot.press("escape")
        await top(pilot, DashboardScreen)
        await pilot.press("escape")
        await until(lambda: board(pilot).is_current, "the board")
        assert board(pilot).selected == graph.cursor


async def test_the_graph_follows_the_run():
    source = midway()
    async with opened(source) as pilot:
        await pilot.press("8")
        await top(pilot, DashboardScreen)
        assert "✓ 1.2" not in screen_text(pilot)
        source.end("1.2").check("1.2").merge("1.2")
        await until(lambda: "✓ 1.2" in screen_text(pilot), "its new state")
