"""Which patterns meet: the quick way finds what comparing all with all finds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans import globs, meeting
from maestro_tui.plans.meeting import meeting_patterns

SEGMENT = st.sampled_from(
    ["a", "ab", "abc", "b", "*", "**", "a*", "*b", "a?c", "[ab]b", "{a,b}", "x"]
)
PATTERN = st.builds(
    lambda parts, last, end: "/".join([*parts, last]) + end,
    st.lists(SEGMENT, max_size=3),
    st.sampled_from(
        ["a.py", "ab.py", "*.py", "a*.py", "**", "*", "{a,b}.py", "b", "ab*", "x*y.py"]
    ),
    st.sampled_from(["", "", "/"]),
)


@given(st.lists(PATTERN, max_size=8, unique=True))
def test_all_pairs_are_found(patterns: list[str]) -> None:
    found = meeting_patterns(patterns)
    for a in patterns:
        wanted = {b for b in patterns if a == b or globs.overlap(a, b)}
        assert set(found[a]) >= {b for b in wanted if globs.is_glob(a) or a.endswith("/")}
        assert set(found[a]) <= wanted
        assert all(a in found[b] for b in found[a])


def test_what_cannot_be_compared_in_time_is_taken_to_meet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meeting, "MAX_COMPARED", 0)
    assert meeting_patterns(["*x1*.py", "*x2*.py"])["*x1*.py"] == ["*x1*.py", "*x2*.py"]


@pytest.mark.parametrize("shape", ["src/**/f{}*.py", "src/{}/**/*.py", "**/f{}.py", "f{}/"])
def test_thousands_of_globs_in_a_moment(shape: str) -> None:
    patterns = [shape.replace("{}", f"{n:05}") for n in range(4000)]
    start = time.process_time()
    found = meeting_patterns(patterns)
    assert time.process_time() - start < 5
    assert sum(map(len, found.values())) < 16_001 or "src/{}" in shape
