"""Submodules in worktrees: there without a network, put back for the next task, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    git,
    headless,
    leftovers,
    make_repo,
    states,
    write_plan,
)
from tests.engine.test_gates import gate

PLAIN = 'create = ["f{n}.txt"]'
LOCAL = ("-c", "protocol.file.allow=always")


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A repository with a submodule that has one, too; where they came from is gone."""
    deep = make_repo(tmp_path / "deep", {"deep.txt": "deep\n"})
    library = make_repo(tmp_path / "library", {"lib.txt": "library\n"})
    git(library, *LOCAL, "submodule", "--quiet", "add", str(deep), "inner")
    git(library, "commit", "-q", "-m", "inner")
    repo = make_repo(tmp_path / "repo")
    git(repo, *LOCAL, "submodule", "--quiet", "add", str(library), "libs/one")
    git(repo, *LOCAL, "submodule", "--quiet", "update", "--init", "--recursive")
    git(repo, "commit", "-q", "-m", "a submodule")
    for origin in (deep, library):
        origin.rename(origin.with_name(f"{origin.name} moved away"))
    return repo


def test_agents_and_gates_find_submodules_filled_and_clean(tmp_path: Path, repo: Path) -> None:
    see = "cat libs/one/lib.txt libs/one/inner/deep.txt > f{n}.txt; "
    cases = {
        "1": see.format(n="1") + "git -C libs/one status --porcelain --ignored >> f1.txt; done_",
        "2": see.format(n="2") + "git -C libs/one status --porcelain --ignored >> f2.txt; done_",
    }
    plan = write_plan(
        tmp_path, {n: PLAIN.format(n=n) for n in cases}, "2<1", gate("cat libs/one/inner/deep.txt")
    )
    done = headless(repo, plan, cases_agent(tmp_path, cases), "--max-parallel", "1")
    assert done.returncode == 0, done.stdout
    for name in ("1", "2"):
        assert git(repo, "show", f"HEAD:f{name}.txt").split() == ["library", "deep"]
    assert git(repo, "status", "--porcelain") == ""
    assert leftovers(repo) == []


def test_what_one_task_left_in_a_submodule_does_not_reach_the_next(
    tmp_path: Path, repo: Path
) -> None:
    cases = {
        "1": "echo junk > libs/one/junk.txt; echo changed > libs/one/lib.txt; write; done_",
        "2": "ls libs/one > f2.txt; cat libs/one/lib.txt >> f2.txt; done_",
    }
    plan = write_plan(tmp_path, {n: PLAIN.format(n=n) for n in cases})
    done = headless(
        repo, plan, cases_agent(tmp_path, cases), "--max-parallel", "1", "--on-failure", "skip"
    )
    assert states(repo) == {"1": "skipped", "2": "merged"}, done.stdout
    assert "libs/one is a submodule with changes that are not committed in it" in done.stdout
    assert git(repo, "show", "HEAD:f2.txt").split() == ["inner", "lib.txt", "library"]
    kept = "refs/maestro/r/attempt/1/a1"
    assert git(repo, "show", f"{kept}:libs/one/junk.txt") == "junk"
    assert git(repo, "show", f"{kept}:libs/one/lib.txt") == "changed"
    assert leftovers(repo) == []


def test_a_commit_made_in_a_submodule_comes_home_with_its_pointer(
    tmp_path: Path, repo: Path
) -> None:
    body = "cd libs/one; echo new > new.txt; git add -A; commit new; cd ../..; done_"
    plan = write_plan(tmp_path, {"1": 'modify = ["libs/one"]'})
    done = headless(repo, plan, cases_agent(tmp_path, {"1": body}))
    assert done.returncode == 0, done.stdout
    git(repo, "submodule", "--quiet", "update", "--no-fetch")
    assert (repo / "libs/one/new.txt").read_text() == "new\n"
    assert git(repo, "status", "--porcelain") == ""
    assert leftovers(repo) == []


def test_one_the_checkout_has_no_copy_of_is_named_and_stops_nothing(
    tmp_path: Path, repo: Path
) -> None:
    git(repo, "submodule", "--quiet", "deinit", "-f", "libs/one")
    (repo / ".git/modules").rename(tmp_path / "modules")
    plan = write_plan(tmp_path, {n: PLAIN.format(n=n) for n in ("1", "2")})
    done = headless(repo, plan, cases_agent(tmp_path, {}))
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("git submodule update --init libs/one") == 1
    assert leftovers(repo) == []


def test_a_commit_the_copy_has_not_is_named(tmp_path: Path, repo: Path) -> None:
    missing = "1234567890" * 4
    git(repo, "update-index", "--cacheinfo", f"160000,{missing},libs/one")
    git(repo, "commit", "-q", "-m", "ahead")
    plan = write_plan(tmp_path, {"1": PLAIN.format(n="1")})
    done = headless(repo, plan, cases_agent(tmp_path, {}), "--deliver", "none")
    assert done.returncode == 0, done.stdout
    assert "has no 1234567890; `git -C libs/one fetch` may bring it" in done.stdout
    assert leftovers(repo) == []
