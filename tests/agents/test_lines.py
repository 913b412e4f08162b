"""Any cutting of a flow into pieces gives the same lines; long ones are passed over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.lines import LineSplitter

LIMIT = 5


@given(st.lists(st.text("ab\n", max_size=9).map(str.encode)))
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    splitter = LineSplitter(LIMIT)
    found = [line for piece in pieces for line in splitter.feed(piece)]
    found += splitter.finish()
    *whole, last = b"".join(pieces).split(b"\n")
    if last:
        whole.append(last)
    assert found == [line for line in whole if len(line) <= LIMIT]
    assert splitter.dropped == sum(len(line) > LIMIT for line in whole)


def test_a_long_line_is_not_held() -> None:
    splitter = LineSplitter(1000)
    for _ in range(1000):
        assert splitter.feed(b"x" * 500) == []
    assert sum(map(len, splitter._parts)) <= 1000
    assert splitter.feed(b"end\nnext\n") == [b"next"]
