"""The claude driver in its runner, with the real program and a scripted service."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import files, launch
from tests.agents import claude_cli
from tests.agents.attempt_folder import AttemptFolder, gone, until
from tests.agents.model_api import Cut, Fail, ModelApi, Silent, bash, text, use, write

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(bool(claude_cli.missing()), reason=claude_cli.missing()),
]
MARKER = "NOTIFY_COMPLETE.md"
DONE = [write(MARKER, "# Done\n")]
END = [text("All is done.")]


@pytest.fixture
def api() -> Iterator[ModelApi]:
    server = ModelApi()
    yield server
    server.close()


class Claude:
    """An attempt whose agent is the real program."""

    def __init__(self, attempt: AttemptFolder, api: ModelApi) -> None:
        self.attempt, self.api = attempt, api
        subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)
        self.home = attempt.path.parent / "home"
        self.home.mkdir()
        self.session = str(uuid.uuid4())

    def start(self, *turns: Any, **changes: Any) -> None:
        """Script the model, write the spec, start the runner."""
        self.write(*turns, **changes)
        self.attempt.start()

    def write(self, *turns: Any, env: dict[str, str] | None = None, **changes: Any) -> None:
        """Script the model, write the spec."""
        self.api.scripts["s"] = list(turns)
        (self.attempt.path / "prompt.md").write_text("[[script:s]] Do it.\n")
        options = {
            "program": claude_cli.program(),
            "python_path": [claude_cli.sdk_folder()],
            "session": self.session,
            **changes.pop("options", {}),
        }
        variables = {**claude_cli.environment(self.api.url, self.home), **(env or {})}
        self.attempt.spec(driver="claude", options=options, env=variables, **changes)

    def run(self, *turns: Any, **changes: Any) -> dict[str, Any]:
        """To the end; the result."""
        self.start(*turns, **changes)
        return self.attempt.end(60)

    def asked(self, number: int = 1) -> dict[str, Any]:
        """The n-th question of the agent, once it is put."""
        until(lambda: len(self.attempt.events("permission")) >= number, 40)
        return self.attempt.events("permission")[number - 1]

    def said(self) -> str:
        """All that the model was ever sent."""
        return json.dumps(self.api.asked("s"))

    def file(self, name: str) -> Path:
        return self.attempt.worktree / name


@pytest.fixture
def claude(attempt: AttemptFolder, api: ModelApi) -> Claude:
    return Claude(attempt, api)


def test_it_writes_its_files_and_ends_well(claude: Claude) -> None:
    result = claude.run([write("app/a.py", "x = 1\n")], DONE, END)
    assert result["ok"], result
    assert claude.file("app/a.py").read_text() == "x = 1\n"
    assert claude.attempt.events("permission") == []  # its own files need no leave
    assert claude.attempt.events("started")[0]["session"] == claude.session
    tools = [e["name"] for e in claude.attempt.events("tool")]
    assert tools == ["Write", "Write"]
    usage = result["usage"]
    assert (usage["input"], usage["output"]) == (3000, 150)
    assert usage["cache_read"] == 600
    assert usage["cache_write"] == 300
    assert usage["cost_usd"] == pytest.approx(0.01662, rel=0.5)


def test_a_command_is_asked_about_and_allowed(claude: Claude) -> None:
    claude.start([bash('python3 -c \'open("app.txt", "w")\'')], DONE, END)
    question = claude.asked()
    assert question["tool"] == "Bash"
    assert question["detail"].startswith("python3 -c")
    launch.answer(claude.attempt.path, question["id"], True, "")
    assert claude.attempt.end(60)["ok"]
    assert claude.file("app.txt").exists()


def test_a_denial_reaches_the_model_in_the_operators_words(claude: Claude) -> None:
    claude.start([bash("rm -rf build")], DONE, END, owned=["**"])
    question = claude.asked()
    assert question["rule"] == "Bash(rm:*)"
    launch.answer(claude.attempt.path, question["id"], False, "Use make clean instead")
    assert claude.attempt.end(60)["ok"]
    assert "Use make clean instead" in claude.said()


def test_files_of_others_are_not_written(claude: Claude) -> None:
    claude.file("other.py").write_text("theirs\n")
    result = claude.run([write("other.py", "mine\n")], [bash("echo mine > other.py")], DONE, END)
    assert result["ok"]
    assert claude.file("other.py").read_text() == "theirs\n"
    assert claude.said().count("does not belong to this task") >= 2
    assert claude.attempt.events("permission") == []


SNEAKS = 'python3 -c \'open("other.py", "w").write("mine")\''


@pytest.mark.skipif(
    not (shutil.which("bwrap") and shutil.which("socat")), reason="needs bwrap and socat"
)
def test_the_sandbox_stops_what_no_hook_can_see(claude: Claude) -> None:
    claude.file("other.py").write_text("theirs\n")
    result = claude.run(
        [bash(SNEAKS)], DONE, END, verify=["true"],
        options={"sandbox": True, "others": ["other.py"], "approved": [SNEAKS]},
    )  # fmt: skip
    assert result["ok"]
    assert claude.file("other.py").read_text() == "theirs\n"
    assert "Read-only file system" in claude.said()


def test_a_write_no_hook_can_see_is_noticed_at_once(claude: Claude) -> None:
    claude.file("other.py").write_text("theirs\n")
    git = ["git", "-c", "user.name=T", "-c", "user.email=t@t"]
    subprocess.run([*git, "add", "-A"], cwd=claude.attempt.worktree, check=True)
    subprocess.run([*git, "commit", "-qm", "x"], cwd=claude.attempt.worktree, check=True)
    assert claude.run([bash(SNEAKS)], DONE, END, options={"approved": [SNEAKS]})["ok"]
    assert any("files of others: other.py" in e["text"] for e in claude.attempt.events("text"))
    assert "does not belong to your task. Put it back" in claude.said()


def test_what_git_ignores_may_be_written_when_allowed(claude: Claude) -> None:
    claude.file(".gitignore").write_text("build/\n")
    claude.start([bash("rm -rf build")], DONE, END)
    launch.answer(claude.attempt.path, claude.asked()["id"], True, "")
    assert claude.attempt.end(60)["ok"]
    assert "does not belong" not in claude.said()


def test_a_path_that_leads_out_by_a_link_is_asked_about(claude: Claude) -> None:
    outside = claude.home / "outside"
    outside.mkdir()
    claude.file("app").symlink_to(outside)
    claude.start([write("app/a.py", "x\n")], DONE, END)
    launch.answer(claude.attempt.path, claude.asked()["id"], False, "")
    assert claude.attempt.end(60)["ok"]
    assert list(outside.iterdir()) == []


def test_an_approved_check_needs_no_leave(claude: Claude) -> None:
    check = "python3 -c 'print(6 * 7)'"
    assert claude.run([bash(check)], DONE, END, verify=[check])["ok"]
    assert claude.attempt.events("permission") == []


def test_words_said_before_it_has_its_task_come_after_it(claude: Claude) -> None:
    launch.tell(claude.attempt.path, 1, "message", "The port is 8123 now")
    assert claude.run(DONE, END, END)["ok"]
    said = json.dumps(claude.api.asked("s")[-1]["messages"])
    assert 0 < said.index("Do it.") < said.index("The port is 8123 now")


def test_words_reach_it_in_mid_run(claude: Claude) -> None:
    claude.start([bash("python3 -c 'input()' < /dev/null; true")], [Silent(0.5), *DONE], END)
    question = claude.asked()
    launch.tell(claude.attempt.path, 1, "message", "The port is 8123 now")
    until(lambda: claude.attempt.events("told"))
    launch.answer(claude.attempt.path, question["id"], True, "")
    assert claude.attempt.end(60)["ok"]
    assert "The port is 8123 now" in claude.said()


def test_an_interrupt_waits_for_words(claude: Claude) -> None:
    claude.start([write("app/a.py", "1\n")], [Silent(30), text("too late")], DONE, END)
    until(lambda: len(claude.api.asked("s")) >= 2, 40)
    launch.tell(claude.attempt.path, 1, "interrupt", "")
    question = claude.asked()
    assert question["form"] == "question"
    claude.api.scripts["s"] = [[], DONE, END, END]
    launch.tell(claude.attempt.path, 2, "message", "Write the document now")
    assert claude.attempt.end(60)["ok"]
    assert claude.attempt.events("withdrawn")[0]["id"] == question["id"]
    assert "Write the document now" in claude.said()


def test_it_has_the_tools_and_the_model_of_its_definition(claude: Claude) -> None:
    options = {"tools": ["Read", "Grep", "Write"], "model": "claude-sonnet-5-5", "effort": "low"}
    assert claude.run(DONE, END, options=options)["ok"]
    request = claude.api.asked("s")[0]
    names = {tool["name"] for tool in request["tools"]}
    assert {"Read", "Write"} <= names
    assert "Bash" not in names
    assert request["model"] == "claude-sonnet-5-5"


def test_it_uses_a_tool_server_of_its_definition(claude: Claude) -> None:
    board = {"command": sys.executable, "args": [str(Path(__file__).with_name("mcp_board.py"))]}
    claude.start([use("mcp__board__claim", card="7")], DONE, END,
                 options={"mcp_servers": {"board": board}})  # fmt: skip
    question = claude.asked()
    assert question["tool"] == "mcp__board__claim"
    launch.answer(claude.attempt.path, question["id"], True, "")
    assert claude.attempt.end(60)["ok"]
    assert "the card is claimed by you" in claude.said()


def test_what_a_helper_of_its_own_used_is_counted(claude: Claude) -> None:
    task = use("Task", description="look", prompt="[[script:sub]] Look.",
               subagent_type="general-purpose")  # fmt: skip
    claude.api.scripts["sub"] = [[bash("true")], [text("There is nothing.")]]
    result = claude.run([task], DONE, END, options={"approved": ["true"]})
    assert result["ok"], result
    helped = len(claude.api.asked("sub"))
    assert helped == 2
    assert result["usage"]["input"] == 1000 * (3 + helped)
    assert result["usage"]["cost_usd"] > 0


def test_its_model_can_be_changed(claude: Claude) -> None:
    claude.start([bash("python3 -V; make")], DONE, END)
    question = claude.asked()
    launch.tell(claude.attempt.path, 1, "model", "claude-haiku-5-5")
    until(lambda: claude.attempt.events("told"))
    launch.answer(claude.attempt.path, question["id"], False, "")
    assert claude.attempt.end(60)["ok"]
    assert claude.api.asked("s")[-1]["model"] == "claude-haiku-5-5"


def test_it_is_sent_back_twice_without_its_document(claude: Claude) -> None:
    result = claude.run(*([text(f"I think I am done {n}.")] for n in range(5)))
    assert result["ok"]  # the check of its work is another's
    assert claude.said().count("You are not done") >= 2
    assert len(claude.api.asked("s")) == 3


def test_it_is_sent_back_with_a_red_check(claude: Claude) -> None:
    result = claude.run(
        DONE, END, [write("app/fixed.py", "1\n")], END, verify=["test -e app/fixed.py"]
    )
    assert result["ok"]
    assert "fails with exit code 1" in claude.said()
    assert claude.file("app/fixed.py").exists()


def test_a_question_of_the_agent_is_put_and_answered(claude: Claude) -> None:
    options = [{"label": "Red", "description": "r"}, {"label": "Blue", "description": "b"}]
    ask = {"question": "Which colour?", "header": "Colour", "options": options,
           "multiSelect": False}  # fmt: skip
    claude.start([use("AskUserQuestion", questions=[ask])], DONE, END)
    question = claude.asked()
    assert question["detail"] == "Which colour?"
    assert question["choices"] == ["Red", "Blue"]
    launch.answer(claude.attempt.path, question["id"], True, "Blue")
    assert claude.attempt.end(60)["ok"]
    assert "Blue" in json.dumps(claude.api.asked("s")[-1]["messages"])


# -- the service -----------------------------------------------------------------------------------


def test_a_budget_that_is_used_up_ends_it(claude: Claude) -> None:
    many = [[write(f"app/{n}.py", "1\n")] for n in range(20)]
    result = claude.run(*many, options={"budget_usd": 0.012})
    assert not result["ok"]
    assert "budget" in result["error"].lower()
    assert result["usage"]["cost_usd"] > 0.01


def test_a_short_limit_is_waited_out_by_the_program(claude: Claude) -> None:
    limit = Fail(429, {"retry-after": "1"}, "rate_limit_error", times=1)
    assert claude.run([limit, *DONE], END)["ok"]
    assert claude.attempt.events("parked") == []


def test_a_long_limit_parks_it(claude: Claude) -> None:
    limit = Fail(429, {"retry-after": "3600"}, "rate_limit_error", times=1)
    result = claude.run([limit, text("x")], DONE, END, END, options={"backoff_s": 0.5})
    assert result["ok"], result
    parked = claude.attempt.events("parked")
    assert [bool(p["until"]) for p in parked] == [True, False]


def test_a_long_limit_fails_it_where_waiting_is_off(claude: Claude) -> None:
    limit = Fail(429, {"retry-after": "3600"}, "rate_limit_error")
    result = claude.run([limit, *DONE], END, options={"on_limit": "fail"})
    assert not result["ok"]
    assert "429" in result["error"]


def test_it_falls_back_to_another_model(claude: Claude) -> None:
    busy = Fail(529, {}, "overloaded_error", models="opus")
    options = {"model": "claude-opus-5-5", "fallback_model": "claude-haiku-5-5"}
    assert claude.run([busy, *DONE], [busy, *END], options=options)["ok"]
    assert "haiku" in claude.api.asked("s")[-1]["model"]


def test_who_is_not_logged_in_is_told_how_to(claude: Claude) -> None:
    result = claude.run(DONE, END, env={"ANTHROPIC_API_KEY": ""})
    assert result["reason"] == "unauthorised"
    assert "Not logged in" in result["error"]
    assert "ANTHROPIC_API_KEY" in result["error"]
    assert claude.api.asked("s") == []


def test_no_login_ends_it_at_the_first_refusal(claude: Claude) -> None:
    no = Fail(401, {}, "authentication_error")
    result = claude.run([no, *DONE], END)
    assert not result["ok"]
    assert result["reason"] == "unauthorised"
    assert "Log in" in result["error"]
    assert len(claude.api.asked("s")) <= 3


def test_nobody_listens(claude: Claude) -> None:
    env = {"ANTHROPIC_BASE_URL": "http://127.0.0.1:9", "CLAUDE_CODE_MAX_RETRIES": "1"}
    result = claude.run(DONE, END, env=env)
    assert not result["ok"]
    assert "Claude:" in result["error"]


def test_an_answer_that_breaks_off_is_asked_for_again(claude: Claude) -> None:
    assert claude.run([Cut(), *DONE], END)["ok"]
    assert claude.file(MARKER).exists()


def test_a_bad_request_is_named(claude: Claude) -> None:
    bad = Fail(400, {}, "invalid_request_error", "messages: too strange")
    result = claude.run([bad, *DONE], END)
    assert not result["ok"]
    assert "too strange" in result["error"]


# -- ends ------------------------------------------------------------------------------------------

SPAWN = "nohup python3 -c 'import time; time.sleep(600)' > /dev/null 2>&1 & echo $! > app.pid"
WAIT = (
    'python3 -c \'import os, time; open("own.pid", "w").write(str(os.getpid())); time.sleep(600)\''
)


def _wait_once(request: dict[str, Any]) -> list[Any]:
    """A model that has been told it was interrupted does not begin the long command again."""
    told = "go on in the same session" in json.dumps(request["messages"])
    return list(DONE) if told else [bash(WAIT)]


def _busy(claude: Claude) -> list[int]:
    """The agent is in the midst of a command, with a daemon beside it; their pids."""
    claude.start(
        [write("app/a.py", "1\n")], [bash(SPAWN)], _wait_once, DONE, END, END,
        owned=["**"], options={"approved": [SPAWN, WAIT]},
    )  # fmt: skip
    return [claude.attempt.number("app.pid"), claude.attempt.number("own.pid")]


def test_a_stop_leaves_nothing_behind(claude: Claude) -> None:
    pids = [*_busy(claude), claude.attempt.agent]
    launch.stop(claude.attempt.path)
    result = claude.attempt.end(60)
    assert result["reason"] == "stopped"
    assert all(gone(pid) for pid in pids)
    assert result["usage"]["cost_usd"] > 0


def test_a_killed_runner_is_taken_up_in_its_session(claude: Claude) -> None:
    pids = [*_busy(claude), claude.attempt.agent]
    runner = claude.attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    launch.sweep(claude.attempt.path)
    until(lambda: all(gone(pid) for pid in pids))
    before = claude.file("app/a.py").stat().st_mtime_ns
    claude.attempt.start()
    result = claude.attempt.end(60)
    assert result["ok"], result
    assert claude.file("app/a.py").stat().st_mtime_ns == before
    assert "go on in the same session" in claude.said()
    assert [e["session"] for e in claude.attempt.events("started")] == [claude.session] * 2
    assert result["usage"]["input"] >= 4000


NOBODY = 65534


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start a program as somebody else")
def test_it_works_as_an_ordinary_user(claude: Claude) -> None:
    as_nobody: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    runner = Path(launch.__file__).with_name("runner.py")

    def can(*words: str) -> bool:
        return subprocess.run(words, **as_nobody, check=False, capture_output=True).returncode == 0

    new = "import sys; sys.exit(sys.version_info < (3, 11))"
    pythons = [sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"]
    python = next((p for p in pythons if can("test", "-x", p) and can(p, "-c", new)), "")
    if not (python and can("test", "-r", str(runner)) and can("test", "-x", claude_cli.program())):
        pytest.skip("an ordinary user cannot read this checkout, the programs or any new Python")
    folder = Path(tempfile.mkdtemp(prefix="as-nobody-"))
    try:
        other = Claude(AttemptFolder(folder), claude.api)
        command = "id -u > docs/u.md"
        other.write([write("app/a.py", "x = 1\n")], [bash(command)], DONE, END,
                    options={"approved": [command]})  # fmt: skip
        (other.attempt.worktree / "docs").mkdir()
        for path in (folder, *folder.rglob("*")):
            os.chown(path, NOBODY, NOBODY)
        argv = [python, "-I", "-S", str(runner), str(other.attempt.path)]
        subprocess.run(argv, **as_nobody, check=True, timeout=90)
        result = other.attempt.result
        assert result is not None
        assert result["ok"], result
        assert other.file("app/a.py").stat().st_uid == NOBODY
        assert other.file("docs/u.md").read_text() == f"{NOBODY}\n"
    finally:
        launch.sweep(folder)
        shutil.rmtree(folder)


def test_a_secret_is_nowhere_to_be_read(claude: Claude) -> None:
    secret = "hunter2-and-more"
    echo = 'echo "key: $ANTHROPIC_API_KEY, token: $MY_TOKEN."'
    claude.start([bash(echo)], DONE, END, env={"ANTHROPIC_API_KEY": secret}, verify=[echo])
    assert claude.attempt.end(60)["ok"]
    for path in claude.attempt.path.iterdir():
        if path.is_file() and path.name != files.SPEC:
            assert secret not in path.read_text(errors="replace"), path.name


def test_a_program_that_lacks_what_is_needed_says_so(claude: Claude, tmp_path: Path) -> None:
    old = tmp_path / "old-claude"
    old.write_text("#!/bin/sh\necho \"error: unknown option '--setting-sources'\" >&2\nexit 1\n")
    old.chmod(0o755)
    result = claude.run(DONE, options={"program": str(old)})
    assert not result["ok"]
    assert "unknown option" in result["error"]


def test_a_program_that_is_not_there(claude: Claude) -> None:
    result = claude.run(DONE, options={"program": "/nowhere/claude"})
    assert result["reason"] == "spawn-error"
    assert "/nowhere/claude" in result["error"]
