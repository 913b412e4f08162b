from __future__ import annotations

from maestro_tui.ui.asking import Asking, blocked_by
from maestro_tui.ui.exits import exit_code
from maestro_tui.ui.follow import Follow
from tests.ui.runs import FakeSource, a_strategy, failing, finished, midway


def test_the_first_look_shows_everything_and_the_next_nothing():
    source = midway()
    follow = Follow(source)
    first = follow.look()
    assert first is not None
    assert first.structure
    assert first.tasks == frozenset(source.state.tasks)
    assert follow.look() is None


def test_only_what_changed_is_reported():
    source = midway()
    follow = Follow(source)
    follow.look()
    source.report("1.2", "Edit app/models/base.py")
    changes = follow.look()
    assert changes is not None
    assert changes.tasks == {"1.2"}
    assert not changes.structure
    assert not changes.gates
    assert not changes.questions


def test_a_notice_is_told_once():
    source = midway()
    follow = Follow(source)
    follow.look()
    source.set_parallel(7)
    changes = follow.look()
    assert changes is not None
    assert changes.notices == ("Up to 7 agents at once from now on",)
    source.report("1.2", "x")
    later = follow.look()
    assert later is not None
    assert later.notices == ()


def two_questions() -> FakeSource:
    source = midway()
    source.ask_permission("1.2")
    source.end("1.3", ok=False, error="exit 1")
    return source


def test_the_question_that_blocks_most_comes_first():
    source = two_questions()
    asking = Asking()
    order = [w.question.kind for w in asking.waiting(source.state)]
    assert order == ["permission", "failure"]  # 1.2 holds four tasks, 1.3 three
    permission, failure = asking.waiting(source.state)
    assert permission.blocks == 4
    assert failure.blocks == 3
    assert blocked_by(source.state, failure.question) == 3


def test_what_was_put_off_does_not_come_back_by_itself_but_still_waits():
    source = two_questions()
    asking = Asking()
    first = asking.next(source.state)
    assert first is not None
    asking.put_off.add(first.id)
    second = asking.next(source.state)
    assert second is not None
    assert second.kind == "failure"
    asking.put_off.add(second.id)
    assert asking.next(source.state) is None
    assert len(asking.open_ones(source.state)) == 2


def test_an_answered_question_waits_for_the_engine_not_for_the_user():
    source = failing()
    asking = Asking()
    asking.answered.add("fail-1-3-1")
    assert asking.open_ones(source.state) == []
    assert asking.waiting(source.state)[0].answered
    source.decide("fail-1-3-1", "retry")
    asking.forget(source.state)
    assert asking.answered == set()


def test_the_exit_code_tells_the_truth():
    assert exit_code(finished().state) == 0
    assert exit_code(finished("failed").state) == 1
    assert exit_code(failing().state) == 3
    assert exit_code(midway().state) == 0


def test_the_builder_can_make_other_plans():
    source = FakeSource(a_strategy(mode="streaming", title="Other"))
    assert source.state.mode == "streaming"
