"""Conflicts of every kind: how they are shown, what each answer makes of them, what is refused."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.core.conflicts import (
    ChoiceError,
    FileChoice,
    Hunk,
    read_choices,
    write_choices,
)
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.conflicts import build, inspect
from maestro_tui.engine.git.refusals import refusal
from tests.engine.scratch import (
    cases_agent,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    write_plan,
)
from tests.engine.test_conflicts import place, resume, undeclared  # noqa: F401

TEN = "".join(f"{n}\n" for n in range(10))


class Pair:
    """A repository in which two branches disagree."""

    def __init__(self, folder: Path) -> None:
        self.repo = make_repo(folder, {"ten.txt": TEN, "gone.txt": "x\n", "old.txt": "many\n" * 9})
        (self.repo / "blob.bin").write_bytes(b"a\0b")
        (self.repo / "link").symlink_to("ten.txt")
        (self.repo / "run.sh").write_text("true\n")
        git(self.repo, "add", "-A")
        git(self.repo, "commit", "-q", "-m", "more")

    def sides(self, ours: str, theirs: str) -> tuple[str, str]:
        """Commits of what two shell scripts do."""
        commits = []
        for name, script in (("ours", ours), ("theirs", theirs)):
            git(self.repo, "checkout", "-q", "-b", name, "main")
            subprocess.run(["sh", "-ec", script], cwd=self.repo, check=True)
            git(self.repo, "add", "-A")
            git(self.repo, "commit", "-q", "-m", name)
            commits.append(git(self.repo, "rev-parse", "HEAD"))
        git(self.repo, "checkout", "-q", "main")
        return commits[0], commits[1]

    async def resolve(self, ours: str, theirs: str, text: str) -> str:
        """The commit that comes of the choices."""
        view = Git(self.repo / ".git")
        conflict = await inspect(view, "t", *self.sides(ours, theirs))
        return await build(view, conflict, read_choices(text), self.repo, "agent", "resolved")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(tmp_path / "repo")


EDITS = (
    "sed -i 's/^2$/two of ours/; s/^8$/eight of ours/' ten.txt",
    "sed -i 's/^2$/two of theirs/; s/^8$/eight of theirs/; s/^5$/five/' ten.txt",
)


async def test_hunks_have_three_sides_and_are_chosen_one_by_one(pair: Pair) -> None:
    view = Git(pair.repo / ".git")
    conflict = await inspect(view, "t", *pair.sides(*EDITS))
    (file,) = conflict.files
    assert (file.path, file.kind) == ("ten.txt", "content")
    assert file.hunks == (
        Hunk(("two of ours\n",), ("2\n",), ("two of theirs\n",)),
        Hunk(("eight of ours\n",), ("8\n",), ("eight of theirs\n",)),
    )
    for text, two, eight in (
        ("ten.txt#1=theirs ten.txt#2=ours", "two of theirs", "eight of ours"),
        ("ten.txt=both ten.txt#2=base", "two of ours\ntwo of theirs", "8"),
        ('{"ten.txt": ["ours", {"text": "eight\\n"}]}', "two of ours", "eight"),
    ):
        commit = await build(view, conflict, read_choices(text), pair.repo, "a", "m")
        expected = f"0\n1\n{two}\n3\n4\nfive\n6\n7\n{eight}\n9"
        assert git(pair.repo, "show", f"{commit}:ten.txt") == expected
        parents = git(pair.repo, "rev-parse", f"{commit}^1", f"{commit}^2").split()
        assert parents == [conflict.commit, conflict.head]


@pytest.mark.parametrize(
    ("ours", "theirs", "path", "kind", "answer", "shown"),
    [
        ("git rm -q gone.txt", "echo more >> gone.txt", "gone.txt", "modify/delete", "theirs",
         "x\nmore"),
        ("git rm -q gone.txt", "echo more >> gone.txt", "gone.txt", "modify/delete", "ours", None),
        ("git rm -q old.txt", "git mv old.txt new.txt", "new.txt", "rename/delete", "theirs",
         ("many\n" * 9).strip()),
        ("git rm -q old.txt", "git mv old.txt new.txt", "new.txt", "rename/delete", "ours", None),
        ("printf 'o\\0' > blob.bin", "printf 't\\0' > blob.bin", "blob.bin", "binary", "theirs",
         "t\0"),
        ("ln -sf ours link", "ln -sf theirs link", "link", "symlink", "theirs", "theirs"),
        ("echo one > both.txt", "echo two > both.txt", "both.txt", "both-added", "both",
         "one\ntwo"),
        ("echo up > Name.txt", "echo low > name.txt", "name.txt", "case", "theirs", "low"),
        ("echo up > Name.txt", "echo low > name.txt", "name.txt", "case", "ours", None),
    ],
)  # fmt: skip
async def test_every_kind_has_its_answers(
    pair: Pair, ours: str, theirs: str, path: str, kind: str, answer: str, shown: str | None
) -> None:
    view = Git(pair.repo / ".git")
    conflict = await inspect(view, "t", *pair.sides(ours, theirs))
    file = next(f for f in conflict.files if f.path == path)
    assert file.kind == kind
    assert answer in file.answers
    commit = await build(view, conflict, read_choices(f"{path}={answer}"), pair.repo, "a", "m")
    names = git(pair.repo, "ls-tree", "-r", "--name-only", commit).split()
    assert (path in names) == (shown is not None)
    if shown is not None:
        assert git(pair.repo, "show", f"{commit}:{path}") == shown
    if kind == "case" and answer == "theirs":
        assert "Name.txt" not in names


async def test_modes_and_submodules_are_taken_from_a_side(pair: Pair) -> None:
    sha = git(pair.repo, "rev-parse", "HEAD")
    view = Git(pair.repo / ".git")
    other = git(pair.repo, "commit-tree", "HEAD^{tree}", "-m", "x")
    ours, theirs = pair.sides("true; echo 1 > ours.txt", "true; echo 2 > theirs.txt")

    async def with_link(commit: str, target: str) -> str:
        env = {"GIT_INDEX_FILE": str(pair.repo / ".git/test-index")}
        await view.run("read-tree", commit, env=env)
        await view.run("update-index", "--add", "--cacheinfo", f"160000,{target},sub", env=env)
        tree = await view.text("write-tree", env=env)
        return await view.text("commit-tree", tree, "-p", commit, "-m", "link")

    conflict = await inspect(view, "t", await with_link(ours, sha), await with_link(theirs, other))
    (file,) = conflict.files
    assert (file.path, file.kind) == ("sub", "submodule")
    commit = await build(view, conflict, read_choices("sub=theirs"), pair.repo, "a", "m")
    assert git(pair.repo, "ls-tree", commit, "sub").split()[:3] == ["160000", "commit", other]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "nothing was chosen"),
        ("ten.txt", "is no choice"),
        ("ten.txt=mine", "not one of"),
        ("ten.txt#1=ours", "ten.txt#2 has no answer"),
        ("ten.txt=ours ten.txt#7=ours", "there is no #7"),
        ("other.txt=ours", "is not in conflict"),
        ("{", "no JSON"),
        ('{"ten.txt": 3}', "write an answer"),
    ],
)
async def test_a_choice_that_is_none_says_what_to_write(pair: Pair, text: str, words: str) -> None:
    with pytest.raises(ChoiceError, match=words):
        await pair.resolve(*EDITS, text)


def test_choices_survive_their_journey() -> None:
    choices = {
        "a b.txt": FileChoice(hunks={1: "ours", 2: "=text\n"}),
        "c": FileChoice("theirs"),
        "d": FileChoice(text="all of it\n"),
    }
    assert read_choices(write_choices(choices)) == choices


@pytest.mark.parametrize(
    ("path", "result", "words"),
    [
        ("a.py", "<<<<<<< HEAD\nx = 1\n", "markers are still in"),
        ("a.py", "x = (1\n", "can no longer be read"),
        ("a.json", '{"a": 1', "can no longer be read"),
        ("a.c", "Here is the merged file:\n\nint a;\n", "begins with prose"),
        ("a.c", "I've resolved the conflict by keeping both.\n", "begins with prose"),
        ("a.c", "```c\nint a;\n```\n", "code fence"),
        ("a.c", '{"type": "result", "result": "done", "session_id": "1"}\n', "agent's answer"),
        ("a.c", "\n", "would be empty"),
    ],
)
def test_what_is_no_resolution_is_refused(path: str, result: str, words: str) -> None:
    sides = {"a.json": ('{"a": 1}', '{"a": 2}')}.get(path, ("x = 1\n", "x = 2\n"))
    assert words in refusal(path, result, sides)


@pytest.mark.parametrize(
    ("path", "result", "side"),
    [
        ("a.py", "x = 3\n", "x = 1\n"),
        ("a.py", "print 'two'\n", "print 'one'\n"),  # a side was not readable either
        ("notes.md", "Here is the plan.\n", "x\n"),
        ("a.rst", "Title\n=======\n", "x\n"),
        ("doc.c", "<<<<<<< kept as an example\n", "<<<<<<< kept as an example\n"),
    ],
)
def test_what_may_be_one_is_not(path: str, result: str, side: str) -> None:
    assert refusal(path, result, (side, side)) == ""


def waiting(place: tuple[Path, Path, str]) -> dict[str, Any]:  # noqa: F811
    repo, plan, agent = place
    done = headless(repo, plan, agent)
    assert done.returncode == 3, (done.stdout, done.stderr)
    question: dict[str, Any] = status(repo, "r")["questions"][0]
    return question


def test_the_command_line_shows_both_sides_and_takes_a_choice(
    place: tuple[Path, Path, str],  # noqa: F811
) -> None:
    repo = place[0]
    question = waiting(place)
    assert "shared.txt: content, 1 place(s); merged side by 1" in question["evidence"]
    shown = maestro("conflicts", "r", cwd=repo)
    assert shown.returncode == 0, shown.stderr
    for words in ("ours, merged:", "line of 1", "base:", "theirs, 2:", "line of 2.1"):
        assert words in shown.stdout
    data = json.loads(maestro("conflicts", "r", "2", "--json", cwd=repo).stdout)
    assert data[0]["files"][0]["path"] == "shared.txt"
    assert resume(repo, question, "resolve", "--text", "shared.txt=both") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 1\nline of 2.1"
    assert leftovers(repo) == []


def test_a_bad_choice_is_asked_again_and_prose_is_refused(
    place: tuple[Path, Path, str],  # noqa: F811
) -> None:
    repo = place[0]
    question = waiting(place)
    assert resume(repo, question, "resolve", "--text", "other.txt=ours") == 3
    question = status(repo)["questions"][0]
    assert any("other.txt is not in conflict" in line for line in question["evidence"])
    text = json.dumps({"shared.txt": {"text": "<<<<<<< HEAD\n"}})
    assert resume(repo, question, "resolve", "--text", text) == 3
    question = status(repo)["questions"][0]
    assert any("markers are still in shared.txt" in line for line in question["evidence"])
    text = json.dumps({"shared.txt": {"text": "both\n"}})
    assert resume(repo, question, "resolve", "--text", text) == 0
    assert git(repo, "show", "HEAD:shared.txt") == "both"


def test_a_resolution_that_turns_a_gate_red_is_refused(
    tmp_path: Path,
    place: tuple[Path, Path, str],  # noqa: F811
) -> None:
    repo, _, agent = place
    gate = '[[gate]]\nname = "lines"\nrun = "! grep -q bad shared.txt"\n'
    plan = write_plan(tmp_path, undeclared(), "3<2", gate)
    question = waiting((repo, plan, agent))
    text = json.dumps({"shared.txt": {"text": "bad\n"}})
    assert resume(repo, question, "resolve", "--text", text) == 3
    question = status(repo)["questions"][0]
    assert question["kind"] == "conflict"
    assert any("gate lines fails on it and not without it" in x for x in question["evidence"])
    assert resume(repo, question, "resolve", "--text", "shared.txt=theirs") == 0
    assert git(repo, "show", "HEAD:shared.txt") == "line of 2.1"
    assert leftovers(repo) == []


def test_names_that_differ_only_in_case_are_asked_about(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"README.md": "x\n"})
    wait = (
        " until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 > /dev/null;"
        " do sleep 0.05; done; done_"
    )
    cases = {"1": "echo up > Guide.txt; done_", "2": "echo low > guide.txt;" + wait}
    plan = write_plan(tmp_path, {"1": "", "2": ""})
    done = headless(repo, plan, cases_agent(tmp_path, cases))
    assert done.returncode == 3, done.stdout
    question = status(repo)["questions"][0]
    assert any("guide.txt: case" in line for line in question["evidence"])
    assert resume(repo, question, "theirs") == 0
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "guide.txt"]
