"""A real agent's questions, answered by keyboard."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agents import claude_cli
from tests.agents.model_api import ModelApi, bash, text, use, write
from tests.e2e.terminal import Terminal
from tests.engine.scratch import git, leftovers, maestro, make_repo, write_plan

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(bool(claude_cli.missing()), reason=claude_cli.missing()),
]


@pytest.fixture
def api(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelApi]:
    server = ModelApi()
    (tmp_path / "home").mkdir()
    for name, value in claude_cli.environment(server.url, tmp_path / "home").items():
        monkeypatch.setenv(name, value)
    path = f"{Path(claude_cli.program()).parent}{os.pathsep}{os.environ['PATH']}"
    monkeypatch.setenv("PATH", path)
    yield server
    server.close()


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Path]:
    folder = make_repo(tmp_path / "repo")
    yield folder
    if (folder / ".maestro").exists():  # a test that failed must not leave its engine behind
        maestro("stop", "--abort", cwd=folder)


def _plan(request: dict[str, Any]) -> list[Any]:
    """The program names a file for the plan, and shows a person what is in it."""
    found = re.search(r"create your plan at (\S+?\.md)", json.dumps(request["messages"]))
    assert found is not None
    return [use("Write", file_path=found[1], content="First the file, then the document.\n")]


def test_its_questions_are_answered_by_keyboard(repo: Path, api: ModelApi) -> None:
    ask = {"question": "Which port?", "header": "Port", "multiSelect": False,
           "options": [{"label": "8123", "description": "new"},
                       {"label": "8000", "description": "old"}]}  # fmt: skip
    api.scripts["a"] = [
        [bash("make -n first")],
        [bash("curl http://127.0.0.1:9/second")],
        [bash("make -n third")],
        [bash("make -n fourth")],
        [use("AskUserQuestion", questions=[ask])],
        [use("EnterPlanMode")],
        _plan,
        [use("ExitPlanMode")],
        [write("fa.txt", "a\n"), write("a_DONE.md", "# Done\n")],
        [text("Done.")],
    ]
    row = 'create = ["fa.txt"]\nmarker = "a_DONE.md"\ntext = "[[script:a]] Do it."'
    plan = write_plan(repo.parent, {"a": row})
    with Terminal("run", str(plan), "--run-id", "e2e", cwd=repo) as screen:
        screen.until("claude")  # the default, where it is found
        screen.press("y")
        screen.until(" make -n first", 60)
        screen.until("Allow once", 60)
        screen.answer("y", "Allow once")
        screen.until("127.0.0.1:9/second", 60)
        screen.until("Allow once", 60)
        screen.answer("n", "Allow once")  # the dialog asks for words now
        screen.press("Stay off the net\r")
        screen.without("may stay empty")
        screen.until("make -n third", 60)
        screen.until("Allow once", 60)
        screen.answer("a", "Allow once")
        screen.until("Something else", 60)  # the fourth was covered by "always"
        screen.answer("1", "Something else")
        screen.until("First the file, then the document", 60)
        screen.until("Approve", 60)
        screen.answer("y", "Approve")
        screen.until("Deliver to main?", 60)
        screen.answer("m", "Deliver to main?")
        screen.until("1 of 1")
        screen.press("q")
        assert screen.end() == 0
    said = json.dumps(api.asked("a")[-1]["messages"])
    assert "Stay off the net" in said
    assert "8123" in said.partition("Which port?")[2].rpartition("8123")[0]
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt"]
    assert leftovers(repo) == []
