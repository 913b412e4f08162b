"""What an agent may leave in its worktree, and what of it is taken: many tasks of one run."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.scratch import (
    cases_agent,
    checkout,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    own_refs,
    states,
    status,
    write_plan,
)

# id: (the task's files, what its agent does). All run at once in one run with --on-failure skip.
CASES: dict[str, tuple[str, str]] = {
    "no-marker": ('create = ["nm.txt"]', "echo x > nm.txt"),
    "empty-marker": (
        'create = ["em.txt"]',
        'echo x > em.txt; printf " \\n\\n" > "$MAESTRO_MARKER"',
    ),
    "marker-is-a-folder": ('create = ["mf.txt"]', 'echo x > mf.txt; mkdir "$MAESTRO_MARKER"'),
    "marker-is-a-link": (
        'create = ["ml.txt"]',
        'echo x > ml.txt; ln -s /etc/passwd "$MAESTRO_MARKER"',
    ),
    "claims-too-much": (
        'create = ["c1.txt", "c2.txt"]',
        'echo x > c1.txt; printf "# done\\n## Files\\n- c1.txt\\n- c2.txt\\n" > "$MAESTRO_MARKER"',
    ),
    "claims-right": (
        'create = ["c3.txt"]\ndelete = ["old/gone.txt"]',
        "echo x > c3.txt; rm old/gone.txt;"
        ' printf "# done\\n## Files\\n- c3.txt\\n- old/gone.txt\\n" > "$MAESTRO_MARKER"',
    ),
    "marker-committed": (
        'create = ["mc.txt"]',
        "echo x > mc.txt; done_; git add -A; commit mine",
    ),
    "commits-itself": (
        'create = ["own1.txt", "own2.txt"]',
        "echo 1 > own1.txt; git add own1.txt; commit one;"
        " echo 2 > own2.txt; git add own2.txt; commit two; done_",
    ),
    "mixes": (
        'create = ["mix1.txt", "mix2.txt", "mix3.txt"]',
        "echo 1 > mix1.txt; git add mix1.txt; commit one;"
        " echo 2 > mix2.txt; git add mix2.txt; echo 3 > mix3.txt; done_",
    ),
    "detaches": (
        'create = ["det.txt"]',
        "git checkout -q --detach; echo x > det.txt; git add det.txt; commit x; done_",
    ),
    "switches": (
        'create = ["sw1.txt", "sw2.txt"]',
        "git checkout -q -b feature-of-agent; echo x > sw1.txt; git add sw1.txt; commit x;"
        " echo y > sw2.txt; done_",
    ),
    "leaves-its-branch": (
        'create = ["lb.txt"]',
        "echo first > lb.txt; git add lb.txt; commit first; git checkout -q -b other-way HEAD~1;"
        " echo second > lb.txt; git add lb.txt; commit second; done_",
    ),
    "onto-a-users-branch": (
        'create = ["ub.txt"]',
        "git checkout -q users-own; echo x > ub.txt; done_",
    ),
    "unborn": (
        'create = ["un.txt"]',
        "git checkout -q --orphan bare; git rm -rfq .; echo x > un.txt; done_",
    ),
    "repository-without-a-commit": (
        'scope = ["in1/**"]',
        "git init -q in1; echo x > in1/new.txt; done_",
    ),
    "repository-with-commits": (
        'scope = ["in2/**"]',
        "git init -q in2; cd in2; echo x > new.txt; git add -A; commit inner; echo y > dirty.txt;"
        " cd ..; done_",
    ),
    "repository-committed": (
        'scope = ["in3/**"]',
        "git init -q in3; cd in3; echo x > new.txt; git add -A; commit inner; cd ..;"
        " git add -A 2> /dev/null; commit outer; done_",
    ),
    "deletes-git": ('create = ["dg.txt"]', "rm .git; echo x > dg.txt; done_"),
    "own-git": (
        'create = ["og.txt"]',
        "rm .git; git init -q; echo x > og.txt; git add -A; commit x; done_",
    ),
    "resets-away": (
        'create = ["ra.txt"]',
        "git checkout -q --orphan lone; git rm -rfq .; echo x > ra.txt; git add -A; commit x;"
        " done_",
    ),
    "half-merged": (
        'modify = ["shared.txt"]',
        "git checkout -q -b side; echo a > shared.txt; git add -A; commit a;"
        " git checkout -q -; echo b > shared.txt; git add -A; commit b;"
        " git -c user.name=O -c user.email=o@o merge -q side; done_",
    ),
    "rebasing": (
        'create = ["rb.txt"]',
        "echo x > rb.txt; git add rb.txt; commit one;"
        ' GIT_SEQUENCE_EDITOR="sed -i s/^pick/edit/" git -c user.name=O -c user.email=o@o'
        " rebase -q -i HEAD~1 || true; done_",
    ),
    "locked": (
        'create = ["lk.txt"]',
        'echo x > lk.txt; touch "$(git rev-parse --git-dir)/index.lock"; done_',
    ),
    "odd-names": (
        'scope = ["odd/**"]',
        "mkdir -p odd; echo 1 > 'odd/with space.txt'; echo 2 > 'odd/grüße-日本.txt';"
        " echo 3 > 'odd/-dash'; echo 4 > 'odd/star*.txt'; echo 5 > $'odd/new\\nline';"
        " echo 6 > 'odd/:(top)x'; echo 7 > $'odd/quo\"te'; done_",
    ),
    "no-utf8-name": ('scope = ["bytes/**"]', "mkdir bytes; echo x > $'bytes/\\xff\\xfe'; done_"),
    "modes": (
        'create = ["run.sh", "link", "dangling"]',
        "printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; ln -s run.sh link;"
        " ln -s nowhere dangling; done_",
    ),
    "renames": ('scope = ["moved/**"]', "git mv moved/a.txt moved/b.txt; done_"),
    "deletes": ('delete = ["old/dead.txt"]', "rm old/dead.txt; done_"),
    "file-to-folder": (
        'scope = ["shape/**", "shape"]',
        "rm shape; mkdir shape; echo x > shape/in; done_",
    ),
    "ignored": (
        'create = ["ig.txt"]',
        "echo x > ig.txt; mkdir -p build; echo y > build/o.o; done_",
    ),
    "nothing": ('create = ["nothing.txt"]', "done_"),
    "big": ('create = ["big.bin"]', "head -c 3000000 /dev/urandom > big.bin; done_"),
    "crlf": ('create = ["crlf.txt"]', "printf 'a\\r\\nb\\r\\n' > crlf.txt; done_"),
    "read-only": (
        'scope = ["ro/**"]',
        "mkdir ro; echo x > ro/f; chmod 500 ro; done_",
    ),
    "looks-like-option": ('create = ["opt.txt"]', "echo x > opt.txt; done_"),
}
BASE = {
    "README.md": "start\n",
    ".gitignore": "build/\n*.o\n",
    "shared.txt": "base\n",
    "old/gone.txt": "x\n",
    "old/dead.txt": "x\n",
    "moved/a.txt": "one\ntwo\nthree\n",
    "shape": "a file\n",
    "nothing_COMPLETE.md": "from an earlier run\n",
    "NO_MARKER_COMPLETE.md": "from an earlier run\n",
    "commits-itself_COMPLETE.md": "from an earlier run\n",
}


class Outcome:
    """The run's end, read once for all tests of this file."""

    def __init__(self, folder: Path) -> None:
        self.repo = make_repo(folder / "repo", BASE)
        git(self.repo, "branch", "users-own")
        git(self.repo, "commit", "-q", "--allow-empty", "-m", "the branch is behind")
        self.refs = own_refs(self.repo)
        tasks = {
            name: f'{files}\nmarker = "{marker_of(name)}"' for name, (files, _) in CASES.items()
        }
        plan = write_plan(folder, tasks)
        agent = cases_agent(folder, {name: body for name, (_, body) in CASES.items()})
        self.before = checkout(self.repo)
        self.done = headless(
            self.repo, plan, agent, "--on-failure", "skip", "--on-conflict", "skip",
            "--max-parallel", "6", "--deliver", "none", timeout=120,
        )  # fmt: skip
        self.tasks: dict[str, dict[str, Any]] = {
            t["id"]: t for t in status(self.repo, "r")["tasks"]
        }
        self.tip = "maestro/r/_integration"

    def state(self, task: str) -> str:
        return str(self.tasks[task]["state"])

    def show(self, path: str) -> str:
        return git(self.repo, "show", f"{self.tip}:{path}")

    def has(self, path: str) -> bool:
        return path in self.files()

    def files(self) -> list[str]:
        listing = git(self.repo, "ls-tree", "-r", "-z", "--name-only", self.tip)
        return listing.split("\0")

    def merged_by(self, task: str) -> list[str]:
        """Authors of what came in with a task."""
        sha = self.tasks[task]["merged"]
        return git(self.repo, "log", "--format=%an", f"{sha}^1..{sha}^2").splitlines()


