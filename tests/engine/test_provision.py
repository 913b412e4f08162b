"""Worktrees are made fit to work in: copied files, a setup command, ports; and why each is kept."""

from __future__ import annotations

from pathlib import Path

from maestro_tui.engine.provision import copy_untracked
from tests.engine.scratch import (
    cases_agent,
    creates,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    write_plan,
)
from tests.engine.test_gates import gate


def project(folder: Path, settings: str, ignore: str = ".env\nmade/\nsecret/\n") -> Path:
    return make_repo(
        folder,
        {"README.md": "x\n", ".gitignore": ignore, "maestro.toml": f"[run]\n{settings}\n"},
    )


def test_ignored_files_that_are_named_are_copied_and_no_others(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", 'copy = ["secret/*.key"]')
    (repo / ".worktreeinclude").write_text("# comment\n.env\nnotes.txt\n")
    (repo / ".env").write_text("TOKEN=1\n")
    (repo / "notes.txt").write_text("not ignored: it would be committed\n")
    (repo / "secret").mkdir()
    (repo / "secret/a.key").write_text("k")
    (repo / "secret/b.txt").write_text("t")
    plan = write_plan(tmp_path, creates("1", "2"), "2<1", gate("test -e .env"))
    body = 'f="f$MAESTRO_TASK_ID.txt"; cat .env > $f; ls secret notes.txt >> $f; done_'
    done = headless(repo, plan, cases_agent(tmp_path, {}, body), "--max-parallel", "1")
    assert done.returncode == 0, done.stdout
    for name in ("1", "2"):  # a recycled tree gets them again
        assert git(repo, "show", f"HEAD:f{name}.txt") == "TOKEN=1\nsecret:\na.key"
    assert git(repo, "ls-files") .split() == [
        ".gitignore", "README.md", "f1.txt", "f2.txt", "maestro.toml",
    ]  # fmt: skip
    assert leftovers(repo) == []


def test_nothing_is_copied_through_a_link_out_of_the_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {".gitignore": "conf/x.env\n"})
    (repo / "conf").mkdir()
    (repo / "conf/x.env").write_text("1\n")
    outside = tmp_path / "outside"
    outside.mkdir()
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "conf").symlink_to(outside)
    assert copy_untracked(repo, tree, ("conf/x.env",)) == []
    assert list(outside.iterdir()) == []
    (tree / "conf").unlink()
    assert copy_untracked(repo, tree, ("conf/x.env",)) == ["conf/x.env"]
    assert (tree / "conf/x.env").read_text() == "1\n"


def test_the_setup_runs_in_every_tree_and_its_traces_are_not_the_agents(tmp_path: Path) -> None:
    setup = "mkdir -p made && echo $MAESTRO_PORT > made/port && echo x >> README.md && touch junk"
    repo = project(tmp_path / "repo", f"setup = '{setup}'")
    plan = write_plan(tmp_path, creates("1", "2"), "", gate("test -s made/port"))
    body = 'cp made/port "f$MAESTRO_TASK_ID.txt"; echo "$MAESTRO_PORTS" >> "f$MAESTRO_TASK_ID.txt"'
    wait = "; sleep 0.5; done_"  # so that they have trees of their own
    done = headless(repo, plan, cases_agent(tmp_path, {}, body + wait))
    assert done.returncode == 0, done.stdout
    ports = [git(repo, "show", f"HEAD:f{n}.txt").split("\n") for n in ("1", "2")]
    assert ports[0][0] != ports[1][0]
    for first, span in ports:
        assert span == f"{first}-{int(first) + 9}"
        assert 20_000 <= int(first) <= 65_535
    assert git(repo, "show", "HEAD:README.md") == "x"
    assert leftovers(repo) == []


def test_a_setup_that_fails_is_asked_about_with_its_output(tmp_path: Path) -> None:
    repo = project(tmp_path / "repo", "setup = 'echo no network; exit 3'")
    plan = write_plan(tmp_path, creates("1"))
    done = headless(repo, plan, cases_agent(tmp_path, {}))
    assert done.returncode == 3, done.stdout
    question = status(repo)["questions"][0]
    assert question["kind"] == "failure"
    assert "setup failed (exit 3)" in question["title"]
    assert "no network" in "\n".join(question["evidence"])


def test_clean_says_what_each_worktree_is_kept_for(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1"))
    body = "write; echo x > other.txt; done_"
    done = headless(repo, plan, cases_agent(tmp_path, {}, body))
    assert done.returncode == 3, done.stdout
    assert status(repo)["questions"][0]["kind"] == "stray"
    said = maestro("clean", "--yes", cwd=repo)
    assert "it is stopped and can be resumed" in said.stdout
    assert "agent-01" in said.stdout
    assert "1 is failed in it" in said.stdout
    assert (repo / ".maestro/worktrees/r/agent-01/other.txt").exists()
