"""Whole runs by the real Claude Code against a scripted service: asked, told, killed, merged."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from maestro_tui.agents import launch
from maestro_tui.core.state import Question
from maestro_tui.engine.client import RunClient
from tests.agents import claude_cli
from tests.agents.model_api import Fail, ModelApi, Silent, bash, text, write
from tests.engine.scratch import (
    environment,
    git,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    until,
    write_plan,
)

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(bool(claude_cli.missing()), reason=claude_cli.missing()),
]
END = [text("Done.")]
SECONDS = 60.0


class Place:
    """A repository, a service, and a run with an engine that a person can be asked by."""

    def __init__(self, folder: Path, api: ModelApi) -> None:
        self.folder, self.api = folder, api
        self.repo = make_repo(folder / "repo")
        self.client: RunClient | None = None

    @staticmethod
    def env(folder: Path, url: str) -> dict[str, str]:
        home = folder / "home"
        home.mkdir(exist_ok=True)
        path = f"{Path(claude_cli.program()).parent}{os.pathsep}{os.environ['PATH']}"
        config = {"XDG_CONFIG_HOME": str(home / "config"), "PATH": path}
        return environment({**claude_cli.environment(url, home), **config})

    def plan(self, tasks: dict[str, str], edges: str = "", extra: str = "") -> Path:
        rows = {
            name: f'create = ["f{name}.txt"]\nmarker = "{name}_DONE.md"\n'
            f'text = "[[script:{name}]] Write it."\n{more}'
            for name, more in tasks.items()
        }
        return write_plan(self.folder, rows, edges, extra)

    def script(self, name: str, *turns: object) -> None:
        self.api.scripts[name] = [*turns, [write(f"{name}_DONE.md", "# Done\n")], END]  # type: ignore[list-item]

    def start(self, plan: Path, *more: str) -> RunClient:
        """An attended run, its review answered with yes."""
        words = ["run", str(plan), "--headless", "--run-id", "r", "--driver", "claude", *more]
        done = maestro(*words, cwd=self.repo)
        assert done.returncode == 3, done.stderr
        self.client = RunClient(self.repo, "r")
        assert self.client.decide("review", "yes")
        self.client.start_engine()
        return self.client

    def question(self, kind: str) -> Question:
        client = self.client
        assert client is not None

        def look() -> Question | None:
            client.poll()
            return next((q for q in client.state.questions.values() if q.kind == kind), None)

        found: Question = until(look, kind, SECONDS)
        return found

    def finish(self) -> str:
        """Deliver and leave; how the run ended."""
        client = self.client
        assert client is not None
        client.decide(self.question("deliver").id, "merge")
        until(lambda: (client.poll(), client.state.ended)[1], "the end", SECONDS)
        until(lambda: not client.engine_alive())
        return str(client.state.status)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    api = ModelApi()
    for name, value in Place.env(tmp_path, api.url).items():
        monkeypatch.setenv(name, value)
    # What ``scratch`` calls has its own idea of HOME and configuration.
    keep = {k: os.environ[k] for k in ("HOME", "XDG_CONFIG_HOME")}
    monkeypatch.setattr("tests.engine.scratch.environment", lambda extra=None: {
        **os.environ, **keep, **(extra or {})})  # fmt: skip
    found = Place(tmp_path, api)
    yield found
    if found.client is not None:
        if found.client.engine_alive():
            found.client.stop("abort")
            until(lambda: not found.client.engine_alive(), "the engine ends", SECONDS)
        found.client.close()
    api.close()


def test_a_headless_run_writes_checks_and_merges(place: Place) -> None:
    place.script("a", [write("fa.txt", "text of a\n")], [bash("cat fa.txt")])
    place.script("b", [write("fb.txt", "text of b\n")])
    plan = place.plan({"a": 'verify = ["test -s fa.txt"]', "b": ""}, "b<a")
    done = maestro("run", str(plan), "--headless", "--yes", "--run-id", "r", cwd=place.repo)
    assert done.returncode == 0, done.stdout + done.stderr
    names = git(place.repo, "ls-tree", "--name-only", "HEAD").split()
    assert names == ["README.md", "fa.txt", "fb.txt"]
    assert leftovers(place.repo) == []
    spent = maestro("status", "r", "--json", cwd=place.repo)
    assert '"cost_usd"' in spent.stdout
    told = json.dumps(place.api.asked("b")[0]["messages"])
    assert "What you build on" in told


def test_a_run_without_anybody_to_ask_denies_and_says_so(place: Place) -> None:
    place.script("a", [bash("curl http://127.0.0.1:9/x")], [write("fa.txt", "a\n")])
    plan = place.plan({"a": ""})
    done = maestro("run", str(plan), "--headless", "--yes", "--run-id", "r", cwd=place.repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nobody to ask" in done.stdout
    assert "nobody to ask" in json.dumps(place.api.asked("a"))


def test_permission_is_asked_remembered_and_refused_with_a_reason(place: Place) -> None:
    place.script(
        "a",
        [bash("curl http://127.0.0.1:9/one")],
        [bash("make -n one")],
        [bash("make -n two")],
        [write("fa.txt", "a\n")],
    )
    client = place.start(place.plan({"a": ""}))
    first = place.question("permission")
    assert "127.0.0.1:9/one" in first.evidence[0]
    assert client.decide(first.id, "deny", "Keep the tree clean")
    second = until(lambda: _other(client, first.id), "the second question", SECONDS)
    assert second.rule == "Bash(make:*)"
    assert client.decide(second.id, "always-agent")
    assert place.finish() == "done"
    assert "Keep the tree clean" in json.dumps(place.api.asked("a"))
    given = [(a.answer, a.by) for a in client.state.answers if a.question.kind == "permission"]
    assert [answer for answer, _ in given] == ["deny", "always-agent", "allow"]
    assert given[2][1] == "policy: always for this task: Bash(make:*)"


def _other(client: RunClient, known: str) -> Question | None:
    client.poll()
    found = [q for q in client.state.questions.values() if q.kind == "permission"]
    return next((q for q in found if q.id != known), None)


def test_it_is_told_in_mid_run(place: Place) -> None:
    place.script("a", [bash("make -n one")], [write("fa.txt", "a\n")])
    client = place.start(place.plan({"a": ""}))
    question = place.question("permission")
    said = maestro("tell", "r", "a", "Mind the gap", cwd=place.repo)
    assert said.returncode == 0, said.stderr
    assert "passed on" in said.stdout
    folder = client.attempt_dir("a", 1)
    until(lambda: '"told"' in (folder / "events.jsonl").read_text(), "told", SECONDS)
    assert client.decide(question.id, "allow")
    assert place.finish() == "done"
    assert "Mind the gap" in json.dumps(place.api.asked("a"))


def test_a_killed_runner_goes_on_in_its_session(place: Place) -> None:
    place.script("a", [write("fa.txt", "a\n")], [Silent(3.0), bash("make -n one")])
    client = place.start(place.plan({"a": ""}))
    until(lambda: len(place.api.asked("a")) >= 2, "the second turn", SECONDS)
    transcripts = place.folder / "home" / ".claude" / "projects"
    until(
        lambda: any("File created" in _text(p) for p in transcripts.rglob("*.jsonl")),
        "the program has written the first step down", SECONDS,
    )  # fmt: skip
    folder = client.attempt_dir("a", 1)
    found = launch.identity(folder)
    assert found is not None
    os.kill(found[0], signal.SIGKILL)
    client.decide(place.question("permission").id, "allow")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 1
    asked = place.api.asked("a")
    assert json.dumps(asked[-1]["messages"]).count("File created successfully") == 2
    said = json.dumps(asked)
    assert "go on in the same session" in said
    assert re.search(r"finished before the interruption.*?- Write [^ ]*/fa\.txt", said)


def test_nobody_else_starts_once_the_service_lets_nobody_in(place: Place) -> None:
    place.script("a", [Fail(401, {}, "authentication_error")])
    place.script("b")
    plan = place.plan({"a": "", "b": ""})
    client = place.start(plan, "--max-parallel", "1", "--on-failure", "retry")
    question = place.question("failure")
    assert "Log in" in question.title
    assert len(client.state.tasks["a"].attempts) == 1
    assert client.state.tasks["b"].attempts == []


def test_a_stop_ends_the_agent_and_what_it_started(place: Place) -> None:
    wait = "python3 -c 'import time; time.sleep(600)'"
    place.script("a", [bash(wait)])
    client = place.start(place.plan({"a": f'verify = ["{wait}"]'}))
    folder = client.attempt_dir("a", 1)
    until(lambda: "time.sleep" in _text(folder / "events.jsonl"), "the command runs", SECONDS)
    client.stop("checkpoint")
    until(lambda: not client.engine_alive(), "the engine leaves", SECONDS)
    assert leftovers(place.repo) == ["1 worktrees"]  # the session's: it goes on there


def test_a_killed_engine_finds_its_agent_at_work(place: Place) -> None:
    place.script("a", [write("fa.txt", "a\n")], [bash("make -n one")])
    client = place.start(place.plan({"a": ""}))
    question = place.question("permission")
    folder = client.attempt_dir("a", 1)
    runner = launch.identity(folder)
    os.kill(client.state.engine_pid, signal.SIGKILL)
    until(lambda: not client.engine_alive(), "the engine is gone")
    client.start_engine()
    assert client.decide(question.id, "allow")
    assert place.finish() == "done"
    assert launch.identity(folder) == runner
    assert len(client.state.tasks["a"].attempts) == 1


@pytest.mark.slow
def test_ten_at_once_are_staggered_and_all_get_in(place: Place) -> None:
    names = [f"t{n}" for n in range(10)]
    for name in names:
        place.script(name, [write(f"f{name}.txt", f"{name}\n")])
    plan = place.plan(dict.fromkeys(names, ""))
    done = maestro(
        "run", str(plan), "--headless", "--yes", "--run-id", "r", cwd=place.repo, timeout=240
    )
    assert done.returncode == 0, done.stdout + done.stderr
    files = git(place.repo, "ls-tree", "--name-only", "HEAD").split()
    assert set(files) == {"README.md", *(f"f{name}.txt" for name in names)}
    starts = sorted(at for kind, _, at in journal_events(place.repo) if kind == "AgentStarted")
    assert min(b - a for a, b in pairwise(starts)) > 1.0  # two seconds lie between two launches
    assert leftovers(place.repo) == []


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""
