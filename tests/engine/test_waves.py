"""Who works beside whom, and who waits for whom: told by the agents themselves and the journal.

Agents meet by files, not by the clock: one that waits for another in vain gives up and fails the
run. So the machine may be as busy as it likes.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.engine.scratch import (
    PYTHON,
    cases_agent,
    git,
    headless,
    journal_events,
    leftovers,
    maestro,
    make_repo,
    six_tasks,
)

IN_VAIN = "n=$((n + 1)); [ $n -lt 1200 ] || exit 9; sleep 0.05; "  # a minute
COME = 'mkdir -p "$ROOM"; echo "in $MAESTRO_TASK_ID" >> "$BOOK"; touch "$ROOM/$MAESTRO_TASK_ID"; '
GO = 'echo "out $MAESTRO_TASK_ID" >> "$BOOK"; write; done_'
# The other tasks of one's own wave.
PEERS = {"1": "2 3", "2": "1 3", "3": "1 2", "4": "5", "5": "4", "6": ""}
Runs = dict[str, "Future[tuple[Path, int]]"]


def meets(others: str) -> str:
    """An agent that does not end before these others have begun."""
    return f'{COME}n=0; for o in {others}; do until [ -e "$ROOM/$o" ]; do {IN_VAIN}done; done; {GO}'


def sees_merged(task: str, run: str = "r") -> str:
    """An agent that does not end before that task is merged."""
    ref = f"refs/heads/maestro/{run}/_integration"
    return (
        f"{COME}n=0; until git cat-file -e {ref}:f{task}.txt 2> /dev/null; do {IN_VAIN}done; {GO}"
    )


CASES = {
    "streaming": {n: meets(others) for n, others in PEERS.items()},
    "waves": {n: meets(others) for n, others in PEERS.items()},
    "slow streaming": {"3": sees_merged("6")},
    "slow waves": {"3": f"{COME}sleep 3; {GO}"},
}


def run(folder: Path, case: str, *more: str) -> tuple[Path, int]:
    """The six tasks with the agents of that case."""
    repo = make_repo(folder / "repo")
    agent = cases_agent(folder, CASES[case], COME + GO)
    done = headless(
        repo, six_tasks(folder), agent, "--mode", case.rpartition(" ")[2], "--max-parallel", "10",
        *more, env=places(folder), timeout=240,
    )  # fmt: skip
    return repo, done.returncode


def places(folder: Path) -> dict[str, str]:
    """Where agents meet, and the book in which they write that they come and go."""
    return {"ROOM": str(folder / "room"), "BOOK": str(folder / "book")}


def most_at_once(book: Path) -> int:
    """How many agents were at work at the same time, by their own account."""
    at_work, most = 0, 0
    for line in book.read_text().splitlines():
        at_work += 1 if line.startswith("in") else -1
        most = max(most, at_work)
    return most


def moments(repo: Path, kind: str) -> dict[str, float]:
    """When each task came to that event."""
    return {task: at for name, task, at in journal_events(repo) if name == kind}


@pytest.fixture(scope="module")
def wave_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """The six tasks in both modes, with and without a slow third; they sleep most of their time."""
    with ThreadPoolExecutor(2) as pool:
        yield {
            case: pool.submit(run, tmp_path_factory.mktemp(case.replace(" ", "-")), case)
            for case in CASES
        }


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["streaming", "waves"])
def test_all_that_can_work_works_at_once_and_little_is_lost_between(
    wave_runs: Runs, mode: str
) -> None:
    repo, code = wave_runs[mode].result()
    assert code == 0, "some agent waited in vain for another of its wave"
    assert leftovers(repo) == []
    assert most_at_once(repo.parent / "book") == 3
    started, ended = moments(repo, "AgentStarted"), moments(repo, "AgentEnded")
    between = [started["4"] - ended["1"], started["5"] - ended["2"], started["6"] - ended["4"]]
    # What one git call and one program cost on this machine just now is the measure: a hand-over
    # is some twenty git calls and two programs, and other runs are under way beside this one.
    assert statistics.median(between) < 1.0 + 4 * (20 * cost_of_git(repo) + 2 * cost_of_python())


def cost_of_git(repo: Path) -> float:
    """Seconds of a git call that does next to nothing."""
    begun = time.monotonic()
    for _ in range(10):
        git(repo, "rev-parse", "HEAD")
    return (time.monotonic() - begun) / 10


def cost_of_python() -> float:
    """Seconds a program takes to come up."""
    begun = time.monotonic()
    assert maestro("--version", cwd=Path(PYTHON).parent).returncode == 0
    return time.monotonic() - begun


@pytest.mark.slow
def test_a_slow_task_delays_no_stranger_when_streaming(wave_runs: Runs) -> None:
    repo, code = wave_runs["slow streaming"].result()
    assert code == 0, "task 3 waited in vain for the strangers: they wait for it"
    assert list(moments(repo, "Merged"))[-1] == "3"
    assert moments(repo, "AgentEnded")["3"] > moments(repo, "Merged")["6"]
    assert len(git(repo, "ls-tree", "--name-only", "HEAD").split()) == 7


@pytest.mark.slow
def test_strict_waves_wait_for_the_slowest_of_each(wave_runs: Runs) -> None:
    repo, code = wave_runs["slow waves"].result()
    assert code == 0
    third, started = moments(repo, "Merged")["3"], moments(repo, "AgentStarted")
    assert all(started[task] >= third for task in "456")
    ended = moments(repo, "AgentEnded")
    assert ended["3"] > max(ended["1"], ended["2"]), "the third was not the slowest"


def test_no_more_agents_at_once_than_allowed(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    second = f'{COME}n=0; until [ "$(ls "$ROOM" | wc -l)" -ge 2 ]; do {IN_VAIN}done; {GO}'
    done = headless(
        repo, six_tasks(tmp_path), cases_agent(tmp_path, {}, second),
        "--mode", "streaming", "--max-parallel", "2", env=places(tmp_path), timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, "an agent waited in vain for a second one"
    assert most_at_once(tmp_path / "book") == 2
    at_work = 0
    for kind, _, _ in journal_events(repo):
        at_work += {"AgentStarted": 1, "AgentEnded": -1}.get(kind, 0)
        assert at_work <= 2
    assert len(moments(repo, "WorktreeReady")) == 6
