"""What a permission rule covers, and what it must not."""

from __future__ import annotations

import pytest

from maestro_tui.core import events as e
from maestro_tui.core.permission_rules import covers
from tests.core.driving import Run


@pytest.mark.parametrize(
    ("rule", "tool", "detail", "covered"),
    [
        ("Bash", "Bash", "anything; at all", True),
        ("Bash(npm test:*)", "Bash", "npm test", True),
        ("Bash(npm test:*)", "Bash", "npm test --watch", True),
        ("Bash(npm test:*)", "Bash", "npm testing", False),
        ("Bash(npm test:*)", "Bash", "npm test; rm -rf /", False),
        ("Bash(npm test:*)", "Bash", "npm test $(rm x)", False),
        ("Bash(git *)", "Bash", "git push --force", True),
        ("Bash(git *)", "Bash", "git log && curl x", False),
        ("Bash(a && b)", "Bash", "a && b", True),
        ("WebFetch(domain:docs.python.org)", "WebFetch", "https://docs.python.org/3/", True),
        ("WebFetch(domain:docs.python.org)", "WebFetch", "https://evil.example/docs.python.org",
         False),
        ("mcp__board__*", "mcp__board__claim", "x", True),
        ("Write(/tmp/*)", "Write", "/tmp/x", True),
        ("Write", "Bash", "Write", False),
    ],
)  # fmt: skip
def test_a_rule_covers(rule: str, tool: str, detail: str, covered: bool) -> None:
    assert covers(rule, tool, detail) is covered


def ask(run: Run, task: str, request: str, detail: str = "make all", **more: object) -> None:
    run.about(e.PermissionAsked, task, request=request, tool="Bash", detail=detail,
              rule="Bash(make:*)", **more)  # fmt: skip


def test_always_in_this_run_answers_what_others_wait_for() -> None:
    run = Run("a", "b").until_state("a", "running").until_state("b", "running")
    ask(run, "a", "p1")
    ask(run, "b", "p1")
    first = next(q for q in run.state.questions.values() if q.task == "a")
    run.tell(e.DecisionMade, question=first.id, answer="always-run")
    assert not run.state.questions
    ask(run, "b", "p2", "make more")
    assert not run.state.questions
    answers = [(a.answer, a.by.partition(":")[0]) for a in run.state.answers][-3:]
    assert answers == [("always-run", "user"), ("allow", "policy"), ("allow", "policy")]


def test_always_for_this_task_is_not_for_others() -> None:
    run = Run("a", "b").until_state("a", "running").until_state("b", "running")
    ask(run, "a", "p1")
    run.answer("permission", "always-agent")
    ask(run, "a", "p2")
    assert not run.state.questions
    ask(run, "b", "p1")
    assert [q.task for q in run.state.questions.values()] == ["b"]


def test_a_refusal_of_the_settings_comes_before_every_leave() -> None:
    run = Run("a", permission_policy="allow", permission_deny=("Bash(make:*)",))
    ask(run.until_state("a", "running"), "a", "p1")
    assert run.state.answers[-1].answer == "deny"
    assert run.state.answers[-1].by == "policy: permissions.deny: Bash(make:*)"


def test_a_question_is_answered_with_a_choice_or_with_words() -> None:
    run = Run("a").until_state("a", "running")
    ask(run, "a", "p1", "Which?", form="question", choices=("Red", "Blue"))
    assert [o.hotkey for o in run.question("permission").options] == ["1", "2", "o", "n"]
    run.answer("permission", "choice-2")
    assert run.attempt("a").pending_answers == {"p1": (True, "Blue")}
    ask(run, "a", "p2", "Which?", form="question", choices=("Red", "Blue"))
    run.answer("permission", "other", "Green")
    assert run.attempt("a").pending_answers["p2"] == (True, "Green")


def test_allow_does_not_answer_a_question_in_words() -> None:
    run = Run("a", permission_policy="allow", attended=True).until_state("a", "running")
    ask(run, "a", "p1", "Which?", form="question", choices=("Red",))
    assert run.question("permission").default == "deny"


def test_a_request_taken_back_closes_its_question() -> None:
    run = Run("a").until_state("a", "running")
    ask(run, "a", "p1")
    run.about(e.PermissionWithdrawn, "a", request="p1")
    assert not run.state.questions
    assert run.state.answers[-1].by == "withdrawn"


def test_words_wait_for_the_next_attempt_where_nobody_can_hear_them() -> None:
    run = Run("a").until_state("a", "running")
    run.post(e.InstructionGiven(at=run.time, task="a", kind="message", text="Mind the gap"))
    assert run.state.tasks["a"].next_instructions == "Mind the gap"
    run.post(e.InstructionGiven(at=run.time, task="nobody", kind="message", text="x"))
