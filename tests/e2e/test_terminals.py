"""What real terminals do to a program, and what hostile logs would do to a terminal."""

from __future__ import annotations

import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import psutil
import pyte
import pytest

from tests.e2e import flooded
from tests.engine.scratch import environment
from tests.ui.logs import HOSTILE

ROOT = Path(__file__).resolve().parents[2]
DEADLINE_S = 30.0
# Sequences the emulator does not know and would print.
_UNKNOWN = (b"\x1b[>1u", b"\x1b[<u", b"\x1b[>0q")


class Pty:
    """The board on a terminal that is read as the test likes."""

    def __init__(self, folder: Path, columns: int = 120, lines: int = 40) -> None:
        self.screen = pyte.Screen(columns, lines)
        self.stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
            os.chdir(ROOT)
            # Said whole: what C libraries put into the environment (the terminal's size, which is
            # then taken for a fixed one) goes along otherwise.
            env = environment({"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"})
            words = [sys.executable, "-m", "tests.e2e.flooded", str(folder)]
            os.execve(sys.executable, words, env)

    def resize(self, columns: int, lines: int) -> None:
        """Another size, as a window manager would."""
        ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self, most: int = 1 << 16, seconds: float = 0.05) -> bool:
        """Take what is there; False at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.fd, most)
        except OSError:
            return False
        self.raw += data
        for unknown in _UNKNOWN:
            data = data.replace(unknown, b"")
        self.stream.feed(data)
        return bool(data)

    def listen(self, seconds: float) -> None:
        """Take what comes for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.read()

    @property
    def text(self) -> str:
        """What a person sees."""
        return "\n".join(self.rows)

    @property
    def rows(self) -> list[str]:
        """The same, row by row; also while half of a wide character is overwritten."""
        buffer, columns = self.screen.buffer, range(self.screen.columns)
        return ["".join(buffer[y][x].data for x in columns) for y in range(self.screen.lines)]

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Read until it holds."""
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what}; the screen:\n{self.text}")
            self.read()

    def says(self, words: str) -> None:
        """Read until those words are on the screen."""
        self.until(lambda: words in self.text, words)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self.fd, keys.encode())

    def end(self) -> int:
        """Its exit code, once it has ended by itself."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            if self.fd >= 0:
                self.read()
            else:
                time.sleep(0.02)
        raise AssertionError(f"it does not end; the screen:\n{self.text}")

    def close(self) -> None:
        """Take everything away."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self.fd >= 0:
            os.close(self.fd)


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Callable[..., Pty]]:
    made: list[Pty] = []

    def make(**more: int) -> Pty:
        made.append(Pty(tmp_path, **more))
        return made[-1]

    yield make
    for one in made:
        one.close()


def lines(start: int, count: int) -> str:
    return "".join(f"line {n:07d} {'x' * (n % 90)}\n" for n in range(start, start + count))


@pytest.mark.slow
def test_a_program_whose_terminal_is_gone_ends_by_itself(board):
    one = board()
    one.says("Plain task")
    os.close(one.fd)
    one.fd = -1
    assert one.end() == 128 + signal.SIGHUP


@pytest.mark.slow
def test_over_a_slow_line_keys_are_answered_and_nothing_piles_up(board, tmp_path):
    log = flooded.log(tmp_path)
    log.write_text(lines(0, 400))
    one = board()
    one.says("line 0000399")
    one.press("3")
    one.says("following")
    one.press("3")
    before = psutil.Process(one.pid).memory_info().rss
    with log.open("a", buffering=1) as file:
        for second in range(60):  # three seconds at 10 KB/s, and 40,000 lines meanwhile
            file.write(lines(400 + second * 700, 700))
            one.read(512, 0.05)
            time.sleep(0.03)
        one.press("?")
        begun = time.monotonic()
        while "Keys" not in one.text and time.monotonic() - begun < DEADLINE_S:
            file.write(lines(100_000, 200))
            one.read(512, 0.05)
            time.sleep(0.03)
    # A screenful is some five kilobytes: half a second; what lies in the kernel, a little more.
    assert time.monotonic() - begun < 8, one.text
    assert psutil.Process(one.pid).memory_info().rss - before < 40e6


@pytest.mark.slow
def test_a_storm_of_resizes_ends_with_the_picture_of_the_last_size(board, tmp_path):
    flooded.log(tmp_path).write_text(lines(0, 400))
    one = board()
    one.says("line 0000399")
    for number in range(200):
        one.resize(20 + number * 37 % 180, 5 + number * 13 % 60)
        one.read(1 << 16, 0.01)
    one.resize(100, 30)
    one.screen.resize(30, 100)
    one.until(lambda: "q Quit" in one.rows[-1], "the last row")
    fresh = board(columns=100, lines=30)
    fresh.until(lambda: "q Quit" in fresh.rows[-1], "the last row")
    fresh.says("line 0000399")

    def still(rows: list[str]) -> list[str]:
        """What neither clocks nor spinners change: the log, and the keys."""
        return [row for row in rows if row.startswith("line ")] + rows[-1:]

    one.until(lambda: still(one.rows) == still(fresh.rows), "the same picture")


@pytest.mark.slow
def test_a_terminal_of_20_by_5_is_used_as_well_as_it_can_be(board, tmp_path):
    flooded.log(tmp_path).write_text(lines(0, 50))
    one = board(columns=20, lines=5)
    one.says("Documen")
    for key in ("1", "2", "3", "3", "\x1b[6~", "?", "\x1b", "4", "\x1b", "d", "\x1b"):
        one.press(key)
        one.listen(0.3)  # a key right behind Esc would be one with Alt
    one.press("q")
    one.says("eave")
    one.press("l")
    assert one.end() == 0


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (80, 24)])
def test_hostile_names_and_logs_reach_no_terminal_raw_and_move_no_column(
    board, tmp_path, columns, rows
):
    log = flooded.log(tmp_path)
    log.write_bytes(HOSTILE + b"\n" + b"y" * 1_000_000 + b"\n" + "日本".encode() * 200_000 + b"\n")
    with log.open("a") as file:
        file.write(lines(0, 3))
    one = board(columns=columns, lines=rows)
    one.says("line 0000002")
    one.press("3")
    one.says("following")
    one.press("3")
    one.press("g")
    one.says("markup")
    log_rows = [row for row in range(rows) if "[bold red]markup" in one.rows[row]]
    assert log_rows, one.text
    for key in ("w", "G", "w", "2", "z", "1"):
        one.press(key)
        one.listen(0.3)
    one.says("Plain task")
    assert b"owned\x07" not in one.raw
    assert b"\x1b]0;owned" not in one.raw
    assert b"evil" in one.raw
    assert b"\x1bP" not in one.raw
    assert b"\x1bc" not in one.raw
    bad = [c for c in "\u202e\u2066\u200b\u200d\ufe0f" if c.encode() in one.raw]
    assert not bad
    # Where the emulator and the screen count columns alike, what stands at the right edge of the
    # tree is one straight line.
    buffer = one.screen.buffer
    edges = {x for y in range(rows) for x in range(columns) if buffer[y][x].data == "▕"}
    assert len(edges) <= 1, one.text


@pytest.mark.slow
def test_a_terminal_that_is_gone_is_noticed_without_a_signal():
    from maestro_tui.ui.terminal_driver import hung_up

    master, slave = pty.openpty()
    assert not hung_up(slave)
    os.close(master)
    assert hung_up(slave)
    os.close(slave)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_on_a_terminal_that_takes_nothing_a_signal_still_ends_it(board, tmp_path, number):
    log = flooded.log(tmp_path)
    log.write_text(lines(0, 400))
    one = board()
    one.says("line 0000399")
    with log.open("a", buffering=1) as file:
        for second in range(30):  # pictures nobody takes, until the kernel holds no more
            file.write(lines(400 + second * 700, 700))
            one.resize(100 + second, 40)
            time.sleep(0.05)
    os.kill(one.pid, number)
    deadline = time.monotonic() + 15.0
    pid = status = 0
    while not pid and time.monotonic() < deadline:
        pid, status = os.waitpid(one.pid, os.WNOHANG)
        time.sleep(0.02)
    assert pid, "it waits for the terminal"
    one.pid = 0
    assert os.waitstatus_to_exitcode(status) == 128 + number
    while one.read(seconds=0.2) and select.select([one.fd], [], [], 0)[0]:
        pass
    end = one.raw.rfind(b"\x1b[?1049h")
    for restored in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?2004l", b"\x1b[?1000l"):
        assert one.raw.find(restored, end) > 0, restored
