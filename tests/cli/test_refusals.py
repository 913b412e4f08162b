"""What cannot be run is refused with code 2, a message that helps, and nothing created."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.scratch import (
    creates,
    everything,
    git,
    maestro,
    make_agent,
    make_repo,
    write_plan,
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a repository, an agent and a plan that could be run."""
    make_repo(tmp_path / "repo")
    make_agent(tmp_path)
    write_plan(tmp_path, creates("1"))
    return tmp_path


def run(
    place: Path, plan: str = "work.plan.toml", *more: str, agent: str = "../agent.sh"
) -> subprocess.CompletedProcess[str]:
    words = ["run", f"../{plan}", "--headless", "--yes", "--agent-command", agent, *more]
    return maestro(*words, cwd=place / "repo")


def cycle(place: Path) -> str:
    write_plan(place, creates("1", "2", "3"), "1<3 2<1 3<2")
    return "work.plan.toml"


def unknown(place: Path) -> str:
    write_plan(place, creates("alpha", "beta"), "beta<alhpa")
    return "work.plan.toml"


def empty(place: Path) -> str:
    write_plan(place, {})
    return "work.plan.toml"


def outside(place: Path) -> str:
    write_plan(place, {"1": 'create = ["../../etc/passwd"]'})
    return "work.plan.toml"


def absolute(place: Path) -> str:
    write_plan(place, {"1": 'create = ["/etc/passwd"]'})
    return "work.plan.toml"


def into_git(place: Path) -> str:
    write_plan(place, {"1": 'create = [".git/hooks/pre-commit"]'})
    return "work.plan.toml"


def prose(place: Path) -> str:
    (place / "README.md").write_text(
        "# A library\n\nIt does things. Install it with pip.\n\n## Licence\n\nFree for all.\n"
    )
    return "README.md"


def binary(place: Path) -> str:
    (place / "photo.md").write_bytes(os.urandom(4096) + b"\0\xff\xfe")
    return "photo.md"


def missing(place: Path) -> str:
    return "wrok.plan.toml"


def folder(place: Path) -> str:
    (place / "plans").mkdir()
    return "plans"


def twice(place: Path) -> str:
    path = write_plan(place, creates("1"))
    path.write_text(path.read_text() + '[[task]]\nid = "1"\ntitle = "Again"\ncreate = ["x"]\n')
    return "work.plan.toml"


def misspelt(place: Path) -> str:
    write_plan(place, {"1": 'craete = ["a.txt"]'})
    return "work.plan.toml"


def broken(place: Path) -> str:
    (place / "work.plan.toml").write_text('schema = 1\n[plan\ntitle = "x"\n')
    return "work.plan.toml"


BAD_PLANS: dict[str, tuple[Callable[[Path], str], list[str]]] = {
    "cycle": (cycle, ["work.plan.toml:", "1", "2", "3", " -> "]),
    "unknown dependency": (unknown, ["work.plan.toml:", "alhpa", "alpha"]),
    "empty": (empty, ["work.plan.toml", "no task"]),
    "outside": (outside, ["work.plan.toml:", "../../etc/passwd"]),
    "absolute": (absolute, ["work.plan.toml:", "/etc/passwd"]),
    "into .git": (into_git, ["work.plan.toml:", ".git/hooks/pre-commit"]),
    "prose": (prose, ["README.md"]),
    "binary": (binary, ["photo.md"]),
    "missing": (missing, ["wrok.plan.toml", "no such file"]),
    "folder": (folder, ["plans"]),
    "an id twice": (twice, ["work.plan.toml:"]),
    "a misspelt key": (misspelt, ["work.plan.toml:", "craete", "create"]),
    "broken TOML": (broken, ["work.plan.toml:2"]),
}


@pytest.mark.parametrize("name", BAD_PLANS)
def test_a_bad_plan_is_refused_and_nothing_is_created(place: Path, name: str) -> None:
    make, words = BAD_PLANS[name]
    plan = make(place)
    before = everything(place)
    done = run(place, plan)
    assert done.returncode == 2, (done.stdout, done.stderr)
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(place) == before


def test_the_cycle_is_named_with_its_path_and_line(place: Path) -> None:
    done = run(place, cycle(place))
    assert "work.plan.toml:" in done.stderr
    shown = done.stderr.replace(" ", "")
    assert any(path in shown for path in ("1->3->2->1", "3->2->1->3", "2->1->3->2"))


