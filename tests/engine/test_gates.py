"""Gates: run on the merged tree, ended at their time-out; what each policy makes of a red one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.engine.scratch import (
    begin,
    cases_agent,
    creates,
    decide,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    states,
    status,
    until,
    write_plan,
)


def gate(run: str, name: str = "tests", **more: str) -> str:
    lines = "".join(f"{k} = {v}\n" for k, v in more.items())
    return f"[[gate]]\nname = \"{name}\"\nrun = '''{run}'''\n{lines}"


def test_gates_see_the_merged_files_of_all_tasks_of_the_wave(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "a repo")
    seen = tmp_path / "seen"
    plan = write_plan(
        tmp_path, creates("1", "2", "3"), "3<1 3<2",
        gate('ls f*.txt | tr "\\n" " " >> "$SEEN"; git rev-parse HEAD >> "$SEEN"'),
    )  # fmt: skip
    agent = cases_agent(tmp_path, {})
    done = headless(repo, plan, agent, env={"SEEN": str(seen)})
    assert done.returncode == 0, done.stdout
    lines = seen.read_text().splitlines()
    assert [line.rsplit(" ", 1)[0] for line in lines] == ["f1.txt f2.txt", "f1.txt f2.txt f3.txt"]
    assert lines[-1].split()[-1] == git(repo, "rev-parse", "HEAD")
    assert git(repo, "rev-parse", "refs/maestro/r/wave/1") == lines[0].split()[-1]
    assert leftovers(repo) == []


def test_a_gate_may_use_the_shells_syntax_and_what_it_leaves_is_not_merged(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(
        tmp_path, creates("1"), "",
        gate('for f in f*.txt; do test -s "$f" || exit 3; done && cat f1.txt | grep -q "text of" '
             "&& echo junk > junk.txt && echo changed > f1.txt"),
    )  # fmt: skip
    done = headless(repo, plan, cases_agent(tmp_path, {}))
    assert done.returncode == 0, done.stdout
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "f1.txt"]
    assert git(repo, "show", "HEAD:f1.txt") == "text of 1"


def test_gates_of_named_waves_and_at_the_end(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    seen = tmp_path / "seen"
    plan = write_plan(
        tmp_path, creates("1", "2"), "2<1",
        gate('echo one >> "$SEEN"', "first", waves="[1]")
        + gate('echo final >> "$SEEN"', "last", when='"final"'),
    )  # fmt: skip
    done = headless(repo, plan, cases_agent(tmp_path, {}), env={"SEEN": str(seen)})
    assert done.returncode == 0, done.stdout
    assert seen.read_text().split() == ["one", "final"]


@pytest.fixture
def red(tmp_path: Path) -> tuple[Path, Path, str]:
    """Two waves; the first one's task 1 breaks the gate on its first attempt."""
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(
        tmp_path, creates("1", "2", "3"), "3<1",
        gate("! grep -l broken f1.txt"),
    )  # fmt: skip
    agent = cases_agent(
        tmp_path,
        {
            "1": 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then echo broken > f1.txt; else write; fi; done_',
        },
    )
    return repo, plan, agent


def test_a_red_gate_stops_the_waves_and_asks_with_its_output(red: tuple[Path, Path, str]) -> None:
    repo, plan, agent = red
    done = headless(repo, plan, agent)
    assert done.returncode == 3, done.stdout
    question = status(repo, "r")["questions"][0]
    assert question["kind"] == "gate"
    assert question["task"] == "1"
    assert any("f1.txt" in line for line in question["evidence"])
    assert states(repo) == {"1": "merged", "2": "merged", "3": "waiting"}
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md"]
    decide(repo, question["id"], "retry")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert git(repo, "show", "HEAD:f1.txt") == "text of 1"
    assert leftovers(repo) == []


def test_retry_by_policy_sends_the_guilty_task_back(red: tuple[Path, Path, str]) -> None:
    repo, plan, agent = red
    done = headless(repo, plan, agent, "--on-gate-failure", "retry", "--retry-delay", "0")
    assert done.returncode == 0, done.stdout
    attempts = {t["id"]: t["attempts"] for t in status(repo, "r")["tasks"]}
    assert attempts == {"1": 2, "2": 1, "3": 1}


def test_accept_goes_on_and_ends_with_one(red: tuple[Path, Path, str]) -> None:
    repo, plan, agent = red
    done = headless(repo, plan, agent, "--on-gate-failure", "accept")
    assert done.returncode == 1, done.stdout
    assert set(states(repo).values()) == {"merged"}
    assert git(repo, "show", "HEAD:f1.txt") == "broken"


