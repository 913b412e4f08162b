"""Which definitions are in force, and what is said about the others."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maestro_tui.roster.definitions import read_definition
from maestro_tui.roster.discovery import load_roster

SPECIALISTS = {
    "database-migration": "MIGRATION_COMPLETE.md",
    "models-schemas": "MODELS_COMPLETE.md",
    "validation-security": "VALIDATION_COMPLETE.md",
    "service-layer": "SERVICES_COMPLETE.md",
    "pipeline-queue": "PIPELINE_COMPLETE.md",
    "api-router": "API_COMPLETE.md",
    "testing-monitoring": "TESTS_COMPLETE.md",
}
GENERAL_TIERS = {
    "principal-software-engineer": "sonnet",
    "backend-architect": "sonnet",
    "database-architect": "opus",
    "devops-engineer": "sonnet",
    "database-optimization": "sonnet",
    "error-detective": "sonnet",
    "code-reviewer": "sonnet",
    "context-manager": "opus",
    "search-specialist": "haiku",
    "mcp-expert": "sonnet",
    "knowledge-steward": "haiku",
    "conflict-resolver": "opus",
}


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def agent(name: str, description: str = "d") -> str:
    return f"---\nname: {name}\ndescription: {description}\n---\nBody of {description}\n"


def test_built_ins_are_complete_and_valid() -> None:
    roster = load_roster()
    assert not roster.problems
    assert {d.name for d in roster.definitions} == {
        *SPECIALISTS,
        *GENERAL_TIERS,
        "general-purpose",
    }
    for name, marker in SPECIALISTS.items():
        found = roster.get(name)
        assert found is not None
        assert found.marker == marker
        assert found.owns
        assert f"{marker} must hold" in found.body
    for name, tier in GENERAL_TIERS.items():
        found = roster.get(name)
        assert found is not None
        assert (found.tier, found.owns) == (tier, ())
        assert len(found.body) > 200


def test_built_ins_load_without_a_yaml_parser() -> None:
    code = (
        "import sys; from maestro_tui.roster.discovery import load_roster; load_roster();"
        "print([m for m in ('yaml', 'textual', 'rich', 'asyncio') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nearer_definitions_win_and_the_shadowed_are_listed(tmp_path: Path) -> None:
    home, repo, extra = tmp_path / "home", tmp_path / "repo", tmp_path / "extra"
    mine = write(home / ".claude/agents", "r.md", agent("code-reviewer", "user"))
    more = write(extra, "r.md", agent("code-reviewer", "extra"))
    theirs = write(repo / ".claude/agents/team", "r.md", agent("code-reviewer", "project"))
    twin = write(repo / ".claude/agents/team", "z.md", agent("code-reviewer", "twin"))
    own = write(home / ".claude/agents/solo", "AGENT.md", "---\ndescription: Solo\n---\nHi")
    roster = load_roster(repo, home, [extra])
    winner = roster.get("code-reviewer")
    assert winner is not None
    assert (winner.description, winner.scope, winner.source) == ("project", "project", str(theirs))
    pairs = {(s.winner, s.loser) for s in roster.shadowed}
    assert (str(theirs), str(twin)) in pairs
    assert (str(theirs), str(more)) in pairs
    assert (str(more), str(mine)) in pairs
    assert len(roster.shadowed) == 4  # the fourth is the built-in
    solo = roster.get("solo")
    assert solo is not None
    assert solo.source == str(own)


def test_one_bad_file_fails_nothing(tmp_path: Path) -> None:
    folder = tmp_path / ".claude" / "agents"
    write(folder, "README.md", "# How to use these\n")
    write(folder, "good.md", agent("good"))
    write(folder, "colon.md", "---\nname: colon\ndescription: a: b\n---\n")
    (folder / "bytes.md").write_bytes(b"\xff\xfe\x00---\n")
    (folder / "huge.md").write_bytes(b"x" * 1_000_001)
    (folder / "dangling.md").symlink_to(tmp_path / "nowhere")
    write(folder / ".hidden", "x.md", agent("hidden"))
    roster = load_roster(tmp_path)
    verdicts = {Path(f.path).name: f.verdict for f in roster.files if f.scope == "project"}
    assert verdicts == {
        "README.md": "not-an-agent",
        "bytes.md": "not-an-agent",
        "colon.md": "recovered",
        "dangling.md": "not-an-agent",
        "good.md": "valid",
        "huge.md": "not-an-agent",
    }
    assert roster.get("good") is not None
    assert roster.get("hidden") is None
    assert all(f.fix for f in roster.problems)


def test_names_are_found_as_people_write_them() -> None:
    roster = load_roster()
    for spelling in ("models-schemas", "Models Schemas", "models_schemas", "@models-schemas"):
        found = roster.get(spelling)
        assert found is not None
        assert found.name == "models-schemas"
    near = roster.nearest("model-schema")
    assert near is not None
    assert near.name == "models-schemas"
    assert roster.nearest("pastry-chef") is None


def _corpus() -> Path | None:
    root = Path(__file__).resolve().parents[2]
    where = os.environ.get("MAESTRO_CORPUS")
    folder = (Path(where) if where else root.parent / "shared" / "corpus") / "agents"
    return folder if folder.is_dir() else None


@pytest.mark.corpus
def test_real_files_never_fail_the_scan() -> None:
    folder = _corpus()
    if folder is None:
        pytest.skip("the corpus is not here; set MAESTRO_CORPUS")
    roster = load_roster(extra=[folder])
    seen = [f for f in roster.files if f.scope == "extra"]
    assert len(seen) == len(list(folder.rglob("*.md")))
    for file in seen:
        fenced = Path(file.path).read_bytes().lstrip(b"\xef\xbb\xbf").startswith(b"---")
        # A file with a fence that names itself is never lost.
        if fenced and b"\nname: " in Path(file.path).read_bytes()[:200]:
            assert file.verdict != "not-an-agent" or b"name: [" in Path(file.path).read_bytes()
        if file.definition is not None:
            assert file.definition.name
            assert file.definition.description
        if file.verdict != "valid":
            assert file.problem
            assert file.fix
            assert "\n" not in file.fix


def test_an_unreadable_folder_entry_is_a_verdict(tmp_path: Path) -> None:
    folder = tmp_path / "x.md"
    folder.mkdir()
    file = read_definition(folder)
    assert file.verdict == "not-an-agent"
    assert "cannot be read" in file.problem
