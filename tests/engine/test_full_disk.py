"""The disk fills up where worktrees, git's objects or the run's own files are: it is said, nothing
an agent did is lost, and the run goes on when there is room again.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.engine.disks import MakeDisk, SmallDisk, make_disk  # noqa: F401
from tests.engine.scratch import (
    begin,
    cases_agent,
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
        objects = self.repo / ".git/objects"
        shutil.move(objects, self.repo / ".git/old-objects")
        disk = make(objects, size)
        shutil.copytree(self.repo / ".git/old-objects", objects, dirs_exist_ok=True)
        return disk

    def run_until_full(self, disk: SmallDisk) -> str:
        """The run meets the full disk; what it said."""
        words = ["run", str(self.plan), "--headless", "--yes", "--run-id", "r",
                 "--agent-command", self.agent]  # fmt: skip
        engine = begin(self.repo, *words, env=self.env)
        until(self.ready.exists, "the agent works")
        disk.fill()
        self.go.touch()
        output, _ = engine.communicate(timeout=60)
        assert engine.returncode == 3, output
        assert "Traceback" not in output
        assert "disk is full" in output, output
        assert "maestro clean" in output
        return output

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
    (place.repo / "maestro.toml").write_text(f'[run]\nworktree_root = "{disk.folder}"\n')
    place.go.touch()
    done = headless(place.repo, place.plan, place.agent, env=place.env)
    assert done.returncode == 3, done.stdout
    assert "MB free, a worktree needs" in done.stdout
    assert not place.starts.exists()
    disk.grow("400m")
    decide(place.repo, place.question()["id"], "retry")
    ended = place.resume()
    assert ended.returncode == 0, ended.stdout
    place.is_done(["1.2", "2.1"])


def test_an_agent_that_fills_the_disk_fails_and_what_it_wrote_is_kept(
    tmp_path: Path,
    place: Place,
    make_disk: MakeDisk,  # noqa: F811
) -> None:
    disk = make_disk(tmp_path / "trees", "260m")
    (place.repo / "maestro.toml").write_text(f'[run]\nworktree_root = "{disk.folder}"\n')
    body = "write; " + WAITS + "head -c 100000 /dev/zero > f1.txt.new || exit 5; done_"
    place.agent = cases_agent(tmp_path, {"1": f'if [ "$MAESTRO_ATTEMPT" = 1 ]; then {body}; '
                                              "else write; done_; fi"})  # fmt: skip
    engine = begin(
        place.repo, "run", str(place.plan), "--headless", "--yes", "--run-id", "r",
        "--agent-command", place.agent, env=place.env,
    )  # fmt: skip
    until(place.ready.exists, "the agent works")
    disk.fill()
    place.go.touch()
    output, _ = engine.communicate(timeout=60)
    assert engine.returncode == 3, output
    assert "No space left on device" in output
    assert git(place.repo, "show", "refs/maestro/r/attempt/1/a1:f1.txt") == "text of 1"
    disk.free()
    decide(place.repo, place.question()["id"], "retry")
    ended = place.resume()
    assert ended.returncode == 0, ended.stdout
    place.is_done(["1.1", "1.2", "2.1"])
