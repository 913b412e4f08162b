"""What starting an agent costs Maestro, beside what the agent's own program costs to start.

Real agents, one after the other, against a scripted service on this machine: Claude Code, the
agents behind the Agent Client Protocol, and a model alone, whose program is the anthropic package
with its own tools and its own loop.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # for what tests and this share

from maestro_tui.agents import launch, processes
from maestro_tui.engine.acp_options import package_folder
from tests.agents import acp_agents, claude_cli
from tests.agents.attempt_folder import AttemptFolder
from tests.agents.model_api import ModelApi, text, use, write

AGENTS = 10
OTHERS = 3
MARKER = "NOTIFY_COMPLETE.md"
MODEL = "claude-sonnet-5-5"


def bare(tree: Path, env: dict[str, str]) -> float:
    """CPU seconds of the program alone, at the same work."""
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    argv = [claude_cli.program(), "-p", "--output-format", "stream-json", "--verbose"]
    argv += ["--permission-mode", "acceptEdits", "[[script:s]] Do it."]
    process = subprocess.Popen(
        argv, cwd=tree, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    return _cpu(process)


def bare_acp(agent: acp_agents.RealAgent, tree: Path, env: dict[str, str]) -> float:
    """CPU seconds of an agent behind the protocol, with the least of clients; it may do all."""
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    process = subprocess.Popen(
        [agent.path, *agent.arguments], cwd=tree, env=env, stderr=subprocess.DEVNULL,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None

    def send(**message: object) -> None:
        assert process.stdin is not None
        process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
        process.stdin.flush()

    send(id=0, method="initialize", params={"protocolVersion": 1, "clientCapabilities": {}})
    for line in process.stdout:
        told = json.loads(line)
        if told.get("method") == "session/request_permission":
            option = next(o for o in told["params"]["options"] if o["kind"] == "allow_once")
            chosen = {"outcome": "selected", "optionId": option["optionId"]}
            send(id=told["id"], result={"outcome": chosen})
        elif told.get("method") == "fs/write_text_file":
            Path(told["params"]["path"]).write_text(told["params"]["content"])
            send(id=told["id"], result={})
        elif "method" not in told and told.get("id") == 0:
            send(id=1, method="session/new", params={"cwd": str(tree), "mcpServers": []})
        elif "method" not in told and told.get("id") == 1:
            said = [{"type": "text", "text": "[[script:s]] Do it."}]
            session = told["result"]["sessionId"]
            send(id=2, method="session/prompt", params={"sessionId": session, "prompt": said})
        elif "method" not in told and told.get("id") == 2:
            break
    assert (tree / MARKER).exists()
    process.terminate()
    return _cpu(process, ended=False)


BARE_API = """
import asyncio, sys
package, tree, model = sys.argv[1:]
sys.path.append(package)
import anthropic
from anthropic.lib.tools.agent_toolset import AgentToolContext, beta_agent_toolset_20260401

async def main():
    async with anthropic.AsyncAnthropic() as client:
        runner = client.beta.messages.tool_runner(
            model=model, max_tokens=32_000, thread=False, stream=True,
            messages=[{"role": "user", "content": "[[script:s]] Do it."}],
            tools=beta_agent_toolset_20260401(AgentToolContext(workdir=tree)),
        )
        async for stream in runner:
            await stream.get_final_message()