def test_abort_delivers_nothing(red: tuple[Path, Path, str]) -> None:
    repo, plan, agent = red
    done = headless(repo, plan, agent, "--on-gate-failure", "abort")
    assert done.returncode == 1
    assert status(repo, "r")["status"] == "aborted"
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md"]
    assert leftovers(repo) == []


def test_rollback_drops_the_waves_merges_and_keeps_them_under_a_ref(
    red: tuple[Path, Path, str],
) -> None:
    repo, plan, agent = red
    done = headless(repo, plan, agent, "--on-gate-failure", "rollback")
    assert done.returncode == 1, done.stdout
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md"]
    kept = git(repo, "show", "refs/maestro/r/rolled-back/1:f1.txt")
    assert kept == "broken"
    assert leftovers(repo) == []


def test_a_rolled_back_wave_can_be_started_again(red: tuple[Path, Path, str]) -> None:
    repo, plan, agent = red
    headless(repo, plan, agent)
    decide(repo, status(repo, "r")["questions"][0]["id"], "rollback")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 3, done.stdout
    question = status(repo, "r")["questions"][0]
    assert question["kind"] == "rolledback"
    decide(repo, question["id"], "restart")
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert git(repo, "show", "HEAD:f1.txt") == "text of 1"
    assert leftovers(repo) == []


def test_a_gate_that_hangs_is_ended_with_all_it_started(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    pids = tmp_path / "pids"
    plan = write_plan(
        tmp_path, creates("1"), "",
        gate("(trap '' TERM; echo $BASHPID >> \"$PIDS\"; sleep 61) & "
             'setsid nohup sleep 62 & echo $! >> "$PIDS"; sleep 63', timeout_s="0.5"),
    )  # fmt: skip
    started = time.monotonic()
    done = headless(
        repo, plan, cases_agent(tmp_path, {}), "--on-gate-failure", "abort", env={"PIDS": str(pids)}
    )
    assert done.returncode == 1
    assert "timed out after" in done.stdout
    assert time.monotonic() - started < 20
    for pid in pids.read_text().split():
        assert not alive(int(pid))
    assert leftovers(repo) == []


def alive(pid: int) -> bool:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return text.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("how", ["stop", "abort", "signal"])
def test_a_stop_does_not_wait_for_a_gate(tmp_path: Path, how: str) -> None:
    repo = make_repo(tmp_path / "repo")
    flag = tmp_path / "flag"
    plan = write_plan(
        tmp_path, creates("1"), "", gate('test -e "$FLAG" || { echo $$ > "$FLAG"; sleep 100; }')
    )
    engine = begin(
        repo, "run", str(plan), "--headless", "--yes", "--agent-command",
        cases_agent(tmp_path, {}), "--run-id", "r", env={"FLAG": str(flag)},
    )  # fmt: skip
    until(flag.exists, "the gate runs")
    started = time.monotonic()
    if how == "signal":
        engine.terminate()
    else:
        done = maestro("stop", "r", *(["--abort"] if how == "abort" else []), cwd=repo)
        assert done.returncode == 0, done.stderr
    assert engine.wait(20) == {"stop": 3, "abort": 1, "signal": 130}[how]
    assert time.monotonic() - started < 15
    assert not alive(int(flag.read_text()))
    assert leftovers(repo) == [] or how != "abort"
    if how != "abort":
        done = maestro("resume", "r", "--headless", "--yes", cwd=repo, env={"FLAG": str(flag)})
        assert done.returncode == 0, done.stdout
        assert leftovers(repo) == []


def test_a_gates_program_that_is_not_there_is_a_red_gate(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, creates("1"), "", gate("no-such-program --now"))
    done = headless(repo, plan, cases_agent(tmp_path, {}), "--on-gate-failure", "abort")
    assert done.returncode == 1
    assert "no-such-program" in done.stdout


def test_a_gate_that_prints_a_lot_is_kept_and_shown_in_short(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(
        tmp_path, creates("1"), "",
        gate("head -c 3000000 /dev/zero | tr '\\0' 'x'; "
             "printf '\\n\\033[31mred\\033[0m\\n'; exit 1"),
    )  # fmt: skip
    done = headless(repo, plan, cases_agent(tmp_path, {}), "--on-gate-failure", "abort")
    assert "\x1b" not in done.stdout
    assert len(done.stdout) < 20000
    log = next((repo / ".maestro/runs/r/_gates").glob("*.log"))
    assert log.stat().st_size == 3000000 + len("\n\x1b[31mred\x1b[0m\n")
