"""What a driver is given: the spec, and ways to report, to be stopped, to be answered."""

from __future__ import annotations

import os
import signal
import time

from maestro_tui.agents import files
from maestro_tui.agents.marks import Marks
from maestro_tui.agents.origins import Origins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.spec import Spec


class Context:
    """One attempt, seen from inside its runner: the only way for a driver to touch its folder."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._spec: Spec | None = None
        self._stopping = False
        self._asked: set[str] = set()
        self._requests: list[dict[str, Any]] = []
        self._events = files.open_append(os.path.join(folder, files.EVENTS))
        self._log = files.open_append(os.path.join(folder, files.LOG))
        self._marks = Marks(os.path.join(folder, files.MARKS))
        self._origins = Origins(os.path.join(folder, files.ORIGINS))
        self._control = files.LineReader(os.path.join(folder, files.CONTROL))
        self.wake, self._waker = os.pipe()
        for fd in (self.wake, self._waker):
            os.set_blocking(fd, False)

    @property
    def spec(self) -> Spec:
        """The attempt's orders."""
        assert self._spec is not None
        return self._spec

    @spec.setter
    def spec(self, spec: Spec) -> None:
        self._spec = spec

    def listen(self) -> None:
        """From now on signals are requests, and each makes ``wake`` readable.

        TERM and INT ask to stop, USR1 says that control.jsonl has news, CHLD that a child ended.
        """
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for number in (signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def _stop(self, *_: object) -> None:
        self._stopping = True

    def awake(self) -> None:
        """Empty ``wake`` until the next signal."""
        try:
            while os.read(self.wake, 4096):
                pass
        except BlockingIOError:
            pass

    def emit(self, kind: str, **fields: Any) -> None:
        """Report an event to whoever follows the attempt."""
        files.write_all(self._events, files.json_line({"t": time.time(), "kind": kind, **fields}))

    def log(self, data: bytes, errors: bool = False) -> None:
        """Add the agent's raw output to its log, or what it wrote to its standard error."""
        offset = self.log_bytes
        self._marks.come(offset)
        self._origins.come(offset, errors)
        files.write_all(self._log, data)

    @property
    def log_bytes(self) -> int:
        """How long the log is."""
        return os.fstat(self._log).st_size

    def ask(self, request: str, tool: str, detail: str, **more: Any) -> None:
        """Put an agent's request for permission before the operator.

        ``more``: ``rule`` (what "always" would allow), ``form`` (permission | question | plan),
        ``choices`` (the answers of a question).
        """
        if request not in self._asked:
            self._asked.add(request)
            self.emit("permission", id=request, tool=tool, detail=detail, **more)

    def withdraw(self, request: str) -> None:
        """Take a request back: the agent does not wait for its answer any more."""
        if request in self._asked:
            self._asked.discard(request)
            self.emit("withdrawn", id=request)

    def stopping(self) -> bool:
        """Whether the attempt is to end now; also takes note of answers given."""
        for item in self._control.read():
            if item.get("cmd") == "stop":
                self._stopping = True
            elif item.get("cmd") == "answer" and item.get("id") in self._asked:
                self._asked.discard(item["id"])
                self.emit("answered", id=item["id"], allow=item.get("allow") is True)
                self._requests.append(item)
            else:
                self._requests.append(item)
        return self._stopping

    def requests(self) -> list[dict[str, Any]]:
        """What was asked of the agent since the last call, answers included; see ``stopping``."""
        taken, self._requests = self._requests, []
        return taken
