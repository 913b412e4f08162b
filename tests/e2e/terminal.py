"""The real program in a real pseudo-terminal, read the way a person reads it."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from types import TracebackType

import pexpect
import pyte

from tests.engine.scratch import PYTHON, environment


class Terminal:
    """A terminal of a given size with one ``maestro`` in it."""

    def __init__(
        self,
        *args: str,
        cwd: Path,
        columns: int = 120,
        lines: int = 40,
        env: dict[str, str] | None = None,
    ) -> None:
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self.raw = b""
        own = {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "none"}
        env = environment({**own, **(env or {})})
        self.child = pexpect.spawn(
            PYTHON,
            ["-m", "maestro_tui", *args],
            cwd=str(cwd),
            env=env,  # type: ignore[arg-type]
            dimensions=(lines, columns),
            timeout=30,
        )

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.child.close(force=True)

    def _read(self, seconds: float) -> bool:
        try:
            data = self.child.read_nonblocking(65536, timeout=seconds)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.raw += data
        # pyte does not know these private sequences and would print them.
        for unknown in (b"\x1b[>1u", b"\x1b[<u", b"\x1b[>0q"):
            data = data.replace(unknown, b"")
        self._stream.feed(data)
        return True

    @property
    def text(self) -> str:
        """What is on the screen now."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def until(self, words: str, seconds: float = 30.0) -> str:
        """Wait until ``words`` are on the screen."""
        deadline = time.monotonic() + seconds
        while words not in self.text:
            going = self._read(0.1)
            if time.monotonic() > deadline or (not going and words not in self.text):
                raise AssertionError(f"{words!r} never came; the screen:\n{self.text}")
        return self.text

    def either(self, *words: str, seconds: float = 30.0) -> str:
        """Wait until one of these is on the screen; which."""
        deadline = time.monotonic() + seconds
        while True:
            for found in words:
                if found in self.text:
                    return found
            if not self._read(0.1) or time.monotonic() > deadline:
                raise AssertionError(f"none of {words} came; the screen:\n{self.text}")

    def without(self, words: str, seconds: float = 30.0) -> str:
        """Wait until ``words`` are gone from the screen."""
        deadline = time.monotonic() + seconds
        while words in self.text:
            self._read(0.1)
            if time.monotonic() > deadline:
                raise AssertionError(f"{words!r} stays; the screen:\n{self.text}")
        return self.text

    def answer(self, key: str, words: str) -> None:
        """Answer the dialog with these words: at first it ignores keys not meant for it."""
        self.until(words)
        deadline = time.monotonic() + 30
        while words in self.text and time.monotonic() < deadline:
            self.press(key)
            pause = time.monotonic() + 0.7
            while words in self.text and time.monotonic() < pause:
                self._read(0.1)
        assert words not in self.text, self.text

    def press(self, keys: str) -> None:
        """Type."""
        self.child.send(keys)

    def end(self, seconds: float = 30.0) -> int:
        """Wait for the program's end; its exit code."""
        deadline = time.monotonic() + seconds
        while self._read(0.1):
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end; the screen:\n{self.text}")
        self.child.wait()
        status = self.child.exitstatus
        return int(status) if status is not None else -int(self.child.signalstatus or 0)

    def signal(self, number: signal.Signals) -> None:
        """Send the program a signal."""
        os.kill(self.child.pid, number)

    @property
    def restored(self) -> bool:
        """Whether the alternate screen was left again after it was last entered."""
        return self.raw.rfind(b"\x1b[?1049l") > self.raw.rfind(b"\x1b[?1049h")
