"""The real Claude Code under its user's hand: paused, stopped and taken up again, told of results,
held by its budget, woken from a wait for a limit.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from maestro_tui.core.state import Attempt
from tests.agents import claude_cli
from tests.agents.model_api import Fail, Silent, bash, text, write
from tests.engine.scratch import git, leftovers, until
from tests.engine.test_claude_runs import END, SECONDS, Place, place

pytestmark = [
    pytest.mark.agents,
    pytest.mark.skipif(bool(claude_cli.missing()), reason=claude_cli.missing()),
]
__all__ = ["place"]


def attempt_of(place: Place, task: str = "a") -> Attempt:
    client = place.client
    assert client is not None
    client.poll()
    attempt = client.state.tasks[task].attempt
    return attempt or Attempt(0, 0.0)


def control(place: Place, task: str = "a") -> str:
    client = place.client
    assert client is not None
    path = client.attempt_dir(task, 1) / "events.jsonl"
    return path.read_text() if path.exists() else ""


def second_turn(place: Place, task: str = "a") -> None:
    until(lambda: len(place.api.asked(task)) >= 2, "the second turn", SECONDS)


def test_stopped_by_its_user_it_goes_on_in_its_session(place: Place) -> None:
    place.script("a", [write("fa.txt", "a\n")], [Silent(5.0), bash("make -n one")])
    client = place.start(place.plan({"a": ""}))
    second_turn(place)
    until(lambda: attempt_of(place).session, "its session", SECONDS)
    client.stop("checkpoint")
    until(lambda: not client.engine_alive(), "the engine leaves", SECONDS)
    before = attempt_of(place)
    assert before.outcome == "stopped"
    tree, session = Path(before.worktree), before.session
    assert (tree / "fa.txt").read_text() == "a\n"
    assert leftovers(place.repo) == ["1 worktrees"]  # its agent comes back to it
    client.start_engine()
    client.decide(place.question("permission").id, "allow")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 1
    assert attempt_of(place).session == session
    assert client.state.tasks["a"].retries_used == 0
    assert "go on in the same session" in json.dumps(place.api.asked("a"))
    assert git(place.repo, "show", "HEAD:fa.txt") == "a"
    assert leftovers(place.repo) == []


def test_one_agent_is_stopped_and_its_user_asked(place: Place) -> None:
    place.script("a", [write("fa.txt", "a\n")], [Silent(30.0), bash("make -n one")])
    client = place.start(place.plan({"a": ""}))
    second_turn(place)
    client.instruct("a", "", "stop")
    question = place.question("held")
    assert question.title == "a was stopped by you"
    place.script("a", [write("fa.txt", "b\n")])
    client.decide(question.id, "on", "Write b instead")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 1
    assert "Write b instead" in json.dumps(place.api.asked("a"))


def test_restarted_it_begins_anew(place: Place) -> None:
    place.script("a", [Silent(30.0), write("fa.txt", "a\n")])
    client = place.start(place.plan({"a": ""}))
    until(lambda: place.api.asked("a"), "the first turn", SECONDS)
    place.script("a", [write("fa.txt", "b\n")])
    client.instruct("a", "Write b", "restart")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 2
    assert "Write b" in json.dumps(place.api.asked("a")[-1]["messages"])


def test_paused_it_waits_and_goes_on(place: Place) -> None:
    place.script("a", [write("fa.txt", "a\n")], [Silent(30.0), bash("make -n one")])
    client = place.start(place.plan({"a": ""}))
    second_turn(place)
    client.instruct("a", "", "pause")
    until(lambda: '"cmd":"pause"' in control(place), "paused", SECONDS)
    assert attempt_of(place).paused == "user"
    assert not client.state.questions
    place.script("a", [])  # each turn of the conversation has its place in the script
    client.instruct("a", "", "resume")
    assert place.finish() == "done"
    assert "You were paused and go on" in json.dumps(place.api.asked("a"))
    assert len(client.state.tasks["a"].attempts) == 1


def test_a_wait_for_a_limit_is_cut_short(place: Place) -> None:
    limit = Fail(429, {"retry-after": "3600"}, "rate_limit_error", times=1)
    place.script("a", [limit, text("x")], [write("fa.txt", "a\n")])
    config = place.folder / "home" / "config" / "maestro"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("[claude]\nbackoff_s = 500.0\nlimit_wait_s = 9000000.0\n")
    client = place.start(place.plan({"a": ""}))
    until(lambda: attempt_of(place).parked_until > 0, "parked", SECONDS)
    client.instruct("a", "", "resume")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 1


def test_at_its_budget_it_is_paused_and_goes_on_with_more(place: Place) -> None:
    done = [write("a_DONE.md", "# Done\n")]  # the pause may cut any of these short
    place.script("a", [write("fa.txt", "a\n")], [bash("make -n one")], done, END, done, END)
    client = place.start(
        place.plan({"a": ""}), "--agent-budget", "0.000001", "--permission-policy", "allow"
    )
    question = place.question("budget")
    assert "the agent of a" in question.title
    until(lambda: '"cmd":"pause"' in control(place), "paused", SECONDS)
    assert attempt_of(place).paused == "budget"
    assert client.decide(question.id, "raise", "50")
    assert place.finish() == "done"
    assert len(client.state.tasks["a"].attempts) == 1
    assert attempt_of(place).usage["cost_usd"] > 0


def test_what_another_task_delivered_reaches_the_agent_at_work(place: Place) -> None:
    for name, body in {"models.py": "A = 1\n", "service.py": "from models import A\n"}.items():
        (place.repo / name).write_text(body)
    git(place.repo, "add", "-A")
    git(place.repo, "commit", "-q", "-m", "files")
    rows = {"a": "models.py", "b": "service.py"}
    lines = 'schema = 1\n[plan]\ntitle = "Work"\norder = "explicit"\n' + "".join(
        f'[[task]]\nid = "{n}"\nkey = "{n}"\ntitle = "Task {n}"\nmodify = ["{f}"]\n'
        f'marker = "{n}_DONE.md"\ntext = "[[script:{n}]] Change it."\n'
        for n, f in rows.items()
    )
    plan = place.folder / "work.plan.toml"
    plan.write_text(lines)
    place.api.scripts["a"] = [
        [write("a_DONE.md", "# Done\n\n## Interface\n\n- `models.B` is new\n")],
        [],
    ]
    place.script("b", [bash("make -n one")], [write("service.py", "from models import B\n")])
    client = place.start(plan)
    question = place.question("permission")
    until(lambda: (client.poll(), client.state.tasks["a"].merged_sha)[1], "a is merged", SECONDS)
    until(lambda: '"cmd":"handoff"' in control(place, "b"), "handed over", SECONDS)
    assert client.decide(question.id, "allow")
    assert place.finish() == "done"
    said = json.dumps(place.api.asked("b"))
    assert "`models.B` is new" in said
    assert "Files it changed" in said
    story = [why for _, _, why in client.state.tasks["b"].history]
    assert "its agent was told what a delivered" in story
