"""The disk fills up where worktrees, git's objects or the run's own files are: it is said, nothing
an agent did is lost, and the run goes on when there is room again.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.engine.git import checkout as room
from maestro_tui.engine.git.command import Git, GitError
from tests.engine.disks import MakeDisk, SmallDisk, make_disk  # noqa: F401
from tests.engine.scratch import (
    begin,
    cases_agent,
    checkout,
    creates,
    decide,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    until,
    write_plan,
)

WAITS = 'touch "$READY"; until test -e "$GO"; do sleep 0.02; done; '


class Place:
    """A run of two tasks whose first agent waits until the disk is as full as it should be."""

    def __init__(self, folder: Path) -> None:
        self.repo = make_repo(folder / "repo")
        self.plan = write_plan(folder, creates("1", "2"), "2<1")
        self.go, self.ready, self.starts = folder / "go", folder / "ready", folder / "starts"
        self.env = {"GO": str(self.go), "READY": str(self.ready), "STARTS": str(self.starts)}
        self.agent = cases_agent(folder, {"1": WAITS + "write; done_"})

    def objects_on(self, make: MakeDisk, size: str = "2m") -> SmallDisk:
        """Git's objects on a small disk of their own."""
        return self.on_a_disk(make, ".git/objects", size)

    def on_a_disk(self, make: MakeDisk, name: str, size: str = "2m") -> SmallDisk:
        """A folder of the repository, with what is in it, on a small disk of its own."""
        folder, aside = self.repo / name, self.repo.parent / "aside"
        shutil.move(folder, aside)
        disk = make(folder, size)
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        return disk

    def trees_on(self, disk: SmallDisk) -> None:
        """The worktrees are made there."""
        (self.repo / "maestro.toml").write_text(f'[run]\nworktree_root = "{disk.folder}"\n')

    def run_until_full(self, disk: SmallDisk, said: str = "disk is full") -> str:
        """The run meets the full disk; what it said."""
        words = ["run", str(self.plan), "--headless", "--yes", "--run-id", "r",
                 "--agent-command", self.agent]  # fmt: skip
        engine = begin(self.repo, *words, env=self.env)
        until(self.ready.exists, "the agent works")
        disk.fill()
        self.go.touch()
        output, _ = engine.communicate(timeout=60)
        assert engine.returncode == 3, output
        self.is_said(output, said)
        return output

    def is_said(self, output: str, said: str = "disk is full") -> None:
        """What is wrong and what helps, and nothing of a program's inside."""
        assert "Traceback" not in output
        assert said in output, output
        assert "maestro clean" in output or said != "disk is full"

    def question(self) -> dict[str, Any]:
        found: dict[str, Any] = status(self.repo)["questions"][0]
        return found

    def resume(self) -> subprocess.CompletedProcess[str]:
        return maestro("resume", "r", "--headless", "--yes", cwd=self.repo, env=self.env)

    def is_done(self, begun: list[str]) -> None:
        """All is merged and delivered, by these attempts and no other."""
        assert git(self.repo, "show", "HEAD:f1.txt") == "text of 1"
        assert git(self.repo, "show", "HEAD:f2.txt") == "text of 2"
        assert self.starts.read_text().split() == begun
        assert leftovers(self.repo) == []


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_work_that_cannot_be_committed_waits_in_its_tree_and_is_checked_again(
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = place.objects_on(make_disk)
    place.run_until_full(disk)
    question = place.question()
    assert question["options"][0] == "recheck", question
    decide(place.repo, question["id"], "recheck")
    assert place.resume().returncode == 3  # there is no room yet
    again = place.question()
    assert again["id"] != question["id"]
    disk.free()
    decide(place.repo, again["id"], "recheck")
    done = place.resume()
    assert done.returncode == 0, done.stdout
    place.is_done(["1.1", "2.1"])


@pytest.mark.parametrize("answer", ["retry", "skip"])
def test_what_could_not_be_committed_is_kept_whatever_is_answered(
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
    answer: str,
) -> None:
    disk = place.objects_on(make_disk)
    place.run_until_full(disk)
    disk.free()
    decide(place.repo, place.question()["id"], answer)
    done = place.resume()
    kept = git(place.repo, "show", "refs/maestro/r/attempt/1/a1:f1.txt")
    assert kept == "text of 1", done.stdout
    if answer == "retry":
        place.is_done(["1.1", "1.2", "2.1"])
    assert leftovers(place.repo) == []


def test_a_merge_that_could_not_be_written_is_done_again_without_its_agent(
    tmp_path: Path,
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = place.objects_on(make_disk)
    # Its own check, after the commit, is the moment before the merge.
    check = 'touch "$READY"; until test -e "$GO"; do sleep 0.02; done'
    lines = f"create = ['f1.txt']\nverify = ['{check}']"
    place.plan = write_plan(tmp_path, {"1": lines, "2": 'create = ["f2.txt"]'}, "2<1")
    place.agent = cases_agent(tmp_path, {})
    place.run_until_full(disk)
    question = place.question()
    assert question["options"][0] == "remerge", question
    disk.free()
    decide(place.repo, question["id"], "remerge")
    done = place.resume()
    assert done.returncode == 0, done.stdout
    place.is_done(["1.1", "2.1"])


def test_no_room_for_a_worktree_is_said_before_anything_is_begun(
    tmp_path: Path,
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = make_disk(tmp_path / "trees", "3m")
    place.trees_on(disk)
    place.go.touch()
    done = headless(place.repo, place.plan, place.agent, env=place.env)
    assert done.returncode == 3, done.stdout
    place.is_said(done.stdout, "MB free, a worktree needs")
    assert not place.starts.exists()
    disk.grow("400m")
    decide(place.repo, place.question()["id"], "retry")
    assert place.resume().returncode == 0
    place.is_done(["1.2", "2.1"])


def test_an_agent_that_fills_the_disk_fails_and_what_it_wrote_is_kept(
    tmp_path: Path,
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = make_disk(tmp_path / "trees", "260m")
    place.trees_on(disk)
    body = "write; " + WAITS + "head -c 100000 /dev/zero > f1.txt.new || exit 5; done_"
    place.agent = cases_agent(tmp_path, {"1": f'if [ "$MAESTRO_ATTEMPT" = 1 ]; then {body}; '
                                              "else write; done_; fi"})  # fmt: skip
    place.run_until_full(disk, "No space left on device")
    assert git(place.repo, "show", "refs/maestro/r/attempt/1/a1:f1.txt") == "text of 1"
    disk.free()
    decide(place.repo, place.question()["id"], "retry")
    assert place.resume().returncode == 0
    place.is_done(["1.1", "1.2", "2.1"])


def test_a_delivery_that_has_no_room_harms_no_file_and_is_done_again(
    place: Place,
    tmp_path: Path,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    (place.repo / "big").mkdir()
    (place.repo / "big/old.txt").write_text("old\n" * 5000)
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-q", "-m", "big")
    disk = place.on_a_disk(make_disk, "big", "3m")
    place.agent = cases_agent(
        tmp_path,
        {
            "1": "write; echo new > big/old.txt;"
            " head -c 300000 /dev/urandom > big/new.bin; " + WAITS + "done_"
        },
    )
    place.plan = write_plan(
        tmp_path, {"1": "create = ['f1.txt', 'big/*']", "2": 'create = ["f2.txt"]'}, "2<1"
    )  # fmt: skip
    before = git(place.repo, "rev-parse", "main")
    place.run_until_full(disk)
    question = place.question()
    assert question["kind"] == "deliver", question
    assert git(place.repo, "rev-parse", "main") == before
    assert git(place.repo, "status", "--porcelain", "--", "big/old.txt", "f1.txt") == ""
    assert (place.repo / "big/old.txt").read_text() == "old\n" * 5000
    disk.free()
    assert place.resume().returncode == 0
    place.is_done(["1.1", "2.1"])
    assert (place.repo / "big/old.txt").read_text() == "new\n"
    assert git(place.repo, "status", "--porcelain", "--untracked-files=no") == ""


async def test_a_checkout_that_runs_out_of_room_midway_is_as_it_was(
    tmp_path: Path,
    make_disk: MakeDisk,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Room was there when it was looked for, and somebody else took it."""
    repo = make_repo(
        tmp_path / "repo", {"a.txt": "a\n", "own.txt": "o\n", "big/old.txt": "x\n" * 9}
    )
    before = git(repo, "rev-parse", "HEAD")
    (repo / "a.txt").write_text("b\n")
    (repo / "new").mkdir()
    (repo / "new/1.txt").write_text("1\n")
    (repo / "big/1.bin").write_bytes(b"1" * 300_000)
    (repo / "big/old.txt").write_text("y\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "later")
    later = git(repo, "rev-parse", "HEAD")
    git(repo, "reset", "-q", "--hard", before)
    (repo / "own.txt").write_text("the user's own\n")
    files = checkout(repo)["files"]
    shutil.rmtree(repo / "big")
    disk = make_disk(repo / "big", "100k")
    git(repo, "checkout", "-q", "--", "big")
    disk.fill()
    monkeypatch.setattr(room, "SPARE", -(1 << 30))
    with pytest.raises(GitError):
        await room.fast_forward(Git(repo / ".git", repo / ".git", repo), later)
    assert git(repo, "rev-parse", "HEAD") == before
    disk.free()
    assert checkout(repo)["files"] == files
    assert not (repo / "new").exists()


def test_a_roll_back_that_cannot_keep_what_it_drops_drops_nothing(
    place: Place,
    tmp_path: Path,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = place.on_a_disk(make_disk, ".git/refs")
    place.go.touch()
    done = headless(place.repo, place.plan, place.agent, "--deliver", "none", env=place.env)
    assert done.returncode == 0, done.stdout
    head = git(place.repo, "rev-parse", "maestro/r/_integration")
    assert maestro("rollback", "r", "task:1", "--yes", cwd=place.repo).returncode == 0
    disk.fill()
    full = place.resume()
    assert full.returncode == 3, full.stdout
    place.is_said(full.stdout)
    assert git(place.repo, "rev-parse", "maestro/r/_integration") == head
    question = place.question()
    assert question["kind"] == "trouble"
    disk.free()
    decide(place.repo, question["id"], "retry")
    assert place.resume().returncode == 3
    question = place.question()
    assert question["kind"] == "rolledback"
    assert git(place.repo, "rev-parse", "refs/maestro/r/rolled-back/1") == head
    names = git(place.repo, "ls-tree", "--name-only", "maestro/r/_integration").split()
    assert names == ["README.md", "f1.txt"]


class Quarrel(Place):
    """Two tasks that change one line; the second waits until the disk is as full as it should."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        (self.repo / "shared.txt").write_text("base\n")
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-q", "-m", "shared")
        meets = "until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 >/dev/null; "
        self.agent = cases_agent(folder, {
            "1": "echo one > shared.txt; echo one > f1.txt; done_",
            "2": f"echo two > shared.txt; done_; {meets} do sleep 0.02; done; " + WAITS,
        })  # fmt: skip
        self.plan = write_plan(folder, {"1": "", "2": ""})

    def settle(self, text: str = "shared.txt=both") -> subprocess.CompletedProcess[str]:
        """Answer the conflict and go on."""
        question = self.question()
        assert question["kind"] == "conflict", question
        words = ("decide", "r", question["id"], "resolve", "--text", text)
        assert maestro(*words, cwd=self.repo).returncode == 0
        return self.resume()

    def is_settled(self) -> None:
        assert git(self.repo, "show", "HEAD:shared.txt") == "one\ntwo"
        assert sorted(self.starts.read_text().split()) == ["1.1", "2.1"]
        assert leftovers(self.repo) == []


def test_a_conflict_that_cannot_be_laid_out_waits_for_room(
    tmp_path: Path,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    place = Quarrel(tmp_path)
    disk = make_disk(tmp_path / "trees", "260m")
    place.trees_on(disk)
    place.run_until_full(disk, "maestro clean")
    question = place.question()
    assert question["options"][0] == "remerge", question
    assert git(place.repo, "show", "refs/maestro/r/attempt/2/a1:shared.txt") == "two"
    disk.free()
    decide(place.repo, question["id"], "remerge")
    assert place.resume().returncode == 3
    assert place.settle().returncode == 0
    place.is_settled()


def test_a_resolution_that_cannot_be_written_is_asked_for_again(
    tmp_path: Path,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    place = Quarrel(tmp_path)
    disk = place.objects_on(make_disk)
    place.go.touch()
    done = headless(place.repo, place.plan, place.agent, env=place.env)
    assert done.returncode == 3, done.stdout
    disk.fill()
    full = place.settle()
    assert full.returncode == 3, full.stdout
    place.is_said(full.stdout)
    disk.free()
    assert place.settle().returncode == 0
    place.is_settled()
