"""The rehearsal agent's process: ``rehearse.py``, in a worktree, with MAESTRO_ATTEMPT_DIR set."""

from __future__ import annotations

import sys


def main() -> int:
    """Carry out the attempt named by the environment; the exit code of the agent."""
    from maestro_tui.agents.rehearsal.script import carry_out

    return carry_out()


if __name__ == "__main__":
    sys.path.append(__file__.rsplit("/", 3)[0])  # see runner.py
    sys.exit(main())
