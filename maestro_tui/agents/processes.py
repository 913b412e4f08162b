"""Process facts: who is alive, who descends from whom, who belongs to which attempt."""

from __future__ import annotations

import os
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

LINUX = sys.platform.startswith("linux")
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def _prctl() -> Callable[..., int] | None:
    if not LINUX:
        return None
    import ctypes

    call: Any = ctypes.CDLL(None, use_errno=True).prctl
    return call  # type: ignore[no-any-return]


def become_subreaper() -> None:
    """Orphans of the agent become ours, so that every one of them is found at the end."""
    prctl = _prctl()
    if prctl is not None:
        prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def tie_to_parent() -> Callable[[], None]:
    """A function for a forked child that makes it die with its parent.

    Prepared before the fork, since a child between fork and exec should import nothing. No agent
    may outlive its runner: it would spend money unwatched.
    """
    prctl, parent = _prctl(), os.getpid()

    def tie() -> None:
        if prctl is not None:
            prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != parent:  # it died before the call
            os._exit(1)

    return tie


def start_time(pid: int) -> float:
    """When a process started, in a unit that only serves to tell two of one pid apart; 0 = gone."""
    if not LINUX:
        return _start_time_by_ps(pid)
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return 0.0 if fields[0] in (b"Z", b"X") else float(fields[19])


def _start_time_by_ps(pid: int) -> float:
    import subprocess

    argv = ["ps", "-p", str(pid), "-o", "lstart="]
    env = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    try:
        return time.mktime(time.strptime(done.stdout.strip()))
    except ValueError:
        return 0.0


def descendants(pid: int) -> list[int]:
    """All processes below one, nearest first (Linux; elsewhere none are known)."""
    found: list[int] = []
    queue = [pid]
    while queue:
        below = _children(queue.pop(0))
        if below is None:
            return _descendants_by_scan(pid)
        found += below
        queue += below
    return found


def _children(pid: int) -> list[int] | None:
    """Direct children; None where this kernel does not list them."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/children", "rb") as file:
                found += map(int, file.read().split())
    except ProcessLookupError:
        pass
    except FileNotFoundError:
        if os.path.exists(f"/proc/{pid}/task"):  # it lives, so it is the file that is unknown
            return None
    except OSError:
        pass
    return found


def _descendants_by_scan(pid: int) -> list[int]:
    below: dict[int, list[int]] = {}
    for one in _all_pids():
        try:
            with open(f"/proc/{one}/stat", "rb") as file:
                parent = int(file.read().rpartition(b")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue
        below.setdefault(parent, []).append(one)
    found, queue = [], [pid]
    while queue:
        pids = below.pop(queue.pop(0), [])
        found += pids
        queue += pids
    return found


def _all_pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def send(pids: list[int], number: int) -> None:
    """Signal each; those already gone are no error."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def send_group(group: int, number: int) -> None:
    """Signal a process group; one already gone is no error."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        pass


class Children:
    """The processes below a runner, of which one is the agent."""

    def __init__(self, agent: int) -> None:
        self.agent = agent
        self.status: int | None = None  # of the agent, as waitpid gives it

    def reap(self) -> bool:
        """Collect those that have ended; whether any is left."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            if pid == self.agent:
                self.status = status

    def signal(self, number: int) -> None:
        """Signal the agent and everything it has started, whatever session that is in."""
        if LINUX:
            send(descendants(os.getpid()), number)
        elif self.status is None or number == signal.SIGKILL:
            send_group(self.agent, number)

    def kill(self, seconds: float = 5.0) -> bool:
        """Kill until nothing is left; False if something cannot be killed (stuck in the kernel)."""
        deadline = time.monotonic() + seconds
        pause = 0.0005
        while self.reap() or not LINUX:
            self.signal(signal.SIGKILL)  # again and again: new ones may be forked meanwhile
            if not LINUX and not self.reap():
                return True
            if time.monotonic() > deadline:
                return False
            time.sleep(pause)
            pause = min(pause * 2, 0.05)
        return True


def with_environment(variable: str, prefix: str) -> list[int]:
    """Processes whose ``variable`` is ``prefix`` or a path beneath it, this one left out."""
    if not LINUX:
        return _with_environment_by_psutil(variable, prefix)
    return [pid for pid in _all_pids() if pid != os.getpid() and _marked(pid, variable, prefix)]


def _marked(pid: int, variable: str, prefix: str) -> bool:
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            block = b"\0" + file.read()
    except OSError:
        return False
    exact = b"\0" + os.fsencode(f"{variable}={prefix}")
    return exact + b"\0" in block or exact + b"/" in block or block.endswith(exact)


def kill_marked(pid: int, variable: str, prefix: str) -> bool:
    """Kill that process if it is still one of those; the number may have gone to another."""
    if not LINUX:
        send([pid], signal.SIGKILL)
        return True
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    except (AttributeError, OSError):  # an old kernel
        send([pid], signal.SIGKILL)
        return True
    try:
        if not _marked(pid, variable, prefix):
            return False
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except OSError:
        return False
    finally:
        os.close(handle)
    return True


def _with_environment_by_psutil(variable: str, prefix: str) -> list[int]:
    import importlib

    psutil: Any = importlib.import_module("psutil")  # the engine has it, a runner does not
    found = []
    for process in psutil.process_iter():
        try:
            value = process.environ().get(variable, "")
        except psutil.Error:
            continue
        if process.pid != os.getpid() and (value == prefix or value.startswith(prefix + "/")):
            found.append(process.pid)
    return found
