"""The user's checkout: untouched until delivery, and delivery overwrites nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    checkout,
    decide,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    write_plan,
)

FILES = {"README.md": "start\n", "app/main.py": "one\ntwo\nthree\n", "docs/ünïcode.md": "x\n"}
WRITES = 'echo "by the task" > f1.txt; echo "one\ntwo\nthree\nfour" > app/main.py; done_'
TASK = {"1": 'create = ["f1.txt"]\nmodify = ["app/main.py"]'}


def prepared(folder: Path, name: str = "repo") -> tuple[Path, Path, str]:
    repo = make_repo(folder / name, FILES)
    return repo, write_plan(folder, TASK), cases_agent(folder, {"1": WRITES})


def make_dirty(repo: Path) -> None:
    """A stash, and one file each modified, staged, both, deleted and untracked."""
    (repo / "README.md").write_text("stashed\n")
    git(repo, "stash")
    (repo / "README.md").write_text("modified\n")
    (repo / "new.txt").write_text("staged\n")
    git(repo, "add", "new.txt")
    (repo / "new.txt").write_text("staged, then modified\n")
    (repo / "docs/ünïcode.md").unlink()
    (repo / "with space é.txt").write_text("untracked\n")


def same(repo: Path, before: dict[str, object]) -> None:
    after = checkout(repo)
    for key, value in before.items():
        assert after[key] == value, key


def test_a_dirty_checkout_is_no_obstacle_and_stays_as_it_is(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    make_dirty(repo)
    before = checkout(repo)
    done = headless(repo, plan, agent, yes=False)
    assert done.returncode == 3
    assert "4 uncommitted change(s) are not part of this run" in done.stderr
    decide(repo, "review", "yes")
    done = maestro("resume", "r", "--headless", cwd=repo)
    assert "deliver-0" in done.stdout
    same(repo, before)
    decide(repo, "deliver-0", "merge")
    done = maestro("resume", "r", "--headless", cwd=repo)
    assert done.returncode == 0, done.stdout
    after = checkout(repo)
    assert after["stash"] == before["stash"]
    assert after["status"] == before["status"]
    changed = {k for k in after["files"] if after["files"][k] != before["files"].get(k)}
    assert changed == {"f1.txt", "app/main.py"}
    assert git(repo, "show", "HEAD:README.md") == "start"
    assert leftovers(repo) == []


def test_the_run_starts_from_the_commit_not_from_what_lies_about(tmp_path: Path) -> None:
    repo, plan, _ = prepared(tmp_path)
    make_dirty(repo)
    agent = cases_agent(
        tmp_path, {"1": 'cp README.md f1.txt; ls > "$SEEN"; done_'}, name="looks.sh"
    )
    seen = tmp_path / "seen"
    headless(repo, plan, agent, "--deliver", "none", env={"SEEN": str(seen)})
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "start"
    assert "with space" not in seen.read_text()


def test_delivery_refuses_to_overwrite_local_changes_then_delivers(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    (repo / "app/main.py").write_text("my own work\n")
    (repo / "f1.txt").write_text("my own, untracked\n")
    before = checkout(repo)
    done = headless(repo, plan, agent)
    assert done.returncode == 3, done.stdout
    assert "nothing was overwritten" in done.stdout
    same(repo, before)
    question = status(repo, "r")["questions"][0]
    assert question["kind"] == "deliver"
    assert any("app/main.py" in line or "f1.txt" in line for line in question["evidence"])
    # Nothing was moved yet: resuming asks again, and says so by its code.
    again = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert again.returncode == 3
    same(repo, before)
    git(repo, "stash", "-u")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert (repo / "f1.txt").read_text() == "by the task\n"
    assert git(repo, "status", "--porcelain") == ""
    assert len(git(repo, "stash", "list").splitlines()) == 1
    assert leftovers(repo) == []


def test_staged_changes_are_not_overwritten_either(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    (repo / "app/main.py").write_text("staged work\n")
    git(repo, "add", "app/main.py")
    before = checkout(repo)
    assert headless(repo, plan, agent).returncode == 3
    same(repo, before)
    git(repo, "commit", "-q", "-m", "my work")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    # Committed now, and both changed the same file: that is a conflict, and is said.
    assert done.returncode == 3
    assert "app/main.py" in done.stdout
    assert git(repo, "show", "HEAD:app/main.py") == "staged work"


def test_a_detached_head_is_moved_forward_and_no_branch(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    git(repo, "checkout", "-q", "--detach")
    main = git(repo, "rev-parse", "main")
    done = headless(repo, plan, agent)
    assert done.returncode == 0, done.stdout
    assert "detached" in done.stderr
    assert git(repo, "rev-parse", "main") == main
    assert git(repo, "rev-parse", "HEAD") != main
    assert git(repo, "rev-parse", "--abbrev-ref", "HEAD") == "HEAD"
    assert (repo / "f1.txt").exists()


def test_a_branch_taken_meanwhile_is_not_mistaken_for_the_detached_head(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    git(repo, "checkout", "-q", "--detach")
    headless(repo, plan, agent, yes=False)
    decide(repo, "review", "yes")
    git(repo, "checkout", "-q", "main")
    main = git(repo, "rev-parse", "main")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert git(repo, "rev-parse", "main") == main
    assert done.returncode == 3, done.stdout
    assert "detached" in done.stdout
    git(repo, "checkout", "-q", "--detach")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert git(repo, "rev-parse", "main") == main


def test_spaces_and_unicode_in_the_path_and_a_subfolder_to_start_from(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path, "mein Prüf-repo 日本 'x'")
    (repo / "app/main.py").chmod(0o644)
    words = ["run", str(plan), "--headless", "--yes", "--agent-command", agent, "--run-id", "r"]
    done = maestro(*words, cwd=repo / "app")
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert (repo / "f1.txt").exists()
    assert (repo / ".maestro/maestro.db").exists()
    assert not (repo / "app/.maestro").exists()
    assert git(repo, "status", "--porcelain") == ""
    assert leftovers(repo) == []


def waits_for_delivery(tmp_path: Path) -> Path:
    repo, plan, agent = prepared(tmp_path)
    assert headless(repo, plan, agent, yes=False).returncode == 3
    decide(repo, "review", "yes")
    assert "deliver-0" in maestro("resume", "r", "--headless", cwd=repo).stdout
    return repo


def commit(repo: Path, path: str, text: str) -> str:
    (repo / path).write_text(text)
    git(repo, "add", path)
    git(repo, "commit", "-q", "-m", f"my {path}")
    return git(repo, "rev-parse", "HEAD")


def test_a_base_that_moved_meanwhile_is_merged_into(tmp_path: Path) -> None:
    repo = waits_for_delivery(tmp_path)
    mine = commit(repo, "README.md", "moved on\n")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert git(repo, "rev-list", "--merges", "-1", "HEAD") == git(repo, "rev-parse", "HEAD")
    assert git(repo, "rev-parse", "HEAD^1") == mine
    assert (repo / "README.md").read_text() == "moved on\n"
    assert (repo / "f1.txt").read_text() == "by the task\n"
    assert git(repo, "status", "--porcelain") == ""


def test_a_base_that_moved_and_conflicts_is_left_alone(tmp_path: Path) -> None:
    repo = waits_for_delivery(tmp_path)
    commit(repo, "app/main.py", "one\ntwo\nmine\n")
    before = checkout(repo)
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 3
    assert "app/main.py" in done.stdout
    assert "git merge maestro/r/_integration" in done.stdout
    same(repo, before)
    decide(repo, status(repo, "r")["questions"][0]["id"], "leave")
    done = maestro("resume", "r", "--headless", cwd=repo)
    assert done.returncode == 0, done.stdout
    same(repo, before)
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "by the task"
    assert leftovers(repo) == []


def test_another_branch_checked_out_meanwhile_stays_untouched(tmp_path: Path) -> None:
    repo = waits_for_delivery(tmp_path)
    git(repo, "checkout", "-q", "-b", "elsewhere")
    commit(repo, "README.md", "elsewhere\n")
    before = checkout(repo)
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    after = checkout(repo)
    for key in ("index", "HEAD", "head", "stash", "status", "files"):
        assert after[key] == before[key]
    assert git(repo, "show", "main:f1.txt") == "by the task"


def test_a_base_branch_that_is_gone_is_said(tmp_path: Path) -> None:
    repo = waits_for_delivery(tmp_path)
    git(repo, "checkout", "-q", "-b", "elsewhere")
    git(repo, "branch", "-D", "main")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 3
    assert "main is gone" in done.stdout


def test_deliver_none_leaves_the_work_on_its_branch(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    before = checkout(repo)
    done = headless(repo, plan, agent, "--deliver", "none")
    assert done.returncode == 0
    assert "maestro/r/_integration" in done.stdout
    same(repo, before)
    branches = git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads").split()
    assert set(branches) == {"main", "maestro/r/_integration"}
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "by the task"
    assert leftovers(repo) == []


def test_delivery_waits_for_a_merge_of_the_users_own_to_be_over(tmp_path: Path) -> None:
    repo = waits_for_delivery(tmp_path)
    git(repo, "checkout", "-q", "-b", "side", "HEAD")
    commit(repo, "README.md", "side\n")
    git(repo, "checkout", "-q", "main")
    git(repo, "merge", "-q", "--no-commit", "--no-ff", "side")
    before = checkout(repo)
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 3
    same(repo, before)
    assert (repo / ".git/MERGE_HEAD").exists()


@pytest.mark.parametrize("detached", [False, True])
def test_a_run_in_a_linked_worktree_of_the_user_delivers_there(
    tmp_path: Path, detached: bool
) -> None:
    main, plan, agent = prepared(tmp_path)
    linked = tmp_path / "linked"
    how = ["--detach"] if detached else ["-b", "topic"]
    git(main, "worktree", "add", "-q", *how, str(linked))
    if detached:
        commit(linked, "README.md", "ahead of main\n")
    before = git(main, "rev-parse", "main")
    done = headless(linked, plan, agent)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert (linked / "f1.txt").read_text() == "by the task\n"
    assert git(linked, "status", "--porcelain") == ""
    assert git(main, "rev-parse", "main") == before
    assert git(main, "status", "--porcelain") == ""
    assert not (main / "f1.txt").exists()


def test_hooks_and_signing_of_the_user_do_not_run(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    hooks = repo / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    for name in (
        "pre-commit",
        "commit-msg",
        "post-checkout",
        "post-merge",
        "reference-transaction",
    ):
        (hooks / name).write_text(f"#!/bin/sh\necho {name} >> '{tmp_path}/ran'\nexit 1\n")
        (hooks / name).chmod(0o755)
    git(repo, "config", "commit.gpgSign", "true")
    done = headless(repo, plan, agent)
    assert done.returncode == 0, done.stdout
    assert not (tmp_path / "ran").exists()


def test_git_variables_of_a_hook_do_not_lead_astray(tmp_path: Path) -> None:
    repo, plan, agent = prepared(tmp_path)
    other = make_repo(tmp_path / "other")
    agent = cases_agent(tmp_path, {"1": WRITES.replace("done_", "git add -A; commit x; done_")})
    before = checkout(other)
    env = {"GIT_DIR": str(other / ".git"), "GIT_WORK_TREE": str(other),
           "GIT_INDEX_FILE": str(other / ".git/index")}  # fmt: skip
    done = headless(repo, plan, agent, env=env)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert (repo / "f1.txt").exists()
    same(other, before)
