"""A conflict decided by keyboard in the real program: what was chosen is what is merged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.engine.scratch import cases_agent, git, leftovers, maestro, make_repo, write_plan

LINES = "".join(f"line {n}\n" for n in range(20))
WAIT = (
    "until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 > /dev/null;"
    " do sleep 0.05; done; "
)
EDIT = "sed -i 's/^line 3$/three of {0}/; s/^line 15$/fifteen of {0}/' shared.txt; "


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Path]:
    folder = make_repo(tmp_path / "repo", {"shared.txt": LINES, "old.txt": "old\n"})
    yield folder
    if (folder / ".maestro").exists():  # a test that failed must not leave its engine behind
        maestro("stop", "--abort", cwd=folder)


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_places_and_files_are_decided_by_keyboard(repo: Path, columns: int, lines: int) -> None:
    cases = {
        "1": EDIT.format("1") + "git rm -q old.txt; done_",
        "2": EDIT.format("2") + "echo more >> old.txt; " + WAIT + "done_",
    }
    plan = write_plan(repo.parent, {"1": "", "2": ""})
    agent = cases_agent(repo.parent, cases)
    words = ("run", str(plan), "--run-id", "r", "--agent-command", agent, "--mode", "streaming")
    with Terminal(*words, cwd=repo, columns=columns, lines=lines) as screen:
        screen.until("Task 2")
        screen.press("y")
        screen.until("Choose by file and place", 60)
        screen.answer("f", "Choose by file and place")
        screen.until("0 of 3 places decided")
        screen.until("1 Task 1")  # who wrote the merged side
        screen.press("d")  # old.txt comes first
        screen.until("1 of 3 places decided")
        screen.press("t")
        screen.until("2 of 3 places decided")
        screen.press("b")
        screen.until("3 of 3 places decided")
        screen.press("v")
        screen.until("what would be merged")
        screen.press("\r")
        screen.until("Deliver to main?", 60)
        screen.answer("m", "Deliver to main?")
        screen.until("2 of 2")
        screen.press("q")
        assert screen.end() == 0
        assert screen.restored
    found = git(repo, "show", "HEAD:shared.txt").splitlines()
    assert found[3] == "three of 2"
    assert found[15:17] == ["fifteen of 1", "fifteen of 2"]
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["shared.txt"]
    assert leftovers(repo) == []
