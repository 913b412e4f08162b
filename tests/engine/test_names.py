"""Names that differ only in case are found without asking git where nothing can be wrong."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.names import KnownNames
from tests.engine.scratch import git, make_repo

NAMES = st.lists(st.sampled_from(["a", "A", "b/c", "B/c", "ß", "ss", "x"]), max_size=4)


class Unasked(Git):
    """Names are given; whoever asks git has forgotten them."""

    def __init__(self) -> None:
        pass


@settings(max_examples=200)
@given(NAMES, st.lists(NAMES, min_size=1, max_size=5))
async def test_no_collision_is_overlooked(base: list[str], merges: list[list[str]]) -> None:
    known = KnownNames(Unasked())
    known.grown("0", base)
    there = set(base)
    for number, paths in enumerate(merges):
        folded = [n.casefold() for n in there | set(paths)]
        collides = any(folded.count(p.casefold()) > 1 for p in paths)
        assert await known.may_collide(str(number), paths) == collides
        known.grown(str(number + 1), paths)
        there |= set(paths)


async def test_another_head_is_read_afresh(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"Guide.txt": "x\n", "sub/é.txt": "x\n"})
    known = KnownNames(Git(repo / ".git"))
    head = git(repo, "rev-parse", "HEAD")
    assert await known.may_collide(head, ["guide.txt"])
    assert await known.may_collide(head, ["sub/É.txt"])
    assert not await known.may_collide(head, ["Guide.txt", "other.txt"])
    git(repo, "mv", "Guide.txt", "other.txt")
    git(repo, "commit", "-q", "-m", "renamed")
    assert not await known.may_collide(git(repo, "rev-parse", "HEAD"), ["guide.txt"])
