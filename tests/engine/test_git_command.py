"""Git as Maestro runs it: beside others, to its end, and not at all where a file tells as much."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from maestro_tui.engine.git.command import Git, GitError
from tests.engine.scratch import git, make_repo


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return make_repo(tmp_path / "re po ü")


async def test_who_is_cancelled_waits_until_git_is_through(repo: Path) -> None:
    begun, done = repo.parent / "begun", repo.parent / "done"
    slow = f"alias.slow=!touch '{begun}'; sleep 0.3; touch '{done}'"
    call = asyncio.create_task(Git(repo / ".git", tree=repo).run("-c", slow, "slow"))
    async with asyncio.timeout(20):
        while not begun.exists():
            await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert done.exists()


async def test_what_git_says_is_kept_apart_and_what_it_minds_is_raised(repo: Path) -> None:
    view = Git(repo / ".git", tree=repo)
    listed = await view.run("hash-object", "--stdin", stdin=b"x\n")
    assert (listed.text, listed.err) == ("587be6b4c3f93f93c489c0111bba5596147a26cb", b"")
    with pytest.raises(GitError, match="Not a valid object") as error:
        await view.run("cat-file", "-p", "nothing")
    assert error.value.code == 128
    assert (await view.run("diff", "--quiet", "HEAD", "nowhere", codes=(0, 1, 128))).code == 128


async def test_a_head_is_found_where_it_stands_on(repo: Path) -> None:
    view = Git(repo / ".git", tree=repo)
    head = git(repo, "rev-parse", "HEAD")
    assert await view.resolve("HEAD") == head  # on a branch
    git(repo, "checkout", "-q", "--detach")
    assert await view.resolve("HEAD") == head
    git(repo, "checkout", "-q", "main")
    git(repo, "pack-refs", "--all")
    assert await view.resolve("HEAD") == await view.resolve("refs/heads/main") == head
    git(repo, "checkout", "-q", "--orphan", "unborn")
    assert await view.resolve("HEAD") == ""
    assert await view.resolve("main~0") == head
