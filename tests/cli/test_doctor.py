"""``maestro doctor``: every line tells how bad it is, why, and what to do next."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.cli import doctor_agents
from maestro_tui.cli.doctor_agents import agent_findings, program_version
from maestro_tui.cli.findings import ERROR, OK, UNUSED, WARNING, Finding, in_lines, verdict
from maestro_tui.config.sections import AgentSettings, ClaudeSettings, RunSettings
from maestro_tui.config.settings import Settings
from tests.engine.scratch import maestro, make_repo

AGENT = "---\nname: {name}\ndescription: Writes tests with care.\n---\nYou write tests.\n"


def rows(repo: Path, **env: str) -> dict[str, dict[str, Any]]:
    """The findings of the real program by their names."""
    done = maestro("doctor", "--json", cwd=repo, env=env)
    return {row["check"]: row for row in json.loads(done.stdout)}


def program(folder: Path, name: str, *said: str, code: int = 0) -> str:
    """A program that prints this."""
    path = folder / name
    text = "\n".join(said)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{text}\nEND\nexit {code}\n")
    path.chmod(0o755)
    return str(path)


def found(settings: Settings, name: str) -> Finding:
    return next(f for f in agent_findings(None, settings) if f.check == name)


def test_it_reads_the_same_definitions_as_a_run(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    before = int(rows(repo)["agents"]["detail"].split()[0])
    for folder, name in ((repo / "team", "extra-one"), (repo / ".claude" / "agents", "ours")):
        folder.mkdir(parents=True)
        (folder / f"{name}.md").write_text(AGENT.format(name=name))
    (repo / "maestro.toml").write_text('[agents]\nfolders = ["team"]\n')
    detail = rows(repo)["agents"]["detail"]
    assert int(detail.split()[0]) == before + 2
    assert "1 extra" in detail
    assert "1 project" in detail


def test_a_definition_with_a_problem_is_named_with_its_line_and_fix(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / "maestro.toml").write_text('[agents]\nfolders = ["team", "nowhere"]\n')
    (repo / "team").mkdir()
    (repo / "team" / "bad.md").write_text("No frontmatter here.\n")
    done = maestro("doctor", cwd=repo, env={"COLUMNS": "300"})
    assert done.returncode == 0, done.stdout
    assert "! agents" in done.stdout
    assert f"{repo / 'team' / 'bad.md'}:1: no frontmatter; add a line ---" in done.stdout
    assert f"{repo / 'nowhere'} is no folder; correct agents.folders" in done.stdout
    assert "Nothing is broken" in done.stdout


def test_nothing_is_cut_off_in_a_narrow_terminal(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    lines = maestro("doctor", cwd=repo, env={"COLUMNS": "80"}).stdout.splitlines()
    assert max(len(line) for line in lines if "/" not in line) <= 80
    assert lines[0].startswith("✓ python")
    assert all(line[:2] in ("✓ ", "– ", "! ", "✗ ", "  ") for line in lines[:-1])


def test_what_is_wrong_with_the_settings_is_said_once(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    (repo / "maestro.toml").write_text("[run]\nmode = 'sideways'\n")
    done = maestro("doctor", cwd=repo)
    assert done.returncode == 1
    assert "✗ settings" in done.stdout
    assert done.stdout.count("maestro.toml:2") == 1
    assert "1 to mend" in done.stdout


def test_outside_of_a_repository_the_rest_is_told_all_the_same(tmp_path: Path) -> None:
    found = rows(tmp_path)
    assert found["repository"]["level"] == ERROR
    assert not found["repository"]["ok"]
    assert found["driver"]["level"] in (OK, WARNING)


def test_a_key_is_all_that_a_model_needs(tmp_path: Path) -> None:
    pytest.importorskip("anthropic")
    repo = make_repo(tmp_path / "repo")
    row = rows(repo, ANTHROPIC_API_KEY="k", ANTHROPIC_BASE_URL="http://127.0.0.1:9")["api"]
    assert row["level"] == OK
    assert "anthropic 2." in row["detail"]
    assert "at http://127.0.0.1:9" in row["detail"]


@pytest.mark.parametrize(
    ("said", "code", "number", "words"),
    [
        (["2.1.329 (Claude Code)"], 0, "2.1.329", ""),
        (["(node:7) Warning: Node 20.11 is old", "2.1.329 (Claude Code)"], 0, "2.1.329", ""),
        (["2.1.329 (Claude Code)", "A new version 2.2.0 is there"], 0, "2.1.329", ""),
        (["codex-cli 0.169.0"], 0, "0.169.0", ""),
        (["no idea"], 0, "", "does not tell its version (no idea)"),
        (["cannot load \x1b[2Jlibssl"], 1, "", "--version ends with 1: cannot load libssl"),
        ([], 0, "", "does not tell its version (nothing)"),
    ],
)
def test_a_version_is_found_among_warnings(
    tmp_path: Path, said: list[str], code: int, number: str, words: str
) -> None:
    told, why = program_version(program(tmp_path, "claude", *said, code=code))
    assert told == number
    assert why.startswith(words)


def test_a_program_that_does_not_start_is_named(tmp_path: Path) -> None:
    path = tmp_path / "claude"
    path.write_bytes(b"\x7fELF nothing")
    path.chmod(0o755)
    assert "does not start" in program_version(str(path))[1]


@pytest.fixture
def claude(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A place where the SDK is installed and nobody is logged in."""
    monkeypatch.setattr(doctor_agents, "claude_missing", lambda _: "")
    for name in (*doctor_agents._LOGINS, *doctor_agents._CLOUDS):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setattr("sys.platform", "linux")
    return tmp_path


