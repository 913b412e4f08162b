"""Real repositories, plans and runs for the engine's tests."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from maestro_tui.cli.runs import status_json
from maestro_tui.cli.selecting import choose_run
from maestro_tui.engine.client import RunClient

PYTHON = sys.executable
SRC = Path(__file__).resolve().parents[2]


def git(repo: Path, *args: str) -> str:
    """A git command that must succeed; its output."""
    done = subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@t", *args],
        cwd=repo,
        capture_output=True,
        text=True,
        errors="surrogateescape",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def make_repo(folder: Path, files: dict[str, str] | None = None) -> Path:
    """A repository with one commit."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    for name, text in (files or {"README.md": "start\n"}).items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "start")
    return folder


def six_tasks(folder: Path, extra: str = "") -> Path:
    """Six tasks in three waves: 1, 2, 3 > 4 after 1, 5 after 2 > 6 after 4 and 5."""
    tasks = "".join(
        f'[[task]]\nid = "{n}"\ntitle = "Task {n}"\ncreate = ["f{n}.txt"]\n' for n in range(1, 7)
    )
    edges = "".join(f'[[edge]]\ntask = "{a}"\nafter = "{b}"\n' for a, b in ("41", "52", "64", "65"))
    path = folder / "six.plan.toml"
    path.write_text(f'schema = 1\n[plan]\ntitle = "Six"\n{extra}\n{tasks}{edges}')
    return path


AGENT = """\
#!/bin/sh
echo "$MAESTRO_TASK_ID.$MAESTRO_ATTEMPT" >> "$STARTS"
sleep "${AGENT_SLEEP:-0.2}"
echo "text of $MAESTRO_TASK_ID" > "f$MAESTRO_TASK_ID.txt"
echo "# done" > "$MAESTRO_MARKER"
"""


