from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.core.machine import Machine
from maestro_tui.core.state import TaskState
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.replay import SPEEDS, ReplaySource
from maestro_tui.ui.replay_app import ReplayApp
from maestro_tui.ui.screens.dashboards import DashboardScreen
from maestro_tui.ui.screens.history import HistoryScreen
from tests.ui.runs import FakeSource, failing
from tests.ui.stage import an_app, opened, screen_text, top, until


class Recorded(FakeSource):
    """A run whose events are kept."""

    def __init__(self) -> None:
        self.events: list = []
        super().__init__()

    def feed(self, *events):
        self.events += events
        super().feed(*events)


def recorded():
    """Wave 1 in 42 s, then an agent that fails and is retried, over two minutes."""
    source = Recorded()
    source.work("1.1", 42).gate("w1-1").tag(1)
    source.start("1.2", "1.3").wait(30).end("1.3", ok=False, error="exit 1: oh no")
    source.wait(20)
    source.decide("fail-1-3-1", "retry")
    source.wait(10).end("1.2").check("1.2").merge("1.2")
    return source


class Watch:
    """A watch that only goes when it is told."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def a_replay(speed: float = 10.0) -> tuple[ReplaySource, Watch, Recorded]:
    source, watch = recorded(), Watch()
    made = ReplaySource(
        source.events, lambda task, n: Path("/nonexistent"), speed=speed, monotonic=watch
    )
    made.poll()
    return made, watch, source


def test_time_passes_as_fast_as_wanted_and_ends_at_the_end():
    replay, watch, source = a_replay(speed=10)
    assert replay.state.tasks["1.1"].state is TaskState.PREPARING or replay.state.tasks
    watch.at = 2.0
    replay.poll()
    assert replay.moment == pytest.approx(replay.start + 20)
    watch.at = 60.0
    replay.poll()
    assert replay.moment == replay.end
    assert not replay.playing
    assert replay.state == source.state


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_every_moment_is_the_fold_of_what_had_happened_by_then(shares):
    replay, _, source = a_replay()
    for share in shares:
        replay.seek(share)
        replay.poll()
        machine = Machine()
        for event in source.events:
            if event.at <= replay.moment:
                machine.apply(event)
        assert replay.state == machine.state


def test_long_silence_is_left_out():
    source, watch = recorded(), Watch()
    events = [replace(e, at=e.at + 86_400) if n > 8 else e for n, e in enumerate(source.events)]
    replay = ReplaySource(events, lambda t, n: Path("/"), speed=1, monotonic=watch)
    replay.seek((events[8].at - events[0].at) / (replay.end - replay.start))
    replay.poll()
    watch.at += 0.1
    replay.poll()
    assert events[9].at - replay.moment <= 1.0


def test_steps_go_from_event_to_event_and_speeds_have_ends():
    replay, _, _ = a_replay()
    replay.step(1)
    first = replay.moment
    assert first > replay.start
    replay.step(-1)
    assert replay.moment < first
    for _ in range(20):
        replay.turn(1)
    assert replay.speed == SPEEDS[-1] == 100
    for _ in range(20):
        replay.turn(-1)
    assert replay.speed == SPEEDS[0] == 1


async def test_a_replay_runs_on_the_usual_screens_and_asks_nothing():
    replay, watch, _ = a_replay(speed=1)
    app = ReplayApp(replay, monotonic=watch)
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(lambda: app.board is not None and app.board.is_current)
        await until(lambda: "replay 1×" in screen_text(pilot), "the clock")
        replay.playing = False
        replay.seek(75 / 102)  # in the middle of the question
        await until(lambda: "asks you" in screen_text(pilot), "the failure")
        assert not isinstance(app.screen, QuestionDialog)
        await pilot.press("a", "plus")
        assert not isinstance(app.screen, QuestionDialog)
        await pilot.press("left_curly_bracket")
        await until(lambda: "0/7 merged" in screen_text(pilot), "the start")
        await until(lambda: "❚❚ replay" in screen_text(pilot), "a pause")
        await pilot.press("right_curly_bracket")
        await until(lambda: "2/7 merged" in screen_text(pilot), "the end")
        await pilot.press("7")
        await top(pilot, DashboardScreen)
        assert "1.1 Database migration" in screen_text(pilot)
        await until(lambda: "❚❚ replay" in screen_text(pilot), "the clock on the figures")
        await pilot.press("escape", "right_parenthesis")
        await until(lambda: "replay 2×" in screen_text(pilot), "another speed")
        await pilot.press("q", "q")
    assert app.return_value is not None


async def test_a_log_shows_what_had_been_written_by_the_moment_shown(tmp_path):
    source, watch = recorded(), Watch()
    replay = ReplaySource(source.events, lambda t, n: tmp_path / t / str(n), monotonic=watch)
    folder = tmp_path / "1.3" / "1"
    folder.mkdir(parents=True)
    lines = [f"line {n} of its work\n" for n in range(1, 4)]
    (folder / "output.log").write_text("".join(lines))
    begins = source.task("1.3").attempts[0].started_at
    size = len(lines[0])
    marks = "".join(f"{n * size} {begins + 10 * n:.3f}\n" for n in range(3))
    (folder / "output.marks").write_text(marks)

    def at(seconds: float) -> None:
        replay.seek((begins + seconds - replay.start) / (replay.end - replay.start))

    app = ReplayApp(replay, monotonic=watch)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: app.board is not None and app.board.is_current)
        replay.playing = False
        at(5)
        await until(lambda: app.run_state.tasks["1.3"].attempts, "the attempt")
        app.board.select("1.3")
        await until(lambda: lines[0].strip() in screen_text(pilot), "the first line")
        assert lines[1].strip() not in screen_text(pilot)
        at(25)
        await until(lambda: lines[2].strip() in screen_text(pilot), "all lines")
        at(15)
        await until(lambda: lines[2].strip() not in screen_text(pilot), "the past")
        assert lines[1].strip() in screen_text(pilot)


@dataclass
class Line:
    run: str
    title: str
    status: str
    tasks: int = 7
    merged: int = 3
    created_at: float = 1_700_000_000.0
    updated_at: float = 1_700_000_300.0


async def test_history_lists_runs_and_opens_another_one():
    lines = [Line("shop-1", "Document shop", "running"), Line("old", "Old [/x] \x1b[31m", "done")]
    app = an_app(failing(), history=lambda: lines)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(lambda: len(app.screen_stack) > 2)
        await pilot.press("escape", "H")
        await top(pilot, HistoryScreen)
        text = screen_text(pilot)
        assert "2 runs" in text
        assert "← shown now" in text
        assert "Old [/x]" in text
        await pilot.press("j", "enter")
        await until(lambda: app.other_run is not None, "the wish")
    assert app.other_run is not None
    assert (app.other_run.run, app.other_run.ended) == ("old", True)


async def test_without_a_list_of_runs_there_is_no_history():
    async with opened(failing()) as pilot:
        await pilot.press("escape", "H")
        await pilot.pause()
        assert not isinstance(pilot.app.screen, HistoryScreen)
