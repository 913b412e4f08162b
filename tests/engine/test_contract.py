"""What the command driver promises to whoever writes an agent for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.engine.scratch import (
    creates,
    environment,
    git,
    headless,
    maestro,
    make_agent,
    make_repo,
    write_plan,
)

NOTES = """\
#!/usr/bin/env python3
import json, os, pathlib, sys
folder = pathlib.Path(os.environ["NOTES"])
me = os.environ["MAESTRO_TASK_ID"]
deps = pathlib.Path(os.environ["MAESTRO_DEPENDENCIES"])
(folder / (me + ".json")).write_text(json.dumps({
    "argv": sys.argv[1:], "cwd": os.getcwd(), "prompt": sys.stdin.read(), "env": dict(os.environ),
    "deps": {p.name: p.read_text() for p in deps.iterdir()}, "files": os.listdir("."),
}))
print("to stdout"); print("to stderr", file=sys.stderr)
pathlib.Path("f%s.txt" % me).write_text(me)
marker = "# %s is done\\n## Interfaces\\n- call()\\n" % me
pathlib.Path(os.environ["MAESTRO_MARKER"]).write_text(marker)
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("contract dir")
    repo = make_repo(folder / "repo")
    (repo / "tools").mkdir()
    make_agent(repo / "tools", NOTES, "my agent.py")
    (folder / "notes").mkdir()
    tasks = creates("1", "2", "3")
    tasks["1"] += (
        '\nmodify = ["lib/*.py"]\ntext = """Do the first thing.\\nWith `care` & "quotes"."""'
    )
    tasks["2"] += '\nmarker = "ALL_DONE.md"'
    plan = write_plan(folder, tasks, "3<1 3<2")
    done = maestro(
        "run", str(plan), "--headless", "--yes", "--run-id", "r", "--repo", "..", "--agent-command",
        "'./my agent.py' --flag \"two words\" '$HOME;*' ''",
        cwd=repo / "tools",
        env={"NOTES": str(folder / "notes"), "MY_OWN": "ünï=1", "MAESTRO_TASK_ID": "old"},
    )  # fmt: skip
    assert done.returncode == 0, (done.stdout, done.stderr)
    found = {p.stem: json.loads(p.read_text()) for p in (folder / "notes").glob("*.json")}
    return repo, found


Notes = tuple[Path, dict[str, dict[str, Any]]]


def test_the_command_gets_its_arguments_as_they_are(notes: Notes) -> None:
    assert notes[1]["1"]["argv"] == ["--flag", "two words", "$HOME;*", ""]


def test_the_working_directory_is_a_worktree_of_its_own(notes: Notes) -> None:
    repo, found = notes
    for one in found.values():
        assert one["cwd"].startswith(str(repo / ".maestro/worktrees/r/"))
        assert "README.md" in one["files"]
    assert found["1"]["cwd"] != found["2"]["cwd"]
    assert {"f1.txt", "f2.txt"} <= set(found["3"]["files"])


def test_the_prompt_comes_on_standard_input(notes: Notes) -> None:
    prompt = notes[1]["1"]["prompt"]
    assert 'Do the first thing.\nWith `care` & "quotes".' in prompt
    assert "f1.txt" in prompt
    assert "1_COMPLETE.md" in prompt
    assert "1 is done" in notes[1]["3"]["prompt"]


def test_the_environment(notes: Notes) -> None:
    repo, found = notes
    env = found["1"]["env"]
    assert env["MAESTRO_RUN_ID"] == "r"
    assert env["MAESTRO_TASK_ID"] == "1"
    assert env["MAESTRO_TASK_TITLE"] == "Task 1"
    assert env["MAESTRO_ATTEMPT"] == "1"
    assert env["MAESTRO_MARKER"] == "1_COMPLETE.md"
    assert found["2"]["env"]["MAESTRO_MARKER"] == "ALL_DONE.md"
    assert env["MAESTRO_OWNED"].split("\n") == ["f1.txt", "lib/*.py"]
    assert Path(env["MAESTRO_DEPENDENCIES"]).is_dir()
    assert env["MAESTRO_ATTEMPT_DIR"] == str(repo / ".maestro/runs/r/1/1")