def make_agent(folder: Path, text: str = AGENT, name: str = "agent.sh") -> Path:
    """An executable agent script."""
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def maestro(
    *args: str, cwd: Path, env: dict[str, str] | None = None, timeout: float = 90
) -> subprocess.CompletedProcess[str]:
    """The real program."""
    return subprocess.run(
        [PYTHON, "-m", "maestro_tui", *args],
        cwd=cwd,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """The environment of a test's programs: nothing of the user's own configuration."""
    # A size in the environment (a library sets one in the tests' workers) counts for more than the
    # terminal's own.
    mine = ("MAESTRO_", "GIT_", "COLUMNS", "LINES")
    env = {k: v for k, v in os.environ.items() if not k.startswith(mine)}
    env["PYTHONPATH"] = str(SRC)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # of gates: the plugins here are ours, not theirs
    env["PATH"] = f"{Path(PYTHON).parent}{os.pathsep}{env['PATH']}"
    env["HOME"] = env["XDG_CONFIG_HOME"] = "/nonexistent-home"
    env.update(extra or {})
    return env


def status(repo: Path, run: str = "") -> dict[str, Any]:
    """What ``maestro status --json`` says, without the cost of starting the program."""
    client = RunClient(repo, choose_run(repo, run))
    try:
        return status_json(client)
    finally:
        client.close()


def decide(repo: Path, question: str, answer: str) -> None:
    """What ``maestro decide`` does, without the cost of starting the program."""
    client = RunClient(repo, "r")
    try:
        assert client.decide(question, answer)
    finally:
        client.close()


def processes_of(repo: Path) -> list[int]:
    """A run's engine, runners, agents and whatever those have started."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                environ = Path(f"/proc/{name}/environ").read_bytes()
                command = Path(f"/proc/{name}/cmdline").read_bytes()
                state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            ours = f"MAESTRO_ATTEMPT_DIR={repo}/".encode() in environ
            ours = ours or (str(repo).encode() in command and b"maestro_tui" in command)
            if ours and state != "Z":
                found.append(int(name))
    return found


def leftovers(repo: Path) -> list[str]:
    """What should not be there after a run's end: processes, worktrees, locks, branches."""
    found = []
    for pid in processes_of(repo):
        try:
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found.append(f"process {pid}: {command!r}")
    trees = git(repo, "worktree", "list", "--porcelain").count("worktree ")
    if trees != 1:
        found.append(f"{trees - 1} worktrees")
    for folder, _, names in os.walk(repo / ".git"):  # not rglob: it minds folders that go away
        found += [f"{folder}/{name}" for name in names if name.endswith(".lock")]
    return found


def write_plan(
    folder: Path,
    tasks: dict[str, str],
    edges: str = "",
    extra: str = "",
    name: str = "work.plan.toml",
) -> Path:
    """A plan of these tasks: id to the lines of its table; ``edges`` as "b<a c<a"."""
    text = f'schema = 1\n[plan]\ntitle = "Work"\n{extra}\n'
    for task, lines in tasks.items():
        text += f'[[task]]\nid = "{task}"\nkey = "{task}"\ntitle = "Task {task}"\n{lines}\n'
    for edge in edges.split():
        task, _, after = edge.partition("<")
        text += f'[[edge]]\ntask = "{task}"\nafter = "{after}"\n'
    path = folder / name
    path.write_text(text)
    return path


def creates(*names: str) -> dict[str, str]:
    """Tasks that each create the file ``f<id>.txt``."""
    return {n: f'create = ["f{n}.txt"]' for n in names}


def cases_agent(folder: Path, cases: dict[str, str], otherwise: str = "", *, name: str = "") -> str:
    """An agent that acts by its task's id; the command line that runs it.

    Every start is noted in ``$STARTS``; ``done`` writes a plain completion document.
    """
    text = '#!/bin/bash\necho "$MAESTRO_TASK_ID.$MAESTRO_ATTEMPT" >> "${STARTS:-/dev/null}"\n'
    text += 'done_() { echo "# done" > "$MAESTRO_MARKER"; }\n'
    text += 'write() { echo "text of $MAESTRO_TASK_ID" > "f$MAESTRO_TASK_ID.txt"; }\n'
    text += 'commit() { git -c user.name=Own -c user.email=own@own commit -q -m "$1"; }\n'
    text += 'case "$MAESTRO_TASK_ID" in\n'
    for task, body in cases.items():
        text += f"{task})\n{body}\n;;\n"
    text += f"*)\n{otherwise or 'write; done_'}\n;;\nesac\n"
    path = make_agent(folder, text, name or "cases.sh")
    return f"'{path}'"


def headless(
    repo: Path,
    plan: Path,
    agent: str,
    *more: str,
    env: dict[str, str] | None = None,
    timeout: float = 60,
    yes: bool = True,
) -> subprocess.CompletedProcess[str]:
    """``maestro run --headless --yes`` of that plan with that agent, as the run ``r``."""
    words = ["run", str(plan), "--headless", "--agent-command", agent, "--run-id", "r", *more]
    return maestro(*words, *(["--yes"] if yes else []), cwd=repo, env=env, timeout=timeout)


def begin(
    repo: Path, *args: str, env: dict[str, str] | None = None, **how: Any
) -> subprocess.Popen[str]:
    """The real program, in the background."""
    how.setdefault("stdout", subprocess.PIPE)
    how.setdefault("stderr", subprocess.STDOUT)
    return subprocess.Popen(
        [PYTHON, "-m", "maestro_tui", *args],
        cwd=repo,
        env=environment(env),
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        **how,
    )


def until(condition: Callable[[], Any], what: str = "", seconds: float = 20.0) -> Any:
    """Wait for a condition; its value. Fails with ``what`` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return value


def states(repo: Path, run: str = "r") -> dict[str, str]:
    """Each task's state."""
    return {t["id"]: t["state"] for t in status(repo, run)["tasks"]}


def journal_events(repo: Path, run: str = "r") -> list[tuple[str, str, float]]:
    """(kind, task, at) of every event, oldest first."""
    db = sqlite3.connect(repo / ".maestro/maestro.db")
    try:
        rows = db.execute("SELECT kind, task, at FROM event WHERE run = ? ORDER BY seq", (run,))
        return list(rows)
    finally:
        db.close()


def checkout(repo: Path) -> dict[str, Any]:
    """Everything of the user's checkout that a run may not touch."""
    index = repo / ".git/index"
    found: dict[str, Any] = {
        "index": hashlib.sha256(index.read_bytes()).hexdigest(),
        "HEAD": (repo / ".git/HEAD").read_text(),
        "head": git(repo, "rev-parse", "HEAD"),
        "stash": git(repo, "stash", "list", "--format=%H %gs"),
        "refs": own_refs(repo),
        "status": git(repo, "--no-optional-locks", "status", "--porcelain"),
    }
    found["files"] = {
        str(p.relative_to(repo)): p.read_bytes()
        for p in sorted(repo.rglob("*"))
        if p.is_file() and p.relative_to(repo).parts[0] not in (".git", ".maestro")
    }
    return found


def own_refs(repo: Path) -> list[str]:
    """The refs that are not Maestro's."""
    lines = git(repo, "for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return [x for x in lines if not x.startswith(("refs/heads/maestro/", "refs/maestro/"))]


def everything(folder: Path) -> list[str]:
    """Every path beneath a folder, git's own files too."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*"))
