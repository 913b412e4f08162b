"""Real repositories, plans and runs for the engine's tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PYTHON = sys.executable
SRC = Path(__file__).resolve().parents[2]


def git(repo: Path, *args: str) -> str:
    """A git command that must succeed; its output."""
    done = subprocess.run(
        ["git", "-c", "user.name=T", "-c", "user.email=t@t", *args],
        cwd=repo,
        capture_output=True,
        text=True,
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
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAESTRO_", "GIT_"))}
    env["PYTHONPATH"] = str(SRC)
    env["PYTHONDONTWRITEBYTECODE"] = "1"
    env["PATH"] = f"{Path(PYTHON).parent}{os.pathsep}{env['PATH']}"
    env["HOME"] = env["XDG_CONFIG_HOME"] = "/nonexistent-home"
    env.update(extra or {})
    return env


def status(repo: Path, run: str = "") -> dict[str, Any]:
    """What ``maestro status --json`` says."""
    done = maestro("status", *([run] if run else []), "--json", cwd=repo)
    assert done.returncode == 0, done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def leftovers(repo: Path) -> list[str]:
    """What should not be there after a run's end: processes, worktrees, locks, branches."""
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != os.getpid():
            try:
                environ = Path(f"/proc/{name}/environ").read_bytes()
                command = Path(f"/proc/{name}/cmdline").read_bytes()
                state = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if state == "Z":
                continue
            if f"MAESTRO_ATTEMPT_DIR={repo}/".encode() in environ:
                found.append(f"process {name}: {command!r}")
            if str(repo).encode() in command and b"maestro_tui" in command:
                found.append(f"process {name}: {command!r}")
    trees = git(repo, "worktree", "list", "--porcelain").count("worktree ")
    if trees != 1:
        found.append(f"{trees - 1} worktrees")
    found += [str(p) for p in (repo / ".git").rglob("*.lock") if p.name != "maestro-worktrees.lock"]
    return found
