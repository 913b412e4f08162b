from __future__ import annotations

from maestro_tui.report.costs import of_agents, of_tasks, of_waves
from maestro_tui.report.progress import progress, reason, remaining_s
from maestro_tui.report.timeline import timeline
from tests.ui.runs import FakeSource, T, a_strategy, failing, finished, midway


def test_the_groups_add_up_whatever_happens_to_the_tasks():
    for source in (midway(), failing(), finished(), finished("failed")):
        numbers = progress(source.state)
        assert sum(numbers.groups.values()) == numbers.total == len(source.state.tasks)


def test_left_out_tasks_are_not_counted():
    source = FakeSource(a_strategy((T("1", "One"), T("2", "Two", excluded=True))))
    assert progress(source.state).total == 1


def test_a_task_says_what_it_waits_for_and_how_that_stands():
    source = failing()
    assert reason(source.state, source.task("2.1")) == "waits for 1.2 (running), 1.3 (failed)"
    source.decide("fail-1-3-1", "retry")
    assert "1.3 (retry 1 preparing)" in reason(source.state, source.task("2.1"))


def test_the_rest_is_reckoned_from_what_has_ended():
    # Three tasks in a row, each thought to take 60 s; the first took 30.
    row = (T("1", "One"), T("2", "Two", ("1",)), T("3", "Three", ("2",)))
    source = FakeSource(a_strategy(row, phases=(), gates=()))
    assert remaining_s(source.state, source.clock) == 180
    source.work("1", 30).tag(1)
    assert remaining_s(source.state, source.clock) == 60
    source.start("2").wait(20)
    assert remaining_s(source.state, source.clock) == 40
    source.wait(1000)  # late: still taken to need a tenth of its guess
    assert remaining_s(source.state, source.clock) == 33
    assert remaining_s(finished().state, 0) is None


def test_agents_at_once_shorten_the_rest():
    tasks = tuple(T(f"t{n}", "x") for n in range(4))
    one = FakeSource(a_strategy(tasks, max_parallel=1))
    four = FakeSource(a_strategy(tasks, max_parallel=4))
    assert remaining_s(one.state, one.clock) == 4 * remaining_s(four.state, four.clock)


def test_costs_keep_what_nobody_priced_apart():
    source = midway()
    total = of_tasks(source.state.tasks.values())
    assert (total.input, total.output, total.reported, total.unpriced) == (18_000, 2_100, 0.12, 1)
    assert [cost.tokens for _, cost in of_waves(source.state)][:2] == [0, 20_100]
    assert sum(c.tokens for _, c in of_agents(source.state)) == total.tokens
    assert of_agents(source.state)[0][0] == "validation-security"


def test_a_timeline_has_every_attempt_inside_its_run():
    for source in (midway(), failing(), finished("failed")):
        found = timeline(source.state, source.clock)
        for bar in found.bars:
            for span in bar.spans:
                assert found.start <= span.start <= span.end <= found.end
        done = next(b for b in found.bars if b.task == "1.1")
        assert [s.kind for s in done.spans][:1] == ["work"]
        assert done.spans[0].end - done.spans[0].start == 42
        assert done.merged_at
