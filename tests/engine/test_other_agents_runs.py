"""Whole runs by agents behind the protocol, and by a model alone, against a scripted service."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import files, launch
from maestro_tui.engine.client import RunClient
from tests.agents.acp_agents import AGENTS, BIN, OTHERS, RealAgent
from tests.agents.api_attempt import FOLDER
from tests.agents.model_api import Block, Fail, ModelApi, text, use
from tests.engine.scratch import (
    git,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    until,
    write_plan,
)

pytestmark = pytest.mark.agents
SECONDS = 90.0


class OnlyModel(RealAgent):
    """The api driver: no program at all."""

    name = "api"
    tells_cost = False  # it is reckoned here, from the table

    @property
    def missing(self) -> str:
        return "" if FOLDER else "the anthropic package is not installed"

    def environment(self, url: str, home: Path) -> dict[str, str]:
        return {"ANTHROPIC_BASE_URL": url, "ANTHROPIC_API_KEY": "dummy-key-for-the-stand-in"}

    def write(self, path: str, content: str) -> Block:
        return use("write", file_path=path, content=content)

    def bash(self, command: str) -> Block:
        return use("bash", command=command)


class Place:
    """A repository, a service and an agent."""

    def __init__(self, folder: Path, agent: RealAgent, api: ModelApi) -> None:
        self.folder, self.agent, self.api = folder, agent, api
        self.repo = make_repo(folder / "repo")
        self.client: RunClient | None = None

    def script(self, name: str, *turns: Any) -> None:
        done = [self.agent.write(f"{name}_DONE.md", "# Done\n")]
        end = [text("Done.")]
        self.api.scripts[name] = [*turns, done, end, end]

    def plan(self, tasks: dict[str, str]) -> Path:
        rows = {
            name: f'create = ["f{name}.txt"]\nmarker = "{name}_DONE.md"\n'
            f'text = "[[script:{name}]] Write it."\n{more}'
            for name, more in tasks.items()
        }
        return write_plan(self.folder, rows, "")

    def words(self, plan: Path) -> list[str]:
        driver = ["--driver", "api"] if self.agent.name == "api" else [
            "--acp-agent", self.agent.preset]  # fmt: skip
        return ["run", str(plan), "--headless", "--run-id", "r", *driver]


@pytest.fixture(params=(*AGENTS, OnlyModel()), ids=lambda agent: agent.name)
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    agent: RealAgent = request.param
    if agent.missing:
        pytest.skip(agent.missing)
    api = ModelApi()
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        **agent.environment(api.url, home),
    }
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    keep = {k: os.environ[k] for k in ("HOME", "XDG_CONFIG_HOME")}
    monkeypatch.setattr("tests.engine.scratch.environment", lambda extra=None: {
        **os.environ, **keep, **(extra or {})})  # fmt: skip
    found = Place(tmp_path, agent, api)
    yield found
    if found.client is not None:
        if found.client.engine_alive():
            found.client.stop("abort")
            client = found.client
            until(lambda: not client.engine_alive(), "the engine ends", SECONDS)
        found.client.close()
    api.close()


@pytest.mark.parametrize(
    "place", [*AGENTS, *OTHERS, OnlyModel()], ids=lambda agent: agent.name, indirect=True
)
def test_it_writes_runs_and_is_merged(place: Place) -> None:
    check = "python3 -c 'print(open(\"fa.txt\").read())'"
    place.script("a", [place.agent.write("fa.txt", "text of a\n")], [place.agent.bash(check)])
    plan = place.plan({"a": f"verify = [{json.dumps(check)}]"})
    done = maestro(*place.words(plan), "--yes", cwd=place.repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert git(place.repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt"]
    assert git(place.repo, "show", "HEAD:fa.txt") == "text of a"
    assert leftovers(place.repo) == []
    assert "text of a" in json.dumps(place.api.asked("a"))
    told = maestro("status", "r", "--json", cwd=place.repo).stdout
    assert '"input": ' in told
    assert ('"cost_usd"' in told) == place.agent.tells_cost


def test_a_question_is_put_and_remembered(place: Place) -> None:
    place.script(
        "a",
        [place.agent.bash("make -n one")],
        [place.agent.bash("make -n two")],
        [place.agent.write("fa.txt", "a\n")],
    )
    done = maestro(*place.words(place.plan({"a": ""})), cwd=place.repo)
    assert done.returncode == 3, done.stderr
    client = place.client = RunClient(place.repo, "r")
    assert client.decide("review", "yes")
    client.start_engine()

    def question(kind: str) -> Any:
        client.poll()
        return next((q for q in client.state.questions.values() if q.kind == kind), None)

    first = until(lambda: question("permission"), "the question", SECONDS)
    assert first.rule == "Bash(make:*)"
    assert client.decide(first.id, "always-agent")
    delivery = until(lambda: question("deliver"), "the delivery", SECONDS)
    client.decide(delivery.id, "merge")
    until(lambda: (client.poll(), client.state.ended)[1], "the end", SECONDS)
    assert str(client.state.status) == "done"
    given = [(a.answer, a.by) for a in client.state.answers if a.question.kind == "permission"]
    assert [answer for answer, _ in given] == ["always-agent", "allow"]
    until(lambda: not client.engine_alive(), "the engine ends", SECONDS)
    assert leftovers(place.repo) == []


def test_a_refused_login_stops_the_run_at_once(place: Place) -> None:
    no = Fail(401, {}, "authentication_error", "invalid x-api-key")
    for name in ("a", "b"):
        place.script(name, [no, place.agent.write(f"f{name}.txt", "x\n")])
    plan = place.plan({"a": "", "b": ""})
    done = maestro(
        *place.words(plan), "--yes", "--on-failure", "retry", "--retry-delay", "0",
        "--max-parallel", "1", cwd=place.repo,
    )  # fmt: skip
    assert done.returncode != 0
    assert "not let in" in done.stdout or "does not let this key in" in done.stdout
    assert place.api.asked("b") == []


def _attended(place: Place, plan: Path) -> RunClient:
    done = maestro(*place.words(plan), cwd=place.repo)
    assert done.returncode == 3, done.stderr
    client = place.client = RunClient(place.repo, "r")
    assert client.decide("review", "yes")
    client.start_engine()
    return client


def _question(client: RunClient, kind: str) -> Any:
    def look() -> Any:
        client.poll()
        return next((q for q in client.state.questions.values() if q.kind == kind), None)

    return until(look, kind, SECONDS)


def _delivered(client: RunClient) -> None:
    client.decide(_question(client, "deliver").id, "merge")
    until(lambda: (client.poll(), client.state.ended)[1], "the end", SECONDS)
    assert str(client.state.status) == "done"


def test_a_killed_runner_and_a_stop_are_taken_up_in_the_session(place: Place) -> None:
    ask = place.agent.bash("make -n one")

    def until_told(request: dict[str, Any]) -> list[Any]:
        told = "go on in the same session" in json.dumps(request["messages"])
        return [place.agent.write("a_DONE.md", "# Done\n")] if told else [ask]

    place.script("a", [place.agent.write("fa.txt", "a\n")], until_told, until_told)
    client = _attended(place, place.plan({"a": ""}))
    question = _question(client, "permission")
    folder = client.attempt_dir("a", 1)
    found = launch.identity(folder)
    assert found is not None
    os.kill(found[0], signal.SIGKILL)
    until(lambda: question.id not in _open(client), "nobody waits for the old answer", SECONDS)
    until(lambda: launch.identity(folder) != found, "another runner", SECONDS)
    client.stop("checkpoint")
    until(lambda: not client.engine_alive(), "the engine leaves", SECONDS)
    client.start_engine()
    _delivered(client)
    assert len(client.state.tasks["a"].attempts) == 1
    assert client.state.tasks["a"].retries_used == 0
    written = [e for e in files.LineReader(str(folder / files.EVENTS)).read()
               if e["kind"] == "tool" and e["summary"].endswith("fa.txt")]  # fmt: skip
    assert len(written) == 1
    until(lambda: not client.engine_alive(), "the engine ends", SECONDS)
    assert leftovers(place.repo) == []


def _open(client: RunClient) -> Any:
    client.poll()
    return client.state.questions


@pytest.mark.slow
def test_ten_at_once_are_staggered_and_all_get_in(place: Place) -> None:
    names = [f"t{n}" for n in range(10)]
    for name in names:
        place.script(name, [place.agent.write(f"f{name}.txt", f"{name}\n")])
    plan = place.plan(dict.fromkeys(names, ""))
    words = [*place.words(plan), "--yes", "--max-parallel", "10"]
    done = maestro(*words, cwd=place.repo, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    found = git(place.repo, "ls-tree", "--name-only", "HEAD").split()
    assert set(found) == {"README.md", *(f"f{name}.txt" for name in names)}
    starts = sorted(at for kind, _, at in journal_events(place.repo) if kind == "AgentStarted")
    assert min(b - a for a, b in pairwise(starts)) > 1.0
    assert leftovers(place.repo) == []
