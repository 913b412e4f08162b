"""Gates after each task's merge: what depends on it waits for them, strangers do not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.engine.scratch import (
    cases_agent,
    creates,
    decide,
    git,
    headless,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    write_plan,
)
from tests.engine.test_gates import gate

PER_TASK = {"when": '"task"'}


@pytest.mark.parametrize("mode", ["streaming", "waves"])
def test_a_dependent_waits_for_the_gate_of_what_it_needs(tmp_path: Path, mode: str) -> None:
    repo = make_repo(tmp_path / "repo")
    # Does not end before the stranger is merged, however slow the machine: it must not wait for it.
    wait = (
        'echo run >> "$BOOK"; n=0; until git cat-file -e '
        "refs/heads/maestro/r/_integration:f3.txt 2> /dev/null; "
        "do n=$((n + 1)); [ $n -lt 600 ] || exit 9; sleep 0.05; done"
    )
    plan = write_plan(tmp_path, creates("1", "2", "3"), "2<1", gate(wait, **PER_TASK))
    book = tmp_path / "book"
    done = headless(repo, plan, cases_agent(tmp_path, {"3": "sleep 1; write; done_"}),
                    "--mode", mode, env={"BOOK": str(book)}, timeout=90)  # fmt: skip
    assert done.returncode == 0, done.stdout
    events = [(kind, task) for kind, task, _ in journal_events(repo)]
    ended = [n for n, (kind, _) in enumerate(events) if kind == "GateEnded"]
    assert events.index(("Merged", "1")) < ended[0] < events.index(("AgentStarted", "2"))
    assert events.index(("Merged", "3")) < ended[0]
    # The final tree is the one the last of them was green on: it is not gated once more.
    assert len(book.read_text().splitlines()) == len(ended) <= 3
    assert leftovers(repo) == []


def test_a_red_one_holds_its_dependents_until_the_task_is_mended(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(
        tmp_path, creates("1", "2"), "2<1", gate("! grep -l broken f*.txt", **PER_TASK)
    )
    broken = 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then echo broken > f1.txt; else write; fi; done_'
    done = headless(repo, plan, cases_agent(tmp_path, {"1": broken}), "--mode", "streaming")
    assert done.returncode == 3, done.stdout
    (question,) = status(repo)["questions"]
    assert question["title"] == "Gate “tests, 1” failed after 1 was merged"
    assert states(repo)["2"] == "waiting"
    assert ("AgentStarted", "2") not in [(k, t) for k, t, _ in journal_events(repo)]
    decide(repo, question["id"], "retry")
    again = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert again.returncode == 0, again.stdout
    assert git(repo, "show", "HEAD:f1.txt") == "text of 1"
    assert leftovers(repo) == []


def test_an_accepted_red_one_lets_them_go_on(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1", "2"), "2<1", gate("false", **PER_TASK))
    done = headless(
        repo, plan, cases_agent(tmp_path, {}), "--mode", "streaming", "--on-gate-failure", "accept"
    )
    assert states(repo) == {"1": "merged", "2": "merged"}, done.stdout
    assert leftovers(repo) == []
