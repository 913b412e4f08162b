"""The runner: holds one agent attempt, writes down how it went, and outlives the engine.

``runner.py ATTEMPT_DIR``. Exit codes: 0 the attempt has a result, 75 another runner has it,
76 an earlier runner died over it (a new attempt is the engine's decision).
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import time
import traceback
from typing import Any

if __name__ == "__main__":  # started with -I -S: nothing is on the path yet
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

from maestro_tui.agents import files, processes
from maestro_tui.agents.context import Context
from maestro_tui.agents.drivers import find_driver
from maestro_tui.agents.supervise import Outcome

TAKEN = 75
DIED_BEFORE = 76


def main(folder: str) -> int:
    """Run the attempt in ``folder`` to its end."""
    lock = os.open(os.path.join(folder, files.LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return TAKEN
    if os.path.exists(os.path.join(folder, files.RESULT)):
        return 0
    if os.path.exists(os.path.join(folder, files.RUNNER)):
        return DIED_BEFORE
    spec = files.read_json(os.path.join(folder, files.SPEC))
    if spec is None:
        print("no spec.json", file=sys.stderr)
        return 2
    context = Context(folder, spec)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(context, "stop", True))
    processes.become_subreaper()
    started = time.time()
    pid = os.getpid()
    files.write_json(
        os.path.join(folder, files.RUNNER),
        {"pid": pid, "start_time": processes.start_time(pid), "started_at": started},
    )
    try:
        outcome = find_driver(spec["driver"]).run(context)
    except Exception as error:
        traceback.print_exc()
        outcome = Outcome("spawn-error", error=f"the runner failed: {error}")
    processes.end_descendants(float(spec["grace_s"]))
    files.write_json(os.path.join(folder, files.RESULT), _result(folder, outcome, started))
    return 0


def _result(folder: str, outcome: Outcome, started: float) -> dict[str, Any]:
    try:
        size = os.path.getsize(os.path.join(folder, files.LOG))
    except OSError:
        size = 0
    return {
        "ok": outcome.ok,
        "exit": outcome.exit,
        "signal": outcome.signal,
        "reason": outcome.reason,
        "error": outcome.error,
        "started_at": started,
        "ended_at": time.time(),
        "usage": outcome.usage or {},
        "log_bytes": size,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
