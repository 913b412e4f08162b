"""A run in the real program, from the yes on: what the tests of decisions and of rows share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.engine.scratch import cases_agent, creates, maestro, make_repo, write_plan

Open = Callable[..., Terminal]


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Path]:
    folder = make_repo(tmp_path / "repo")
    yield folder
    (tmp_path / "go").touch()
    if (folder / ".maestro").exists():  # a test that failed must not leave its engine behind
        maestro("stop", "--abort", cwd=folder)


@pytest.fixture
def go(repo: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Agents that wait for it go on when it is there; what was begun is in ``starts`` beside it."""
    monkeypatch.setenv("GO", str(repo.parent / "go"))
    monkeypatch.setenv("STARTS", str(repo.parent / "starts"))
    return repo.parent / "go"


@pytest.fixture
def opened(repo: Path, go: Path) -> Open:
    """The program with a plan whose agents act like that, from the yes on."""

    def opened(
        tasks: dict[str, str],
        edges: str,
        cases: dict[str, str],
        *more: str,
        extra: str = "",
        **how: object,
    ) -> Terminal:
        plan = write_plan(repo.parent, tasks, edges, extra)
        agent = cases_agent(repo.parent, cases)
        words = ("run", str(plan), "--run-id", "r", "--agent-command", agent, *more)
        return accepted(Terminal(*words, cwd=repo, **how), tasks)  # type: ignore[arg-type]

    return opened


@pytest.fixture
def rehearsed(repo: Path) -> Open:
    """The same with agents that do what a script says: TOML of its steps."""

    def rehearsed(
        script: str, edges: str, *more: str, names: str = "ab", **how: object
    ) -> Terminal:
        tasks = creates(*names)
        plan = write_plan(repo.parent, tasks, edges)
        (repo.parent / "work.rehearsal.toml").write_text("schema = 1\n" + script)
        words = ("run", str(plan), "--run-id", "r", "--driver", "rehearsal", *more)
        return accepted(Terminal(*words, cwd=repo, **how), tasks)  # type: ignore[arg-type]

    return rehearsed


def accepted(screen: Terminal, tasks: dict[str, str]) -> Terminal:
    """The review, read to its last task and answered."""
    screen.until(f"Task {list(tasks)[-1]}")
    screen.press("y")
    return screen