def marker_of(task: str) -> str:
    return "NO_MARKER_COMPLETE.md" if task == "no-marker" else f"{task}_COMPLETE.md"


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outcome]:
    found = Outcome(tmp_path_factory.mktemp("checks"))
    yield found
    for path in found.repo.rglob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)


def test_the_run_ends_and_leaves_nothing(outcome: Outcome) -> None:
    assert outcome.done.returncode == 1, (outcome.done.stdout, outcome.done.stderr)
    assert "Traceback" not in outcome.done.stderr
    assert leftovers(outcome.repo) == []
    assert checkout(outcome.repo)["files"] == outcome.before["files"]
    assert checkout(outcome.repo)["index"] == outcome.before["index"]


REFUSED = {
    "no-marker": "not written",
    "empty-marker": "empty",
    "marker-is-a-folder": "not written",
    "marker-is-a-link": "not written",
    "claims-too-much": "c2.txt",
    "half-merged": "shared.txt",
    "resets-away": "no longer contains",
    "unborn": "no longer contains",
    "onto-a-users-branch": "no longer contains",
}


@pytest.mark.parametrize("task", REFUSED)
def test_what_is_not_done_is_refused(outcome: Outcome, task: str) -> None:
    assert outcome.state(task) == "skipped"
    bad = [c for c in outcome.tasks[task]["checks"] if not c["ok"]]
    assert REFUSED[task] in bad[0]["detail"]
    if task != "half-merged":
        assert not [f for f in outcome.files() if f in ("nm.txt", "em.txt", "mf.txt", "ml.txt")]


