"""One attempt from lock to result, inside its runner: exactly one agent is started, ever."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time

from maestro_tui.agents import files, processes
from maestro_tui.agents.context import Context
from maestro_tui.agents.drivers import RESUMABLE, find_driver
from maestro_tui.agents.outcome import Outcome
from maestro_tui.agents.spec import SpecError, read_spec

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DONE = 0
NO_FOLDER = 66
FAILED = 70
TAKEN = 75
DIED_BEFORE = 76
_LOCK_TRIES = 20  # who only looks whether the lock is held holds it for an instant
_LOCK_PAUSE_S = 0.005


def run_attempt(folder: str) -> int:
    """Run the attempt in ``folder`` to its end; the runner's exit code.

    0 the attempt has a result, 75 another runner has it, 76 an earlier runner died over it (a new
    attempt is the engine's decision), 66 there is no such folder, 70 the result cannot be written.
    """
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    folder = os.path.realpath(folder)
    if not os.path.isdir(folder):
        print(f"{folder}: no such attempt folder", file=sys.stderr)
        return NO_FOLDER
    lock = _take_lock(os.path.join(folder, files.LOCK))
    if lock is None:
        return TAKEN
    if os.path.exists(os.path.join(folder, files.RESULT)):
        return DONE
    if os.path.exists(os.path.join(folder, files.RUNNER)) and not _may_resume(folder):
        return DIED_BEFORE
    try:
        return _run(folder)
    except Exception as error:  # no room on the disk, most likely: there is no result to be had
        print(f"{folder}: {error!r}", file=sys.stderr)
        return FAILED


def _run(folder: str) -> int:
    started = time.time()
    context = Context(folder)
    context.listen()  # before anybody can know whom to signal
    me = {"pid": os.getpid(), "start_time": processes.start_time(os.getpid())}
    files.write_json(os.path.join(folder, files.RUNNER), {**me, "started_at": started})
    processes.become_subreaper()
    outcome = _drive(context)
    # Only Linux gives every orphan to its subreaper; elsewhere the engine looks for them.
    alone = processes.Children(0).kill() and processes.LINUX
    result = _result(context, outcome, started)
    files.write_json(os.path.join(folder, files.RESULT), {**result, "alone": alone})
    # An answer that comes now is too late; with the interpreter's own end it would kill instead.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    return DONE


def _may_resume(folder: str) -> bool:
    """Whether the driver can take up an attempt over which an earlier runner died."""
    spec = files.read_json(os.path.join(folder, files.SPEC))
    return spec is not None and spec.get("driver") in RESUMABLE


def _drive(context: Context) -> Outcome:
    try:
        context.spec = read_spec(os.path.join(context.folder, files.SPEC))
        return find_driver(context.spec.driver).run(context)
    except SpecError as error:
        return Outcome("spawn-error", error=str(error))
    except Exception as error:
        import traceback

        traceback.print_exc()
        return Outcome("crashed", error=f"The runner failed: {error}; see {files.RUNNER_LOG}")


def _take_lock(path: str) -> int | None:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    for _ in range(_LOCK_TRIES):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return lock
        except BlockingIOError:
            time.sleep(_LOCK_PAUSE_S)
    os.close(lock)
    return None


def _result(context: Context, outcome: Outcome, started: float) -> dict[str, Any]:
    return {
        "ok": outcome.ok,
        "exit": outcome.exit,
        "signal": outcome.signal,
        "reason": outcome.reason,
        "error": outcome.error,
        "started_at": started,
        "ended_at": time.time(),
        "usage": outcome.usage or {},
        "log_bytes": context.log_bytes,
    }