BAD_ARGUMENTS: dict[str, tuple[list[str], str, list[str]]] = {
    "run id with a slash": (["--run-id", "a/b"], "../agent.sh", ["a/b", "letters"]),
    "run id with dots": (["--run-id", ".."], "../agent.sh", ["letters"]),
    "run id with a space": (["--run-id", "a b"], "../agent.sh", ["letters"]),
    "program not on PATH": ([], "no-such-agent --now", ["no-such-agent", "PATH"]),
    "program not there": ([], "./agent.sh", ["agent.sh", "does not exist"]),
    "program not executable": ([], "../work.plan.toml", ["work.plan.toml", "executable"]),
    "program is a folder": ([], "../repo", ["repo", "executable"]),
    "open quote": ([], "../agent.sh 'open", ["--agent-command"]),
    "unknown driver": (["--driver", "telepathy"], "../agent.sh", ["telepathy", "rehearsal"]),
    "no such ACP agent": (["--acp-agent", "no-such"], "../agent.sh", ["no-such", "acp.command"]),
    "open quote of an ACP agent": (["--acp-agent", "x 'y"], "../agent.sh", ["--acp-agent"]),
    "known ACP agent that is missing": (
        ["--acp-agent", "codex"],
        "../agent.sh",
        ["codex-acp is not on PATH", "npm install"],
    ),
    "no key for the api": (["--driver", "api"], "../agent.sh", ["_KEY is not set", "api.key_env"]),
    "unknown policy": (["--on-failure", "panic"], "../agent.sh", ["panic", "skip"]),
    "no agents": (["--max-parallel", "0"], "../agent.sh", ["--max-parallel"]),
    "negative time": (["--timeout", "-1"], "../agent.sh", ["--timeout"]),
    "time that is none": (["--timeout", "nan"], "../agent.sh", ["--timeout"]),
    "unknown format": (["--format", "xml"], "../agent.sh", ["xml"]),
    "missing repository": (["--repo", "../nowhere"], "../agent.sh", ["nowhere", "--repo"]),
    "repository is a file": (["--repo", "../agent.sh"], "../agent.sh", ["agent.sh", "--repo"]),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_bad_arguments_are_refused_and_nothing_is_created(place: Path, name: str) -> None:
    more, agent, words = BAD_ARGUMENTS[name]
    before = everything(place)
    done = run(place, "work.plan.toml", *more, agent=agent)
    assert done.returncode == 2, (done.stdout, done.stderr)
    for word in words:
        assert word in done.stderr
    assert "Traceback" not in done.stderr
    assert everything(place) == before


def test_a_repository_without_commits_is_refused(place: Path) -> None:
    new = place / "new"
    new.mkdir()
    git(new, "init", "-q")
    before = everything(place)
    done = run(place, "work.plan.toml", "--repo", "../new")
    assert done.returncode == 2
    assert "no commits" in done.stderr
    assert "git commit" in done.stderr
    assert everything(place) == before


def test_a_bare_repository_is_refused(place: Path) -> None:
    git(place, "clone", "-q", "--bare", "repo", "bare.git")
    before = everything(place)
    done = run(place, "work.plan.toml", "--repo", "../bare.git")
    assert done.returncode == 2
    assert "bare" in done.stderr
    assert everything(place) == before


def test_a_folder_that_is_no_repository_is_refused(place: Path) -> None:
    (place / "plain").mkdir()
    done = run(place, "work.plan.toml", "--repo", "../plain")
    assert done.returncode == 2
    assert "git init" in done.stderr
    assert list((place / "plain").iterdir()) == []


def test_a_bad_setting_is_named_with_file_line_and_key(place: Path) -> None:
    repo = place / "repo"
    (repo / "maestro.toml").write_text("[run]\nmax_paralel = 3\n")
    before = everything(place)
    done = run(place)
    assert done.returncode == 2
    assert "maestro.toml:2" in done.stderr
    assert "max_paralel" in done.stderr
    assert "max_parallel" in done.stderr
    assert everything(place) == before


def test_the_same_run_id_twice_is_refused(place: Path) -> None:
    assert run(place, "work.plan.toml", "--run-id", "one").returncode in (0, 1)
    refs = git(place / "repo", "for-each-ref")
    again = run(place, "work.plan.toml", "--run-id", "one")
    assert again.returncode == 2
    assert "one" in again.stderr
    assert git(place / "repo", "for-each-ref") == refs


def test_no_agent_named_says_what_to_give(place: Path) -> None:
    done = maestro("run", "../work.plan.toml", "--headless", cwd=place / "repo")
    assert done.returncode == 2
    assert "--agent-command" in done.stderr
    assert not (place / "repo/.maestro").exists()


def test_without_a_terminal_the_screen_is_refused_before_anything_is_made(place: Path) -> None:
    done = maestro("run", "../work.plan.toml", "--agent-command", "../agent.sh", cwd=place / "repo")
    assert done.returncode == 2
    assert "--headless" in done.stderr
    assert not (place / "repo/.maestro").exists()