TAKEN = {
    "claims-right": ["c3.txt"],
    "marker-committed": ["mc.txt"],
    "commits-itself": ["own1.txt", "own2.txt"],
    "mixes": ["mix1.txt", "mix2.txt", "mix3.txt"],
    "detaches": ["det.txt"],
    "switches": ["sw1.txt", "sw2.txt"],
    "deletes-git": ["dg.txt"],
    "own-git": ["og.txt"],
    "rebasing": ["rb.txt"],
    "locked": ["lk.txt"],
    "ignored": ["ig.txt"],
    "big": ["big.bin"],
    "read-only": ["ro/f"],
    "modes": ["run.sh", "link", "dangling"],
    "renames": ["moved/b.txt"],
    "file-to-folder": ["shape/in"],
    "looks-like-option": ["opt.txt"],
}


@pytest.mark.parametrize("task", TAKEN)
def test_what_is_done_is_merged(outcome: Outcome, task: str) -> None:
    assert outcome.state(task) == "merged", outcome.tasks[task]
    for path in TAKEN[task]:
        assert outcome.has(path)


def test_no_marker_is_merged_and_those_of_earlier_runs_stay_as_they_were(outcome: Outcome) -> None:
    markers = [f for f in outcome.files() if f.endswith("_COMPLETE.md")]
    assert sorted(markers) == sorted(f for f in BASE if f.endswith("_COMPLETE.md"))
    for name in markers:
        assert outcome.show(name) == "from an earlier run"


def test_an_earlier_marker_does_not_count_as_done(outcome: Outcome) -> None:
    assert outcome.state("no-marker") == "skipped"


def test_deleted_and_renamed_files_are_gone(outcome: Outcome) -> None:
    assert outcome.state("deletes") == outcome.state("claims-right") == "merged"
    for path in ("old/dead.txt", "old/gone.txt", "moved/a.txt", "shape"):
        assert not outcome.has(path)
    assert outcome.show("moved/b.txt") == "one\ntwo\nthree"


