"""kill -9 of the engine in the midst of each step, before and after git has done it: the next
engine finishes or undoes it, and nothing is done twice.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

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
from tests.engine.test_conflicts import BODIES, undeclared
from tests.engine.test_gates import gate

GIT = shutil.which("git")

# Stands before git in the PATH: kills its caller once, before or after a certain command.
SHIM = """\
#!/bin/sh
case "$*" in *"$KILL_AT"*)
  if mkdir "$KILL_ONCE" 2>/dev/null; then
    test "$KILL_WHEN" = after && {git} "$@"
    kill -9 $PPID
    exit 1
  fi;;
esac
exec {git} "$@"
"""


@pytest.fixture
def deadly(tmp_path: Path) -> dict[str, str]:
    """The environment in which git kills."""
    folder = tmp_path / "bin"
    folder.mkdir()
    shim = folder / "git"
    shim.write_text(SHIM.format(git=GIT))
    shim.chmod(0o755)
    return {"KILL_ONCE": str(tmp_path / "killed"), "STARTS": str(tmp_path / "starts"),
            "SHIM": str(folder)}  # fmt: skip


def armed(env: dict[str, str], at: str, when: str) -> dict[str, str]:
    python = str(Path(sys.executable).parent)
    path = os.pathsep.join((env["SHIM"], python, os.environ["PATH"]))
    return {**env, "KILL_AT": at, "KILL_WHEN": when, "PATH": path}


POINTS = {
    "worktree": "worktree add",
    "commit": "commit -q --no-verify",
    "merge": "commit-tree",
    "integration": "update-ref refs/heads/maestro/r/_integration",
    "tag": "update-ref refs/maestro/r/wave/1",
    "delivery": "merge --ff-only",
    "finish": "update-ref --stdin",
}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_killed_in_the_midst_of(
    tmp_path: Path, deadly: dict[str, str], point: str, when: str
) -> None:
    repo = make_repo(tmp_path / "re po ü")
    plan = write_plan(tmp_path, creates("1", "2", "3"), "3<1", gate("test -s f1.txt"))
    killed = headless(repo, plan, cases_agent(tmp_path, {}), env=armed(deadly, POINTS[point], when))
    assert killed.returncode == -9, killed.stdout
    last = maestro("resume", "r", "--headless", "--yes", cwd=repo, env=deadly)
    assert last.returncode == 0, (last.stdout, last.stderr)
    for name in ("1", "2", "3"):
        assert git(repo, "show", f"HEAD:f{name}.txt") == f"text of {name}"
    merges = git(repo, "log", "--merges", "--format=%s", "HEAD").splitlines()
    assert len(merges) == 3, merges
    begun = Path(deadly["STARTS"]).read_text().split()
    assert sorted(begun) == ["1.1", "2.1", "3.1"]
    assert leftovers(repo) == []


def test_killed_in_the_midst_of_a_gate(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "re po ü")
    once = tmp_path / "once"
    plan = write_plan(
        tmp_path, creates("1", "2"), "2<1",
        gate(f"mkdir '{once}' 2>/dev/null && {{ kill -9 $PPID; sleep 60; }}; test -s f1.txt"),
    )  # fmt: skip
    agent = cases_agent(tmp_path, {})
    assert headless(repo, plan, agent).returncode == -9
    last = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert last.returncode == 0, (last.stdout, last.stderr)
    assert leftovers(repo) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", ["merge-tree", "checkout -q -f --detach", "merge --no-commit"])
def test_killed_while_a_conflict_is_laid_out(
    tmp_path: Path, deadly: dict[str, str], at: str, when: str
) -> None:
    repo = make_repo(tmp_path / "re po ü", {"shared.txt": "base\n", "README.md": "x\n"})
    plan = write_plan(tmp_path, undeclared(), "3<2")
    agent = cases_agent(tmp_path, BODIES)
    killed = headless(repo, plan, agent, env=armed(deadly, at, when))
    assert killed.returncode == -9, killed.stdout
    resume = ("resume", "r", "--headless", "--yes")
    waits = maestro(*resume, cwd=repo, env=deadly)
    assert waits.returncode == 3, (waits.stdout, waits.stderr)
    question = status(repo)["questions"][0]
    assert question["kind"] == "conflict"
    assert "<<<<<<<" in (Path(question["worktree"]) / "shared.txt").read_text()
    words = ("resolve", "--text", "shared.txt=both")
    assert maestro("decide", "r", question["id"], *words, cwd=repo).returncode == 0
    assert maestro(*resume, cwd=repo, env=deadly).returncode == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 1\nline of 2.1"
    assert sorted(Path(deadly["STARTS"]).read_text().split()) == ["1.1", "2.1", "3.1"]
    assert leftovers(repo) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", ["read-tree", "commit-tree", "update-ref refs/maestro/r/attempt/2"])
def test_killed_while_a_conflict_is_resolved(
    tmp_path: Path, deadly: dict[str, str], at: str, when: str
) -> None:
    repo = make_repo(tmp_path / "re po ü", {"shared.txt": "base\n", "README.md": "x\n"})
    plan = write_plan(tmp_path, undeclared(), "3<2")
    waits = headless(repo, plan, cases_agent(tmp_path, BODIES), env=deadly)
    assert waits.returncode == 3, waits.stdout
    question = status(repo)["questions"][0]
    words = ("resolve", "--text", "shared.txt=both")
    assert maestro("decide", "r", question["id"], *words, cwd=repo).returncode == 0
    resume = ("resume", "r", "--headless", "--yes")
    killed = maestro(*resume, cwd=repo, env=armed(deadly, at, when))
    assert killed.returncode == -9, killed.stdout
    last = maestro(*resume, cwd=repo, env=deadly)
    assert last.returncode == 0, (last.stdout, last.stderr)
    assert git(repo, "show", "HEAD:shared.txt") == "line of 1\nline of 2.1"
    assert leftovers(repo) == []


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("at", ["update-ref refs/maestro/r/rolled-back", "_integration "])
def test_killed_while_rolling_back(
    tmp_path: Path, deadly: dict[str, str], at: str, when: str
) -> None:
    repo = make_repo(tmp_path / "re po ü")
    plan = write_plan(tmp_path, creates("1", "2"), "2<1")
    done = headless(repo, plan, cases_agent(tmp_path, {}), "--deliver", "none", env=deadly)
    assert done.returncode == 0, done.stdout
    head = git(repo, "rev-parse", "maestro/r/_integration")
    assert maestro("rollback", "r", "task:1", "--yes", cwd=repo).returncode == 0
    at = at.replace("_integration ", "update-ref refs/heads/maestro/r/_integration ")
    killed = maestro("resume", "r", "--headless", cwd=repo, env=armed(deadly, at, when))
    assert killed.returncode == -9, killed.stdout
    last = maestro("resume", "r", "--headless", cwd=repo, env=deadly)
    assert last.returncode == 3, (last.stdout, last.stderr)
    question = status(repo)["questions"][0]
    assert question["kind"] == "rolledback"
    assert any("refs/maestro/r/rolled-back/1" in line for line in question["evidence"])
    assert git(repo, "rev-parse", "refs/maestro/r/rolled-back/1") == head
    names = git(repo, "ls-tree", "--name-only", "maestro/r/_integration").split()
    assert names == ["README.md", "f1.txt"]
    assert leftovers(repo) == []
