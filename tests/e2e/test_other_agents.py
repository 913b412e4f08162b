"""Questions of agents behind the protocol, and of a model alone, answered by keyboard."""

from __future__ import annotations

import json
import os

import pytest

from tests.e2e.terminal import Terminal
from tests.engine.scratch import git, leftovers
from tests.engine.test_other_agents_runs import Place, place

pytestmark = pytest.mark.agents
__all__ = ["place"]


def test_its_questions_are_answered_by_keyboard(place: Place) -> None:
    bash, write = place.agent.bash, place.agent.write
    place.script(
        "a",
        [bash("make -n first")],
        [bash("curl http://127.0.0.1:9/second")],
        [bash("make -n third")],
        [bash("make -n fourth")],
        [write("fa.txt", "a\n")],
    )
    plan = place.plan({"a": ""})
    words = [w for w in place.words(plan) if w != "--headless"]
    env = {name: os.environ[name] for name in ("HOME", "XDG_CONFIG_HOME")}
    with Terminal(*words, cwd=place.repo, env=env) as screen:
        screen.until("wave", 60)
        screen.press("y")
        screen.until(" make -n first", 90)
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
        screen.until("Deliver to main?", 90)  # the fourth was covered by "always"
        screen.answer("m", "Deliver to main?")
        screen.until("1 of 1")
        screen.press("q")
        assert screen.end() == 0
    assert "Stay off the net" in json.dumps(place.api.asked("a")[-1]["messages"])
    assert git(place.repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt"]
    assert leftovers(place.repo) == []