def test_odd_names_come_in_as_they_are(outcome: Outcome) -> None:
    assert outcome.state("odd-names") == "merged", outcome.tasks["odd-names"]
    names = [f for f in outcome.files() if f.startswith("odd/")]
    assert sorted(names) == sorted(
        f"odd/{n}"
        for n in ("with space.txt", "grüße-日本.txt", "-dash", "star*.txt", "new\nline", ":(top)x",
                  'quo"te')
    )  # fmt: skip


def test_a_name_that_is_no_utf8_is_merged_too(outcome: Outcome) -> None:
    assert outcome.state("no-utf8-name") == "merged", outcome.tasks["no-utf8-name"]


def test_modes_and_links_are_kept(outcome: Outcome) -> None:
    listing = git(outcome.repo, "ls-tree", outcome.tip, "run.sh", "link", "dangling")
    modes = {line.split("\t")[1]: line.split()[0] for line in listing.splitlines()}
    assert modes == {"run.sh": "100755", "link": "120000", "dangling": "120000"}


def test_ignored_files_stay_out(outcome: Outcome) -> None:
    assert not outcome.has("build/o.o")


def test_bytes_are_kept(outcome: Outcome) -> None:
    assert git(outcome.repo, "ls-tree", "-l", outcome.tip, "big.bin").split()[3] == "3000000"
    raw = subprocess.run(
        ["git", "show", f"{outcome.tip}:crlf.txt"],
        cwd=outcome.repo,
        capture_output=True,
        check=True,
    )
    assert raw.stdout == b"a\r\nb\r\n"


def test_uncommitted_work_is_committed_under_the_agents_name(outcome: Outcome) -> None:
    assert outcome.merged_by("claims-right") == [outcome.tasks["claims-right"]["agent"]]
    assert outcome.merged_by("mixes") == [outcome.tasks["mixes"]["agent"], "Own"]
    assert outcome.merged_by("commits-itself") == ["Own", "Own"]


def test_no_branch_of_the_user_was_moved(outcome: Outcome) -> None:
    now = own_refs(outcome.repo)
    assert [r for r in outcome.refs if r not in now] == []


def test_nothing_of_a_failed_attempt_is_lost(outcome: Outcome) -> None:
    key = "no-marker"
    assert git(outcome.repo, "show", f"refs/maestro/r/attempt/{key}/a1:nm.txt") == "x"
    listing = git(outcome.repo, "ls-tree", "--name-only", "refs/maestro/r/attempt/resets-away/a1")
    assert "ra.txt" in listing.split()


@pytest.mark.parametrize(
    ("task", "path"),
    [
        ("repository-without-a-commit", "in1"),
        ("repository-with-commits", "in2"),
        ("repository-committed", "in3"),
    ],
)
def test_a_repository_in_the_worktree_is_refused_and_kept(
    outcome: Outcome, task: str, path: str
) -> None:
    assert outcome.state(task) == "skipped"
    assert f"{path} is a git repository of its own" in outcome.done.stdout
    kept = f"refs/maestro/r/attempt/{task}/a1"
    assert git(outcome.repo, "show", f"{kept}:{path}/new.txt") == "x"
    if task != "repository-without-a-commit":
        assert git(outcome.repo, "log", "--format=%s", f"{kept}-inner-1") == "inner"
    if task == "repository-with-commits":
        assert git(outcome.repo, "show", f"{kept}:{path}/dirty.txt") == "y"


def test_what_an_agent_committed_before_it_went_elsewhere_is_kept(outcome: Outcome) -> None:
    assert outcome.state("leaves-its-branch") == "merged"
    assert outcome.show("lb.txt") == "second"
    left = "refs/maestro/r/attempt/leaves-its-branch/a1-left"
    assert git(outcome.repo, "show", f"{left}:lb.txt") == "first"


