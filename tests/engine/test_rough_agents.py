"""Agents that mistreat the repository they share: the others' work and the user's stay whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    git,
    headless,
    leftovers,
    make_repo,
    states,
    status,
    write_plan,
)

GITS = 'common="$(git rev-parse --git-common-dir)"; '
HOOKS = ("pre-commit", "commit-msg", "post-checkout", "post-merge", "reference-transaction")
BODIES = {
    "collects": "echo x > collects.txt; git add -A; commit x; git reflog expire --expire=now --all;"
    " git gc -q --prune=now; git worktree prune; done_",
    "hooks": GITS + 'mkdir -p "$common/hooks"; for hook in ' + " ".join(HOOKS) + "; do"
    ' printf "#!/bin/sh\\necho hooked >&2; exit 1\\n" > "$common/hooks/$hook";'
    ' chmod +x "$common/hooks/$hook"; done; echo x > hooks.txt; done_',
    "configures": GITS
    + 'git config core.hooksPath "$common/hooks"; git config commit.gpgSign true;'
    " git config gc.auto 1; git config merge.ff only; git config core.fsmonitor false;"
    " git config merge.directoryRenames true; echo x > configures.txt; done_",
    "amends": "echo first > amends.txt; git add -A; commit first; done_;"
    " echo second > amends.txt; git add amends.txt;"
    " git -c user.name=O -c user.email=o@o commit -q --no-verify --amend -m second",
    "rebases": "echo 1 > r1.txt; git add r1.txt; commit one; echo 2 > r2.txt; git add r2.txt;"
    " commit two; done_; git -c user.name=O -c user.email=o@o"
    " -c core.hooksPath=/dev/null rebase -q --no-ff HEAD~2 2> /dev/null",
    "many": "mkdir many; seq 5000 | sed 's,^,many/,' | xargs touch; done_",
    "quiet": "sleep 2; write; done_",
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rough")
    repo = make_repo(folder / "re po ü")
    files = {name: f'create = ["{name}.txt"]' for name in BODIES}
    files |= {"rebases": 'create = ["r1.txt", "r2.txt"]', "many": 'scope = ["many/**"]'}
    files |= {"quiet": 'create = ["fquiet.txt"]', "later": 'create = ["flater.txt"]'}
    after = [f"later<{name}" for name in BODIES]
    after += [f"hooks<{name}" for name in ("amends", "rebases", "collects")]  # they commit
    plan = write_plan(folder, files, " ".join((*after, "configures<hooks", "quiet<hooks")))
    done = headless(repo, plan, cases_agent(folder, BODIES), timeout=120)
    assert done.returncode == 0, (done.stdout, done.stderr, status(repo))
    return repo


def test_everything_is_merged_and_delivered(repo: Path) -> None:
    assert set(states(repo).values()) == {"merged"}
    names = set(git(repo, "ls-tree", "-r", "--name-only", "HEAD").split())
    assert {f"{n}.txt" for n in ("collects", "hooks", "configures", "amends")} <= names
    assert {"r1.txt", "r2.txt", "fquiet.txt", "flater.txt", "many/5000"} <= names
    assert leftovers(repo) == []


def test_what_counts_is_what_the_agent_left_in_the_end(repo: Path) -> None:
    assert git(repo, "show", "HEAD:amends.txt") == "second"


def test_nothing_that_was_kept_has_gone(repo: Path) -> None:
    assert subprocess.run(["git", "fsck", "--connectivity-only"], cwd=repo, check=False,
                          capture_output=True).returncode == 0  # fmt: skip
    for task in (*BODIES, "later"):
        assert git(repo, "rev-parse", f"refs/maestro/r/attempt/{task}/a1")


def test_a_base_branch_an_agent_moved_is_neither_lost_nor_overwritten(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    body = ("write; git add f1.txt; commit own; git update-ref refs/heads/main HEAD;"
            " echo more >> f1.txt; done_")  # fmt: skip
    plan = write_plan(tmp_path, {"1": 'create = ["f1.txt"]', "2": 'create = ["f2.txt"]'}, "2<1")
    (repo / "README.md").write_text("the user's own\n")
    done = headless(repo, plan, cases_agent(tmp_path, {"1": body}))
    assert done.returncode == 3, done.stdout
    question = status(repo)["questions"][0]
    assert question["kind"] == "deliver"
    assert any("f1.txt" in line for line in question["evidence"]), question
    assert (repo / "README.md").read_text() == "the user's own\n"
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "text of 1\nmore"
