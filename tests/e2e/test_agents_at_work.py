"""What agents ask, meet and tell while they work, by keyboard in the real program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Open, accepted
from tests.e2e.steps import begun, deliver, say, step
from tests.e2e.terminal import Terminal
from tests.engine.scratch import cases_agent, creates, git, leftovers, states, until, write_plan

pytestmark = pytest.mark.slow

WAIT = 'until test -e "$GO"; do sleep 0.05; done; '


MERGED = (  # the one before
    "until git rev-parse -q --verify refs/heads/maestro/r/_integration^2 > /dev/null;"
    " do sleep 0.05; done; "
)


def attempt(repo: Path, task: str, name: str, number: int = 1) -> str:
    """A file of an attempt's folder."""
    return (repo / f".maestro/runs/r/{task}/{number}/{name}").read_text()


def ask(task: str, detail: str, rule: str = "") -> str:
    return step(task, "ask", tool="Bash", detail=detail, **({"rule": rule} if rule else {}))


def test_permission_once_always_later_and_never(repo: Path, rehearsed: Open) -> None:
    script = "".join((
        ask("a", "make one", "Bash(make:*)"),
        ask("a", "make two", "Bash(make:*)"),
        ask("a", "curl somewhere"),
        ask("b", "make three", "Bash(make:*)"),
    ))  # fmt: skip
    with rehearsed(script, "b<a") as screen:
        screen.until("make one", 60)
        screen.until("Always for this task")
        screen.answer("e", "Always in this run")  # in this run: of every agent
        screen.until("curl somewhere", 60)
        screen.until("Allow once")
        assert "Always" not in screen.text  # nothing was offered that would cover it
        screen.answer("\x1b", "Allow once")
        screen.until("1 waiting")
        screen.press("i")
        screen.until("Close")
        screen.press("\r")
        screen.until("Allow once")
        screen.answer("n", "Allow once")  # it asks for words now
        say(screen, "stay off the net")
        deliver(screen)
    log = attempt(repo, "a", "output.log")
    assert "Allowed: make two" in log
    assert "stay off the net" in log
    assert "Allowed: make three" in attempt(repo, "b", "output.log")
    assert leftovers(repo) == []


def test_an_agent_at_a_limit_is_parked_with_a_countdown_and_woken(
    repo: Path, rehearsed: Open
) -> None:
    script = step("a", "limit", seconds=600, why="The 5-hour limit is reached")
    script += step("a", "write", path="fa.txt", text="a")
    with rehearsed(script, "") as screen:
        before = re.search(r"goes on in (9m ?\d+s)", screen.until("goes on in 9m", 60))
        assert before is not None
        screen.without(before[0])  # it counts
        until(lambda: states(repo)["b"] == "merged", "the other one is not held up", 60)
        screen.press("6")
        screen.until("A: now")
        screen.press("\x1b")
        screen.without("A: now")
        screen.press("A")
        screen.until("Waits for a limit of the service, 9m")
        screen.answer("g", "Go on now")
        deliver(screen)
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "fa.txt", "fb.txt"]
    assert not (repo / ".maestro/runs/r/a/2").exists()
    assert leftovers(repo) == []


