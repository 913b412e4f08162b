"""What a fresh process loads: the core is pure, and only the screen needs Textual."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def loaded(code: str) -> set[str]:
    """Names of all modules a fresh interpreter has after running this."""
    tail = "\nimport sys\nprint('\\n' + chr(1) + '\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + tail],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.partition(chr(1))[2].split())


def packages(names: set[str]) -> set[str]:
    return {n.partition(".")[0] for n in names}


IMPURE = {
    "asyncio", "sqlite3", "subprocess", "socket", "threading", "textual", "rich", "git", "psutil",
    "watchfiles", "yaml", "markdown_it", "tomli_w",
}  # fmt: skip


@pytest.mark.parametrize("name", ["machine", "events", "invariants", "state", "commands"])
def test_the_core_is_pure(name: str) -> None:
    names = loaded(f"import maestro_tui.core.{name}")
    assert packages(names) & IMPURE == set()
    ours = {n for n in names if n.startswith("maestro_tui.")}
    assert {n.split(".")[1] for n in ours} <= {"core", "plans"}
    assert {n for n in ours if n.startswith("maestro_tui.plans.")} <= {"maestro_tui.plans.model"}


def test_a_runner_needs_the_standard_library_alone() -> None:
    names = packages(loaded("import maestro_tui.agents.runner, maestro_tui.agents.launch"))
    foreign = {"asyncio", "textual", "rich", "git", "psutil", "watchfiles", "yaml"}
    assert names & foreign == set()


@pytest.mark.parametrize(
    "module",
    [
        "maestro_tui.plans.reader",
        "maestro_tui.plans.strategy",
        "maestro_tui.roster.discovery",
        "maestro_tui.roster.routing",
        "maestro_tui.engine.loop",
        "maestro_tui.engine.create",
        "maestro_tui.engine.client",
        "maestro_tui.report.summary",
        "maestro_tui.config.settings",
    ],
)
def test_the_engines_side_never_loads_the_screen(module: str) -> None:
    names = loaded(f"import {module}")
    assert "textual" not in packages(names)
    assert not {n for n in names if n.startswith(("maestro_tui.ui", "maestro_tui.cli"))}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_comes_without_the_heavy_parts(arguments: list[str]) -> None:
    names = loaded(
        "from maestro_tui.cli.main import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit as error:\n"
        "    assert not error.code, error.code\n"
    )
    assert packages(names) & {"textual", "rich", "git", "asyncio", "sqlite3", "psutil"} == set()
