"""The runner: holds one agent attempt, writes down how it went, and outlives the engine.

``runner.py ATTEMPT_DIR``. Only the way in is here: a script is compiled at every start, a module
is not.
"""

from __future__ import annotations

import sys


def main(attempt_dir: str) -> int:
    """Run the attempt to its end; the exit code says who has it (see ``attempt``)."""
    from maestro_tui.agents.attempt import run_attempt

    return run_attempt(attempt_dir)


if __name__ == "__main__":
    # Started with -I -S: nothing is on the path yet. At its end, so that nothing beside the package
    # can stand in for the standard library.
    sys.path.append(__file__.rsplit("/", 3)[0])
    sys.exit(main(sys.argv[1]))
