"""``maestro serve``: a run's screen in a browser on this machine."""

from __future__ import annotations

import argparse
import ipaddress
import sys

from maestro_tui.cli.exits import DONE, Exit
from maestro_tui.cli.repository import repository
from maestro_tui.cli.selecting import choose_run


def serve(arguments: argparse.Namespace) -> int:
    """Serve until it is interrupted; runs are not touched by its end."""
    repo = repository(arguments.repo)
    run = choose_run(repo, arguments.run)
    _only_here(arguments.host)
    try:
        from maestro_tui.ui.serve import GuardedServer
    except ImportError as error:
        raise Exit(
            f"maestro serve needs {error.name}; install it with: pip install 'maestro-tui[serve]'"
        ) from error
    command = [sys.executable, "-m", "maestro_tui", "attach", run, "--repo", str(repo)]
    GuardedServer(command, arguments.host, arguments.port, token=arguments.token).serve()
    return DONE


def _only_here(host: str) -> None:
    """The page can let agents work: it stays on this machine; reach it from others by ssh -L."""
    try:
        here = ipaddress.ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost"
    if not here:
        raise Exit(
            f"--host {host}: only this machine may be served (127.0.0.1); from another one use "
            "ssh -L 8765:127.0.0.1:8765"
        )
