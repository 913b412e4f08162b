"""Merged tasks are marked done in the plan's own document: by a commit, and nothing else of it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from maestro_tui.engine.marking import mark_done, read_text
from tests.engine.scratch import (
    begin,
    cases_agent,
    checkout,
    decide,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    until,
)

PLAN = """\
# Work

- [ ] 1. First task
  - Files: `f1.txt`
- [ ] 2. Second task
  - Files: `f2.txt`
- [ ] 3. Third task
  - Files: `f3.txt`
  - Depends on: 2
"""
NAME = "docs/plan.md"


def scene(folder: Path, text: str = PLAN, name: str = NAME) -> tuple[Path, Path]:
    """A repository with its plan in it, committed as it is."""
    repo = make_repo(folder / "repo")
    plan = repo / name
    plan.parent.mkdir(exist_ok=True)
    plan.write_bytes(text.encode())
    git(repo, "-c", "core.autocrlf=false", "add", "-A")
    git(repo, "commit", "-q", "-m", "plan")
    return repo, plan


def ticked(text: str, *tasks: str) -> str:
    for task in tasks:
        text = text.replace(f"- [ ] {task}.", f"- [x] {task}.")
    return text


def agent(folder: Path, **cases: str) -> str:
    return cases_agent(folder, {name[1:]: body for name, body in cases.items()})


def test_what_is_merged_is_marked_and_a_second_run_goes_on_with_the_rest(tmp_path: Path) -> None:
    repo, plan = scene(tmp_path)
    done = headless(repo, plan, agent(tmp_path, _2="exit 2"), "--on-failure", "skip")
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"A yes to the delivery also marks merged tasks done in {NAME}" in done.stderr
    assert f"1 task marked done in {NAME}" in done.stdout
    assert plan.read_text() == ticked(PLAN, "1")
    assert git(repo, "log", "-1", "--format=%s") == f"Mark 1 task done in {NAME}"
    assert git(repo, "diff", "--name-only", "HEAD~1", "HEAD") == NAME
    assert git(repo, "status", "--porcelain") == ""
    delivered = status(repo)["delivered"]
    assert (delivered["document"], delivered["marked"], delivered["note"]) == (NAME, ["1"], "")
    assert leftovers(repo) == []

    more = headless(repo, plan, agent(tmp_path), "--run-id", "s")
    assert more.returncode == 0, more.stdout + more.stderr
    states = {t["id"]: t["state"] for t in status(repo, "s")["tasks"]}
    assert states == {"2": "merged", "3": "merged"}
    assert plan.read_text() == ticked(PLAN, "1", "2", "3")
    last = headless(repo, plan, agent(tmp_path), "--run-id", "t")
    assert last.returncode == 2
    assert "nothing to run" in last.stderr


@pytest.mark.parametrize(
    "text",
    [
        PLAN.replace("\n", "\r\n"),
        "\ufeff" + PLAN,
        PLAN.rstrip("\n"),
        PLAN.replace("\n", "\r\n", 3) + "Ünïcode  \t\r\n",
    ],
    ids=["crlf", "bom", "no last newline", "mixed"],
)
def test_every_other_byte_of_the_document_stays(tmp_path: Path, text: str) -> None:
    repo, plan = scene(tmp_path, text)
    done = headless(repo, plan, agent(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    want = ticked(text, "1", "2", "3").encode()
    assert plan.read_bytes() == want
    blob = subprocess.run(
        ["git", "cat-file", "blob", f"HEAD:{NAME}"], cwd=repo, capture_output=True
    )
    assert blob.stdout == want


def test_a_plan_in_maestros_own_format_is_marked(tmp_path: Path) -> None:
    text = '[plan]\ntitle = "T"\n\n[[task]]\nid = "1"\ntitle = "One"\ncreate = ["f1.txt"]\n'
    repo, plan = scene(tmp_path, f"schema = 1\n{text}", "work.plan.toml")
    assert headless(repo, plan, agent(tmp_path)).returncode == 0
    assert 'status = "done"' in plan.read_text()
    assert headless(repo, plan, agent(tmp_path), "--run-id", "s").returncode == 2


@pytest.mark.parametrize("how", ["option", "setting"])
def test_no_mark_done_leaves_the_document(tmp_path: Path, how: str) -> None:
    repo, plan = scene(tmp_path)
    words = ["--no-mark-done"] if how == "option" else []
    if how == "setting":
        (repo / "maestro.toml").write_text("[run]\nmark_done = false\n")
    done = headless(repo, plan, agent(tmp_path), *words)
    assert done.returncode == 0, done.stdout
    assert plan.read_text() == PLAN
    assert "mark" not in (done.stdout + done.stderr).lower()
    assert "Mark" not in git(repo, "log", "--format=%s")


def test_a_document_with_uncommitted_changes_is_refused_with_words(tmp_path: Path) -> None:
    repo, plan = scene(tmp_path)
    changed = PLAN + "\nA note of mine.\n"
    plan.write_text(changed)
    done = headless(repo, plan, agent(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{NAME} has changes that are not committed" in done.stderr
    assert plan.read_text() == changed
    assert git(repo, "show", f"HEAD:{NAME}") == PLAN.rstrip()


def test_an_untracked_or_foreign_document_is_left_in_silence(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    for number, folder in enumerate((repo, tmp_path)):
        plan = folder / "todo.md"
        plan.write_text(PLAN)
        words = ["--run-id", f"r{number}"]
        done = headless(repo, plan, agent(tmp_path), *words)
        assert done.returncode == 0, done.stdout + done.stderr
        assert plan.read_text() == PLAN
        assert "mark" not in done.stderr
    said = headless(repo, plan, agent(tmp_path), "--run-id", "s", "--mark-done").stderr
    assert "will not be marked done" in said
    assert "lies outside the repository" in said


def test_a_document_without_boxes_is_left(tmp_path: Path) -> None:
    text = "# Plan\n\n## Phase 1: Base\n\nFiles: `f1.txt`\n"
    repo, plan = scene(tmp_path, text)
    done = headless(repo, plan, cases_agent(tmp_path, {}, "echo x > f1.txt; done_"), "--mark-done")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "has a box or a status" in done.stderr
    assert plan.read_text() == text


def test_nothing_is_marked_before_the_yes_to_the_delivery(tmp_path: Path) -> None:
    repo, plan = scene(tmp_path)
    before = checkout(repo)
    done = headless(repo, plan, agent(tmp_path), yes=False)
    assert done.returncode == 3
    decide(repo, "review", "yes")
    assert maestro("resume", "r", "--headless", cwd=repo).returncode == 3
    (question,) = status(repo)["questions"]
    assert question["kind"] == "deliver"
    assert any(f"marks the merged tasks done in {NAME}" in line for line in question["evidence"])
    assert checkout(repo) == before
    decide(repo, question["id"], "merge")
    assert maestro("resume", "r", "--headless", cwd=repo).returncode == 0
    assert plan.read_text() == ticked(PLAN, "1", "2", "3")


def waiting(tmp_path: Path) -> tuple[Path, Path]:
    """A run that is done but for the answer to its delivery."""
    repo, plan = scene(tmp_path)
    done = headless(repo, plan, agent(tmp_path), yes=False)
    assert done.returncode == 3
    decide(repo, "review", "yes")
    assert maestro("resume", "r", "--headless", cwd=repo).returncode == 3
    decide(repo, "deliver-0", "merge")
    return repo, plan


def resume(repo: Path, *words: str) -> str:
    done = maestro("resume", "r", "--headless", *words, cwd=repo)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_local_changes_made_since_are_kept_and_the_work_is_delivered(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    plan.write_text(PLAN + "mine\n")
    assert "has local changes in the checkout" in resume(repo)
    assert plan.read_text() == PLAN + "mine\n"
    assert (repo / "f3.txt").exists()
    assert git(repo, "show", f"HEAD:{NAME}") == PLAN.rstrip()


def test_a_task_reworded_meanwhile_on_the_branch_stays_open(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    other = PLAN.replace("Second task", "Quite another task") + "- [ ] 4. Fourth task\n"
    plan.write_text(other)
    git(repo, "commit", "-qam", "reword")
    said = resume(repo)
    assert "2 tasks marked done" in said
    assert "2 reads differently now" in said
    assert plan.read_text() == ticked(other, "1", "3")


def test_a_document_removed_meanwhile_does_not_keep_the_work_back(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    git(repo, "rm", "-q", NAME)
    git(repo, "commit", "-qm", "remove")
    assert "no file in what is delivered" in resume(repo)
    assert (repo / "f3.txt").exists()
    assert not plan.exists()


def test_a_resumed_run_can_still_be_told_not_to_mark(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    resume(repo, "--no-mark-done")
    assert plan.read_text() == PLAN


def test_boxes_an_agent_ticked_itself_are_no_obstacle(tmp_path: Path) -> None:
    text = PLAN.replace("`f1.txt`", "`f1.txt`, `docs/plan.md`")
    repo, plan = scene(tmp_path, text)
    body = "sed -i 's/- \\[ \\] 1\\./- [x] 1./' docs/plan.md; write; done_"
    done = headless(repo, plan, agent(tmp_path, _1=body))
    assert done.returncode == 0, done.stdout + done.stderr
    assert plan.read_text() == ticked(text, "1", "2", "3")
    assert status(repo)["delivered"]["marked"] == ["1", "2", "3"]


def test_a_branch_that_is_not_checked_out_is_marked_too(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    git(repo, "checkout", "-q", "-b", "elsewhere")
    resume(repo)
    assert plan.read_text() == PLAN
    assert git(repo, "show", f"main:{NAME}") == ticked(PLAN, "1", "2", "3").rstrip()


def test_a_killed_delivery_does_not_mark_twice(tmp_path: Path) -> None:
    repo, plan = waiting(tmp_path)
    hold = tmp_path / "hold"
    real = subprocess.run(["which", "git"], capture_output=True, text=True).stdout.strip()
    shim = tmp_path / "bin"
    shim.mkdir()
    # The fast-forward is done; the engine dies before it can write that down.
    (shim / "git").write_text(
        f'#!/bin/bash\n{real} "$@"; code=$?\n'
        f'case "$*" in *"merge --ff-only"*) touch {hold}; sleep 30;; esac\nexit $code\n'
    )
    (shim / "git").chmod(0o755)
    path = f"{shim}{os.pathsep}{os.environ['PATH']}"
    engine = begin(repo, "resume", "r", "--headless", env={"PATH": path})
    until(hold.exists, "the branch has moved")
    engine.kill()
    engine.wait()
    resume(repo)
    assert plan.read_text() == ticked(PLAN, "1", "2", "3")
    subjects = git(repo, "log", "--format=%s").splitlines()
    assert [s for s in subjects if s.startswith("Mark ")] == [f"Mark 3 tasks done in {NAME}"]
    assert status(repo)["delivered"]["marked"] == ["1", "2", "3"]


def test_a_task_that_cannot_be_marked_is_named() -> None:
    plan = read_text(PLAN, "plan.md", "generic")
    marks = mark_done(PLAN, "plan.md", plan, [t.id for t in plan.tasks])
    assert len(marks.done) == 3
    gone = PLAN.replace("- [ ] 2. Second task\n  - Files: `f2.txt`\n", "")
    marks = mark_done(gone, "plan.md", plan, [t.id for t in plan.tasks])
    assert len(marks.done) == 2
    assert any("reads differently now" in why for why in marks.left)


def test_programs_can_read_what_was_marked(tmp_path: Path) -> None:
    repo, plan = scene(tmp_path)
    assert headless(repo, plan, agent(tmp_path)).returncode == 0
    data = json.loads(maestro("status", "r", "--json", cwd=repo).stdout)
    assert data["delivered"]["marked"] == ["1", "2", "3"]
