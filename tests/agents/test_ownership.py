"""Whose file a path is, links and dots included."""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro_tui.agents.ownership import FOREIGN, OUTSIDE, OWN, Ownership


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("app/a.py", OWN),
        ("app/sub/a.py", FOREIGN),
        ("app/secret.py", FOREIGN),
        ("docs/deep/er.md", OWN),
        ("A_COMPLETE.md", OWN),
        ("app/../other.py", FOREIGN),
        ("../elsewhere.py", OUTSIDE),
        ("/etc/passwd", OUTSIDE),
        (".git", FOREIGN),
        (".git/hooks/pre-commit", FOREIGN),
        ("linked/a.py", OUTSIDE),
        (".", FOREIGN),
    ],
)
def test_a_path_has_one_verdict(tmp_path: Path, path: str, verdict: str) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "linked").symlink_to(tmp_path)
    owns = Ownership(
        str(tree), ["app/*.py", "docs/", "linked/"], ["app/secret.py"], "A_COMPLETE.md"
    )
    assert owns.verdict(path) == verdict
    assert owns.verdict(str(tree / path)) == verdict


def test_everything_owned_is_still_not_gits_own(tmp_path: Path) -> None:
    owns = Ownership(str(tmp_path), ["**"], [])
    assert owns.verdict("any/where.py") == OWN
    assert owns.verdict(".git/config") == FOREIGN
