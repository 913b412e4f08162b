"""Every kind of conflict on real git: its name, its words, and what each answer makes of it."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.core.conflicts import ChoiceError, FileChoice, Hunk
from maestro_tui.engine.git.command import Git
from maestro_tui.engine.git.conflicts import build, inspect
from maestro_tui.engine.git.merging import conflicting_paths
from tests.engine.scratch import (
    cases_agent,
    git,
    headless,
    leftovers,
    make_repo,
    status,
    write_plan,
)
from tests.engine.test_conflicts import resume
from tests.engine.test_resolutions import TEN, Pair

MANY = "many\n" * 9
CRLF = TEN.replace("\n", "\r\n")
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{0}\nsize 1\n"
SUBMODULE = (
    "git init -q s && git -C s -c user.name=a -c user.email=a@b commit -q --allow-empty -m {}"
    " && git -c advice.addEmbeddedRepo=false add s && rm -rf s && mkdir s"
)


@dataclass(frozen=True)
class Case:
    """Two sides, and the text of paths (None: not there) after each answer."""

    ours: str
    theirs: str
    kind: str
    words: str
    path: str
    answers: dict[str, dict[str, str | None]]


CASES = {
    "content": Case(
        "sed -i 's/^2$/o/' ten.txt", "sed -i 's/^2$/t/' ten.txt",
        "content", "both change the same lines", "ten.txt",
        {"ours": {"ten.txt": TEN.replace("2", "o")}, "theirs": {"ten.txt": TEN.replace("2", "t")},
         "both": {"ten.txt": TEN.replace("2", "o\nt")}, "base": {"ten.txt": TEN},
         "delete": {"ten.txt": None}},
    ),
    "add/add": Case(
        "echo o > n", "echo t > n", "both-added", "both add it", "n",
        {"ours": {"n": "o\n"}, "theirs": {"n": "t\n"}, "both": {"n": "o\nt\n"},
         "base": {"n": ""}, "delete": {"n": None}},
    ),
    "modify/delete": Case(
        "echo m >> gone.txt", "git rm -q gone.txt",
        "modify/delete", "what is merged changes it, t deletes it", "gone.txt",
        {"ours": {"gone.txt": "x\nm\n"}, "theirs": {"gone.txt": None}, "base": {"gone.txt": "x\n"}},
    ),
    "delete/modify": Case(
        "git rm -q gone.txt", "echo m >> gone.txt",
        "modify/delete", "t changes it, what is merged deletes it", "gone.txt",
        {"ours": {"gone.txt": None}, "theirs": {"gone.txt": "x\nm\n"}},
    ),
    "rename/delete": Case(
        "git rm -q old.txt", "git mv old.txt new.txt",
        "rename/delete", "t renames old.txt to new.txt, what is merged deletes it", "new.txt",
        {"ours": {"new.txt": None, "old.txt": None}, "theirs": {"new.txt": MANY, "old.txt": None}},
    ),
    "rename/rename": Case(
        "git mv old.txt a.txt", "git mv old.txt b.txt",
        "rename/rename", "what is merged renames old.txt to this, t to b.txt", "a.txt",
        {"ours": {"a.txt": MANY, "b.txt": None, "old.txt": None},
         "theirs": {"a.txt": None, "b.txt": MANY, "old.txt": None},
         "delete": {"a.txt": None, "b.txt": None, "old.txt": None}},
    ),
    "two renamed to one": Case(
        "git mv old.txt c", "git mv ten.txt c", "both-added", "both add it", "c",
        {"ours": {"c": MANY, "old.txt": None, "ten.txt": None}, "theirs": {"c": TEN}},
    ),
    "binary": Case(
        "printf 'o\\0' > blob.bin", "printf 't\\0' > blob.bin", "binary", "no text", "blob.bin",
        {"ours": {"blob.bin": "o\0"}, "theirs": {"blob.bin": "t\0"}, "base": {"blob.bin": "a\0b"},
         "delete": {"blob.bin": None}},
    ),
    "executable or not": Case(
        "echo s > n; chmod +x n", "echo s > n",
        "mode", "what is merged makes it executable, t a plain file", "n",
        {"ours": {"n": "100755 s\n"}, "theirs": {"n": "100644 s\n"}},
    ),
    "mode and content": Case(
        "chmod +x run.sh; echo o >> run.sh", "echo t >> run.sh",
        "content", "both change the same lines", "run.sh",
        {"ours": {"run.sh": "100755 true\no\n"}, "theirs": {"run.sh": "100755 true\nt\n"},
         "both": {"run.sh": "100755 true\no\nt\n"}},
    ),
    "two links": Case(
        "ln -sf o link", "ln -sf t link", "symlink", "leads elsewhere on each side", "link",
        {"ours": {"link": "120000 o"}, "theirs": {"link": "120000 t"},
         "base": {"link": "120000 ten.txt"}, "delete": {"link": None}},
    ),
    "link or file": Case(
        "ln -s ten.txt n", "echo t > n",
        "symlink", "what is merged makes it a link, t a plain file", "n",
        {"ours": {"n": "120000 ten.txt"}, "theirs": {"n": "100644 t\n"}, "delete": {"n": None}},
    ),
    "file becomes a link": Case(
        "echo m >> gone.txt", "ln -sf ten.txt gone.txt",
        "symlink", "what is merged makes it a plain file, t a link", "gone.txt",
        {"ours": {"gone.txt": "100644 x\nm\n"}, "theirs": {"gone.txt": "120000 ten.txt"},
         "base": {"gone.txt": "100644 x\n"}},
    ),
    "folder or file": Case(
        "mkdir d; echo o > d/x; echo o > d/y", "echo t > d",
        "file/directory", "t has a file of this name, what is merged a folder", "d",
        {"ours": {"d/x": "o\n", "d/y": "o\n"}, "theirs": {"d": "100644 t\n", "d/x": None},
         "both": {"d/x": "o\n", "d.theirs": "t\n"}},
    ),
    "file or folder": Case(
        "echo m >> gone.txt", "rm gone.txt; mkdir gone.txt; seq 9 > gone.txt/x",
        "file/directory", "what is merged has a file of this name, t a folder", "gone.txt",
        {"ours": {"gone.txt": "100644 x\nm\n", "gone.txt/x": None},
         "theirs": {"gone.txt/x": "".join(f"{n}\n" for n in range(1, 10))},
         "both": {"gone.txt.ours": "x\nm\n"}},
    ),
    "submodule": Case(
        SUBMODULE.format("o"), SUBMODULE.format("t"),
        "submodule", "what is merged takes the submodule to", "s",
        {"ours": {"s": "160000"}, "theirs": {"s": "160000"}, "delete": {"s": None}},
    ),
    "case": Case(
        "echo o > Name.txt", "echo t > name.txt", "case", "differ only in case", "name.txt",
        {"ours": {"Name.txt": "o\n", "name.txt": None},
         "theirs": {"Name.txt": None, "name.txt": "t\n"},
         "both": {"Name.txt": "o\n", "name.txt": "t\n"}},
    ),
    "two cases of one rename": Case(
        "git mv old.txt Old.txt", "git mv old.txt OLD.txt",
        "rename/rename", "t renames old.txt to this", "OLD.txt",
        {"ours": {"Old.txt": MANY, "OLD.txt": None}, "theirs": {"Old.txt": None, "OLD.txt": MANY}},
    ),
    "line ends": Case(
        "sed -i 's/$/\\r/' ten.txt", "sed -i 's/^2$/t/' ten.txt",
        "content", "what is merged changes only line ends", "ten.txt",
        {"ours": {"ten.txt": CRLF}, "theirs": {"ten.txt": TEN.replace("2", "t")},
         "both": {"ten.txt": CRLF.replace("2", "t")}},
    ),
    "white space": Case(
        "sed -i 's/^2$/o/' ten.txt", "sed -i 's/$/ /' ten.txt",
        "content", "t changes only white space", "ten.txt",
        {"ours": {"ten.txt": TEN.replace("2", "o")},
         "theirs": {"ten.txt": TEN.replace("\n", " \n")},
         "both": {"ten.txt": TEN.replace("\n", " \n").replace("2 ", "o")}},
    ),
    "LFS": Case(
        f"printf '{POINTER.format('a' * 64)}' > big.psd".replace("\n", "\\n"),
        f"printf '{POINTER.format('b' * 64)}' > big.psd".replace("\n", "\\n"),
        "lfs", "Git LFS", "big.psd",
        {"ours": {"big.psd": POINTER.format("a" * 64)},
         "theirs": {"big.psd": POINTER.format("b" * 64)}, "delete": {"big.psd": None}},
    ),
}  # fmt: skip


def git_bytes(repo: Path, *args: str) -> bytes:
    """With the line ends as they are."""
    return subprocess.run(["git", *args], cwd=repo, capture_output=True, check=True).stdout


def shown(repo: Path, commit: str, path: str, text: str | None) -> str | None:
    """The path in the commit, in the form it is expected in."""
    entry = git(repo, "ls-tree", "-z", commit, "--", path).rstrip("\0")
    if not entry or entry.split()[1] == "tree":
        return None
    mode, _, blob = entry.split("\t")[0].split()
    if mode == "160000":
        return mode
    content = (git_bytes(repo, "cat-file", "blob", blob)).decode()
    return f"{mode} {content}" if text and text[:6] in ("100644", "100755", "120000") else content


@pytest.mark.parametrize("name", CASES)
async def test_a_kind_has_its_name_its_words_and_its_answers(tmp_path: Path, name: str) -> None:
    case, pair = CASES[name], Pair(tmp_path / "repo ü")
    view = Git(pair.repo / ".git")
    conflict = await inspect(view, "t", *pair.sides(case.ours, case.theirs))
    file = next(f for f in conflict.files if f.path == case.path)
    assert file.kind == case.kind
    assert case.words in file.said
    if case.kind != "case":  # which is no conflict to git
        assert case.path in await conflicting_paths(view, conflict.head, conflict.commit)
    for answer, expected in case.answers.items():
        choices = {f.path: FileChoice(answer) for f in conflict.files}
        commit = await build(view, conflict, choices, pair.repo, "a", "m")
        found = {p: shown(pair.repo, commit, p, text) for p, text in expected.items()}
        assert found == expected, answer
        names = git(pair.repo, "ls-tree", "-r", "-z", "--name-only", commit).split("\0")
        assert not [n for n in names if "~" in n], "a name git made up"
    for answer in {"ours", "theirs", "both", "base"} - set(file.answers):
        choices = {f.path: FileChoice(answer) for f in conflict.files}
        with pytest.raises(ChoiceError, match="conflict is answered with"):
            await build(view, conflict, choices, pair.repo, "a", "m")


LINES = st.lists(st.sampled_from(["a\n", "b\n", "c\n"]), max_size=5).map(tuple)


@given(LINES, LINES, st.sampled_from(["\r\n", " \n"]))
def test_both_of_other_line_ends_and_other_text_has_each_line_once(
    base: tuple[str, ...], other: tuple[str, ...], end: str
) -> None:
    ends = tuple(line.replace("\n", end) for line in base)
    for hunk in (Hunk(ends, base, other), Hunk(other, base, ends)):
        if base:
            assert [line.rstrip() for line in hunk.lines("both")] == [x.rstrip() for x in other]


async def test_a_file_is_not_put_beside_a_folder_where_something_is(tmp_path: Path) -> None:
    pair = Pair(tmp_path / "repo")
    view = Git(pair.repo / ".git")
    sides = pair.sides("mkdir d; echo o > d/x; echo keep > d.theirs", "echo t > d")
    conflict = await inspect(view, "t", *sides)
    with pytest.raises(ChoiceError, match="would overwrite d"):
        await build(view, conflict, {"d": FileChoice("both")}, pair.repo, "a", "m")


# Everything at once, in a run: what task 1 has merged is met by task 2.
OURS = ["echo o > n", "rm gone.txt", "mv old.txt a.txt", "printf 'o\\0' > blob.bin",
        "ln -sf o link", "ln -s n kind", "mkdir d; echo o > d/x", "echo o > Name.txt",
        "sed -i 's/$/\\r/' ten.txt"]  # fmt: skip
THEIRS = ["echo t > n", "echo m >> gone.txt", "mv old.txt b.txt", "printf 't\\0' > blob.bin",
          "ln -sf t link", "echo t > kind", "echo t > d", "echo t > name.txt",
          "sed -i 's/^2$/t/' ten.txt"]  # fmt: skip
WAIT = ("until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 > /dev/null;"
        " do sleep 0.05; done; done_")  # fmt: skip
KINDS = {"n": "both-added", "gone.txt": "modify/delete", "a.txt": "rename/rename",
         "blob.bin": "binary", "link": "symlink", "kind": "symlink", "d": "file/directory",
         "name.txt": "case", "ten.txt": "content"}  # fmt: skip


@pytest.fixture
def everything(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    repo = make_repo(
        tmp_path / "re po ü", {"ten.txt": TEN, "gone.txt": "x\n", "old.txt": MANY, "z": "z\n"}
    )
    (repo / "blob.bin").write_bytes(b"a\0b")
    (repo / "link").symlink_to("z")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "more")
    gate = '[[gate]]\nname = "whole"\nrun = "! ls | grep -q [~]"\n'
    plan = write_plan(tmp_path, {"1": "", "2": ""}, "", gate)
    agent = cases_agent(
        tmp_path, {"1": "\n".join((*OURS, "done_")), "2": "\n".join((*THEIRS, WAIT))}
    )
    done = headless(repo, plan, agent)
    assert done.returncode == 3, (done.stdout, done.stderr)
    question: dict[str, Any] = status(repo)["questions"][0]
    evidence = "\n".join(question["evidence"])
    for path, kind in KINDS.items():
        assert f"{path}: {kind}" in evidence
    assert "2 has a file of this name, what is merged a folder" in evidence
    return repo, question


def merged(repo: Path, path: str) -> str:
    return git(repo, "show", f"HEAD:{path}")


def names(repo: Path) -> set[str]:
    return set(git(repo, "ls-tree", "-r", "--name-only", "HEAD").split())


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_side_of_everything_is_merged_and_gated(
    everything: tuple[Path, dict[str, Any]], side: str
) -> None:
    repo, question = everything
    assert resume(repo, question, side) == 0
    letter = side[0]
    assert (merged(repo, "n"), merged(repo, "link")) == (letter, letter)
    alone = {"ours": {"a.txt", "d/x", "Name.txt"},
             "theirs": {"b.txt", "d", "name.txt", "gone.txt"}}[side]  # fmt: skip
    shared = {"blob.bin", "kind", "link", "n", "ten.txt", "z"}
    assert names(repo) == alone | shared
    assert leftovers(repo) == []


def test_each_place_has_its_own_answer(everything: tuple[Path, dict[str, Any]]) -> None:
    repo, question = everything
    choices = {"n": "both", "gone.txt": "theirs", "a.txt": "ours", "b.txt": "theirs",
               "old.txt": "delete", "blob.bin": "base", "link": "theirs", "kind": "ours",
               "d": "both", "name.txt": "theirs", "ten.txt": "both"}  # fmt: skip
    assert resume(repo, question, "resolve", "--text", json.dumps(choices)) == 0
    assert merged(repo, "n") == "o\nt"
    assert merged(repo, "d.theirs") == "t"
    assert git_bytes(repo, "show", "HEAD:ten.txt").decode() == CRLF.replace("2", "t")
    assert {"a.txt", "b.txt", "d/x", "gone.txt", "name.txt"} <= names(repo)
    assert leftovers(repo) == []


def test_what_is_none_is_refused_and_what_is_skipped_is_kept(
    everything: tuple[Path, dict[str, Any]],
) -> None:
    repo, question = everything
    choices = dict.fromkeys((*KINDS, "b.txt", "old.txt"), "ours")
    text = json.dumps({**choices, "a.txt": {"text": "x\n"}, "n": {"text": "<<<<<<< ours\n"}})
    assert resume(repo, question, "resolve", "--text", text) == 3
    again = status(repo)["questions"][0]
    assert any("markers are still in n" in line for line in again["evidence"]), again
    assert resume(repo, again, "skip") == 1
    assert git(repo, "show", "refs/maestro/r/attempt/2/a1:n") == "t"
    assert leftovers(repo) == []


def test_a_person_edits_what_lies_in_the_worktree(
    everything: tuple[Path, dict[str, Any]],
) -> None:
    repo, question = everything
    tree = Path(question["worktree"])
    for path, text in {"n": "mine\n", "gone.txt": "mine\n", "ten.txt": "mine\n"}.items():
        (tree / path).write_text(text)
    (tree / "kind").unlink(missing_ok=True)
    (tree / "kind").write_text("mine\n")
    (tree / "b.txt").unlink(missing_ok=True)
    (tree / "name.txt").unlink()
    (tree / "Name.txt").write_text("mine\n")
    assert resume(repo, question, "edited") == 0
    assert {merged(repo, p) for p in ("n", "gone.txt", "ten.txt", "kind", "Name.txt")} == {"mine"}
    assert "d/x" in names(repo)
    assert not [n for n in names(repo) if "~" in n or n in ("b.txt", "name.txt")]
    assert leftovers(repo) == []
