"""Process facts: who is alive, who descends from whom, who belongs to which attempt."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform.startswith("linux")


def _prctl(option: int, value: int) -> None:
    if LINUX:
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def become_subreaper() -> None:
    """Orphans of the agent become ours, so that every one of them is found at the end."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Called in the child before exec: no agent outlives its runner and spends money unwatched."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # the parent died between fork and prctl
        os._exit(1)


def start_time(pid: int) -> float:
    """When a process started, in a unit that only serves to tell two of one pid apart; 0 = gone."""
    if LINUX:
        try:
            with open(f"/proc/{pid}/stat", "rb") as file:
                fields = file.read().rpartition(b")")[2].split()
        except OSError:
            return 0.0
        return 0.0 if fields[0] in (b"Z", b"X") else float(fields[19])
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.Error:
        return 0.0


def children(pid: int) -> list[int]:
    """All descendants of a process, nearest first."""
    if not LINUX:
        import psutil

        try:
            return [p.pid for p in psutil.Process(pid).children(recursive=True)]
        except psutil.Error:
            return []
    found: list[int] = []
    queue = [pid]
    while queue:
        one = queue.pop(0)
        try:
            tasks = os.listdir(f"/proc/{one}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                with open(f"/proc/{one}/task/{task}/children", "rb") as file:
                    pids = [int(p) for p in file.read().split()]
            except OSError:
                continue
            found.extend(pids)
            queue.extend(pids)
    return found


def send(pids: list[int], number: int) -> None:
    """Signal each; those already gone are no error."""
    for pid in pids:
        try:
            os.kill(pid, number)
        except (ProcessLookupError, PermissionError):
            pass


def reap() -> None:
    """Collect every child that has ended."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return


def end_descendants(grace_s: float) -> None:
    """End everything below this process: TERM, grace, KILL until nothing is left."""
    pids = children(os.getpid())
    if not pids:
        return
    send(pids, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline:
        reap()
        if not children(os.getpid()):
            return
        time.sleep(0.01)
    for _ in range(100):  # new ones may be forked while we kill
        pids = children(os.getpid())
        if not pids:
            return
        send(pids, signal.SIGKILL)
        time.sleep(0.005)
        reap()


def with_environment(variable: str, prefix: str) -> list[int]:
    """Processes whose ``variable`` is ``prefix`` or a path beneath it, this one left out."""
    exact = f"{variable}={prefix}".encode()
    beneath = exact + b"/"
    found = []
    if LINUX:
        for name in os.listdir("/proc"):
            if not name.isdigit() or int(name) == os.getpid():
                continue
            try:
                with open(f"/proc/{name}/environ", "rb") as file:
                    items = file.read().split(b"\0")
            except OSError:
                continue
            if any(i == exact or i.startswith(beneath) for i in items):
                found.append(int(name))
        return found
    import psutil

    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            value = process.environ().get(variable, "")
        except psutil.Error:
            continue
        if value == prefix or value.startswith(prefix + "/"):
            found.append(process.pid)
    return found
