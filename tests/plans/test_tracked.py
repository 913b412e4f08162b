"""The size of a checkout, against git itself."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from maestro_tui.plans.tracked import checkout_bytes, tracked_files


@pytest.mark.parametrize("version", [2, 3, 4])
def test_the_size_of_all_tracked_files(tmp_path: Path, version: int) -> None:
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", str(tmp_path), *words], check=True, capture_output=True, text=True
        ).stdout

    git("init", "-q")
    for n in range(40):
        path = tmp_path / f"folder{n % 3}" / ("n" * n + "x")
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"y" * (n * 7))
    (tmp_path / "not-tracked").write_bytes(b"z" * 999)
    git("add", "folder0", "folder1", "folder2")
    if version == 3:  # only written where an entry needs it
        git("update-index", "--skip-worktree", "folder0/x")
    git("update-index", "--index-version", str(version))
    assert checkout_bytes(tmp_path) == sum(n * 7 for n in range(40))
    assert list(tracked_files(tmp_path)) == git("ls-files").split()


def test_no_repository_and_a_damaged_index_are_not_known(tmp_path: Path) -> None:
    assert checkout_bytes(tmp_path) == 0
    assert tracked_files(tmp_path) == ()
    (tmp_path / ".git").mkdir()
    for data in (b"", b"DIRC", b"DIRC" + b"\0\0\0\2" + b"\0\0\0\7" + b"x" * 30, b"x" * 100):
        (tmp_path / ".git" / "index").write_bytes(data)
        assert checkout_bytes(tmp_path) == 0