def test_a_conflict_is_seen_coming_and_then_decided(tmp_path: Path, repo: Path, go: Path) -> None:
    for name in ("shared.txt", "own.txt"):
        (repo / name).write_text("base\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "files")
    tasks = {"1": "", "2": ""}
    cases = {
        "1": f"echo one > shared.txt; {WAIT}done_",
        "2": f"echo two > shared.txt; {WAIT}{MERGED}done_",
    }
    words = ("--run-id", "r", "--agent-command", cases_agent(tmp_path, cases))
    plan = str(write_plan(tmp_path, tasks))
    with accepted(Terminal("run", plan, *words, cwd=repo), tasks) as screen:
        screen.until("would conflict with", 60)
        screen.press("9")
        screen.until("as it is now", 30)
        screen.until("shared.txt")
        screen.press("\x1b")
        screen.without("as it is now")
        assert set(states(repo).values()) == {"running"}
        go.touch()
        screen.until("Merging 2 conflicts with 1", 60)
        screen.answer("f", "Choose by file and place")
        screen.until("0 of 1 place decided")
        screen.press("b")
        screen.until("1 of 1 place decided")
        screen.press("v")
        screen.until("what would be merged")
        screen.press("\r")
        deliver(screen)
    assert git(repo, "show", "HEAD:shared.txt") == "one\ntwo"
    assert leftovers(repo) == []


INTERFACE = 'echo "# Done\n\n## Interface\n\n- models.B is new" > "$MAESTRO_MARKER"'


def test_what_was_delivered_and_what_was_said_begin_the_next_attempt(
    tmp_path: Path, repo: Path, go: Path
) -> None:
    """Of an agent that hears nothing while it works; one that does is with the real agents."""
    (repo / "models.py").write_text("A = 1\n")
    (repo / "service.py").write_text("from models import A\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "files")
    tasks = {"a": 'modify = ["models.py"]', "b": 'modify = ["service.py"]'}
    heard = 'p=$(cat); case "$p" in *"models.B is new"*plover*|*plover*"models.B is new"*)'
    cases = {
        "a": f"echo B = 2 >> models.py; {INTERFACE}",
        "b": f"{heard} echo from models import B > service.py; done_;; *) {WAIT} exit 7;; esac",
    }
    plan = str(write_plan(tmp_path, tasks, extra='order = "explicit"'))
    words = ("--run-id", "r", "--agent-command", cases_agent(tmp_path, cases))
    with accepted(Terminal("run", plan, *words, cwd=repo), tasks) as screen:
        until(lambda: begun(repo) == ["a.1", "b.1"], "both work", 60)
        until(lambda: states(repo)["a"] == "merged", "a is merged", 60)
        screen.press("1G")  # the last one of the plan
        screen.until("b Task b  running")
        screen.press("c")
        screen.until("hears nothing while it works")
        say(screen, "the word is plover")
        screen.until("Noted for the next attempt")
        go.touch()
        screen.until("Retry with instructions", 60)
        screen.answer("r", "Retry with instructions")
        deliver(screen)
    assert begun(repo) == ["a.1", "b.1", "b.2"]
    prompt = attempt(repo, "b", "prompt.md", 2)
    assert "models.B is new" in prompt
    assert "the word is plover" in prompt
    assert git(repo, "show", "HEAD:service.py") == "from models import B"
    assert leftovers(repo) == []


def test_what_a_marker_claims_is_ticked_off(repo: Path, opened: Open) -> None:
    claims = '{ echo "# Done"; echo "## Files"; echo "- \\`nothing.py\\`"; } > "$MAESTRO_MARKER"'
    cases = {"1": f'write; if [ "$MAESTRO_ATTEMPT" = 1 ]; then {claims}; else done_; fi'}
    with opened(creates("1"), "", cases) as screen:
        screen.until("Abort the run", 60)
        screen.until("✗ files: claimed but not there: nothing.py")
        screen.press("\x1b")
        screen.without("Abort the run")
        screen.press("d")
        screen.until("Story")
        screen.press("3")
        screen.until("✓ marker")
        screen.until("✓ committed")
        assert re.search("✗ .*\n?.*nothing.py", screen.text), screen.text
        screen.press("5")
        screen.until("# Done")
        screen.press("a")
        screen.until("Abort the run")
        screen.answer("r", "Abort the run")
        deliver(screen)
    assert begun(repo) == ["1.1", "1.2"]
    assert git(repo, "ls-tree", "--name-only", "HEAD").split() == ["README.md", "f1.txt"]
    assert leftovers(repo) == []


def test_a_worktree_of_its_own_and_the_checkout_as_it_was(repo: Path, opened: Open) -> None:
    (repo / ".gitignore").write_text(".env\nmade/\n")
    (repo / "maestro.toml").write_text('[run]\ncopy = [".env"]\nsetup = "mkdir made"\n')
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "settings")
    (repo / ".env").write_text("TOKEN=1\n")
    (repo / "README.md").write_text("mine, and not committed\n")
    (repo / "new.txt").write_text("mine, and staged\n")
    git(repo, "add", "new.txt")
    body = 'test -e made && cat .env > "f$MAESTRO_TASK_ID.txt"; pwd >> "$STARTS.at"; done_'
    with opened(creates("1", "2"), "", dict.fromkeys("12", body)) as screen:
        deliver(screen)
    assert git(repo, "status", "--porcelain").split("\n") == ["M README.md", "A  new.txt"]
    assert (repo / "README.md").read_text() == "mine, and not committed\n"
    assert git(repo, "show", "HEAD:f2.txt") == "TOKEN=1"
    places = (repo.parent / "starts.at").read_text().split()
    assert len({*places, str(repo)}) == 3
    assert leftovers(repo) == []
