"""Two streams in one log: every byte of each, in its order, and no line within a line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents import weave
from maestro_tui.agents.weave import Weave


class Log:
    """What was logged, and a clock."""

    def __init__(self) -> None:
        self.now = 0.0
        self.parts: list[tuple[bytes, bool]] = []
        self.weave = Weave(lambda data, errors: self.parts.append((data, errors)), lambda: self.now)

    @property
    def text(self) -> bytes:
        return b"".join(data for data, _ in self.parts)

    def of(self, errors: bool) -> bytes:
        return b"".join(data for data, origin in self.parts if origin is errors)


PIECES = st.lists(st.tuples(st.text("ab\n", min_size=1, max_size=6), st.booleans()), max_size=30)


@given(PIECES)
def test_whole_lines_stay_whole_where_nobody_waits_too_long(pieces):
    log = Log()
    for text, errors in pieces:
        log.weave.take((text.upper() if errors else text).encode(), errors)
    log.weave.release()
    sent = {e: "".join(t for t, origin in pieces if origin is e).encode() for e in (False, True)}
    assert log.of(False).rstrip(b"\n") == sent[False].rstrip(b"\n")
    assert log.of(True).rstrip(b"\n") == sent[True].upper().rstrip(b"\n")
    for line in log.text.splitlines():
        assert line.islower() or line.isupper() or not line
    assert log.weave.due() is None


def test_what_waits_for_the_end_of_a_line_comes_right_behind_it():
    log = Log()
    log.weave.take(b"half", False)
    log.weave.take(b"ERROR\n", True)
    assert log.text == b"half"
    log.weave.take(b" line\nnext\n", False)
    assert log.text == b"half line\nERROR\nnext\n"


def test_it_waits_for_so_long():
    log = Log()
    log.weave.take(b"half", True)
    assert log.weave.due() is None
    log.now = 5.0
    log.weave.take(b"out\n", False)
    assert log.weave.due() == 5.0 + weave.HOLD_S
    log.now = 5.1
    log.weave.take(b"more\n", False)
    assert log.weave.due() == 5.0 + weave.HOLD_S
    log.weave.release()
    assert log.text == b"half\nout\nmore\n"
    log.weave.take(b"rest\n", True)
    assert log.parts[-1] == (b"rest\n", True)


def test_it_holds_no_more_than_so_much():
    log = Log()
    log.weave.take(b"half", True)
    for _ in range(weave.HOLD_BYTES // 1000 + 1):
        log.weave.take(b"x" * 999 + b"\n", False)
    assert log.text.startswith(b"half\nxxx")
    assert log.weave.due() is None
