"""From samples of the machine to a number of agents: down step by step, up when it is calm."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.engine.pressure import BUSY_STEPS, CALM_STEPS, Pressure, Sample

FINE = Sample(memory=40.0, cpu=30.0, disk=100 << 30)
FULL = Sample(memory=95.0, cpu=30.0, disk=100 << 30)
BUSY = Sample(memory=40.0, cpu=99.0, disk=100 << 30)


def test_memory_takes_one_agent_each_step_down_to_one() -> None:
    pressure = Pressure()
    limits = []
    active = 4
    for _ in range(6):
        pressure.step(FULL, active, 10)
        limits.append(pressure.limit)
        active = min(active, pressure.limit)
    assert limits == [3, 2, 1, 1, 1, 1]
    assert pressure.reason == "memory is 95 % full"


def test_calm_gives_them_back_one_by_one() -> None:
    pressure = Pressure(limit=1, reason="x")
    seen = []
    for _ in range(CALM_STEPS * 3):
        if pressure.step(FINE, 1, 3):
            seen.append(pressure.limit)
    assert seen == [2, 0]  # at three, nothing limits any more
    assert not pressure.step(FINE, 3, 3)


def test_a_processor_is_busy_only_after_a_while() -> None:
    pressure = Pressure()
    changed = [pressure.step(BUSY, 4, 10) for _ in range(BUSY_STEPS)]
    assert changed == [False] * (BUSY_STEPS - 1) + [True]
    assert pressure.limit == 3


def test_a_full_disk_is_named() -> None:
    pressure = Pressure()
    assert pressure.step(Sample(40.0, 10.0, 300 << 20), 5, 5)
    assert pressure.reason == "only 300 MB of disk are free"


@given(st.lists(st.tuples(st.sampled_from([FINE, FULL, BUSY]), st.integers(0, 10))))
def test_the_limit_is_always_sensible(story: list[tuple[Sample, int]]) -> None:
    pressure = Pressure()
    for sample, active in story:
        before = pressure.limit
        changed = pressure.step(sample, active, 10)
        assert 0 <= pressure.limit < 10
        assert changed == (pressure.limit != before)
