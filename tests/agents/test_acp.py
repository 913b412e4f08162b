"""The acp driver in its runner, with real agents and a scripted service."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import files, launch
from tests.agents.acp_agents import AGENTS, BIN, OTHERS, RealAgent, acp_folder
from tests.agents.attempt_folder import AttemptFolder, gone, until
from tests.agents.model_api import Fail, ModelApi, Silent, text, use

pytestmark = pytest.mark.agents
MARKER = "NOTIFY_COMPLETE.md"
END = [text("All is done.")]
SECONDS = 90.0
# What every agent must be able to do; the rest is tried with the two that differ most.
every_agent = pytest.mark.parametrize(
    "acp", [*AGENTS, *OTHERS], ids=lambda agent: agent.name, indirect=True
)


@pytest.fixture
def api() -> Iterator[ModelApi]:
    server = ModelApi()
    yield server
    server.close()


class Acp:
    """An attempt whose agent is a real program behind the protocol."""

    def __init__(self, agent: RealAgent, attempt: AttemptFolder, api: ModelApi) -> None:
        self.agent, self.attempt, self.api = agent, attempt, api
        self.write, self.bash = agent.write, agent.bash
        subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)
        self.home = attempt.path.parent / "home"
        self.home.mkdir()

    @property
    def done(self) -> list[Any]:
        return [self.write(MARKER, "# Done\n")]

    def start(self, *turns: Any, env: dict[str, str] | None = None, **changes: Any) -> None:
        """Script the model, write the spec, start the runner."""
        self.api.scripts["s"] = list(turns)
        (self.attempt.path / "prompt.md").write_text("[[script:s]] Do it.\n")
        options = {
            "agent": self.agent.preset,
            "command": [self.agent.path, *self.agent.arguments],
            "python_path": [acp_folder()],
            **changes.pop("options", {}),
        }
        url = changes.pop("url", self.api.url)
        variables = {**self.agent.environment(url, self.home), **(env or {})}
        more = {"timeout_s": 120.0, **changes}
        self.attempt.spec(driver="acp", options=options, env=variables, **more)
        self.attempt.start()

    def run(self, *turns: Any, **changes: Any) -> dict[str, Any]:
        """To the end; the result."""
        self.start(*turns, **changes)
        return self.attempt.end(SECONDS)

    def asked(self, number: int = 1) -> dict[str, Any]:
        """The n-th question of the agent, once it is put."""
        until(lambda: len(self.attempt.events("permission")) >= number, SECONDS)
        return self.attempt.events("permission")[number - 1]

    def worked(self) -> list[dict[str, Any]]:
        """The requests with tools: some agents ask for a title of the conversation too."""
        return [r for r in self.api.asked("s") if r.get("tools")]

    def said(self) -> str:
        """All that the model was ever sent."""
        return json.dumps(self.api.asked("s"))

    def file(self, name: str) -> Path:
        return self.attempt.worktree / name


@pytest.fixture(params=AGENTS, ids=lambda agent: agent.name)
def acp(request: pytest.FixtureRequest, attempt: AttemptFolder, api: ModelApi) -> Acp:
    if request.param.missing:
        pytest.skip(request.param.missing)
    return Acp(request.param, attempt, api)


@every_agent
def test_it_writes_its_files_runs_a_command_and_ends_well(acp: Acp) -> None:
    check = "python3 -c 'print(6 * 7)'"
    result = acp.run(
        [acp.write("app/a.py", "x = 1\n")], [acp.bash(check)], acp.done, END,
        verify=[check], create=["app/a.py"],
    )  # fmt: skip
    assert result["ok"], result
    assert acp.file("app/a.py").read_text() == "x = 1\n"
    assert acp.attempt.events("permission") == []  # its own files and checks need no leave
    tools = [(e["name"], e["summary"]) for e in acp.attempt.events("tool")]
    assert [name for name, _ in tools] == ["Edit", "Bash", "Edit"]
    assert tools[1][1] == check
    said = [e["summary"] for e in acp.attempt.events("tool_result")]
    assert "42" in said or not acp.agent.tells_output
    assert "42" in acp.said()
    usage = result["usage"]
    assert usage["input"] >= 1000
    if acp.agent.tells_cost:
        about = 0.0167 if acp.agent.name == "opencode" else 0.028
        assert usage["cost_usd"] == pytest.approx(about, rel=0.9)
        assert usage["cache_read"] >= 200
    else:
        assert usage["cost_usd"] is None


@every_agent
def test_a_command_is_asked_about_and_allowed(acp: Acp) -> None:
    command = 'python3 -c \'open("app.txt", "w")\''
    acp.start([acp.bash(command)], acp.done, END)
    question = acp.asked()
    assert (question["tool"], question["detail"]) == ("Bash", command)
    launch.answer(acp.attempt.path, question["id"], True, "")
    assert acp.attempt.end(SECONDS)["ok"]
    assert acp.file("app.txt").exists()


@every_agent
def test_a_denial_reaches_the_model_in_the_operators_words(acp: Acp) -> None:
    acp.start([acp.bash("rm -rf build")], END, acp.done, END, END, owned=["**"])
    question = acp.asked()
    assert question["rule"] == "Bash(rm:*)"
    launch.answer(acp.attempt.path, question["id"], False, "Use make clean instead")
    assert acp.attempt.end(SECONDS)["ok"]
    assert "Use make clean instead" in acp.said()
    assert acp.file(MARKER).exists()


@every_agent
def test_files_of_others_are_not_written(acp: Acp) -> None:
    acp.file("other.py").write_text("theirs\n")
    acp.start(
        [acp.write("fresh.py", "mine\n")], END, [acp.bash("echo mine > other.py")], END,
        acp.done, END, END, END,
    )  # fmt: skip
    result = acp.attempt.end(SECONDS)
    assert result["ok"], result
    assert acp.file("other.py").read_text() == "theirs\n"
    assert not acp.file("fresh.py").exists()
    assert "does not belong to this task" in acp.said()
    assert acp.attempt.events("permission") == []


def test_words_said_before_it_has_its_task_come_after_it(acp: Acp) -> None:
    launch.tell(acp.attempt.path, 1, "message", "The port is 8123 now")
    assert acp.run(acp.done, END, END)["ok"]
    said = json.dumps(acp.api.asked("s")[-1]["messages"])
    assert 0 < said.index("Do it.") < said.index("The port is 8123 now")


@every_agent
def test_words_reach_it_in_mid_run(acp: Acp) -> None:
    acp.start([acp.bash("python3 -c 'print(7)'; make -n")], [Silent(0.5), *acp.done], END, END)
    question = acp.asked()
    launch.tell(acp.attempt.path, 1, "message", "The port is 8123 now")
    until(lambda: acp.attempt.events("told"))
    launch.answer(acp.attempt.path, question["id"], True, "")
    assert acp.attempt.end(SECONDS)["ok"]
    assert "The port is 8123 now" in acp.said()


@every_agent
def test_an_interrupt_waits_for_words(acp: Acp) -> None:
    acp.start([acp.write("app/a.py", "1\n")], [Silent(30), text("too late")], acp.done, END)
    until(lambda: len(acp.worked()) >= 2, SECONDS)
    launch.tell(acp.attempt.path, 1, "interrupt", "")
    question = acp.asked()
    assert question["form"] == "question"
    acp.api.scripts["s"] = [[], acp.done, acp.done, END, END]
    launch.tell(acp.attempt.path, 2, "message", "Write the document now")
    assert acp.attempt.end(SECONDS)["ok"]
    assert acp.attempt.events("withdrawn")[0]["id"] == question["id"]
    assert "Write the document now" in acp.said()


def test_a_stop_takes_an_open_question_back(acp: Acp) -> None:
    acp.start([acp.bash("make -n all")], acp.done, END)
    question = acp.asked()
    launch.stop(acp.attempt.path)
    assert acp.attempt.end(SECONDS)["reason"] == "stopped"
    assert acp.attempt.events("withdrawn")[0]["id"] == question["id"]


def test_its_model_is_chosen_and_changed(acp: Acp) -> None:
    if not acp.agent.models:
        pytest.skip(f"{acp.agent.name} offers no models the stand-in could tell apart")
    first, then = acp.agent.models
    acp.start([acp.bash("python3 -V; make")], END, acp.done, END, options={"model": first})
    question = acp.asked()
    assert first in acp.worked()[0]["model"]
    launch.tell(acp.attempt.path, 1, "model", then)
    until(lambda: acp.attempt.events("told"), SECONDS)
    launch.answer(acp.attempt.path, question["id"], True, "")
    assert acp.attempt.end(SECONDS)["ok"]
    assert then in acp.worked()[-1]["model"]  # from the next turn on at the latest


def test_a_model_nobody_has_is_told(acp: Acp) -> None:
    assert acp.run(acp.done, END, options={"model": "gpt-nine"})["ok"]
    said = [e["text"] for e in acp.attempt.events("text")]
    words = ("no model 'gpt-nine'", "offers no choice of models")
    assert any(word in line for line in said for word in words)


def test_it_is_sent_back_twice_without_its_document(acp: Acp) -> None:
    result = acp.run(*([text(f"I think I am done {n}.")] for n in range(5)))
    assert result["ok"]  # the check of its work is another's
    assert len(acp.worked()) == 3
    assert acp.said().count("You are not done") >= 2


@every_agent
def test_no_login_ends_it(acp: Acp) -> None:
    no = Fail(401, {}, "authentication_error", "invalid x-api-key")
    result = acp.run([no, *acp.done], END)
    assert not result["ok"]
    assert result["reason"] == "unauthorised", result
    assert len(acp.api.asked("s")) <= 12


def test_a_long_limit_parks_it(acp: Acp) -> None:
    limit = Fail(429, {"retry-after": "3600", "x-should-retry": "false"}, "rate_limit_error",
                 "rate limit exceeded", times=1)  # fmt: skip
    if acp.agent.waits_by_itself:
        pytest.skip(acp.agent.waits_by_itself)
    result = acp.run([limit, text("x")], acp.done, END, END, options={"backoff_s": 0.5})
    assert result["ok"], result
    assert [bool(p["until"]) for p in acp.attempt.events("parked")] == [True, False]


@every_agent
@pytest.mark.parametrize("how", ["refused", "500"])
def test_a_dead_service_ends_it_in_words(acp: Acp, how: str) -> None:
    no = Fail(500, {}, "api_error", "out of order")
    url = "http://127.0.0.1:9" if how == "refused" else acp.api.url
    env = {"CLAUDE_CODE_MAX_RETRIES": "1"}
    result = acp.run([no, *acp.done], END, env=env, url=url, options={"silence_s": 12.0})
    assert not result["ok"]
    said = "\n".join(e["text"] for e in acp.attempt.events("text"))
    if "No answer from the agent" in result["error"]:  # it would have gone on trying by itself
        assert "may be unreachable" in result["error"]
        assert "; it is ended at 12 s" in said
        assert gone(acp.attempt.agent)
    else:
        assert result["error"].startswith("The agent:")


def _uses_board(request: dict[str, Any]) -> list[Any]:
    names = [str(tool.get("name")) for tool in request["tools"]]
    names += [f"{tool['name']}::{inner['name']}" for tool in request["tools"]
              if tool.get("type") == "namespace" for inner in tool["tools"]]  # fmt: skip
    found = [name for name in names if name.endswith("claim")]
    return [use(found[0], card="7")] if found else [text(f"No such tool among {names}")]


@every_agent
def test_a_server_of_its_definition_is_used(acp: Acp) -> None:
    server = {"command": sys.executable, "args": [str(Path(__file__).with_name("mcp_board.py"))]}
    acp.start(_uses_board, acp.done, END, END, options={"mcp_servers": {"board": server}})

    answered: set[str] = set()

    def looked() -> bool:
        for question in acp.attempt.events("permission"):
            if question["id"] not in answered:
                answered.add(question["id"])
                launch.answer(acp.attempt.path, question["id"], True, "")
        return acp.attempt.result is not None

    until(looked, SECONDS)
    assert acp.attempt.end(SECONDS)["ok"]
    assert "the card is claimed by you" in acp.said()
    assert any("claim" in e["name"] + e["summary"] for e in acp.attempt.events("tool"))


def test_its_own_questions_are_put(acp: Acp) -> None:
    if acp.agent.name != "claude-agent-acp":
        pytest.skip(f"{acp.agent.name} puts no forms")
    options = [{"label": label, "description": label} for label in ("Postgres", "SQLite")]
    question = {"question": "Which store?", "header": "Store", "options": options,
                "multiSelect": False}  # fmt: skip
    acp.start([use("AskUserQuestion", questions=[question])], acp.done, END, END)
    asked = acp.asked()
    assert (asked["form"], asked["detail"]) == ("question", "Which store?")
    assert [choice.split()[0] for choice in asked["choices"]] == ["Postgres", "SQLite"]
    launch.answer(acp.attempt.path, asked["id"], True, asked["choices"][1])
    assert acp.attempt.end(SECONDS)["ok"]
    assert '\\"Which store?\\"=\\"SQLite' in acp.said()


# -- ends ------------------------------------------------------------------------------------------

SPAWN = "nohup python3 -c 'import time; time.sleep(600)' > /dev/null 2>&1 & echo $! > app.pid"
WAIT = (
    'python3 -c \'import os, time; open("own.pid", "w").write(str(os.getpid())); time.sleep(600)\''
)


def _busy(acp: Acp) -> list[int]:
    """The agent is in the midst of a command, with a daemon beside it; their pids."""
    acp.start(
        [acp.bash(SPAWN)], [acp.bash(WAIT)], acp.done, END, END,
        owned=["**"], options={"approved": [SPAWN, WAIT]},
    )  # fmt: skip
    until(lambda: acp.file("app.pid").exists() and acp.file("own.pid").exists(), SECONDS)
    return [acp.attempt.number("app.pid"), acp.attempt.number("own.pid"), acp.attempt.agent]


@every_agent
def test_a_stop_leaves_nothing_behind(acp: Acp) -> None:
    pids = _busy(acp)
    launch.stop(acp.attempt.path)
    assert acp.attempt.end(SECONDS)["reason"] == "stopped"
    assert all(gone(pid) for pid in pids)


def test_a_killed_runner_leaves_nothing_behind(acp: Acp) -> None:
    pids = _busy(acp)
    runner = acp.attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    until(lambda: gone(pids[-1]))  # the agent itself dies with its runner
    launch.sweep(acp.attempt.path)
    until(lambda: all(gone(pid) for pid in pids))


@every_agent
def test_a_killed_runner_is_taken_up_in_its_session(acp: Acp) -> None:
    if acp.agent.loses_sessions:
        pytest.skip(acp.agent.loses_sessions)

    def wait_once(request: dict[str, Any]) -> list[Any]:
        told = "go on in the same session" in json.dumps(request["messages"])
        return list(acp.done) if told else [acp.bash(WAIT)]

    acp.start(
        [acp.write("app/a.py", "x = 1\n")], wait_once, wait_once, acp.done, END, END,
        owned=["**"], create=["app/a.py"], options={"approved": [WAIT]},
    )  # fmt: skip
    busy = until(lambda: acp.file("own.pid").exists() and acp.attempt.number("own.pid"), SECONDS)
    runner = acp.attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    launch.sweep(acp.attempt.path)
    until(lambda: gone(busy))
    before = acp.file("app/a.py").stat().st_mtime_ns
    spent = acp.attempt.events("usage")[-1:]
    acp.attempt.start()
    result = acp.attempt.end(SECONDS)
    assert result["ok"], result
    sessions = [e["session"] for e in acp.attempt.events("session")]
    assert len(sessions) == 2
    assert sessions[0] == sessions[1] != ""
    assert acp.file("app/a.py").stat().st_mtime_ns == before
    last = json.dumps(acp.worked()[-1]["messages"])
    assert "go on in the same session" in last
    assert last.count("Do it.") == 1  # its first words are still known, and not said again
    assert "app/a.py" in last
    told = [e["summary"] for e in acp.attempt.events("tool")]
    assert sum(s.endswith("app/a.py") for s in told) == 1  # nor is what the agent replays
    if spent:
        assert result["usage"]["input"] >= spent[0]["input"]


def test_a_killed_gemini_whose_session_is_lost_begins_anew_over_its_work(
    attempt: AttemptFolder, api: ModelApi
) -> None:
    agent = OTHERS[0]
    if agent.missing:
        pytest.skip(agent.missing)
    acp = Acp(agent, attempt, api)

    def wait_once(request: dict[str, Any]) -> list[Any]:
        told = "An earlier session of yours" in json.dumps(request["messages"])
        return list(acp.done) if told else [acp.bash(WAIT)]

    def begin(request: dict[str, Any]) -> list[Any]:
        told = "An earlier session of yours" in json.dumps(request["messages"])
        return list(acp.done) if told else [acp.write("app/a.py", "x = 1\n")]

    acp.start(
        begin, wait_once, END, END, owned=["**"], create=["app/a.py"], options={"approved": [WAIT]}
    )
    busy = until(lambda: acp.file("own.pid").exists() and attempt.number("own.pid"), SECONDS)
    launch.tell(attempt.path, 1, "message", "The port is 8123 now")
    until(lambda: attempt.events("told"), SECONDS)
    runner = attempt.runners[-1]
    os.kill(runner.pid, signal.SIGKILL)
    runner.wait()
    launch.sweep(attempt.path)
    until(lambda: gone(busy))
    shutil.rmtree(acp.home / ".gemini" / "tmp", ignore_errors=True)
    before = acp.file("app/a.py").stat().st_mtime_ns
    attempt.start()
    result = attempt.end(SECONDS)
    assert result["ok"], result
    assert acp.file("app/a.py").stat().st_mtime_ns == before
    assert any("begins anew with its task" in e["text"] for e in attempt.events("text"))
    assert b"Maestro: The agent begins anew with its task" in attempt.log
    assert "The port is 8123 now" in acp.said()


def test_a_secret_is_nowhere_to_be_read(acp: Acp) -> None:
    secret = "hunter2-and-more"
    echo = 'echo "token: $MY_TOKEN, $ANTHROPIC_API_KEY."'
    result = acp.run([acp.bash(echo)], acp.done, END, END, verify=["true"],
                     env={"ANTHROPIC_API_KEY": secret}, options={"approved": [echo]})  # fmt: skip
    assert result["ok"]
    for path in acp.attempt.path.iterdir():
        if path.is_file() and path.name != files.SPEC:
            assert secret not in path.read_text(errors="replace"), path.name


def test_a_program_that_is_not_there(acp: Acp) -> None:
    result = acp.run(acp.done, options={"command": ["/nowhere/agent"]})
    assert result["reason"] == "spawn-error"
    assert "/nowhere/agent" in result["error"]
    assert "npm install" in result["error"]


def test_gemini_without_a_login_says_how_to_log_in(attempt: AttemptFolder) -> None:
    program = shutil.which("gemini", path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    if not program or not acp_folder():
        pytest.skip("gemini is not installed; npm install -g @google/gemini-cli")
    home = attempt.path.parent / "home"
    home.mkdir()
    options = {
        "agent": "gemini",
        "command": [program, "--acp", "--skip-trust"],
        "python_path": [acp_folder()],
    }
    env = {"HOME": str(home), "GEMINI_API_KEY": "", "GOOGLE_API_KEY": ""}
    attempt.spec(driver="acp", options=options, env=env)
    attempt.start()
    result = attempt.end(SECONDS)
    assert result["reason"] == "unauthorised", result
    assert "GEMINI_API_KEY" in result["error"]
