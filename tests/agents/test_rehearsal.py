"""The rehearsal agent does what its script says, in its worktree, and looks like a real agent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import launch
from tests.agents.attempt_folder import AttemptFolder, gone, until

MARKER = "NOTIFY_COMPLETE.md"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def tools(attempt: AttemptFolder) -> list[tuple[str, str]]:
    return [(e["name"], e["summary"]) for e in attempt.events("tool")]


def test_files_are_written_changed_and_deleted(attempt: AttemptFolder) -> None:
    (attempt.worktree / "old.txt").write_text("old")
    (attempt.worktree / "folder").mkdir()
    result = attempt.rehearse(
        {"do": "write", "path": "app/models.py", "text": "A = 1\nA = 1\n"},
        {"do": "edit", "path": "app/models.py", "find": "A = 1", "replace": "B = 2"},
        {"do": "append", "path": "app/models.py", "text": "# ü\n"},
        {"do": "append", "path": "new.txt", "text": "new"},
        {"do": "delete", "path": "old.txt"},
        {"do": "delete", "path": "folder"},
    )
    assert result["ok"], result
    tree = attempt.worktree
    assert (tree / "app/models.py").read_text(encoding="utf-8") == "B = 2\nA = 1\n# ü\n"
    assert (tree / "new.txt").read_text() == "new"
    assert not (tree / "old.txt").exists()
    assert not (tree / "folder").exists()
    marker = (tree / MARKER).read_text()
    assert "- `app/models.py`\n- `new.txt`\n" in marker
    assert "## Deleted\n- `old.txt`" in marker
    assert tools(attempt) == [
        ("Write", "app/models.py"), ("Edit", "app/models.py"), ("Edit", "app/models.py"),
        ("Edit", "new.txt"), ("Bash", "rm old.txt"), ("Bash", "rm folder"), ("Write", MARKER),
    ]  # fmt: skip
    assert all(e["ok"] for e in attempt.events("tool_result"))
    assert attempt.events("result")[-1]["ok"]


def test_line_ends_stay_as_they_are(attempt: AttemptFolder) -> None:
    (attempt.worktree / "dos.txt").write_bytes(b"one\r\ntwo\r\n")
    step = {"do": "edit", "path": "dos.txt", "find": "two\r\n", "replace": "2\n"}
    assert attempt.rehearse(step)["ok"]
    assert (attempt.worktree / "dos.txt").read_bytes() == b"one\r\n2\n"


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ({"do": "edit", "path": "a", "find": "zebra", "replace": ""}, "'zebra' does not occur"),
        ({"do": "edit", "path": "none", "find": "x", "replace": ""}, "Cannot edit none"),
        ({"do": "delete", "path": "none"}, "Cannot delete none"),
        ({"do": "write", "path": "../out", "text": ""}, "../out leads out of the worktree"),
        ({"do": "append", "path": "/tmp/maestro-out", "text": ""}, "leads out of the worktree"),
        ({"do": "edit", "path": "link/secret", "find": "s", "replace": ""}, "leads out"),
        ({"do": "write", "path": "link/new", "text": ""}, "leads out"),
        ({"do": "write", "path": "file-link", "text": ""}, "leads out"),
        ({"do": "delete", "path": "link/secret"}, "leads out"),
        ({"do": "delete", "path": "."}, "leads out"),
        ({"do": "delete", "path": ".."}, "leads out"),
        ({"do": "delete", "path": "folder/.."}, "leads out"),
        ({"do": "delete", "path": "folder/../../outside/"}, "leads out"),
        ({"do": "delete", "path": "link/../outside"}, "leads out"),
        ({"do": "delete", "path": ""}, "names no file"),
        ({"do": "write", "path": "a/below-a-file", "text": ""}, "Cannot write a/below-a-file"),
        ({"do": "run", "command": ["sh", "-c", "exit 7"]}, "exited with code 7"),
        ({"do": "run", "command": ["no-such-program"]}, "Cannot find the program no-such-program"),
        ({"do": "run", "command": "ls"}, "must be a list"),
        ({"do": "wirte", "path": "x"}, "did you mean 'write'"),
        ({"do": "write"}, "has no path"),
        ({"do": "sleep", "seconds": "long"}, "wrong value"),
    ],
)
def test_a_step_that_cannot_be_done_fails_the_agent(
    attempt: AttemptFolder, step: dict[str, Any], why: str
) -> None:
    outside = attempt.worktree.parent / "outside"
    outside.mkdir()
    (outside / "secret").write_text("secret")
    (attempt.worktree / "a").write_text("a")
    (attempt.worktree / "folder").mkdir()
    (attempt.worktree / "link").symlink_to(outside)
    (attempt.worktree / "file-link").symlink_to(outside / "secret")
    result = attempt.rehearse(step)
    assert (result["ok"], result["reason"], result["exit"]) == (False, "exited", 1)
    assert why in result["error"]
    assert not (attempt.worktree / MARKER).exists()
    assert (attempt.worktree / "a").read_text() == "a"
    assert [p.name for p in outside.iterdir()] == ["secret"]
    assert (outside / "secret").read_text() == "secret"
    assert not (attempt.worktree.parent / "out").exists()
    assert not Path("/tmp/maestro-out").exists()


def test_a_path_may_lead_out_where_the_script_says_so(attempt: AttemptFolder) -> None:
    step = {"do": "write", "path": "../out", "text": "x", "anywhere": True}
    assert attempt.rehearse(step)["ok"]
    assert (attempt.worktree.parent / "out").read_text() == "x"


def test_a_link_is_deleted_and_its_target_stays(attempt: AttemptFolder) -> None:
    (attempt.worktree.parent / "kept").write_text("kept")
    (attempt.worktree / "link").symlink_to("../kept")
    assert attempt.rehearse({"do": "delete", "path": "link"})["ok"]
    assert not (attempt.worktree / "link").is_symlink()
    assert (attempt.worktree.parent / "kept").exists()


def test_programs_run_in_the_worktree(attempt: AttemptFolder) -> None:
    result = attempt.rehearse(
        {"do": "run", "command": ["sh", "-c", "pwd; echo $MAESTRO_TASK_ID > id"]},
        {"do": "run", "command": ["sh", "-c", "exit 3"], "ok_exit": "any"},
    )
    assert result["ok"]
    assert f"{attempt.worktree}\n".encode() in attempt.log
    assert (attempt.worktree / "id").read_text() == "1.2\n"
    assert [e["ok"] for e in attempt.events("tool_result")][:2] == [True, False]


def test_lines_are_printed_as_written(attempt: AttemptFolder) -> None:
    result = attempt.rehearse(
        {"do": "print", "lines": ["one {", "\x1b[31mtwo"], "rate": 200, "repeat": 2},
        {"do": "print", "text": "three\nfour", "rate": 0, "repeat": 3},
        {"do": "print", "lines": [], "rate": 10},
        {"do": "sleep", "seconds": 0.01},
    )
    assert result["ok"]
    lines = [line for line in attempt.log.split(b"\n") if line and not line.startswith(b'{"')]
    assert lines == [b"one {", b"\x1b[31mtwo"] * 2 + [b"three", b"four"] * 3


def test_a_large_print_at_once(attempt: AttemptFolder) -> None:
    result = attempt.rehearse({"do": "print", "lines": ["x" * 9], "rate": 0, "repeat": 100_000})
    assert result["ok"]
    assert attempt.log.count(b"xxxxxxxxx\n") == 100_000


def test_usage_adds_up_and_shows_while_it_runs(attempt: AttemptFolder) -> None:
    amounts = {"input": 900, "output": 700, "cache_read": 8000, "cache_write": 5000}
    attempt.spec(
        driver="rehearsal",
        steps=[
            {"do": "usage", **amounts, "cost_usd": 0.25},
            {"do": "usage", "output": 50, "cost_usd": 0.5},
            {"do": "ask", "tool": "Bash", "detail": "go on"},
        ],
    )
    attempt.start()
    total = {**amounts, "output": 750, "cost_usd": 0.75}
    until(lambda: attempt.events("usage") and attempt.events("usage")[-1].items() >= total.items())
    launch.answer(attempt.path, "p1", True, "")
    assert attempt.end()["usage"] == total


def test_no_cost_is_not_a_cost_of_nothing(attempt: AttemptFolder) -> None:
    result = attempt.rehearse({"do": "usage", "input": 5})
    assert result["usage"]["input"] == 5
    assert result["usage"]["cost_usd"] is None


@pytest.mark.parametrize(
    ("allow", "on_deny", "ok"),
    [(True, "fail", True), (False, "continue", True), (False, None, True), (False, "fail", False)],
)
def test_permission(attempt: AttemptFolder, allow: bool, on_deny: str | None, ok: bool) -> None:
    ask = {"do": "ask", "tool": "Bash", "detail": "rm -rf build"}
    if on_deny:
        ask["on_deny"] = on_deny
    attempt.spec(driver="rehearsal", steps=[ask, {"do": "write", "path": "after", "text": ""}])
    runner = attempt.start()
    (event,) = until(lambda: attempt.events("permission"))
    assert (event["id"], event["tool"], event["detail"]) == ("p1", "Bash", "rm -rf build")
    launch.answer(attempt.path, "p7", True, "of another question")
    assert runner.poll() is None
    launch.answer(attempt.path, "p1", allow, "not the build")
    assert attempt.end()["ok"] is ok
    (answered,) = attempt.events("answered")
    assert (answered["id"], answered["allow"]) == ("p1", allow)
    assert (attempt.worktree / "after").exists() is ok
    if not allow:
        assert "not the build" in [e["summary"] for e in attempt.events("tool_result")]


def test_what_always_would_allow_is_told(attempt: AttemptFolder) -> None:
    ask = {"do": "ask", "tool": "Bash", "detail": "make x", "rule": "Bash(make:*)"}
    attempt.spec(driver="rehearsal", steps=[ask])
    attempt.start()
    (event,) = until(lambda: attempt.events("permission"))
    assert event["rule"] == "Bash(make:*)"
    launch.answer(attempt.path, "p1", True, "")
    assert attempt.end()["ok"]


LIMIT = {"do": "limit", "seconds": 600, "why": "The 5-hour limit is reached"}


@pytest.mark.parametrize(("word", "ok"), [("resume", True), ("no-waiting", False)])
def test_a_wait_for_a_limit_ends_when_its_operator_says_so(
    attempt: AttemptFolder, word: str, ok: bool
) -> None:
    steps = [LIMIT, {"do": "write", "path": "after", "text": ""}]
    attempt.spec(driver="rehearsal", steps=steps, timeout_s=2.0)
    runner = attempt.start()
    started = time.time()
    (event,) = until(lambda: attempt.events("parked"))
    assert started + 590 < event["until"] < time.time() + 601
    assert event["why"] == "The 5-hour limit is reached"
    until(lambda: time.time() > started + 4.0)  # none of it is the agent's time
    assert runner.poll() is None
    launch.tell(attempt.path, 1, word, "")
    result = attempt.end()
    assert result["ok"] is ok, result
    assert [e["until"] for e in attempt.events("parked")][1:] == [0.0]
    assert (attempt.worktree / "after").exists() is ok
    assert ok or "5-hour limit" in result["error"]


def test_a_limit_passes_by_itself(attempt: AttemptFolder) -> None:
    assert attempt.rehearse({"do": "limit", "seconds": 0.2})["ok"]
    assert [e["until"] > 0 for e in attempt.events("parked")] == [True, False]


def test_only_a_rehearsal_can_say_that_it_waits(attempt: AttemptFolder) -> None:
    line = json.dumps({"type": "system", "subtype": "parked", "until": time.time() + 600})
    attempt.spec(driver="command", command=["echo", line])
    attempt.start()
    attempt.end()
    assert attempt.events("parked") == []


def test_a_question_can_be_stopped(attempt: AttemptFolder) -> None:
    attempt.spec(driver="rehearsal", steps=[{"do": "ask", "detail": "x"}])
    attempt.start()
    until(lambda: attempt.events("permission"))
    launch.stop(attempt.path)
    assert attempt.end()["reason"] == "stopped"


def test_failing_on_purpose(attempt: AttemptFolder) -> None:
    result = attempt.rehearse(
        {"do": "usage", "input": 3},
        {"do": "fail", "code": 42, "message": "the schema is missing"},
        {"do": "write", "path": "after", "text": ""},
    )
    assert (result["ok"], result["exit"]) == (False, 42)
    assert "the schema is missing" in result["error"]
    assert attempt.log.endswith(b"the schema is missing\n")
    assert result["usage"]["input"] == 3
    assert not (attempt.worktree / "after").exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM, signal.SIGINT])
def test_crashing_on_purpose(attempt: AttemptFolder, number: int) -> None:
    result = attempt.rehearse({"do": "crash", "signal": number})
    assert (result["reason"], result["signal"], result["exit"]) == ("crashed", number, None)


@pytest.mark.parametrize(("stubborn", "number"), [(False, 15), (True, 9)])
def test_hanging_on_purpose(attempt: AttemptFolder, stubborn: bool, number: int) -> None:
    hang = {"do": "hang", "stubborn": stubborn}
    result = attempt.rehearse(hang, timeout_s=0.5, grace_s=0.3)
    assert (result["reason"], result["signal"]) == ("timeout", number)
    assert gone(attempt.agent)


def test_hanging_for_a_while(attempt: AttemptFolder) -> None:
    assert attempt.rehearse({"do": "hang", "seconds": 0.05})["ok"]


def test_markers(tmp_path: Path) -> None:
    def marker(number: int, *steps: dict[str, Any], **changes: Any) -> str | None:
        attempt = AttemptFolder(tmp_path / str(number))
        assert attempt.rehearse(*steps, **changes)["ok"]
        path = attempt.worktree / "out" / MARKER
        assert not list(attempt.worktree.rglob("*.tmp"))
        return path.read_text() if path.exists() else None

    where = {"marker": f"out/{MARKER}"}
    assert marker(1, {"do": "marker", "text": "All done\n"}, **where) == "All done\n"
    assert marker(2, {"do": "no-marker"}, **where) is None
    assert marker(3, {"do": "sleep", "seconds": 0}, **where) == "# Notify\n\n## Files\n- none\n"
    assert marker(4, {"do": "sleep", "seconds": 0}, marker="") is None


def test_commits_carry_the_agents_name(attempt: AttemptFolder, tmp_path: Path) -> None:
    tree = attempt.worktree
    git(tree, "init", "-q")
    hook = tree / ".git" / "hooks" / "pre-commit"
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    nobody = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null"}
    result = attempt.rehearse(
        {"do": "write", "path": "a.txt", "text": "a"},
        {"do": "commit", "message": "Add a"},
        {"do": "commit"},
        agent="Models & Schemas",
        env=nobody,
    )
    assert result["ok"], attempt.log
    log = git(tree, "log", "--format=%s|%an|%ae|%cn")
    who = "Models & Schemas|Models---Schemas@maestro.invalid|Models & Schemas"
    assert log.splitlines() == [f"Notify|{who}", f"Add a|{who}"]
    assert git(tree, "status", "--short") == f"?? {MARKER}\n"


def test_without_a_script_there_are_placeholders(attempt: AttemptFolder) -> None:
    tree = attempt.worktree
    (tree / "kept.py").write_text("KEPT = 1\n")
    create = ["app/new.py", "kept.py", "docs/*.md", "data.json", "assets/"]
    result = attempt.rehearse(create=create, title='Say "hi"\n\\')
    assert result["ok"], attempt.log
    made = {str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file()}
    assert made == {"app/new.py", "kept.py", "data.json", "assets/.gitkeep", MARKER}
    assert (tree / "kept.py").read_text() == "KEPT = 1\n"
    compile((tree / "app/new.py").read_text(), "new.py", "exec")
    assert json.loads((tree / "data.json").read_text()) == {}
    assert "app/new.py" in (tree / MARKER).read_text()


def test_a_placeholder_cannot_lead_out(attempt: AttemptFolder) -> None:
    assert not attempt.rehearse(create=["../out.py"])["ok"]
    assert not (attempt.worktree.parent / "out.py").exists()


def test_the_same_script_says_the_same(tmp_path: Path) -> None:
    logs = []
    for number in range(2):
        attempt = AttemptFolder(tmp_path / str(number))
        steps = [{"do": "write", "path": "a", "text": "x"}, {"do": "usage", "input": 1}]
        attempt.rehearse(*steps)
        logs.append(attempt.log.replace(os.fsencode(attempt.worktree), b""))
    assert logs[0] == logs[1]
