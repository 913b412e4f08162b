"""A very large plan is carried out stage by stage on a real repository."""

from __future__ import annotations

from pathlib import Path

from tests.engine.scratch import cases_agent, git, headless, make_repo

PLAN = """\
# Large

## Phase 1: One
### Stream A: first
Create: a.txt
### Stream B: second
Create: b.txt

## Phase 2: Two
Depends on: Phase 1
### Stream C: third
Create: c.txt
"""


def test_the_first_stage_is_merged_and_the_rest_waits(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / "maestro.toml").write_text("[run]\nlarge_plan_files = 2\n")
    git(repo, "add", "maestro.toml")
    git(repo, "commit", "-qm", "settings")
    plan = tmp_path / "plan.md"
    plan.write_text(PLAN)
    writes = {n: f"echo {n} > {n.lower()}.txt; echo done > $MAESTRO_MARKER" for n in "ABC"}
    agent = cases_agent(tmp_path, writes)
    done = headless(repo, plan, agent, "--run-id", "one")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repo / "a.txt").exists()
    assert (repo / "b.txt").exists()
    assert not (repo / "c.txt").exists()
    assert "the next stage, 1 tasks left" in done.stdout

    plan.write_text(PLAN.replace("### Stream A: first", "### ~~Stream A: first~~ ✅").replace(
        "### Stream B: second", "### ~~Stream B: second~~ ✅"))  # fmt: skip
    done = headless(repo, plan, agent, "--run-id", "two")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (repo / "c.txt").exists()