def test_the_rest_of_the_environment_is_passed_on(notes: Notes) -> None:
    env = notes[1]["1"]["env"]
    assert env["MY_OWN"] == "ünï=1"
    assert env["PATH"] == environment()["PATH"]


def test_the_dependencies_documents_are_there(notes: Notes) -> None:
    assert notes[1]["1"]["deps"] == {}
    deps = notes[1]["3"]["deps"]
    assert sorted(deps) == ["1_COMPLETE.md", "ALL_DONE.md"]
    assert deps["ALL_DONE.md"].startswith("# 2 is done")


def test_both_outputs_are_the_log(notes: Notes) -> None:
    log = (notes[0] / ".maestro/runs/r/1/1/output.log").read_text()
    assert sorted(log.splitlines()) == ["to stderr", "to stdout"]


def test_no_marker_is_merged(notes: Notes) -> None:
    listing = git(notes[0], "ls-tree", "--name-only", "HEAD").split()
    assert listing == ["README.md", "f1.txt", "f2.txt", "f3.txt"]


def test_dependencies_with_one_marker_name_do_not_hide_each_other(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    agent = make_agent(tmp_path, NOTES, "notes.py")
    (tmp_path / "notes").mkdir()
    tasks = {k: v + '\nmarker = "DONE.md"' for k, v in creates("1", "2", "3").items()}
    plan = write_plan(tmp_path, tasks, "3<1 3<2")
    done = headless(repo, plan, str(agent), env={"NOTES": str(tmp_path / "notes")})
    assert done.returncode == 0, done.stdout
    deps = json.loads((tmp_path / "notes/3.json").read_text())["deps"]
    assert sorted(text.split()[1] for text in deps.values()) == ["1", "2"]


def test_a_retried_attempt_hears_what_went_wrong(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    body = """#!/bin/sh
cat > "$NOTES/$MAESTRO_ATTEMPT"
[ "$MAESTRO_ATTEMPT" = 2 ] || { echo "KeyError: 'colour'"; exit 3; }
echo x > f1.txt; echo "# done" > "$MAESTRO_MARKER"
"""
    agent = make_agent(tmp_path, body)
    plan = write_plan(tmp_path, creates("1"))
    env = {"NOTES": str(tmp_path)}
    done = headless(repo, plan, str(agent), "--on-failure", "retry", "--retry-delay", "0", env=env)
    assert done.returncode == 0, done.stdout
    assert "KeyError" not in (tmp_path / "1").read_text()
    assert "KeyError: 'colour'" in (tmp_path / "2").read_text()


STREAM = """#!/bin/sh
cat > /dev/null
echo '{"type":"system","subtype":"init","session_id":"s"}'
echo '{"type":"assistant","message":{"id":"m","content":[{"type":"text","text":"Looking."},\
{"type":"tool_use","id":"t","name":"Bash","input":{"command":"ls"}}],\
"usage":{"input_tokens":10,"output_tokens":5}}}'
echo x > f1.txt; echo "# done" > "$MAESTRO_MARKER"
echo '{"type":"result","subtype":"success","is_error":ERR,"result":"RESULT","total_cost_usd":0.25,\
"usage":{"input_tokens":100,"output_tokens":50}}'
"""


@pytest.mark.parametrize("failed", [False, True])
def test_stream_json_is_understood(tmp_path: Path, failed: bool) -> None:
    repo = make_repo(tmp_path / "repo")
    text = STREAM.replace("ERR", "true" if failed else "false").replace("RESULT", "quota used up")
    agent = make_agent(tmp_path, text)
    done = headless(
        repo, write_plan(tmp_path, creates("1")), str(agent), "--on-failure", "skip", "--json"
    )
    assert done.returncode == (1 if failed else 0), done.stdout
    events = [json.loads(line) for line in done.stdout.splitlines()]
    ended = next(e for e in events if e["event"] == "AgentEnded")
    assert ended["usage"]["input"] == 100
    assert ended["usage"]["cost_usd"] == 0.25
    assert ("quota used up" in ended["error"]) is failed