asyncio.run(main())
"""


def bare_api(package: str, tree: Path, env: dict[str, str]) -> float:
    """CPU seconds of the package alone, at the same work; it may do all."""
    subprocess.run(["git", "init", "-q", str(tree)], check=True)
    # Without site-packages, as a runner starts.
    argv = [sys.executable, "-I", "-S", "-c", BARE_API, package, str(tree), MODEL]
    seconds = _cpu(subprocess.Popen(argv, cwd=tree, env=env))
    assert (tree / MARKER).exists()
    return seconds


def held(base: Path, env: dict[str, str], driver: str, options: dict[str, object]) -> float:
    """CPU seconds of runner and program together."""
    attempt = AttemptFolder(base)
    subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)
    (attempt.path / "prompt.md").write_text("[[script:s]] Do it.\n")
    attempt.spec(driver=driver, options=options, env=env)
    seconds = _cpu(launch.launch(attempt.path))
    assert attempt.result is not None, attempt.runner_log
    assert attempt.result["ok"], attempt.result
    return seconds


def _cpu(process: subprocess.Popen[bytes], *, ended: bool = True) -> float:
    """Of the process and all it left behind, which this one inherits."""
    before = sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    _, status, _ = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0 or not ended
    processes.Children(0).kill()
    return sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2]) - before


def claude(folder: Path, api: ModelApi) -> bool:
    """Claude Code; whether Maestro's part is the smaller one."""
    if missing := claude_cli.missing():
        print(f"claude: skipped: {missing}")
        return True
    api.scripts["s"] = [[write(MARKER, "# Done\n")], [text("Done.")]]
    home = folder / "home"
    home.mkdir()
    env = claude_cli.environment(api.url, home)
    alone = with_us = 0.0
    for n in range(AGENTS):
        alone += bare(folder / f"bare-{n}", {**os.environ, **env})
        options: dict[str, object] = {
            "program": claude_cli.program(),
            "python_path": [claude_cli.sdk_folder()],
            "session": f"00000000-0000-4000-8000-{os.getpid() * 100 + n:012d}",
        }
        with_us += held(folder / f"held-{n}", env, "claude", options)
    return _told("claude", alone / AGENTS, with_us / AGENTS)


def acp(folder: Path, api: ModelApi, agent: acp_agents.RealAgent) -> bool:
    """An agent behind the protocol; whether Maestro's part is the smaller one."""
    if agent.missing:
        print(f"{agent.name}: skipped: {agent.missing}")
        return True
    api.scripts["s"] = [[agent.write(MARKER, "# Done\n")], [text("Done.")]]
    home = folder / f"home-{agent.name}"
    home.mkdir()
    env = agent.environment(api.url, home)
    options: dict[str, object] = {
        "agent": agent.preset,
        "command": [agent.path, *agent.arguments],
        "python_path": [acp_agents.acp_folder()],
    }
    plain = {k: v for k, v in os.environ.items() if k != "IS_SANDBOX"}  # as the driver does it
    alone = with_us = 0.0
    for n in range(OTHERS):
        alone += bare_acp(agent, folder / f"{agent.name}-{n}", {**plain, **env})
        with_us += held(folder / f"held-{agent.name}-{n}", env, "acp", options)
    return _told(agent.name, alone / OTHERS, with_us / OTHERS)


def model(folder: Path, api: ModelApi) -> bool:
    """A model alone; whether Maestro's part is smaller than that of the package."""
    package = package_folder("anthropic")
    if not package:
        print("api: skipped: the anthropic package is not installed")
        return True
    api.scripts["s"] = [[use("write", file_path=MARKER, content="# Done\n")], [text("Done.")]]
    env = {"ANTHROPIC_BASE_URL": api.url, "ANTHROPIC_API_KEY": "dummy-key-for-the-stand-in"}
    alone = with_us = 0.0
    for n in range(OTHERS):
        alone += bare_api(package, folder / f"api-bare-{n}", {**os.environ, **env})
        with_us += held(folder / f"api-{n}", env, "api", {"python_path": [package]})
    return _told("api", alone / OTHERS, with_us / OTHERS)


def _told(name: str, alone: float, with_us: float) -> bool:
    ours = with_us - alone
    print(f"{name}: the program alone {alone:.2f} CPU-s, Maestro's part {ours:.2f} CPU-s, "
          f"ratio {ours / alone:.2f} (below 1: Maestro costs less)")  # fmt: skip
    return ours < alone


def main() -> None:
    """Measure and print the ratios."""
    processes.become_subreaper()
    api = ModelApi()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        good = claude(folder, api)
        for agent in acp_agents.AGENTS:
            good = acp(folder, api, agent) and good
        good = model(folder, api) and good
    api.close()
    sys.exit(not good)


if __name__ == "__main__":
    main()
