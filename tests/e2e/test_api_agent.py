"""A model by its API: its questions answered by keyboard, its trouble told on a small screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.api_attempt import bash, needs_package, write
from tests.agents.model_api import ModelApi, text, use
from tests.e2e.terminal import Terminal
from tests.engine.scratch import git, leftovers, maestro, make_repo, write_plan

pytestmark = needs_package


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelApi]:
    server = ModelApi()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy-key-for-the-stand-in")
    yield server
    server.close()


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Path]:
    folder = make_repo(tmp_path / "repo")
    yield folder
    if (folder / ".maestro").exists():  # a test that failed must not leave its engine behind
        maestro("stop", "--abort", cwd=folder)


def _plan(folder: Path, **extra: str) -> Path:
    return write_plan(folder, {
        name: f'create = ["f{name}.txt"]\nmarker = "{name}_DONE.md"\n'
        f'text = "[[script:{name}]] Do it."\n{more}'
        for name, more in extra.items()
    })  # fmt: skip


def test_its_questions_are_answered_by_keyboard(repo: Path, api: ModelApi) -> None:
    api.scripts["a"] = [
        [bash("make -n first")],
        [bash("curl http://127.0.0.1:9/second")],
        [use("ask_user", question="Which port?", options=["8123", "8000"])],
        [use("ask_user", question="Which name?")],
        [write("fa.txt", "a\n"), write("a_DONE.md", "# Done\n")],
        [text("Done.")],
    ]
    plan = _plan(repo.parent, a="")
    with Terminal("run", str(plan), "--run-id", "e2e", "--driver", "api", cwd=repo) as screen:
        screen.until("api")
        screen.press("y")
        screen.until(" make -n first", 60)
        screen.answer("y", "Allow once")
        screen.until("127.0.0.1:9/second", 60)
        screen.answer("n", "Allow once")  # the dialog asks for words now
        screen.press("Stay off the net")
        screen.until("Stay off the net")
        screen.press("\r")
        screen.without("may stay empty")
        screen.until("Which port?", 60)
        screen.until("? Question")
        screen.answer("1", "Something else")
        screen.until("Which name?", 60)
        screen.answer("o", "No answer")  # it asks for words now
        screen.press("Vivaldi")
        screen.until("Vivaldi")
        screen.press("\r")
        screen.until("Deliver to main?", 60)
        screen.answer("m", "Deliver to main?")
        screen.until("1 of 1")
        screen.press("q")
        assert screen.end() == 0
    said = json.dumps(api.asked("a")[-1]["messages"])
    assert "Stay off the net" in said
    assert "The operator's answer: 8123" in said
    assert "The operator's answer: Vivaldi" in said
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt"]
    assert leftovers(repo) == []
