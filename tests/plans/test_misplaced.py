"""Files to be changed that are not where the plan says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from maestro_tui.plans.analysis import analyse
from maestro_tui.plans.reader import read_plan


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in ("app/src/index.py", "app/src/api.py", "lib/a/util.py", "lib/b/util.py", "top.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n")
    subprocess.run(["git", "-C", str(tmp_path), "add", "."], check=True)
    return tmp_path


def _told(repo: Path, files: str) -> list[str]:
    text = f"# P\n\n## Phase 1: Work\n{files}\n\n## Phase 2: More\nFiles: top.py\n"
    found = analyse(read_plan("plan.md", text=text), repo=repo).diagnostics
    return [d.text for d in found if d.code == "file-elsewhere"]


def test_a_path_from_the_wrong_folder_is_named_with_the_right_one(repo: Path) -> None:
    assert _told(repo, "Files: src/index.py, app/src/api.py") == [
        "1 changes src/index.py, which is not in the repository; app/src/index.py is."
    ]
    assert _told(repo, "Files: shop/app/src/api.py") == [
        "1 changes shop/app/src/api.py, which is not in the repository; app/src/api.py is."
    ]


@pytest.mark.parametrize(
    "files",
    [
        "Files: util.py",  # two have that name
        "Files: src/other.py",  # nobody has it: a new file
        "Create: src/index.py",
        "Files: src/*.py",
        "Files: new/top.py",  # the root's own file is no sign of a wrong folder
    ],
)
def test_what_is_new_or_open_is_no_mistake(repo: Path, files: str) -> None:
    assert _told(repo, files) == []


def test_a_file_that_another_task_makes_is_not_missing(repo: Path) -> None:
    text = "# P\n\n## Phase 1: A\nCreate: src/index.py\n\n## Phase 2: B\nModify: src/index.py\n"
    found = analyse(read_plan("plan.md", text=text), repo=repo).diagnostics
    assert [d.code for d in found if d.code == "file-elsewhere"] == []
