"""What starting an agent costs Maestro, beside what the agent's own program costs to start.

Ten real Claude Code agents, one after the other, against a scripted service on this machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for what tests and this share

from maestro_tui.agents import launch
from tests.agents import claude_cli
from tests.agents.attempt_folder import AttemptFolder
from tests.agents.model_api import ModelApi, text, write

AGENTS = 10
MARKER = "NOTIFY_COMPLETE.md"


def bare(tree: Path, env: dict[str, str]) -> float:
    """CPU seconds of the program alone, at the same work."""
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    argv = [claude_cli.program(), "-p", "--output-format", "stream-json", "--verbose"]
    argv += ["--permission-mode", "acceptEdits", "[[script:s]] Do it."]
    process = subprocess.Popen(
        argv, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return _cpu(process)


def held(base: Path, env: dict[str, str]) -> float:
    """CPU seconds of runner and program together."""
    attempt = AttemptFolder(base)
    subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)
    (attempt.path / "prompt.md").write_text("[[script:s]] Do it.\n")
    options = {
        "program": claude_cli.program(),
        "python_path": [claude_cli.sdk_folder()],
        "session": f"00000000-0000-4000-8000-{os.getpid() + hash(base) % 10**6:012d}",
    }
    attempt.spec(driver="claude", options=options, env=env)
    seconds = _cpu(launch.launch(attempt.path))
    assert attempt.result is not None, attempt.runner_log
    assert attempt.result["ok"], attempt.result
    return seconds


def _cpu(process: subprocess.Popen[bytes]) -> float:
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Measure and print the ratio."""
    if missing := claude_cli.missing():
        print(f"skipped: {missing}")
        return
    api = ModelApi()
    api.scripts["s"] = [[write(MARKER, "# Done\n")], [text("Done.")]]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        home = folder / "home"
        home.mkdir()
        env = claude_cli.environment(api.url, home)
        alone = with_us = 0.0
        for n in range(AGENTS):
            tree = folder / f"bare-{n}"
            alone += bare(tree, {**os.environ, **env})
            with_us += held(folder / f"held-{n}", env)
    api.close()
    ours = (with_us - alone) / AGENTS
    print(f"the program alone {alone / AGENTS:.2f} CPU-s, Maestro's part {ours:.2f} CPU-s")
    print(f"ratio {ours / (alone / AGENTS):.2f} (below 1: Maestro costs less)")
    sys.exit(ours >= alone / AGENTS)


if __name__ == "__main__":
    main()
