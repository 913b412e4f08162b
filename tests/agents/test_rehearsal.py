"""Every step of a rehearsal, carried out by the real agent under the real runner."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import launch
from tests.agents.scratch import Attempt, gone, until

Make = Callable[..., Attempt]


@pytest.fixture
def rehearse(make: Make) -> Callable[..., Attempt]:
    """An attempt with these steps."""

    def one(*steps: dict[str, Any], **spec: Any) -> Attempt:
        return make(driver="rehearsal", steps=list(steps), **spec)

    return one


Rehearse = Callable[..., Attempt]


def test_files_are_written_appended_edited_and_deleted(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "write", "path": "src/deep/a.py", "text": "one\r\ntwo\n"},
        {"do": "append", "path": "src/deep/a.py", "text": "three ü\n"},
        {"do": "append", "path": "new.txt", "text": "n"},
        {"do": "edit", "path": "src/deep/a.py", "find": "two", "replace": "2"},
        {"do": "write", "path": "gone.txt", "text": "x"},
        {"do": "delete", "path": "gone.txt"},
    )
    result = attempt.run()
    assert result["ok"], attempt.log()
    tree = attempt.worktree
    assert (tree / "src/deep/a.py").read_bytes() == "one\r\n2\nthree ü\n".encode()
    assert (tree / "new.txt").read_text() == "n"
    assert not (tree / "gone.txt").exists()
    marker = (tree / "DONE.md").read_text()
    assert marker.startswith("# A title")
    assert "- `src/deep/a.py`" in marker
    assert [e["name"] for e in attempt.events("tool")] == [
        "Write", "Edit", "Edit", "Edit", "Write", "Bash", "Write",
    ]  # fmt: skip
    assert attempt.events("result")[-1]["ok"] is True


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ({"do": "edit", "path": "no.txt", "find": "a", "replace": "b"}, "does not exist"),
        ({"do": "edit", "path": "here.txt", "find": "zz", "replace": "b"}, "does not occur"),
        ({"do": "delete", "path": "no.txt"}, "does not exist"),
        ({"do": "run", "command": ["no-such-program"]}, "cannot run no-such-program"),
        ({"do": "run", "command": ["false"]}, "false exited with 1"),
        ({"do": "dance"}, "unknown step 'dance'"),
        ({"do": "write", "path": "../out.txt", "text": "x"}, "leads out of the worktree"),
        ({"do": "write", "path": "a/../../out.txt", "text": "x"}, "leads out of the worktree"),
        ({"do": "append", "path": "link/out.txt", "text": "x"}, "leads out of the worktree"),
        ({"do": "edit", "path": "link/s", "find": "a", "replace": "b"}, "out of the worktree"),
        ({"do": "delete", "path": "link/s"}, "leads out of the worktree"),
        ({"do": "write", "path": "dangling", "text": "x"}, "leads out of the worktree"),
    ],
    ids=lambda v: "-".join(map(str, v.values()))[:40] if isinstance(v, dict) else "",
)
def test_a_step_that_cannot_be_done_fails_the_agent(
    rehearse: Rehearse, tmp_path: Path, step: dict[str, Any], words: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "s").write_text("a")
    attempt = rehearse(step, {"do": "write", "path": "after.txt", "text": "x"})
    (attempt.worktree / "here.txt").write_text("text")
    (attempt.worktree / "link").symlink_to(outside)
    (attempt.worktree / "dangling").symlink_to(outside / "out.txt")
    result = attempt.run()
    assert (result["ok"], result["exit"]) == (False, 1)
    assert words in result["error"]
    assert not (attempt.worktree / "after.txt").exists()
    assert not (attempt.worktree / "DONE.md").exists()
    assert sorted(p.name for p in outside.iterdir()) == ["s"]
    assert (outside / "s").read_text() == "a"
    assert not (attempt.worktree.parent / "out.txt").exists()


def test_an_absolute_path_leads_out(rehearse: Rehearse, tmp_path: Path) -> None:
    target = tmp_path / "absolute.txt"
    attempt = rehearse({"do": "write", "path": str(target), "text": "x"})
    assert not attempt.run()["ok"]
    assert not target.exists()


@pytest.mark.parametrize("name", ["../marker.md", "DONE.md"])
def test_the_marker_stays_in_the_worktree_too(
    rehearse: Rehearse, tmp_path: Path, name: str
) -> None:
    attempt = rehearse({"do": "print", "text": "x", "rate": 0}, marker=name)
    target = tmp_path / "elsewhere.md"
    if name == "DONE.md":
        (attempt.worktree / name).symlink_to(target)
    attempt.run()
    assert not target.exists()
    assert not (attempt.worktree.parent / "marker.md").exists()


def test_run_happens_in_the_worktree_and_may_be_allowed_to_fail(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "run", "command": ["sh", "-c", "pwd; echo $MAESTRO_TASK_ID"]},
        {"do": "run", "command": ["false"], "ok_exit": "any"},
    )
    assert attempt.run()["ok"]
    lines = attempt.log().decode().splitlines()
    assert str(attempt.worktree) in lines
    assert "1.2" in lines


def test_print_repeats_and_keeps_the_bytes(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "print", "lines": ["通知", "two"], "repeat": 3, "rate": 0},
        {"do": "print", "text": "last\nlines", "rate": 0},
    )
    assert attempt.run()["ok"]
    text = attempt.log().decode()
    assert text.startswith("通知\ntwo\n" * 3 + "last\nlines\n")


@pytest.mark.slow
def test_print_takes_its_time(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "print", "lines": ["x"] * 10, "rate": 25}, {"do": "sleep", "seconds": 0.2}
    )
    result = attempt.run()
    assert result["ended_at"] - result["started_at"] > 0.55


def test_usage_adds_up(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "usage", "input": 100, "output": 20, "cost_usd": 0.5},
        {"do": "usage", "input": 1, "cache_read": 7, "cache_write": 3, "cost_usd": 0.25},
    )
    result = attempt.run()
    assert result["usage"] == {
        "input": 101,
        "output": 20,
        "cache_read": 7,
        "cache_write": 3,
        "cost_usd": 0.75,
    }
    assert attempt.events("usage")[0]["input"] == 100


@pytest.mark.parametrize(
    ("allow", "on_deny", "ok"), [(True, "fail", True), (False, "continue", True),
                                 (False, "fail", False)]
)  # fmt: skip
def test_a_question_waits_for_its_answer(
    rehearse: Rehearse, allow: bool, on_deny: str, ok: bool
) -> None:
    attempt = rehearse(
        {"do": "ask", "tool": "Bash", "detail": "rm -rf build", "on_deny": on_deny},
        {"do": "write", "path": "after.txt", "text": "x"},
    )
    attempt.launch()
    asked = attempt.wait_for("permission")
    assert (asked["id"], asked["tool"], asked["detail"]) == ("p1", "Bash", "rm -rf build")
    launch.answer(attempt.path, "p0", True, "")  # to somebody else
    launch.answer(attempt.path, "p1", allow, "because")
    assert attempt.result()["ok"] is ok
    assert (attempt.worktree / "after.txt").exists() is ok
    said = b"allowed: rm -rf build" if allow else b"denied: rm -rf build because"
    assert said in attempt.log()


def test_a_command_agent_cannot_forge_a_question(make: Make) -> None:
    line = {
        "type": "control_request",
        "request_id": "p1",
        "request": {"subtype": "can_use_tool", "tool_name": "Bash", "input": {}},
    }
    attempt = make(command=["cat"], prompt_text=json.dumps(line) + "\n")
    assert attempt.run()["ok"]
    assert attempt.events("permission") == []


def test_fail_exits_with_its_code_and_message(rehearse: Rehearse) -> None:
    result = rehearse({"do": "fail", "code": 7, "message": "no table invoices"}).run()
    assert (result["exit"], result["error"]) == (7, "exited with 7: no table invoices")


def test_crash_dies_of_its_signal(rehearse: Rehearse) -> None:
    result = rehearse({"do": "crash", "signal": 9}).run()
    assert (result["reason"], result["signal"]) == ("crashed", 9)


@pytest.mark.parametrize("stubborn", [False, True])
def test_hang_hangs_until_it_is_ended(rehearse: Rehearse, stubborn: bool) -> None:
    attempt = rehearse(
        {"do": "print", "text": "now", "rate": 0}, {"do": "hang", "stubborn": stubborn}
    )
    attempt.launch()
    attempt.wait_for_output(b"now")
    pid = attempt.wait_for("started")["pid"]
    launch.stop(attempt.path)
    assert attempt.result()["reason"] == "stopped"
    until(lambda: gone(pid))


def test_hang_may_end_by_itself(rehearse: Rehearse) -> None:
    assert rehearse({"do": "hang", "seconds": 0.1}).run()["ok"]


def test_the_marker_says_what_the_script_says(rehearse: Rehearse) -> None:
    attempt = rehearse({"do": "marker", "text": "# All done\n"})
    attempt.run()
    assert (attempt.worktree / "DONE.md").read_text() == "# All done\n"


def test_no_marker_means_none(rehearse: Rehearse) -> None:
    attempt = rehearse({"do": "no-marker"})
    assert attempt.run()["ok"]
    assert not (attempt.worktree / "DONE.md").exists()


def test_commit_commits_what_is_there(rehearse: Rehearse) -> None:
    attempt = rehearse(
        {"do": "write", "path": "a.txt", "text": "a"}, {"do": "commit", "message": "Add a"}
    )
    git = ["git", "-C", str(attempt.worktree)]
    subprocess.run([*git, "init", "-q"], check=True)
    assert attempt.run()["ok"]
    shown = subprocess.run(
        [*git, "log", "--format=%an %s", "--name-only"], capture_output=True, text=True, check=True
    )
    assert shown.stdout.split() == ["worker", "Add", "a", "a.txt"]


def test_without_a_script_a_placeholder_is_made(rehearse: Rehearse) -> None:
    attempt = rehearse(create=["new/a.txt", "glob/*.py", "dir/", "there.txt"])
    (attempt.worktree / "there.txt").write_text("kept")
    assert attempt.run()["ok"]
    found = sorted(
        str(Path(folder, f).relative_to(attempt.worktree))
        for folder, _, files in os.walk(attempt.worktree)
        for f in files
    )
    assert found == ["DONE.md", "new/a.txt", "there.txt"]
    assert (attempt.worktree / "there.txt").read_text() == "kept"
