"""``python -m maestro_tui.engine REPO RUN``: the detached engine of one run."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from pathlib import Path

from maestro_tui.engine.journal import JournalError
from maestro_tui.engine.lock import Held
from maestro_tui.engine.loop import Engine


def main() -> int:
    """Work on the run until it ends or is told to stop."""
    parser = argparse.ArgumentParser(prog="maestro-engine")
    parser.add_argument("repo", type=Path)
    parser.add_argument("run")
    parser.add_argument("--policies", default="{}")
    options = parser.parse_args()
    engine = Engine(options.repo, options.run, attended=True, policies=json.loads(options.policies))
    try:
        asyncio.run(engine.work())
    except Held:
        return 0  # somebody else is at it already
    except JournalError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