def test_an_old_claude_stops_a_run_that_would_take_it(claude: Path) -> None:
    path = program(claude, "claude", "2.1.197 (Claude Code)")
    settings = Settings(claude=ClaudeSettings(program=path))
    row = found(settings, "claude")
    assert row.level == ERROR
    assert "2.1.198 or newer" in row.detail
    assert "npm install" in row.detail
    other = Settings(claude=ClaudeSettings(program=path), run=RunSettings(driver="rehearsal"))
    assert found(other, "claude").level == WARNING


def test_who_is_not_logged_in_is_told_how(claude: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = program(claude, "claude", "2.1.329 (Claude Code)")
    settings = Settings(claude=ClaudeSettings(program=path))
    row = found(settings, "claude")
    assert row.level == WARNING
    assert "run `claude` once and log in" in row.detail
    (claude / "config").mkdir()
    (claude / "config" / ".credentials.json").write_text("{}")
    assert found(settings, "claude").level == OK
    monkeypatch.setenv("CLAUDE_CODE_USE_BEDROCK", "1")
    assert "login by CLAUDE_CODE_USE_BEDROCK" in found(settings, "claude").detail


@pytest.mark.parametrize(
    ("wanted", "possible", "level", "words"),
    [
        ("auto", True, OK, "in the sandbox"),
        ("auto", False, WARNING, "shell commands run as you"),
        ("on", False, ERROR, "claude.sandbox is on, but"),
        ("off", True, OK, "off by claude.sandbox"),
    ],
)
def test_the_level_of_confinement_is_told(
    claude: Path,
    monkeypatch: pytest.MonkeyPatch,
    wanted: str,
    possible: bool,
    level: str,
    words: str,
) -> None:
    monkeypatch.setattr(doctor_agents, "can_sandbox", lambda: possible)
    path = program(claude, "claude", "2.1.329 (Claude Code)")
    row = found(Settings(claude=ClaudeSettings(program=path, sandbox=wanted)), "ownership")
    assert row.level == level
    assert words in row.detail


def test_the_driver_that_a_run_takes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacks = {"claude": "no claude", "acp": "no acp", "api": "no key"}
    monkeypatch.setattr(doctor_agents, "claude_missing", lambda _: lacks["claude"])
    monkeypatch.setattr(doctor_agents, "acp_missing", lambda *_: lacks["acp"])
    monkeypatch.setattr(doctor_agents, "api_missing", lambda _: lacks["api"])
    monkeypatch.setattr(doctor_agents, "_acp", lambda _: Finding("acp", UNUSED, ""))
    assert "no agent can work here yet" in found(Settings(), "driver").detail
    by_name = found(Settings(run=RunSettings(driver="api")), "driver")
    assert (by_name.level, by_name.detail) == (ERROR, "run.driver is api, but no key")
    lacks["api"] = ""
    assert "give --driver api" in found(Settings(), "driver").detail
    agent = program(tmp_path, "agent", "hello")
    set_up = Settings(run=RunSettings(agent_command=(agent,)))
    assert "a run takes command" in found(set_up, "driver").detail
    assert found(set_up, "command").level == OK
    gone = Settings(run=RunSettings(agent_command=("/no/such/agent",)))
    assert found(gone, "command").level == ERROR


def test_hidden_controls_in_a_definitions_name_are_not_printed(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    folder.mkdir()
    (folder / "bad\x1b[2J.md").write_text("nothing\n")
    settings = Settings(agents=AgentSettings(folders=(str(folder),)))
    told = [f.detail for f in agent_findings(tmp_path, settings) if f.level == WARNING]
    assert any("no frontmatter" in detail for detail in told)
    assert not any("\x1b" in detail for detail in told)


def test_the_last_line_says_whether_a_run_can_be() -> None:
    good, note, bad = (Finding("x", level, "d") for level in (OK, WARNING, ERROR))
    assert verdict([good]) == "Everything is there for a run."
    assert verdict([good, note]).startswith("Nothing is broken; 1")
    assert verdict([bad, note]).startswith("1 to mend")
    assert in_lines([Finding("x", OK, "word " * 30)], 60)[1].startswith(" " * 14 + "word")
    assert os.linesep not in in_lines([good], 60)[0]