def test_nothing_of_one_task_reaches_the_next_tree(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {".gitignore": "*.o\n", "README.md": "x\n"})
    dirty = (
        "write; echo x > junk.o; mkdir -p deep/er; echo y > deep/er/z.o; chmod 555 deep/er;"
        " git add f1.txt; commit one; GIT_SEQUENCE_EDITOR='sed -i s/^pick/edit/'"
        " git -c user.name=O -c user.email=o@o rebase -q -i HEAD~1;"
        " git config --worktree core.x y 2>/dev/null; done_"
    )
    look = (
        'write; { git status --porcelain --ignored; ls "$(git rev-parse --git-dir)"; } > "$SEEN";'
        " done_"
    )
    agent = cases_agent(tmp_path, {"1": dirty, "2": look})
    plan = write_plan(tmp_path, {"1": 'create = ["f1.txt"]', "2": 'create = ["f2.txt"]'}, "2<1")
    seen = tmp_path / "seen"
    done = headless(repo, plan, agent, env={"SEEN": str(seen)})
    assert done.returncode == 0, done.stdout
    text = seen.read_text()
    assert "junk.o" not in text
    assert "deep" not in text
    assert "rebase-merge" not in text


def test_work_left_on_a_users_branch_is_taken_without_moving_it(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    git(repo, "branch", "users-own")
    before = own_refs(repo)
    agent = cases_agent(tmp_path, {"1": "git checkout -q users-own; write; done_"})
    done = headless(
        repo, write_plan(tmp_path, {"1": 'create = ["f1.txt"]'}), agent, "--deliver", "none"
    )
    assert done.returncode == 0, done.stdout
    assert own_refs(repo) == before
    assert git(repo, "show", "maestro/r/_integration:f1.txt") == "text of 1"


STRAY = "write; echo mine > f2.txt; echo other > README.md; done_"


@pytest.fixture
def strayed(tmp_path: Path) -> Path:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, {"1": 'create = ["f1.txt"]', "2": 'create = ["g.txt"]'}, "2<1")
    agent = cases_agent(tmp_path, {"1": STRAY, "2": "echo g > g.txt; done_"})
    done = headless(repo, plan, agent)
    assert done.returncode == 3, done.stdout
    assert "README.md" in done.stdout
    assert "f2.txt" in done.stdout
    assert states(repo) == {"1": "failed", "2": "blocked"}
    return repo


def answer(repo: Path, key: str) -> int:
    question = status(repo)["questions"][0]
    assert question["kind"] == "stray"
    said = maestro("decide", "r", question["id"], key, cwd=repo)
    assert said.returncode == 0, said.stderr
    return maestro("resume", "r", "--headless", "--yes", cwd=repo).returncode


def test_stray_edits_are_dropped_and_the_rest_kept(strayed: Path) -> None:
    assert answer(strayed, "drop") == 0
    assert git(strayed, "ls-tree", "--name-only", "HEAD").split() == [
        "README.md",
        "f1.txt",
        "g.txt",
    ]
    assert git(strayed, "show", "HEAD:README.md") == "start"
    assert leftovers(strayed) == []


def test_stray_edits_are_kept_when_allowed(strayed: Path) -> None:
    assert answer(strayed, "extend") == 0
    assert git(strayed, "show", "HEAD:README.md") == "other"
    assert git(strayed, "show", "HEAD:f2.txt") == "mine"
    assert leftovers(strayed) == []


def test_an_agent_that_writes_into_the_users_checkout_stops_nothing(tmp_path: Path) -> None:
    """It is told not to; when it does, delivery must still not overwrite what stands there."""
    repo = make_repo(tmp_path / "repo")
    agent = cases_agent(tmp_path, {"1": f"write; echo x > '{repo}/f1.txt'; done_"})
    plan = write_plan(tmp_path, {"1": 'create = ["f1.txt"]'})
    done = headless(repo, plan, agent)
    assert done.returncode == 3, done.stdout
    assert "f1.txt" in done.stdout
    assert (repo / "f1.txt").read_text() == "x\n"


def test_the_log_and_marker_of_each_attempt_are_kept(outcome: Outcome) -> None:
    folder = outcome.repo / ".maestro/runs/r/claims-right/1"
    assert (folder / "marker/claims-right_COMPLETE.md").read_text().startswith("# done")
    spec = json.loads((folder / "spec.json").read_bytes())
    assert spec["task"] == "claims-right"
    assert os.path.isabs(spec["worktree"])
