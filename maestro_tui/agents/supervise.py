"""Runs one program as an agent: prompt in, output to the log, events out, nothing left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from maestro_tui.agents import processes
from maestro_tui.agents.sanitise import sanitise
from maestro_tui.agents.stream import StreamParser

MAX_LINE = 1 << 20  # longer lines stay in the log, but are not parsed
ACTIVITY_S = 0.5
CHUNK = 1 << 16


@dataclass(slots=True)
class Outcome:
    """How the program ended."""

    reason: str  # exited | timeout | stopped | spawn-error | crashed
    exit: int | None = None
    signal: int | None = None
    error: str = ""
    usage: dict[str, Any] | None = None

    @property
    def ok(self) -> bool:
        """It ended by itself, with success, and reported no error."""
        return self.reason == "exited" and self.exit == 0 and not self.error


class Supervisor:
    """One program, from start to the end of everything it started."""

    def __init__(
        self,
        argv: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        prompt: bytes,
        log: str,
        timeout_s: float,
        grace_s: float,
        emit: Callable[[dict[str, Any]], None],
        stopping: Callable[[], bool],
        tick: Callable[[], None],
        answers_permissions: bool,
    ) -> None:
        self._argv, self._cwd, self._env = list(argv), cwd, dict(env)
        self._prompt, self._log_path = prompt, log
        self._timeout_s, self._grace_s = timeout_s, grace_s
        self._emit, self._stopping, self._tick = emit, stopping, tick
        self._answers = answers_permissions
        self._parser = StreamParser()
        self._line = bytearray()
        self._skipping = False
        self._last = ""
        self._last_raw = b""
        self._bytes = 0
        self._activity_at = 0.0
        self._fresh = False

    def run(self) -> Outcome:
        """Start it and stay until it, and all it left behind, has ended."""
        parent = os.getpid()
        try:
            process = subprocess.Popen(
                self._argv,
                cwd=self._cwd,
                env=self._env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                bufsize=0,
                start_new_session=True,
                preexec_fn=lambda: processes.die_with_parent(parent),
            )
        except OSError as error:
            what = error.strerror or str(error)
            return Outcome(
                "spawn-error",
                error=f"cannot start {self._argv[0]}: {what}; check --agent-command and PATH",
            )
        except subprocess.SubprocessError as error:
            return Outcome("spawn-error", error=f"cannot start {self._argv[0]}: {error}")
        self._emit({"kind": "started", "pid": process.pid})
        with open(self._log_path, "ab", buffering=0) as log:
            ended = self._pump(process, log)
        processes.end_descendants(0.5)
        self._flush_line()
        self._activity(force=True)
        return self._outcome(process, ended)

    def _pump(self, process: subprocess.Popen[bytes], log: Any) -> str:
        """Feed, read and watch the clock until the program has ended; why it did."""
        assert process.stdin is not None
        assert process.stdout is not None
        source, sink = process.stdout.fileno(), process.stdin.fileno()
        os.set_blocking(source, False)
        os.set_blocking(sink, False)
        prompt = memoryview(self._prompt)
        if not prompt:
            process.stdin.close()
        deadline = time.monotonic() + self._timeout_s
        term_at = 0.0
        why = "exited"
        reading = True
        poll_ended = _exit_descriptor(process.pid)
        try:
            while True:
                readers = [source] if reading else []
                if poll_ended is not None:
                    readers.append(poll_ended)
                wait = 0.25 if poll_ended is not None else 0.02
                writers = [sink] if prompt else []
                ready, writable, _ = select.select(readers, writers, [], wait)
                if writable:
                    prompt = self._feed(process, prompt)
                if source in ready:
                    reading = self._read(source, log)
                self._tick()
                self._activity()
                if process.poll() is not None:
                    break
                now = time.monotonic()
                if not term_at and (self._stopping() or now > deadline):
                    why = "stopped" if self._stopping() else "timeout"
                    term_at = now
                    tree = [process.pid, *processes.children(os.getpid())]
                    processes.send(tree, signal.SIGTERM)
                elif term_at and now > term_at + self._grace_s:
                    tree = [process.pid, *processes.children(os.getpid())]
                    processes.send(tree, signal.SIGKILL)
        finally:
            if poll_ended is not None:
                os.close(poll_ended)
            if not process.stdin.closed:
                process.stdin.close()
        while reading and select.select([source], [], [], 0)[0]:
            reading = self._read(source, log)
        process.stdout.close()
        return why

    def _feed(self, process: subprocess.Popen[bytes], prompt: memoryview) -> memoryview:
        assert process.stdin is not None
        try:
            sent = os.write(process.stdin.fileno(), prompt[:CHUNK])
        except BlockingIOError:
            return prompt
        except OSError:
            sent = len(prompt)  # it does not want to read; that is its right
        rest = prompt[sent:]
        if not rest:
            try:
                process.stdin.close()
            except OSError:
                pass
        return rest

    def _read(self, source: int, log: Any) -> bool:
        """Take what is there; False at the end of the output."""
        try:
            data = os.read(source, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        log.write(data)
        self._bytes += len(data)
        self._fresh = True
        self._split(data)
        return True

    def _split(self, data: bytes) -> None:
        *whole, rest = data.split(b"\n")
        for part in whole:
            if self._skipping:
                self._skipping = False
            else:
                self._line += part
                self._take(bytes(self._line))
            self._line.clear()
        if self._skipping:
            return
        self._line += rest
        if len(self._line) > MAX_LINE:
            self._line.clear()
            self._skipping = True

    def _flush_line(self) -> None:
        if self._line:
            self._take(bytes(self._line))
            self._line.clear()

    def _take(self, raw: bytes) -> None:
        """One whole line: an event of the stream, or text for the activity."""
        if raw[:1] != b"{":
            if raw.strip():
                self._last_raw = raw
            return
        events = self._parser.feed(raw.decode("utf-8", "replace"))
        if events is None:
            self._last_raw = raw
            return
        for event in events:
            if event["kind"] == "permission" and not self._answers:
                continue
            if event["kind"] == "text":
                self._last = event["text"]
            self._emit(event)

    def _activity(self, *, force: bool = False) -> None:
        now = time.monotonic()
        if not self._fresh or (not force and now - self._activity_at < ACTIVITY_S):
            return
        self._fresh = False
        self._activity_at = now
        if self._last_raw:
            self._last = sanitise(self._last_raw[:2000].decode("utf-8", "replace")).strip()
            self._emit({"kind": "activity", "text": self._last[:200], "bytes": self._bytes})
            self._last_raw = b""

    def _outcome(self, process: subprocess.Popen[bytes], why: str) -> Outcome:
        code = process.returncode
        usage = self._parser.usage
        last = f": {self._last[:200]}" if self._last else ""
        if why == "timeout":
            text = f"took longer than {self._timeout_s:g} s and was ended"
            return Outcome(why, code, None, text, usage)
        if why == "stopped":
            return Outcome(why, code, None, "stopped", usage)
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
            return Outcome("crashed", None, -code, f"died of {name}{last}", usage)
        if code:
            return Outcome(why, code, None, f"exited with {code}{last}", usage)
        return Outcome(why, code, None, self._parser.error, usage)


def _exit_descriptor(pid: int) -> int | None:
    """Becomes readable when the process ends (Linux); None elsewhere."""
    try:
        return os.pidfd_open(pid)
    except (AttributeError, OSError):
        return None
